"""What is said in a call as the second reader takes it (`qa.alike`): stretches of turns and what they followed."""

from collections.abc import Sequence
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


def likelihoods(call: CallText, role: Role | None, family: str, inside: Window) -> Sequence[float]:
    """For each of `stretches_of`, 0..1: how much it is worded like what is known of the family."""
    return reader().likelihoods(family, _talk(call, role, inside))


def likelihood_at(call: CallText, turn: TurnText, start: int, end: int, family: str) -> float | None:
    """The highest of the stretches that a place (squeezed offsets) lies in, each with what it followed and by
    itself; None where nothing is read there.
    """
    role = turn.turn.role
    judged = zip(stretches_of(call, role, WHOLE), likelihoods(call, role, family, WHOLE), strict=True)
    here = [(s, p) for s, p in judged if s.turn is turn and s.start < end and start < s.end]
    alone = reader().likelihoods(family, [Talk(s.talk.said) for s, _ in here])
    return max([*alone, *(p for _, p in here)], default=None)
