"""What is said in a call as the second reader takes it (`qa.alike`): stretches of turns and what they followed."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

from qa.alike.features import Talk, before_each, stretches
from qa.alike.reader import Judged, reader
from qa.core.roles import Role
from qa.rules.applicability import is_chinese
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
    """What of a part of a call is at least so much worded like what is known of a family; nothing is known of talk
    that is not Chinese.
    """
    if not is_chinese(call.transcript.language):
        return []
    read = _read(call)
    likely = read.again.likely(family, at_least)
    if not likely:
        return []
    turns = {turn.turn_position for turn in turns_of(call, role, inside)}
    return [Stretch(*read.parts[i], read.again.of(i)) for i in likely if read.parts[i].turn.turn_position in turns]


def likelihoods_at(call: CallText, turn: TurnText, start: int, end: int, family: str) -> Iterator[float]:
    """How much a place (squeezed offsets) is worded like what is known of the family: its stretches with what they
    followed, and then, which costs more, these and its clauses by themselves.
    """
    read = _read(call)
    yield from _at(read.parts, read.judged, turn, start, end, family)
    parts, judged, stretched = _alone(turn)
    yield from _at(parts, judged, turn, start, end, family, until=stretched)
    yield from _at(parts, judged, turn, start, end, family, since=stretched)


def likelihoods_in_call(call: CallText, turn: TurnText, start: int, end: int, family: str) -> Iterator[float]:
    """The same in the whole of the call: nothing where the turn is too short to be read."""
    read = _read(call)
    yield from _at(read.parts, read.again, turn, start, end, family)


class Part(NamedTuple):
    """What of a call is read by itself."""

    turn: TurnText
    start: int
    end: int
    talk: Talk


class _Read(NamedTuple):
    """How the parts of a call are worded."""

    parts: Sequence[Part]
    """In the order of their turns."""
    judged: Judged
    """Each by itself."""
    again: Judged
    """In the whole of the call."""


def _at(
    parts: Sequence[Part],
    judged: Judged,
    turn: TurnText,
    start: int,
    end: int,
    family: str,
    since: int = 0,
    until: int | None = None,
) -> Iterator[float]:
    """Of the parts `since..until`, which begin and end one behind the other."""
    until = len(parts) if until is None else until
    for i in range(bisect_right(parts, (turn.turn_position, start), since, until, key=_ends), until):
        part = parts[i]
        if part.turn is not turn or part.start >= end:
            return
        yield judged.likelihood(i, family)


def _ends(part: Part) -> tuple[int, int]:
    return part.turn.turn_position, part.end


_known: Final[WeakKeyDictionary[CallText, _Read]] = WeakKeyDictionary()
"""The readings of the calls in use. They go with the call: what is kept longer the collector walks again and
again, a twelfth of the cost of a call."""


def _read(call: CallText) -> _Read:
    """What is said in a call, read once."""
    found = _known.get(call)
    if found is None:
        parts = parts_of(call)
        judged = _judged(parts)
        again = reader().again(judged, *said_in(parts))
        found = _known[call] = _Read(parts, judged, again)
    return found


def parts_of(call: CallText) -> list[Part]:
    """What of a call is read, in the order of its turns."""
    return [
        Part(turn, start, end, Talk(said, before.before, before.own))
        for turn, before in zip(call.turns, before_each(call), strict=True)
        for start, end, said in stretches(turn)
        if end - start >= (FEWEST_OF_ANSWER if before.before else FEWEST)
    ]


@lru_cache(RECENT)
def _alone(turn: TurnText) -> tuple[Sequence[Part], Judged, int]:
    """The stretches of a turn and then its clauses without what they followed, and how many are stretches."""
    stretched = [Part(turn, start, end, Talk(said)) for start, end, said in stretches(turn) if said]
    clauses = [
        Part(turn, c.start, c.end, Talk(turn.squeezed[c.start : c.end])) for c in turn.clauses if c.start < c.end
    ]
    parts = stretched + clauses
    return parts, _judged(parts), len(stretched)


def _judged(parts: Sequence[Part]) -> Judged:
    talk, said_by, _ = said_in(parts)
    return reader().judged(talk, said_by)


def said_in(parts: Sequence[Part]) -> tuple[list[Talk], list[Role], list[int]]:
    """What was said, by whom and in which turn."""
    return [p.talk for p in parts], [p.turn.turn.role for p in parts], [p.turn.turn_position for p in parts]
