"""What is said in a call as the second reader takes it (`qa.alike`): stretches of turns and what they followed."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

from qa.alike.features import Talk, before_each, stretches
from qa.alike.reader import Judged, reader
from qa.core.roles import Role
from qa.rules.scope import Window, turns_of
from qa.text.calltext import CallText, TurnText

FEWEST: Final = 5
"""Characters below which nothing is judged that answers nobody: 对的没错 says nothing by itself."""
FEWEST_OF_ANSWER: Final = 2
"""And below which none is that does: a bare 嗯 is said to everything; the terms know which questions matter."""
RECENT: Final = 16
"""Turns whose readings by themselves are kept: every rule asks for them again."""


class Stretch(NamedTuple):
    """What is read by itself."""

    turn: TurnText
    start: int
    end: int
    """Squeezed offsets."""
    talk: Talk
    likelihoods: Mapping[str, float]
    """Family -> 0..1: how much it is worded like what is known of the family."""


def stretches_of(
    call: CallText, role: Role | None, inside: Window, family: str, at_least: float = 0.0
) -> list[Stretch]:
    """What of a part of a call is at least so much worded like what is known of a family."""
    read = _read(call)
    likely = read.judged.likely(family, at_least)
    if not likely:
        return []
    turns = {turn.turn_position for turn in turns_of(call, role, inside)}
    return [
        Stretch(*read.parts[i], read.judged.of(i)) for i in likely if read.parts[i].turn.turn_position in turns
    ]


def likelihoods_at(call: CallText, turn: TurnText, start: int, end: int, family: str) -> Iterator[float]:
    """How much a place (squeezed offsets) is worded like what is known of the family: its stretches with what they
    followed, and then, which costs more, these and its clauses by themselves.
    """
    yield from _at(_read(call), turn, start, end, family)
    yield from _at(_alone(turn), turn, start, end, family)


class _Part(NamedTuple):
    turn: TurnText
    start: int
    end: int
    talk: Talk


class _Read(NamedTuple):
    """How parts are worded."""

    parts: Sequence[_Part]
    """In the order of their turns."""
    judged: Judged


def _at(read: _Read, turn: TurnText, start: int, end: int, family: str) -> Iterator[float]:
    for i in range(bisect_left(read.parts, turn.turn_position, key=_position), len(read.parts)):
        part = read.parts[i]
        if part.turn is not turn:
            return
        if part.start < end and start < part.end:
            yield read.judged.likelihood(i, family)


def _position(part: _Part) -> int:
    return part.turn.turn_position


_known: Final[WeakKeyDictionary[CallText, _Read]] = WeakKeyDictionary()
"""The readings of the calls in use. They go with the call: what is kept longer the collector walks again and
again, a twelfth of the cost of a call."""


def _read(call: CallText) -> _Read:
    """What is said in a call, read once."""
    found = _known.get(call)
    if found is None:
        found = _known[call] = _in_parts(call)
    return found


def _in_parts(call: CallText) -> _Read:
    return _judged(
        [
            _Part(turn, start, end, Talk(said, before.before, before.own))
            for turn, before in zip(call.turns, before_each(call), strict=True)
            for start, end, said in stretches(turn)
            if end - start >= (FEWEST_OF_ANSWER if before.before else FEWEST)
        ]
    )


@lru_cache(RECENT)
def _alone(turn: TurnText) -> _Read:
    """The stretches and clauses of a turn without what they followed."""
    parts = [*stretches(turn), *((c.start, c.end, turn.squeezed[c.start : c.end]) for c in turn.clauses)]
    return _judged([_Part(turn, start, end, Talk(said)) for start, end, said in parts if said])


def _judged(parts: Sequence[_Part]) -> _Read:
    return _Read(parts, reader().judged([p.talk for p in parts], [p.turn.turn.role for p in parts]))
