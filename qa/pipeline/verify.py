"""Holds the second hearing against the first, and says of every accusation whether it stands.

The question is not whether the recogniser writes the same characters twice but whether somebody who had only the
second reading would accuse as well. So the words of the second hearing take the place of the first ones in the
turns that the accusation rests on, and the same rules judge the call; what the other party said stays as it was
read first:

    confirmed     they come to the same critical finding at the same place
    similar       they do once the quote is put back for what sounds like it; what stands around it is the second
                  reading's, so a 不 that only the second hearing heard takes the accusation back
    unsupported   neither: the finding stays for a person to hear, as a warning, and its check is unknown

Each reading answers for itself: where the quick one does not bear a finding out, the careful one may.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from msgspec.structs import replace

from qa.core.finding import Check, Evidence, Finding, Outcome, Severity, Support
from qa.core.messages import message
from qa.core.result import Analysis
from qa.core.speech import SecondHearing, SecondReading
from qa.core.transcript import Transcript
from qa.pipeline.replaced import Heard
from qa.pipeline.stretches import SPOKEN
from qa.rules.score import refill

_SAME_PLACE_SECONDS: Final = 1.0
"""The second reading has no times of its own: its words lie where those of the first do that they stand for."""
_AROUND: Final = 4
"""Characters shown on either side of what was heard otherwise."""
_ORDER: Final = (Support.CONFIRMED, Support.SIMILAR, Support.UNSUPPORTED, Support.UNVERIFIED)


@dataclass(frozen=True, slots=True)
class VerifyOptions:
    """How a second hearing counts. What it does to a confidence is Bayes' rule on its odds."""

    similar: float = 0.75
    """Agreement from which a quote and what the second hearing has in its place are the same sound. On the
    development calls, stereo and mono, 57 of 58 quotes agree by 0.75 or more; one wrong syllable of four is let
    pass, of two none."""
    heard_if_said: float = 0.95
    """Share of what was said that a second hearing bears out. On the development calls all of 45."""
    heard_if_not_said: float = 0.4
    """Share of what was not said that it bears out all the same. Not measured, but chosen high: the same model
    hears the same sound, and makes some of its mistakes twice."""
    similar_odds: float = 0.8
    """Factor on the odds where the second hearing only sounds alike: it speaks neither for nor against."""

    def odds(self, support: Support) -> float:
        """Factor on the odds that a finding is right."""
        if support is Support.CONFIRMED:
            return self.heard_if_said / self.heard_if_not_said
        if support is Support.UNSUPPORTED:
            return (1 - self.heard_if_said) / (1 - self.heard_if_not_said)
        return self.similar_odds if support is Support.SIMILAR else 1.0


class Judge(Protocol):
    """The rules, as they judged the first reading."""

    def __call__(self, transcript: Transcript) -> Analysis:
        """What they say of this one."""
        ...


@dataclass(frozen=True)
class _Verified:
    """What a second hearing says of one finding."""

    support: Support
    evidence: tuple[Evidence, ...]
    around: str = ""
    """What it has in the place of the first quote, with a few characters on either side: a negation shows."""


def verified(
    analysis: Analysis,
    accusations: Sequence[Finding],
    transcript: Transcript,
    hearing: SecondHearing | None,
    judge: Judge,
    options: VerifyOptions,
) -> Analysis:
    """The analysis with what the second hearing says of each of the accusations; checks and score follow.

    Without a hearing they stay as they are and are called unverified.
    """
    if not accusations:
        return analysis
    if hearing is None or not hearing.readings:
        outcomes = [_Verified(Support.UNVERIFIED, f.evidence) for f in accusations]
    else:
        turns = frozenset(e.turn for f in accusations for e in f.evidence)
        trials = [_Trial(Heard(transcript, r), turns, judge, options) for r in _ways(hearing)]
        outcomes = [_heard(f, trials) for f in accusations]
    revised = {
        id(f): _revised(f, outcome, transcript, options) for f, outcome in zip(accusations, outcomes, strict=True)
    }
    return _rebuilt(analysis, accusations, revised)


def _ways(hearing: SecondHearing) -> list[tuple[SecondReading, ...]]:
    """The quick readings, and, where there are any, the careful ones."""
    ways = [tuple(r for r in hearing.readings if r.careful is careful) for careful in (False, True)]
    return [way for way in ways if way]


