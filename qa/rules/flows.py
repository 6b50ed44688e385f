"""Flows: which steps of a call were done, missing, too late or out of order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qa.core.finding import Check, Doubt, Finding, Outcome, Severity
from qa.core.messages import Message, message
from qa.core.roles import Role
from qa.lexicon.schema import label_of
from qa.rules.applicability import why_not
from qa.rules.conditions.alike import lies_in, place_of_stretch, voices
from qa.rules.conditions.mood import rests_on_tone
from qa.rules.doubt import about_absence, about_omission, somewhere
from qa.rules.evaluate import Evaluation
from qa.rules.places import Place, evidence_of
from qa.rules.schema import Condition, Flow, Step
from qa.rules.scope import role_of, window
from qa.rules.single import MAX_EVIDENCE
from qa.rules.verdicts import Verdict, no, yes
from qa.rules.wording import stretches_of

if TYPE_CHECKING:
    from qa.rules.book import Placed

OFFENCE: Final = 0.5
"""What is at least so likely an offence does no step: that nothing can be lost is promised in nearly the words
of the warning that it can."""


def checks(name: str, flow: Flow, place: Placed, on: Evaluation) -> list[Check]:
    """One check per step, of the family `step`, named `flow.step`."""
    applies = (*place.applies, *((flow.applies,) if flow.applies else ()))
    reason = why_not(place.language, applies, on.call.transcript, on.context)
    if reason is None and flow.when is not None:
        due = on.check(flow.when, Role.AGENT)
        if due.value is None:
            return [_made(name, flow, s, Outcome.UNKNOWN, due.reason, (), on) for s in flow.steps]
        reason = None if due.value else due.reason
    if reason is not None:
        return [_made(name, flow, s, Outcome.NOT_APPLICABLE, reason, (), on) for s in flow.steps]
    on.steps = {s.id: _anywhere(s, on) for s in flow.steps}
    careful: Evaluation | None = None
    previous: list[str] = []
    result = []
    for step in flow.steps:
        behind = [*step.after, *(previous if flow.ordered else [])]
        judged = _judge(step, behind, on)
        if judged[0] is Outcome.FAILED and somewhere(on.call):
            careful = careful or _carefully(flow, on)
            judged = _doubted(flow, step, behind, judged, careful)
        result.append(_made(name, flow, step, *judged, on))
        previous.append(step.id)
    return result


def as_condition(step: Step) -> Condition:
    """The step's content as a condition; without a role of its own, each term's role counts."""
    return step.content


def _carefully(flow: Flow, on: Evaluation) -> Evaluation:
    """The same call where doubtful words leave steps unknown."""
    careful = on.carefully(accusing=True)
    careful.steps = {s.id: careful.check(as_condition(s), role_of(s.role, None)) for s in flow.steps}
    return careful


_Judged = tuple[Outcome, Message, tuple[Place, ...]]


def _doubted(flow: Flow, step: Step, behind: list[str], judged: _Judged, careful: Evaluation) -> _Judged:
    """The same, unless what makes the step due, what would excuse it, its own words, or those that it comes too
    late for are not to be trusted.
    """
    for due in (flow.when, step.when, step.unless):
        again = careful.check(due, Role.AGENT) if due is not None else None
        if again is not None and again.value is None:
            return Outcome.UNKNOWN, again.reason, again.places
    _, reason, places = judged
    other = reason.params.get("other")
    for one in (step.id, str(other) if other in (*step.before, *behind) else None):
        said = careful.steps[one] if one is not None and places else None
        if said is not None and said.value is None and said.places:
            return Outcome.UNKNOWN, said.reason, said.places
    return judged


def _anywhere(step: Step, on: Evaluation) -> Verdict:
    """Whether the step's content is there; unknown where only something worded like it is."""
    verdict = on.check(as_condition(step), role_of(step.role, None))
    if verdict.value is False and (likely := _in_other_words(step, on)):
        return Verdict(None, message("rules.step_alike", **_told(likely[0], on)), tuple(likely))
    return verdict


def _in_time(step: Step, done: Verdict, on: Evaluation) -> Verdict:
    """What of a step that was done lies within its part of the call."""
    if step.within is None:
        return done
    part = window(step.within, on.call)
    places = [p for p in done.places if part.holds(p)]
    return yes(places, done.reason) if places else no("rules.step_too_late")


def _judge(step: Step, behind: list[str], on: Evaluation) -> _Judged:
    if step.when is not None:
        due = on.check(step.when, Role.AGENT)
        if due.value is None:
            return Outcome.UNKNOWN, due.reason, ()
        if not due.value:
            return Outcome.NOT_APPLICABLE, due.reason, ()
    anywhere = on.steps[step.id]
    if anywhere.value is None:
        return Outcome.UNKNOWN, anywhere.reason, anywhere.places
    if not anywhere.value:
        return _missing(step, anywhere, on)
    timely = _in_time(step, anywhere, on)
    if not timely.value:
        if not step.optional and (likely := _in_other_words(step, on)):
            reason = message("rules.step_alike_in_time", **_told(likely[0], on))
            return Outcome.UNKNOWN, reason, (*likely, *anywhere.places)
        return _late(step, message("rules.step_too_late"), anywhere.places, on)
    for other in step.before:
        if _first(on.steps[other]) is not None and not _starts_before(timely, on.steps[other]):
            return _late(step, message("rules.step_not_before", other=other), timely.places, on)
    for other in behind:
        if _first(on.steps[other]) is not None and not _some_after(timely, on.steps[other]):
            return _late(step, message("rules.step_not_after", other=other), timely.places, on)
    reason = timely.reason if timely.reason.code == "rules.covered" else message("rules.step_done")
    return Outcome.PASSED, reason, timely.places


