"""Conditions on how the conversation runs: silences, rate, interruptions, levels, response times."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from qa.core.finding import MatchKind
from qa.core.roles import Role
from qa.rules.places import Place, whole_turn
from qa.rules.schema import Condition, Range
from qa.rules.scope import Window, turns_of
from qa.rules.verdicts import Verdict, no, unknown, yes
from qa.text.calltext import TurnText

if TYPE_CHECKING:
    from qa.rules.evaluate import Evaluation


def within_range(value: float, bounds: Range) -> bool:
    """Whether a value lies strictly above `above` and strictly below `below`, where they are given."""
    return (bounds.above is None or value > bounds.above) and (bounds.below is None or value < bounds.below)


def silence(on: Evaluation, condition: Condition, role: Role | None, inside: Window) -> Verdict:  # noqa: ARG001
    """Gaps in which nobody speaks, between the turns that it asks for, unless a notice excuses them."""
    wanted = condition.silence
    assert wanted is not None  # noqa: S101
    if on.context.metrics is None or on.context.metrics.silences is None:
        return unknown("rules.not_measured", what="silence")
    places = []
    for gap in on.context.metrics.silences:
        length = gap.end - gap.start
        if length < wanted.at_least or not inside.since <= gap.start <= inside.until:
            continue
        before = [t for t in on.call.turns if t.begins < gap.start]
        after = [t for t in on.call.turns if t.begins >= gap.end - 0.5]
        if not before or not after or not _between(before[-1], after[0], wanted.between):
            continue
        if wanted.excused_after and length <= wanted.excused_up_to and _excused(on, before, wanted.excused_after):
            continue
        places.append(_gap_place(before[-1], gap.start, gap.end))
    return yes(places) if len(places) >= wanted.times else no("rules.no_silence")


def _between(before: TurnText, after: TurnText, which: str) -> bool:
    a, b = before.turn.role, after.turn.role
    return {
        "any": True,
        "same": a is b,
        "agent-customer": a is Role.AGENT and b is Role.CUSTOMER,
        "customer-agent": a is Role.CUSTOMER and b is Role.AGENT,
    }[which]


def _excused(on: Evaluation, before: list[TurnText], reference: str) -> bool:
    """Whether the last turn of the agent before the gap holds the notice."""
    agent = [t for t in before[-2:] if t.turn.role is Role.AGENT]
    return bool(agent) and any(
        h.turn.turn_position == agent[-1].turn_position
        for term in on.names.terms(reference)
        for h in on.scan.meant(term, Role.AGENT, True)
    )


def _gap_place(turn: TurnText, start: float, end: float) -> Place:
    at = len(turn.text)
    return Place(turn.turn_position, at, at, start, end, MatchKind.MEASURE, 1.0, 1.0)


def rate(on: Evaluation, condition: Condition, role: Role | None, inside: Window) -> Verdict:
    """Characters per minute, of a turn or over the call, absolute or against the speaker's own mean."""
    wanted = condition.rate
    assert wanted is not None  # noqa: S101
    turns = [t for t in turns_of(on.call, role, inside) if t.ends > t.begins]
    if not turns:
        return unknown("rules.no_turns_of_role")
    roles = {t.turn.role for t in turns} if wanted.relative else ()
    means = {r: _mean_rate([t for t in on.call.turns if t.turn.role is r]) for r in roles}
    if wanted.per == "call":
        value = _mean_rate(turns)
        holds = within_range(value / (means[turns[0].turn.role] or 1.0) if wanted.relative else value, wanted)
        return yes([whole_turn(turns[0], MatchKind.MEASURE)]) if holds else no("rules.not_in_range", value=value)
    places = []
    for turn in turns:
        if len(turn.squeezed) < wanted.min_chars:
            continue
        value = _mean_rate([turn])
        if within_range(value / (means[turn.turn.role] or 1.0) if wanted.relative else value, wanted):
            places.append(whole_turn(turn, MatchKind.MEASURE))
    return yes(places) if len(places) >= wanted.times else no("rules.not_in_range", value=_mean_rate(turns))


