"""Conditions on the shape of a call and on what came with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.core.finding import MatchKind
from qa.core.roles import Role
from qa.rules.conditions.measures import within_range
from qa.rules.places import whole_turn
from qa.rules.schema import Attribute, Condition
from qa.rules.scope import Window, role_of, turns_of
from qa.rules.verdicts import Verdict, no, unknown, yes

if TYPE_CHECKING:
    from qa.rules.evaluate import Evaluation


def talk_share(on: Evaluation, condition: Condition, role: Role | None, inside: Window) -> Verdict:
    """The role's share of all speech time."""
    wanted = condition.talk_share
    assert wanted is not None  # noqa: S101
    everybody = turns_of(on.call, None, inside)
    total = sum(t.ends - t.begins for t in everybody)
    if total <= 0:
        return unknown("rules.no_words")
    own = sum(t.ends - t.begins for t in everybody if role is None or t.turn.role is role)
    return yes(()) if within_range(own / total, wanted) else no("rules.not_in_range", value=own / total)


def duration(on: Evaluation, condition: Condition, role: Role | None, inside: Window) -> Verdict:  # noqa: ARG001
    """Length of the call in seconds."""
    wanted = condition.duration
    assert wanted is not None  # noqa: S101
    value = on.call.transcript.duration
    return yes(()) if within_range(value, wanted) else no("rules.not_in_range", value=value)


def turns(on: Evaluation, condition: Condition, role: Role | None, inside: Window) -> Verdict:
    """Number of turns, of a role where the condition names one."""
    wanted = condition.turns
    assert wanted is not None  # noqa: S101
    value = len(turns_of(on.call, role if condition.role else None, inside))
    return yes(()) if within_range(value, wanted) else no("rules.not_in_range", value=value)


def ends_with(on: Evaluation, condition: Condition, role: Role | None, inside: Window) -> Verdict:  # noqa: ARG001
    """Who speaks last, and whether the call broke off."""
    wanted = condition.ends_with
    assert wanted is not None  # noqa: S101
    spoken = [t for t in on.call.turns if t.turn.role is not Role.SYSTEM and t.squeezed]
    if not spoken:
        return unknown("rules.no_words")
    if on.call.transcript.partial:
        return unknown("rules.partial_audio")
    last = spoken[-1]
    if wanted.role is not None and role_of(wanted.role, None) not in (None, last.turn.role):
        return no("rules.other_speaks_last")
    if wanted.cut_off is not None:
        measured = on.context.metrics.cut_off if on.context.metrics else None
        if measured is None:
            return unknown("rules.not_measured", what="cut_off")
        if measured is not wanted.cut_off:
            return no("rules.ends_otherwise")
    return yes([whole_turn(last, MatchKind.MEASURE)])


def attribute(on: Evaluation, condition: Condition, role: Role | None, inside: Window) -> Verdict:  # noqa: ARG001
    """What came with the recording. Without the attribute a comparison is unknown."""
    wanted = condition.attribute
    assert wanted is not None  # noqa: S101
    value = on.context.attributes.get(wanted.name)
    if wanted.exists is not None and (value is not None) is not wanted.exists:
        return no("rules.attribute_otherwise", name=wanted.name)
    if value is None:
        return yes(()) if wanted.exists is False else unknown("rules.attribute_missing", name=wanted.name)
    return yes(()) if _fits(value, wanted) else no("rules.attribute_otherwise", name=wanted.name)


def _fits(value: str, wanted: Attribute) -> bool:
    if wanted.equals and value not in wanted.equals:
        return False
    if wanted.above is None and wanted.below is None:
        return True
    try:
        number = float(value)
    except ValueError:
        return False
    return (wanted.above is None or number > wanted.above) and (wanted.below is None or number < wanted.below)
