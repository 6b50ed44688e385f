"""Fills a scorecard from checks, and again once a person has judged them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qa.core.finding import Check, Finding, Outcome, Severity, Support
from qa.core.messages import Message, message
from qa.core.roles import Role
from qa.core.scorecard import Grading, ItemAnswer, ItemResult, ScorecardResult, SectionResult, Source
from qa.core.transcript import Transcript
from qa.lexicon.schema import label_of
from qa.rules.applicability import why_not
from qa.rules.call import CallContext
from qa.rules.evaluate import Evaluation
from qa.rules.schema import Item, Scorecard

if TYPE_CHECKING:
    from qa.rules.book import Placed, RuleBook


def applies(card: Scorecard, place: Placed, transcript: Transcript, context: CallContext) -> bool:
    """Whether a card is meant for such a call."""
    rules = (*place.applies, *((card.applies,) if card.applies else ()))
    return why_not(place.language, rules, transcript, context) is None


def fill(
    name: str, card: Scorecard, place: Placed, checks: Sequence[Check], on: Evaluation, book: RuleBook
) -> ScorecardResult:
    """The card with points. What does not apply, is unknown or waits for a person leaves the denominator."""
    sections = [
        _section(s.id, label_of(s.label, s.id), s.weight, [_item(i, place, checks, on, book) for i in s.items])
        for s in card.sections
    ]
    return _total(name, card.version, sections)


def refill(card: ScorecardResult, checks: Sequence[Check], answers: Mapping[str, ItemAnswer]) -> ScorecardResult:
    """The same card with other checks (a person judged some findings) and with a person's answers to items.

    Needs nothing but the card: how its items get their points was kept with them. An answer counts for items that
    a person fills and for those that are unknown; the others go by their checks.
    """
    return _total(
        card.card,
        card.card_version,
        [
            _section(s.section, s.label, s.weight, [_again(i, checks, answers.get(i.item)) for i in s.items])
            for s in card.sections
        ],
    )


def _total(name: str, version: int, sections: Sequence[SectionResult]) -> ScorecardResult:
    vetoed = next((i.item for s in sections for i in s.items if i.veto), None)
    judged = [(s.weight, s.score) for s in sections if s.score is not None]
    total = sum(w for w, _ in judged)
    score = sum(w * x for w, x in judged) / total if total else None
    if vetoed is not None:
        score = 0.0
    return ScorecardResult(name, version, None if score is None else round(score, 2), vetoed, tuple(sections))


def _section(section: str, label: dict[str, str], weight: float, items: Sequence[ItemResult]) -> SectionResult:
    counted = [(i.points, i.maximum) for i in items if i.points is not None]
    most = sum(m for _, m in counted)
    score = round(100 * sum(p for p, _ in counted) / most, 2) if most else None
    return SectionResult(section, label, weight, score, tuple(items))


def _item(item: Item, place: Placed, checks: Sequence[Check], on: Evaluation, book: RuleBook) -> ItemResult:
    def open_item(outcome: Outcome, reason: Message) -> ItemResult:
        label = label_of(item.label, item.id)
        return ItemResult(item.id, label, outcome, None, item.points, False, item.manual, reason)

    if item.when is not None:
        due = on.check(item.when, Role.AGENT)
        if due.value is None:
            return open_item(Outcome.UNKNOWN, due.reason)
        if not due.value:
            return open_item(Outcome.NOT_APPLICABLE, due.reason)
    waiting = open_item(Outcome.UNKNOWN, message("rules.waits_for_person"))
    if item.manual:
        only_veto = Grading(sources=(), per_finding=None, veto=True, veto_critical=False)
        return replace(waiting, grading=only_veto) if item.veto else waiting
    grading = Grading(
        sources=tuple(s for reference in item.check for s in _sources(reference, place.pack, checks, book)),
        per_finding=item.per_finding,
        veto=item.veto is True,
        veto_critical=item.veto == "critical",
    )
    return _graded(replace(waiting, grading=grading), grading, checks)


def _again(item: ItemResult, checks: Sequence[Check], answer: ItemAnswer | None) -> ItemResult:
    fresh = item if item.manual or item.grading is None else _graded(item, item.grading, checks)
    if answer is None or fresh.outcome is not Outcome.UNKNOWN:
        return fresh
    points = None
    if answer.outcome in (Outcome.PASSED, Outcome.FAILED):
        full = item.maximum if answer.outcome is Outcome.PASSED else 0.0
        points = full if answer.points is None else min(max(answer.points, 0.0), item.maximum)
    veto = answer.outcome is Outcome.FAILED and item.grading is not None and item.grading.veto
    reason = message("rules.answered_by_person")
    return replace(fresh, outcome=answer.outcome, points=0.0 if veto else points, veto=veto, reason=reason)


def _graded(item: ItemResult, grading: Grading, checks: Sequence[Check]) -> ItemResult:
    outcome, findings, reason = _outcome(grading.sources, checks)
    points, veto = None, False
    if outcome is Outcome.PASSED:
        points = item.maximum
    elif outcome is Outcome.FAILED:
        lost = item.maximum if grading.per_finding is None else grading.per_finding * max(1, len(findings))
        veto = grading.veto or (grading.veto_critical and any(f.severity is Severity.CRITICAL for f in findings))
        points = 0.0 if veto else max(0.0, item.maximum - lost)
    return replace(item, outcome=outcome, points=points, veto=veto, reason=reason)


def _outcome(sources: Sequence[Source], checks: Sequence[Check]) -> tuple[Outcome, list[Finding], Message]:
    """The worst of the checks that an item names; shadow rules never count."""
    relevant = [one for source in sources for one in _judged(source, checks)]
    findings = [f for _, fs, _ in relevant for f in fs if not f.shadow and f.support is not Support.UNSUPPORTED]
    for outcome in (Outcome.FAILED, Outcome.UNKNOWN, Outcome.PASSED):
        for found, _, reason in relevant:
            if found is outcome:
                return outcome, findings, reason
    return Outcome.NOT_APPLICABLE, [], relevant[0][2] if relevant else message("rules.no_such_check")


def _sources(reference: str, pack: str, checks: Sequence[Check], book: RuleBook) -> list[Source]:
    """What a reference of a pack stands for on this call."""
    if reference.startswith("family:"):
        return [Source(family=reference.removeprefix("family:"))]
    names = (f"{pack}.{reference}", reference)
    inside = (f"{pack}.{reference}.", f"{reference}.")
    direct = [
        Source(check=c.rule) for c in checks if not c.shadow and (c.rule in names or c.rule.startswith(inside))
    ]
    if direct:
        return direct
    term = next((book.terms_by_id[n] for n in names if n in book.terms_by_id), None)
    if term is None:
        return []
    holders = (term.file, f"{term.file}.{term.family}")
    return [Source(check=c.rule, term=term.id) for c in checks if c.family == term.family and c.rule in holders]


def _judged(source: Source, checks: Sequence[Check]) -> list[tuple[Outcome, tuple[Finding, ...], Message]]:
    if source.term is None:
        return [
            (c.outcome, c.findings, c.reason)
            for c in checks
            if not c.shadow and (c.family == source.family or c.rule == source.check)
        ]
    for check in checks:
        if check.rule != source.check:
            continue
        own = tuple(f for f in check.findings if f.rule == source.term and not f.shadow)
        standing = tuple(f for f in own if f.support is not Support.UNSUPPORTED)
        if own:
            return [(Outcome.FAILED if standing else Outcome.UNKNOWN, own, (standing or own)[0].reason)]
        return [_not_found(check, source.term)]
    return []


def _not_found(check: Check, term: str) -> tuple[Outcome, tuple[Finding, ...], Message]:
    """What a check says of one of its terms that was not found; what came of the others says nothing about it."""
    doubt = next((d for d in check.doubts if d.term == term or not d.evidence), None)
    if doubt is not None:
        return Outcome.UNKNOWN, (), doubt.reason
    unexplained = check.outcome is Outcome.UNKNOWN and not check.doubts and not check.findings
    if check.outcome in (Outcome.FAILED, Outcome.UNKNOWN) and not unexplained:
        return Outcome.PASSED, (), message("rules.no_terms_found")
    return check.outcome, (), check.reason
