"""Fills a scorecard from checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qa.core.finding import Check, Finding, Outcome, Severity
from qa.core.messages import Message, message
from qa.core.roles import Role
from qa.core.scorecard import ItemResult, ScorecardResult, SectionResult
from qa.core.transcript import Transcript
from qa.lexicon.schema import label_of
from qa.rules.applicability import why_not
from qa.rules.call import CallContext
from qa.rules.evaluate import Evaluation
from qa.rules.schema import Item, Scorecard, Section

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
    sections = [_section(s, place, checks, on, book) for s in card.sections]
    vetoed = next((i.item for s in sections for i in s.items if i.veto), None)
    judged = [(s.weight, s.score) for s in sections if s.score is not None]
    total = sum(w for w, _ in judged)
    score = sum(w * x for w, x in judged) / total if total else None
    if vetoed is not None:
        score = 0.0
    return ScorecardResult(name, card.version, None if score is None else round(score, 2), vetoed, tuple(sections))


def _section(
    section: Section, place: Placed, checks: Sequence[Check], on: Evaluation, book: RuleBook
) -> SectionResult:
    items = [_item(i, place, checks, on, book) for i in section.items]
    counted = [(i.points, i.maximum) for i in items if i.points is not None]
    most = sum(m for _, m in counted)
    score = round(100 * sum(p for p, _ in counted) / most, 2) if most else None
    return SectionResult(section.id, label_of(section.label, section.id), section.weight, score, tuple(items))


def _item(item: Item, place: Placed, checks: Sequence[Check], on: Evaluation, book: RuleBook) -> ItemResult:
    label = label_of(item.label, item.id)

    def made(outcome: Outcome, points: float | None, reason: Message, veto: bool = False) -> ItemResult:
        return ItemResult(item.id, label, outcome, points, item.points, veto, item.manual, reason)

    if item.when is not None:
        due = on.check(item.when, Role.AGENT)
        if due.value is None:
            return made(Outcome.UNKNOWN, None, due.reason)
        if not due.value:
            return made(Outcome.NOT_APPLICABLE, None, due.reason)
    if item.manual:
        return made(Outcome.UNKNOWN, None, message("rules.waits_for_person"))
    outcome, findings, reason = _outcome(item, place, checks, book)
    if outcome in (Outcome.NOT_APPLICABLE, Outcome.UNKNOWN):
        return made(outcome, None, reason)
    if outcome is Outcome.PASSED:
        return made(outcome, item.points, reason)
    lost = item.points if item.per_finding is None else item.per_finding * max(1, len(findings))
    veto = item.veto is True or (
        item.veto == "critical" and any(f.severity is Severity.CRITICAL for f in findings)
    )
    return made(outcome, 0.0 if veto else max(0.0, item.points - lost), reason, veto)


def _outcome(
    item: Item, place: Placed, checks: Sequence[Check], book: RuleBook
) -> tuple[Outcome, list[Finding], Message]:
    """The worst of the checks that an item names; shadow rules never count."""
    relevant: list[tuple[Outcome, tuple[Finding, ...], Message]] = []
    for reference in item.check:
        relevant += _referred(reference, place.pack, checks, book)
    findings = [f for _, fs, _ in relevant for f in fs if not f.shadow]
    for outcome in (Outcome.FAILED, Outcome.UNKNOWN, Outcome.PASSED):
        for found, _, reason in relevant:
            if found is outcome:
                return outcome, findings, reason
    return Outcome.NOT_APPLICABLE, [], relevant[0][2] if relevant else message("rules.no_such_check")


def _referred(
    reference: str, pack: str, checks: Sequence[Check], book: RuleBook
) -> list[tuple[Outcome, tuple[Finding, ...], Message]]:
    if reference.startswith("family:"):
        family = reference.removeprefix("family:")
        return [(c.outcome, c.findings, c.reason) for c in checks if c.family == family and not c.shadow]
    names = (f"{pack}.{reference}", reference)
    inside = (f"{pack}.{reference}.", f"{reference}.")
    direct = [
        (c.outcome, c.findings, c.reason)
        for c in checks
        if not c.shadow and (c.rule in names or c.rule.startswith(inside))
    ]
    if direct:
        return direct
    term = next((book.terms_by_id[n] for n in names if n in book.terms_by_id), None)
    if term is None:
        return []
    for check in checks:
        if check.family == term.family and check.rule in (term.file, f"{term.file}.{term.family}"):
            own = tuple(f for f in check.findings if f.rule == term.id and not f.shadow)
            if own:
                return [(Outcome.FAILED, own, own[0].reason)]
            outcome = Outcome.PASSED if check.outcome is Outcome.FAILED else check.outcome
            return [(outcome, (), check.reason if outcome is check.outcome else message("rules.no_terms_found"))]
    return []
