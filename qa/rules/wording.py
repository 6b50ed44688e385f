"""What is said in a call as the second reader takes it (`qa.alike`): stretches of turns and what they followed."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from qa.alike.features import Talk, before_each, stretches
from qa.alike.reader import reader
from qa.core.roles import Role
from qa.rules.scope import Window, turns_of
from qa.text.calltext import CallText, TurnText

FEWEST: Final = 5
"""Characters below which nothing is judged that answers nobody: 对的没错 says nothing by itself."""
FEWEST_OF_ANSWER: Final = 2
"""And below which none is that does: a bare 嗯 is said to everything; the terms know which questions matter."""
RECENT: Final = 16
"""Calls and turns whose readings are kept: every rule asks for them again."""


class Stretch(NamedTuple):
    """What is read by itself."""

    turn: TurnText
    start: int
    end: int
    """Squeezed offsets."""
    talk: Talk
    likelihoods: Mapping[str, float]
    """Family -> 0..1: how much it is worded like what is known of the family."""


def stretches_of(call: CallText, role: Role | None, inside: Window) -> list[Stretch]:
    """What is read of a part of a call."""
    read = _read(call)
    return [s for turn in turns_of(call, role, inside) for s in read[turn.turn_position]]


def likelihoods_at(call: CallText, turn: TurnText, start: int, end: int, family: str) -> Iterator[float]:
    """How much a place (squeezed offsets) is worded like what is known of the family: its stretches with what they
    followed, and then, which costs more, these and its clauses by themselves.
    """
    yield from _at(_read(call)[turn.turn_position], start, end, family)
    yield from _at(_alone(turn), start, end, family)


def _at(read: Sequence[Stretch], start: int, end: int, family: str) -> Iterator[float]:
    return (s.likelihoods[family] for s in read if s.start < end and start < s.end)


@lru_cache(RECENT)
def _read(call: CallText) -> Sequence[Sequence[Stretch]]:
    """The stretches of each turn."""
    parts = [
        (turn, start, end, Talk(said, before.before, before.own))
        for turn, before in zip(call.turns, before_each(call), strict=True)
        for start, end, said in stretches(turn)
        if end - start >= (FEWEST_OF_ANSWER if before.before else FEWEST)
    ]
    found: list[list[Stretch]] = [[] for _ in call.turns]
    for stretch in _judged(parts):
        found[stretch.turn.turn_position].append(stretch)
    return found


@lru_cache(RECENT)
def _alone(turn: TurnText) -> Sequence[Stretch]:
    """The stretches and clauses of a turn without what they followed."""
    parts = [*stretches(turn), *((c.start, c.end, turn.squeezed[c.start : c.end]) for c in turn.clauses)]
    return _judged([(turn, start, end, Talk(said)) for start, end, said in parts if said])


def _judged(parts: Sequence[tuple[TurnText, int, int, Talk]]) -> list[Stretch]:
    judged = reader().judged([talk for *_, talk in parts], [turn.turn.role for turn, *_ in parts])
    return [Stretch(*part, likelihoods) for part, likelihoods in zip(parts, judged, strict=True)]