def _missing(step: Step, verdict: Verdict, on: Evaluation) -> _Judged:
    if step.optional:
        return Outcome.NOT_APPLICABLE, message("rules.step_optional"), ()
    if (excused := _excused(step, on)) is not None:
        return excused
    if rests_on_tone(step.content, on.named):
        return Outcome.UNKNOWN, message("rules.tone_needs_person"), ()
    doubt = about_omission(role_of(step.role, None), on.call, window(step.within, on.call))
    if doubt is not None:
        return Outcome.UNKNOWN, doubt, ()
    covered = verdict.reason.code == "rules.not_covered"
    return Outcome.FAILED, verdict.reason if covered else message("rules.step_missing"), ()


def _excused(step: Step, on: Evaluation) -> _Judged | None:
    """Not applicable where something else makes the step needless, unknown where that is; None where it is due."""
    met = on.check(step.unless, Role.AGENT) if step.unless is not None else None
    if met is None or met.value is False:
        return None
    if met.value is None or not met.places:
        return Outcome.UNKNOWN if met.value is None else Outcome.NOT_APPLICABLE, met.reason, met.places
    at = met.places[0]
    quote = on.call.turns[at.turn].turn.text[at.start : at.end]
    return Outcome.NOT_APPLICABLE, message("rules.step_excused", quote=quote), ()


def _in_other_words(step: Step, on: Evaluation) -> list[Place]:
    """What is worded like the step in its part of the call, the likeliest first. Left out is where a term of that
    kind stands and is excused: 本次通话不会录音 is no notice.
    """
    if step.alike is None:
        return []
    family, role, part = step.alike.to, role_of(step.role, None), window(step.within, on.call)
    likely = stretches_of(on.call, role, part, family, step.alike.at_least)
    likely = [s for s in likely if s.likelihoods["forbidden"] < OFFENCE]
    excused = [hit for hit in voices(on, family, role) if not hit.counts] if likely else []
    found = (place_of_stretch(s, family) for s in likely if not any(lies_in(hit, s) for hit in excused))
    return sorted((p for p in found if part.holds(p)), key=lambda p: -p.certainty)


def _told(best: Place, on: Evaluation) -> dict[str, str]:
    quote = on.call.turns[best.turn].turn.text[best.start : best.end]
    return {"quote": quote, "share": f"{best.certainty:.0%}"}


def _late(step: Step, reason: Message, places: tuple[Place, ...], on: Evaluation) -> _Judged:
    if step.optional:
        return Outcome.PASSED, reason, places
    if (excused := _excused(step, on)) is not None:
        return excused
    doubt = about_absence(role_of(step.role, None), on.call, window(step.within, on.call))
    if doubt is not None:
        return Outcome.UNKNOWN, doubt, ()
    return Outcome.FAILED, reason, places


def _first(verdict: Verdict) -> tuple[int, int] | None:
    return min((p.key for p in verdict.places), default=None) if verdict.value else None


def _starts_before(step: Verdict, other: Verdict) -> bool:
    a, b = _first(step), _first(other)
    return a is None or b is None or a < b


def _some_after(step: Verdict, other: Verdict) -> bool:
    b = _first(other)
    return b is None or any(p.key >= b for p in step.places)


def _made(
    name: str, flow: Flow, step: Step, outcome: Outcome, reason: Message, places: tuple[Place, ...], on: Evaluation
) -> Check:
    label = label_of(step.label, step.id)
    severity = Severity(step.severity)
    evidence = tuple(evidence_of(p, on.call) for p in places[:MAX_EVIDENCE])
    findings: tuple[Finding, ...] = ()
    if outcome is Outcome.FAILED:
        role = role_of(step.role, None) or Role.AGENT
        sure = [t.turn.role_confidence for t in on.call.turns if t.turn.role is role]
        findings = (
            Finding(
                rule=f"{name}.{step.id}",
                rule_version=flow.version,
                family="step",
                label=label,
                severity=severity,
                role=role,
                evidence=evidence,
                reason=reason,
                confidence=round(min(0.9, sum(sure) / len(sure)), 4) if sure else 0.5,
                basis=step.basis,
                wording=step.wording,
                shadow=flow.shadow,
            ),
        )
    return Check(
        rule=f"{name}.{step.id}",
        rule_version=flow.version,
        family="step",
        label=label,
        outcome=outcome,
        reason=reason,
        severity=severity,
        findings=findings,
        evidence=evidence if outcome is Outcome.PASSED else (),
        doubts=(Doubt(reason, evidence),) if outcome is Outcome.UNKNOWN and evidence else (),
        shadow=flow.shadow,
    )
