"""One rule on one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qa.core.finding import Check, Doubt, Finding, MatchKind, Outcome, Severity
from qa.core.messages import Message, message
from qa.core.roles import Role
from qa.lexicon.schema import label_of
from qa.rules.applicability import why_not
from qa.rules.conditions.mood import rests_on
from qa.rules.doubt import about_absence, about_omission, about_presence, somewhere
from qa.rules.evaluate import WORDS, Evaluation
from qa.rules.places import evidence_of
from qa.rules.schema import Condition, Rule
from qa.rules.scope import role_of
from qa.rules.verdicts import Verdict

if TYPE_CHECKING:
    from qa.rules.book import Placed

HINTS: Final = (MatchKind.TONE, MatchKind.ALIKE)
"""What is for a person to judge and fails nothing by itself."""

MAX_EVIDENCE = 20
"""Pieces of evidence kept with one finding; a reviewer hears the first few."""


def check(name: str, rule: Rule, place: Placed, on: Evaluation) -> Check:
    """What a rule says of a call."""
    outcome, reason, verdict = _judge(rule, place, on)
    evidence = tuple(evidence_of(p, on.call) for p in verdict.places[:MAX_EVIDENCE]) if verdict else ()
    label = label_of(rule.label, rule.id)
    findings: tuple[Finding, ...] = ()
    severity = Severity(rule.severity)
    doubts = (Doubt(reason, evidence),) if outcome is Outcome.UNKNOWN and evidence else ()
    told = outcome is Outcome.FAILED
    if told and (open_for := _needs_person(rule, verdict, on)) is not None:
        # A voice is no proof, nor is a likeness: the finding is for a person to judge, and the check stays open.
        outcome, reason = Outcome.UNKNOWN, open_for
        severity = min(severity, Severity.NOTICE, key=lambda s: s.rank)
    elif told and severity is Severity.CRITICAL and _judge(rule, place, on.literally())[0] is not Outcome.FAILED:
        severity = Severity.WARNING  # it rests on words that only sound like what they are taken for
    if told:
        role = role_of(rule.role, None)
        findings = (
            Finding(
                rule=name,
                rule_version=rule.version,
                family=rule.family,
                label=label,
                severity=severity,
                role=role or Role.AGENT,
                evidence=evidence,
                reason=reason,
                confidence=_confidence(verdict, on, role),
                basis=rule.basis,
                wording=rule.wording,
                shadow=rule.shadow,
            ),
        )
    return Check(
        rule=name,
        rule_version=rule.version,
        family=rule.family,
        label=label,
        outcome=outcome,
        reason=reason,
        severity=severity,
        findings=findings,
        evidence=evidence if outcome is Outcome.PASSED else (),
        shadow=rule.shadow,
        doubts=doubts,
    )


def _needs_person(rule: Rule, verdict: Verdict | None, on: Evaluation) -> Message | None:
    """What to tell the person who has to decide, where nothing here is a proof by itself."""
    wanted = rule.require or rule.forbid
    assert wanted is not None  # noqa: S101 - the schema says so
    found = verdict is not None and verdict.places and all(p.kind in HINTS for p in verdict.places)
    if not found and not rests_on(wanted, on.named, ("tone", "alike")):
        return None
    by_wording = verdict is not None and verdict.reason.code in ("rules.alike", "rules.nothing_alike")
    return verdict.reason if verdict is not None and by_wording else message("rules.tone_needs_person")


def _judge(rule: Rule, place: Placed, on: Evaluation) -> tuple[Outcome, Message, Verdict | None]:
    transcript = on.call.transcript
    applies = (*place.applies, *((rule.applies,) if rule.applies else ()))
    reason = why_not(place.language, applies, transcript, on.context)
    if reason is not None:
        return Outcome.NOT_APPLICABLE, reason, None
    role = role_of(rule.role, None)
    if rule.when is not None:
        due = on.check(rule.when, role)
        if due.value is None:
            return Outcome.UNKNOWN, due.reason, None
        if not due.value:
            return Outcome.NOT_APPLICABLE, due.reason, None
    wanted = rule.require or rule.forbid
    assert wanted is not None  # noqa: S101 - the schema says so
    verdict = on.check(wanted, role)
    if verdict.value is None:
        return Outcome.UNKNOWN, verdict.reason, None
    judged = _required(verdict, role, on) if rule.require else _forbidden(verdict, role, on, wanted)
    return _doubted(rule, judged, on) if judged[0] is not Outcome.UNKNOWN else judged


def _doubted(
    rule: Rule, judged: tuple[Outcome, Message, Verdict | None], on: Evaluation
) -> tuple[Outcome, Message, Verdict | None]:
    """The same, unless one part of the rule that decides it rests on words that are not to be trusted, or on
    something not being said that nobody can know.
    """
    if not somewhere(on.call):
        return judged
    role, failed, verdict = role_of(rule.role, None), judged[0] is Outcome.FAILED, judged[2]
    careful = on.carefully(accusing=failed)
    for part in (rule.when if failed else None, rule.require or rule.forbid):
        if part is None:
            continue
        again = careful.check(part, role)
        if again.value is None:
            return Outcome.UNKNOWN, again.reason, again if again.places else verdict
        if again.value is not (True if part is rule.when else failed is (rule.forbid is not None)):
            trust = min((p.trust for p in verdict.places), default=0.0) if verdict else 0.0
            return Outcome.UNKNOWN, message("rules.low_trust", trust=trust), verdict
    return judged


def _required(verdict: Verdict, role: Role | None, on: Evaluation) -> tuple[Outcome, Message, Verdict | None]:
    if verdict.value:
        doubt = about_presence(verdict.places, None if on.call.transcript.roles_certain else role, on.call)
        return (Outcome.UNKNOWN, doubt, verdict) if doubt else (Outcome.PASSED, verdict.reason, verdict)
    if verdict.places:  # it fails by what was found, not by what was not
        doubt = about_presence(verdict.places, role, on.call)
        return (Outcome.UNKNOWN, doubt, verdict) if doubt else (Outcome.FAILED, verdict.reason, verdict)
    doubt = about_omission(role, on.call)
    return (Outcome.UNKNOWN, doubt, None) if doubt else (Outcome.FAILED, verdict.reason, verdict)


def _forbidden(
    verdict: Verdict, role: Role | None, on: Evaluation, wanted: Condition
) -> tuple[Outcome, Message, Verdict | None]:
    if verdict.value:
        doubt = about_presence(verdict.places, role, on.call)
        if doubt is None and not verdict.places and rests_on(wanted, on.named, WORDS):
            doubt = about_omission(role, on.call)  # what is forbidden is that something was left unsaid
        return (
            (Outcome.UNKNOWN, doubt, verdict)
            if doubt
            else (Outcome.FAILED, message("rules.forbidden_holds"), verdict)
        )
    if verdict.places:
        doubt = about_presence(verdict.places, None if on.call.transcript.roles_certain else role, on.call)
    else:
        doubt = about_absence(role, on.call)
    return (Outcome.UNKNOWN, doubt, None) if doubt else (Outcome.PASSED, verdict.reason, verdict)


def _confidence(verdict: Verdict | None, on: Evaluation, role: Role | None) -> float:
    if verdict is not None and verdict.places:
        return round(max(_sure(p.certainty * p.trust, p.kind) for p in verdict.places), 4)
    turns = [t.turn.role_confidence for t in on.call.turns if role is None or t.turn.role is role]
    return round(min(0.9, sum(turns) / len(turns)), 4) if turns else 0.5


def _sure(value: float, kind: MatchKind) -> float:
    return 0.9 if kind is MatchKind.MEASURE else value
