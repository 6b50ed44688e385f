"""What is said in a call as the second reader takes it (`qa.alike`): stretches of turns and what they followed."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from qa.alike.features import Talk, before_each, stretches
from qa.alike.reader import RECENT, reader
from qa.core.roles import Role
from qa.rules.scope import WHOLE, Window, turns_of
from qa.text.calltext import CallText, TurnText

FEWEST: Final = 5
"""Characters below which nothing is judged that answers nobody: 对的没错 says nothing by itself."""


class Stretch(NamedTuple):
    """What is read by itself."""

    turn: TurnText
    start: int
    end: int
    """Squeezed offsets."""
    talk: Talk


_followed = lru_cache(RECENT)(before_each)


@lru_cache(RECENT)
def stretches_of(call: CallText, role: Role | None, inside: Window) -> tuple[Stretch, ...]:
    """What is read of a call."""
    found = []
    followed = _followed(call)
    for turn in turns_of(call, role, inside):
        before = followed[turn.turn_position]
        for start, end, said in stretches(turn):
            if end - start >= FEWEST or before.before:
                found.append(Stretch(turn, start, end, before._replace(said=said)))
    return tuple(found)


@lru_cache(RECENT)
def likelihoods(call: CallText, role: Role | None, family: str, inside: Window) -> Sequence[float]:
    """For each of `stretches_of`, 0..1: how much it is worded like what is known of the family."""
    return reader().likelihoods(family, [s.talk for s in stretches_of(call, role, inside)])


def likelihoods_at(call: CallText, turn: TurnText, start: int, end: int, family: str) -> Iterator[float]:
    """How much a place (squeezed offsets) is worded like what is known of the family: its stretches with what they
    followed, and then, which costs more, these and its clauses by themselves.
    """
    judged = _by_turn(call, turn.turn.role, family).get(turn.turn_position, ())
    yield from (share for first, last, share in judged if first < end and start < last)
    yield from (share for first, last, share in _alone(turn, family) if first < end and start < last)


_Judged = Mapping[int, Sequence[tuple[int, int, float]]]
"""Position of a turn -> start, end and likelihood of its pieces."""


@lru_cache(RECENT)
def _by_turn(call: CallText, role: Role | None, family: str) -> _Judged:
    found: dict[int, list[tuple[int, int, float]]] = defaultdict(list)
    judged = likelihoods(call, role, family, WHOLE)
    for s, share in zip(stretches_of(call, role, WHOLE), judged, strict=True):
        found[s.turn.turn_position].append((s.start, s.end, share))
    return found


@lru_cache(RECENT)
def _alone(turn: TurnText, family: str) -> Sequence[tuple[int, int, float]]:
    parts = list(stretches(turn))
    parts += [(c.start, c.end, turn.squeezed[c.start : c.end]) for c in turn.clauses if c.end > c.start]
    judged = reader().likelihoods(family, [Talk(said) for _, _, said in parts])
    return [(start, end, share) for (start, end, _), share in zip(parts, judged, strict=True)]
