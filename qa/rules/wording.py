"""What is said in a call as the second reader takes it (`qa.alike`): stretches of turns and what they followed."""

from collections.abc import Iterator, Sequence
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
def _talk(call: CallText, role: Role | None, inside: Window) -> tuple[Talk, ...]:
    return tuple(s.talk for s in stretches_of(call, role, inside))


@lru_cache(RECENT)
def _alone(call: CallText, role: Role | None) -> tuple[Talk, ...]:
    return tuple(Talk(talk.said) for talk in _talk(call, role, WHOLE))


def likelihoods(call: CallText, role: Role | None, family: str, inside: Window) -> Sequence[float]:
    """For each of `stretches_of`, 0..1: how much it is worded like what is known of the family."""
    return reader().likelihoods(family, _talk(call, role, inside))


def likelihoods_at(call: CallText, turn: TurnText, start: int, end: int, family: str) -> Iterator[float]:
    """How much a place (squeezed offsets) is worded like what is known of the family, each asked for only where
    the one before did not do: its stretches with what they followed, these by themselves, its clauses alone.
    """
    role = turn.turn.role
    read = stretches_of(call, role, WHOLE)
    here = [i for i, s in enumerate(read) if s.turn is turn and s.start < end and start < s.end]
    for talk in (_talk(call, role, WHOLE), _alone(call, role)):
        judged = reader().likelihoods(family, talk)
        yield from (judged[i] for i in here)
    clauses = [c for c in turn.clauses if c.start < end and start < c.end]
    yield from reader().likelihoods(family, [Talk("".join(turn.squeezed[c.start : c.end] for c in clauses))])