def _mean_rate(turns: list[TurnText]) -> float:
    """Characters (Latin words for alphabetic text) per minute of the words' own time."""
    units = sum(_units(t) for t in turns)
    seconds = sum(t.ends - t.begins for t in turns)
    return 60 * units / seconds if seconds > 0 else 0.0


def _units(turn: TurnText) -> int:
    return len(turn.text.split()) if turn.squeezed.isascii() else len(turn.squeezed)


def interrupts(on: Evaluation, condition: Condition, role: Role | None, inside: Window) -> Verdict:
    """Who cut in: overlap, words and delay all reach their thresholds."""
    wanted = condition.interrupts
    assert wanted is not None  # noqa: S101
    if on.context.metrics is None or on.context.metrics.interruptions is None:
        return unknown("rules.not_measured", what="interruption")
    by_index = {t.turn.index: t for t in on.call.turns}
    places = [
        whole_turn(by_index[i.turn], MatchKind.MEASURE)
        for i in on.context.metrics.interruptions
        if (role is None or i.role is role)
        and i.turn in by_index
        and inside.since <= i.start <= inside.until
        and i.overlap_ms >= wanted.overlap_ms
        and i.words >= wanted.words
        and i.delay_ms >= wanted.delay_ms
    ]
    return yes(places) if len(places) >= wanted.times else no("rules.no_interruption")


def loudness(on: Evaluation, condition: Condition, role: Role | None, inside: Window) -> Verdict:
    """Level of a turn against the speaker's own median, dB."""
    return _level(on, condition, role, inside, "loudness")


def pitch(on: Evaluation, condition: Condition, role: Role | None, inside: Window) -> Verdict:
    """Pitch of a turn against the speaker's own median, semitones."""
    return _level(on, condition, role, inside, "pitch")


def _level(on: Evaluation, condition: Condition, role: Role | None, inside: Window, what: str) -> Verdict:
    wanted = condition.loudness if what == "loudness" else condition.pitch
    assert wanted is not None  # noqa: S101
    if on.context.metrics is None or on.context.metrics.levels is None:
        return unknown("rules.not_measured", what=what)
    levels = {x.turn: x for x in on.context.metrics.levels}
    places = []
    for turn in turns_of(on.call, role, inside):
        level = levels.get(turn.turn.index)
        value = None if level is None else (level.loudness_db if what == "loudness" else level.pitch_semitones)
        if value is None or turn.ends - turn.begins < wanted.min_seconds:
            continue
        if within_range(value, wanted):
            places.append(whole_turn(turn, MatchKind.MEASURE))
    return yes(places) if len(places) >= wanted.times else no("rules.level_normal")


def responds(on: Evaluation, condition: Condition, role: Role | None, inside: Window) -> Verdict:
    """Seconds until the role answers the other party; an answer that overlaps counts as nought."""
    wanted = condition.responds
    assert wanted is not None  # noqa: S101
    waits = []
    for before, after in zip(on.call.turns, on.call.turns[1:], strict=False):
        a, b = before.turn, after.turn
        answers = (role is None or b.role is role) and b.role is not a.role and a.role is b.role.other
        if answers and inside.holds_turn(after):
            waits.append((max(0.0, after.begins - before.ends), after))
    if not waits:
        return unknown("rules.no_turns_of_role")
    if wanted.which == "any":
        places = [whole_turn(t, MatchKind.MEASURE) for w, t in waits if within_range(w, wanted)]
        return yes(places) if places else no("rules.not_in_range", value=max(w for w, _ in waits))
    value = waits[0][0] if wanted.which == "first" else fmean(w for w, _ in waits)
    where = waits[0][1] if wanted.which == "first" else max(waits, key=lambda x: x[0])[1]
    if within_range(value, wanted):
        return yes([whole_turn(where, MatchKind.MEASURE)])
    return no("rules.not_in_range", value=value)