class _Trial:
    """One way of hearing the call again, judged when first asked for."""

    def __init__(self, heard: Heard, turns: frozenset[int], judge: Judge, options: VerifyOptions) -> None:
        self.heard = heard
        self._turns = turns
        self._judge = judge
        self._options = options
        self._judged: dict[tuple[Evidence, ...], tuple[Finding, ...]] = {}

    def support(self, finding: Finding) -> Support:
        spoken = [e for e in finding.evidence if e.match in SPOKEN]
        if not any(self.heard.covers(e) for e in spoken):
            return Support.UNVERIFIED
        if all(self.heard.same(e) for e in spoken):
            return Support.CONFIRMED
        found = _borne_out(finding, self._findings(()))
        if found is not None:
            return found
        alike = [e for e in spoken if (p := self.heard.piece(e)) and p.agreement >= self._options.similar]
        if not alike or _borne_out(finding, self._findings(tuple(alike))) is None:
            return Support.UNSUPPORTED
        return Support.SIMILAR

    def _findings(self, kept: tuple[Evidence, ...]) -> tuple[Finding, ...]:
        """What the rules find in the second reading with some quotes put back."""
        if kept not in self._judged:
            self._judged[kept] = self._judge(self.heard.replaced(self._turns, kept)).findings
        return self._judged[kept]


def _borne_out(finding: Finding, others: Sequence[Finding]) -> Support | None:
    """Confirmed by the same critical finding at the same place; similar by a milder one, or by another critical
    one of its family: a longer offence hides the shorter ones inside it."""
    here = [o for o in others if not o.shadow and _same_place(finding, o)]
    same = [o for o in here if o.rule == finding.rule]
    if any(o.severity is Severity.CRITICAL for o in same):
        return Support.CONFIRMED
    if same or any(o.family == finding.family and o.severity is Severity.CRITICAL for o in here):
        return Support.SIMILAR
    return None


def _same_place(a: Finding, b: Finding) -> bool:
    return any(
        x.turn == y.turn and x.start - y.end < _SAME_PLACE_SECONDS and y.start - x.end < _SAME_PLACE_SECONDS
        for x in a.evidence
        for y in b.evidence
    )


def _heard(finding: Finding, trials: Sequence[_Trial]) -> _Verified:
    results = [(trial.support(finding), trial) for trial in trials]
    support, best = min(results, key=lambda r: _ORDER.index(r[0]))
    evidence = []
    for e in finding.evidence:
        piece = best.heard.piece(e) if e.match in SPOKEN else None
        if piece is not None:
            evidence.append(replace(e, second=best.heard.quote(e), agreement=piece.agreement))
        else:
            evidence.append(e)
    around = next((best.heard.quote(e, _AROUND) for e in evidence if e.second is not None), "")
    return _Verified(support, tuple(evidence), around)


def _revised(finding: Finding, outcome: _Verified, transcript: Transcript, options: VerifyOptions) -> Finding:
    sure_of_role = max(
        (t.role_confidence for t in transcript.turns if any(e.turn == t.index for e in finding.evidence)),
        default=1.0,
    )
    confidence = _weighed(finding.confidence, max(sure_of_role, finding.confidence), options.odds(outcome.support))
    if outcome.support is not Support.UNSUPPORTED:
        return replace(finding, evidence=outcome.evidence, confidence=confidence, support=outcome.support)
    first = next(e for e in outcome.evidence if e.second is not None)
    code = "verify.heard_otherwise" if outcome.around else "verify.not_heard_again"
    return replace(
        finding,
        evidence=outcome.evidence,
        confidence=confidence,
        support=outcome.support,
        severity=Severity.WARNING,
        reason=message(code, quote=first.quote, second=outcome.around),
    )


def _weighed(confidence: float, most: float, odds: float) -> float:
    """Bayes' rule on the part of a confidence that a hearing can change; `most` is who spoke, which it cannot."""
    if odds == 1.0 or most <= 0:
        return confidence
    share = min(confidence / most, 0.999)
    changed = odds * share / (1 - share)
    return round(most * changed / (1 + changed), 4)


def _rebuilt(analysis: Analysis, accusations: Sequence[Finding], revised: Mapping[int, Finding]) -> Analysis:
    """The analysis with findings exchanged; an unsupported one holds neither its check nor the card down."""
    pairs = [(f, revised[id(f)]) for f in accusations]

    def exchanged(finding: Finding) -> Finding:
        if finding.severity is not Severity.CRITICAL:
            return finding
        return next((new for old, new in pairs if old == finding), finding)

    checks = tuple(_rechecked(c, tuple(map(exchanged, c.findings))) for c in analysis.checks)
    card = analysis.scorecard
    if card is not None and any(new.support is Support.UNSUPPORTED for _, new in pairs):
        card = refill(card, checks, {})
    return replace(analysis, checks=checks, findings=tuple(map(exchanged, analysis.findings)), scorecard=card)


def _rechecked(check: Check, findings: tuple[Finding, ...]) -> Check:
    if findings == check.findings:
        return check
    standing = [f for f in findings if not f.shadow and f.support is not Support.UNSUPPORTED]
    if check.outcome is not Outcome.FAILED or standing:
        return replace(check, findings=findings)
    return replace(check, findings=findings, outcome=Outcome.UNKNOWN, reason=message("verify.check_unsupported"))
