"""A whole result with personal data hidden: what every view, list, log, export and notice is made from."""

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Final

from msgspec.structs import replace

from qa.core.behaviour import CallBehaviour
from qa.core.correction import CorrectedTurn
from qa.core.finding import Check, Doubt, Evidence, Finding
from qa.core.hiding import reworded_with
from qa.core.messages import Message
from qa.core.result import Analysis, Result, RoleDecision
from qa.core.scorecard import ScorecardResult
from qa.core.speech import GuardReport
from qa.core.transcript import Turn, Word
from qa.text.masking import (
    MASK,
    hidden_words,
    mask,
    mask_fragment,
    mask_known,
    mask_texts,
    mask_transcript,
)

_ROUTING: Final = frozenset({"agent", "team"})
"""Fields that say whose recording it is; who may see it hangs on them."""
_CUSTOMERS_NAME: Final = re.compile(r"(?:customer|client|caller|callee|user|contact)_?name|客户姓名|^姓名$")


def mask_result(result: Result) -> Result:
    """`result` with personal data hidden wherever there are words; offsets and times stay as they are."""
    transcript = mask_transcript(result.transcript) if result.transcript else None
    texts = {t.index: t.text for t in transcript.turns} if transcript else {}
    known = hidden_words(result.transcript)
    return replace(
        result,
        name=mask(result.name),
        reason=mask_message(result.reason) if result.reason else None,
        transcript=transcript,
        roles=_roles(result.roles, known) if result.roles else None,
        behaviour=_behaviour(result.behaviour, known) if result.behaviour else None,
        corrected=mask_corrected(result),
        guards=tuple(_guards(report, known) for report in result.guards),
        analysis=_analysis(result.analysis, texts, known) if result.analysis else None,
        attributes=mask_attributes(result.attributes),
    )


def without(result: Result, kinds: Sequence[str]) -> Result:
    """`result` with every trace of some kinds of personal data gone for good, and all else as it was."""
    if result.transcript is None:
        return result
    transcript = mask_transcript(result.transcript, kinds)
    texts = {t.index: t.text for t in transcript.turns}
    analysis = _analysis(result.analysis, texts) if result.analysis else None
    guards = tuple(_guards(report) for report in result.guards)
    corrected = tuple(replace(c, before=mask_fragment(c.before)) for c in result.corrected)
    return replace(result, transcript=transcript, analysis=analysis, guards=guards, corrected=corrected)


def mask_attributes(attributes: Mapping[str, str]) -> dict[str, str]:
    """Metadata with personal data hidden in its values; the name of a field tells what its value is."""
    return {key: _value(key, value) for key, value in attributes.items()}


@lru_cache(maxsize=4096)
def _value(key: str, value: str) -> str:
    if key in _ROUTING:
        return value
    if _CUSTOMERS_NAME.search(key):
        return value[:1] + MASK * (len(value) - 1)
    lead = key.replace("_", " ") + ": "
    return mask(lead + value)[len(lead) :]


def _roles(decision: RoleDecision, known: Collection[str]) -> RoleDecision:
    return replace(decision, reasons=tuple(mask_message(reason, known) for reason in decision.reasons))


def _behaviour(behaviour: CallBehaviour, known: Collection[str]) -> CallBehaviour:
    """Why a turn sounds as it does quotes it."""
    tone = tuple(
        replace(turn, reasons=tuple(mask_message(reason, known) for reason in turn.reasons))
        if turn.reasons
        else turn
        for turn in behaviour.tone
    )
    return replace(behaviour, tone=tone)


def mask_corrected(result: Result) -> tuple[CorrectedTurn, ...]:
    """What stood in corrected turns, masked as part of the call it stood in."""
    if not result.corrected or result.transcript is None:
        return result.corrected
    transcript = result.transcript
    known = hidden_words(transcript)
    before = {turn.turn: turn.before for turn in result.corrected}
    turns = [_saying(t, before[t.index]) if t.index in before else t for t in transcript.turns]
    texts = mask_texts(reworded_with(transcript, turns))
    shown = {t.index: text for t, text in zip(turns, texts, strict=True)}
    return tuple(
        replace(c, before=mask_known(shown.get(c.turn) or mask_fragment(c.before), known))
        for c in result.corrected
    )


def _saying(turn: Turn, text: str) -> Turn:
    return replace(turn, words=(Word(text, turn.start, turn.end, 1.0, 1.0),))


def _analysis(analysis: Analysis, texts: Mapping[int, str], known: Collection[str] = ()) -> Analysis:
    return replace(
        analysis,
        checks=tuple(mask_check(check, texts, known) for check in analysis.checks),
        findings=tuple(mask_finding(finding, texts, known) for finding in analysis.findings),
        scorecard=mask_card(analysis.scorecard, known) if analysis.scorecard else None,
    )


def mask_card(card: ScorecardResult, known: Collection[str] = ()) -> ScorecardResult:
    """A scorecard whose reasons quote nobody's personal data; `known` as in `mask_check`."""
    return replace(
        card,
        sections=tuple(
            replace(s, items=tuple(replace(i, reason=mask_message(i.reason, known)) for i in s.items))
            for s in card.sections
        ),
    )


def mask_check(check: Check, texts: Mapping[int, str], known: Collection[str] = ()) -> Check:
    """A check with all it rests on; `texts`: number of a turn -> its masked text; `known`: what people have hidden
    in the call (`hidden_words`)."""
    return replace(
        check,
        reason=mask_message(check.reason, known),
        findings=tuple(mask_finding(finding, texts, known) for finding in check.findings),
        evidence=tuple(mask_evidence(evidence, texts, known) for evidence in check.evidence),
        doubts=tuple(mask_doubt(doubt, texts, known) for doubt in check.doubts),
    )


def mask_doubt(doubt: Doubt, texts: Mapping[int, str], known: Collection[str] = ()) -> Doubt:
    """A doubt; `texts` and `known` as in `mask_check`."""
    return replace(
        doubt,
        reason=mask_message(doubt.reason, known),
        evidence=tuple(mask_evidence(evidence, texts, known) for evidence in doubt.evidence),
    )


def mask_finding(finding: Finding, texts: Mapping[int, str], known: Collection[str] = ()) -> Finding:
    """A finding; `texts` and `known` as in `mask_check`."""
    return replace(
        finding,
        reason=mask_message(finding.reason, known),
        evidence=tuple(mask_evidence(evidence, texts, known) for evidence in finding.evidence),
    )


def mask_evidence(evidence: Evidence, texts: Mapping[int, str], known: Collection[str] = ()) -> Evidence:
    """Evidence; `texts` and `known` as in `mask_check`."""
    shown = texts.get(evidence.turn, "")[evidence.char_start : evidence.char_end]
    fits = len(shown) == len(evidence.quote)
    second = mask_fragment(evidence.second, known) if evidence.second else evidence.second
    return replace(evidence, quote=shown if fits else mask_fragment(evidence.quote, known), second=second)


def mask_message(message: Message, known: Collection[str] = ()) -> Message:
    """A sentence whose parameters hide personal data; `known` as in `mask_check`."""
    return replace(message, params={key: mask_known(mask(v), known) for key, v in message.params.items()})


def _guards(report: GuardReport, known: Collection[str] = ()) -> GuardReport:
    return replace(
        report,
        removed=tuple(replace(words, text=mask_fragment(words.text, known)) for words in report.removed),
        recovered=tuple(replace(words, text=mask_fragment(words.text, known)) for words in report.recovered),
    )
