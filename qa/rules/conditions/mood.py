"""Conditions on tone, and what becomes of a check that rests on nothing else."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Final

from qa.core.finding import MatchKind
from qa.core.roles import Role
from qa.rules.call import TurnMood
from qa.rules.conditions.measures import within_range
from qa.rules.places import Place, place
from qa.rules.schema import Condition, Tone
from qa.rules.scope import Window, turns_of
from qa.rules.verdicts import Verdict, no, unknown, yes
from qa.text.calltext import TurnText

if TYPE_CHECKING:
    from qa.rules.evaluate import Evaluation

STRONGEST: Final = 3
"""Turns that make the tone of a call: an outburst counts, a slip among many turns does not."""
LEAST_FOR_CHANGE: Final = 6
"""Turns without which nothing is said about a change."""

_Heard = tuple[TurnText, float, float]
"""Turn, value, confidence."""


def tone(on: Evaluation, condition: Condition, role: Role | None, inside: Window) -> Verdict:
    """How the role sounds in a turn, over the call, or how that changes."""
    wanted = condition.tone
    assert wanted is not None  # noqa: S101
    if on.context.metrics is None or on.context.metrics.tone is None:
        return unknown("rules.not_measured", what="tone")
    moods = {m.turn: m for m in on.context.metrics.tone}
    heard = [
        (turn, *found)
        for turn in turns_of(on.call, role, inside)
        if (mood := moods.get(turn.turn.index)) and (found := _of(mood, wanted))
    ]
    if not heard:
        return unknown("rules.not_measured", what="tone")
    if wanted.per == "turn":
        places = [_place(h) for h in heard if within_range(h[1], wanted)]
        return yes(places) if len(places) >= wanted.times else no("rules.tone_otherwise")
    if wanted.per == "change":
        return _change(heard, wanted)
    strongest = sorted(heard, key=lambda h: -h[1])[:STRONGEST]
    if not within_range(fmean(h[1] for h in strongest), wanted):
        return no("rules.tone_otherwise")
    return yes([_place(h) for h in strongest])


def rests_on(condition: Condition, named: Mapping[str, Condition], operators: Collection[str]) -> bool:
    """Whether nothing but these operators can decide a condition."""
    parts = [*(condition.all or ()), *(condition.any or ()), *(condition.none or ())]
    if condition.use is not None:
        parts = [named[condition.use]]
    if condition.then is not None:
        parts = [condition.then.first, condition.then.second]
    return all(rests_on(p, named, operators) for p in parts) if parts else condition.operator in operators


def rests_on_tone(condition: Condition, named: Mapping[str, Condition]) -> bool:
    """Whether nothing but tone can decide a condition."""
    return rests_on(condition, named, ("tone",))


def _of(mood: TurnMood, wanted: Tone) -> tuple[float, float] | None:
    """Value and confidence where they are sure enough."""
    if wanted.of in ("arousal", "valence"):
        value = mood.arousal if wanted.of == "arousal" else mood.valence
        sure = max((c for _, c in mood.scores.values()), default=0.0)
    else:
        value, sure = mood.scores.get(wanted.of, (None, 0.0))
    return (value, sure) if value is not None and sure >= wanted.min_confidence else None


def _change(heard: Sequence[_Heard], wanted: Tone) -> Verdict:
    if len(heard) < LEAST_FOR_CHANGE:
        return unknown("rules.not_measured", what="tone")
    third = len(heard) // 3
    change = fmean(h[1] for h in heard[-third:]) - fmean(h[1] for h in heard[:third])
    return yes([_place(h) for h in heard[-third:]]) if within_range(change, wanted) else no("rules.tone_otherwise")


def _place(heard: _Heard) -> Place:
    turn, _, sure = heard
    return place(turn, 0, len(turn.text), MatchKind.TONE, sure)
