"""Terms that are a finding in themselves: forbidden phrases, rudeness, complaints."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from qa.core.finding import Check, Doubt, Finding, MatchKind, Outcome, Severity
from qa.core.messages import Message, message
from qa.core.roles import Role
from qa.core.stretches import Stretches
from qa.i18n import catalogue
from qa.lexicon.lexicon import CompiledTerm, Scan, TermHit
from qa.lexicon.schema import Applies
from qa.rules.applicability import why_not
from qa.rules.call import CallContext
from qa.rules.doubt import about_absence, about_presence, about_wording
from qa.rules.places import Place, evidence_of, place_of
from qa.text.calltext import CallText

if TYPE_CHECKING:
    from qa.rules.book import RuleBook

_REASONS: Final = {
    MatchKind.EXACT: "rules.said",
    MatchKind.HOMOPHONE: "rules.sounds_like",
    MatchKind.SIMILAR: "rules.sounds_like",
    MatchKind.CONTEXT: "rules.affirmed",
}


@dataclass(frozen=True)
class Group:
    """The terms of one file and family; one check."""

    clean: Check
    """What it says of a call in which nothing was found: of most groups in most calls."""
    role: Role | None
    """Of the first of its terms."""
    terms: Mapping[str, CompiledTerm]
    reaches: Mapping[str, int]
    """Term -> to which calls it applies, as a place in `Groups.reaches`."""
    reached: tuple[int, ...]
    """All of these, each once."""


@dataclass(frozen=True)
class Groups:
    """The checks that terms with a severity make up."""

    all: tuple[Group, ...]
    of: Mapping[str, int]
    """Term -> its group, as a place in `all`."""
    reaches: tuple[tuple[str, tuple[Applies, ...]], ...]
    """Language and applicability; hundreds of terms share a few, which are judged once per call."""


def groups_of(book: RuleBook) -> Groups:
    """The checks that terms with a severity make up."""
    members: dict[tuple[str, str], list[CompiledTerm]] = defaultdict(list)
    numbers: dict[tuple[str, ...], int] = {}
    reaches: list[tuple[str, tuple[Applies, ...]]] = []
    reach_of: dict[str, int] = {}
    for term in book.terms:
        if term.severity is not None:
            members[term.file, term.family].append(term)
            key = term.language, *(a.model_dump_json() for a in term.applies)
            if key not in numbers:
                numbers[key] = len(reaches)
                reaches.append((term.language, term.applies))
            reach_of[term.id] = numbers[key]
    families = Counter(file for file, _ in members)
    groups = tuple(
        Group(
            clean=Check(
                rule=file if families[file] == 1 else f"{file}.{family}",
                rule_version=book.versions[file],
                family=family,
                label=_label(book.files[file].label, family if families[file] > 1 else None),
                outcome=Outcome.PASSED,
                reason=message("rules.no_terms_found"),
                severity=max((t.severity for t in group if t.severity), key=lambda s: s.rank),
                shadow=all(t.shadow for t in group),
            ),
            role=group[0].role,
            terms={t.id: t for t in group},
            reaches={t.id: reach_of[t.id] for t in group},
            reached=tuple(dict.fromkeys(reach_of[t.id] for t in group)),
        )
        for (file, family), group in members.items()
    )
    of = {term: place for place, group in enumerate(groups) for term in group.terms}
    return Groups(groups, of, tuple(reaches))


def _label(file: Mapping[str, str], family: str | None) -> dict[str, str]:
    """The name of a file, with that of a family where it has several."""
    if family is None:
        return dict(file)
    name = catalogue().get(f"rules.family_{family.replace('-', '_')}", {})
    return {locale: f"{told} · {name.get(locale, family)}" for locale, told in file.items()}


def checks(book: RuleBook, call: CallText, scan: Scan, context: CallContext) -> list[Check]:
    """One check per file and family of terms that have a severity."""
    groups = book.offence_groups
    found: dict[int, list[str]] = defaultdict(list)
    for name in sorted(scan.found_ids() & groups.of.keys()):
        found[groups.of[name]].append(name)
    barred = cache(lambda reach: why_not(*groups.reaches[reach], call.transcript, context))
    unheard = about_absence(Role.AGENT, call)
    return [
        _check(group, found.get(place, ()), call, scan, barred, unheard) for place, group in enumerate(groups.all)
    ]


def _check(
    group: Group,
    found: Sequence[str],
    call: CallText,
    scan: Scan,
    barred: Callable[[int], Message | None],
    unheard: Message | None,
) -> Check:
    reached = any(barred(reach) is None for reach in group.reached)
    absent = unheard if group.role is Role.AGENT else None
    if not found and absent is None and reached:
        return group.clean
    findings: list[Finding] = []
    doubted: list[tuple[Finding, Message]] = []
    for name in found:
        term = group.terms[name]
        if barred(group.reaches[name]) is None:
            made, held_back = _findings(term, call, scan)
            findings += made
            if not term.shadow or group.clean.shadow:
                doubted += held_back
    findings = _without_covered(findings)
    doubts = _doubts(doubted, findings)
    if absent is not None:
        doubts.append(Doubt(absent))
    outcome, reason = group.clean.outcome, group.clean.reason
    if not reached:
        outcome, reason, doubts = Outcome.NOT_APPLICABLE, barred(group.reached[0]) or reason, []
    elif any(not f.shadow for f in findings):
        outcome, reason = Outcome.FAILED, message("rules.terms_found", count=len(findings))
    elif doubts:
        outcome, reason = Outcome.UNKNOWN, doubts[0].reason
    return replace(group.clean, outcome=outcome, reason=reason, findings=tuple(findings), doubts=tuple(doubts))


def _findings(
    term: CompiledTerm, call: CallText, scan: Scan
) -> tuple[list[Finding], list[tuple[Finding, Message]]]:
    """The findings of one term, one per turn, and those that must not be held against anybody, with the reason."""
    counted = [h for h in scan.hits(term.id, term.role) if h.excuse is None]
    if not counted:
        return [], []
    by_turn: dict[int, list[TermHit]] = defaultdict(list)
    for hit in counted:
        by_turn[hit.turn.turn_position].append(hit)
    findings, held_back = [], []
    for hits in by_turn.values():
        places = [place_of(h) for h in hits]
        doubt = about_presence(places, term.role, call)
        if doubt is None:
            doubt = about_wording(hits, call)
        if doubt is None and term.role is None and hits[0].turn.turn.role is Role.UNKNOWN:
            doubt = message("rules.role_uncertain_here")
        finding = _finding(term, hits, places, call)
        if doubt is not None:
            held_back.append((finding, doubt))
        else:
            findings.append(finding)
    return findings, held_back


def _finding(term: CompiledTerm, hits: Sequence[TermHit], places: Sequence[Place], call: CallText) -> Finding:
    best = max(hits, key=lambda h: h.certainty)
    severity = term.severity or Severity.INFO
    if severity is Severity.CRITICAL and all(_only_heard(h.question or h) for h in hits):
        severity = Severity.WARNING
    # A question that was answered is in the reason.
    evidence = [evidence_of(place, call) for place in places]
    speaker = best.turn.turn
    trust = max(place.trust for place in places)
    quote = evidence[0].quote
    return Finding(
        rule=term.id,
        rule_version=term.version,
        family=term.family,
        label=dict(term.label),
        severity=severity,
        role=speaker.role,
        evidence=tuple(evidence),
        reason=message(_REASONS[best.kind], quote=quote, question=_question(best), **_title(term)),
        confidence=round(best.certainty * trust * speaker.role_confidence, 4),
        basis=term.basis,
        wording=term.wording,
        shadow=term.shadow,
    )


def _title(term: CompiledTerm) -> dict[str, str]:
    """Its label as parameters of a sentence; the pattern that matched is for those who keep the rules."""
    return {f"title:{locale}": text for locale, text in term.label.items()}


def _only_heard(hit: TermHit) -> bool:
    """Whether something stands there that only sounds like the term, or is often written for it."""
    return hit.kind in (MatchKind.HOMOPHONE, MatchKind.SIMILAR)


def _question(hit: TermHit) -> str:
    if hit.question is None:
        return ""
    place = place_of(hit.question)
    return hit.question.turn.text[place.start : place.end]


def _without_covered(findings: list[Finding]) -> list[Finding]:
    """Drop findings whose every piece of evidence lies inside a longer one of another, no less severe."""
    beside = _by_turn(findings)
    return [f for f in findings if not _is_covered(f, beside)]


def _doubts(held_back: Sequence[tuple[Finding, Message]], standing: Sequence[Finding]) -> list[Doubt]:
    """What is left for a person to judge once longer ones have covered it."""
    beside = _by_turn([*standing, *(f for f, _ in held_back)])
    return [Doubt(why, f.evidence, f.rule) for f, why in held_back if not _is_covered(f, beside)]


def _by_turn(findings: Sequence[Finding]) -> Mapping[int, Sequence[Finding]]:
    """The findings that have evidence in a turn: only these can cover one another."""
    beside: defaultdict[int, list[Finding]] = defaultdict(list)
    for f in findings:
        for turn in {e.turn for e in f.evidence}:
            beside[turn].append(f)
    return beside


def _is_covered(finding: Finding, beside: Mapping[int, Sequence[Finding]]) -> bool:
    return any(_covers(o, finding) for o in beside[finding.evidence[0].turn] if o is not finding)


def _covers(longer: Finding, shorter: Finding) -> bool:
    if longer.severity.rank < shorter.severity.rank or longer.shadow is not shorter.shadow:
        return False
    stretches = Stretches((e.char_start, e.char_end) for e in longer.evidence)  # all of them in one turn
    covers = stretches.hold if longer.rule < shorter.rule else stretches.exceed
    return all(covers(e.char_start, e.char_end) for e in shorter.evidence)
