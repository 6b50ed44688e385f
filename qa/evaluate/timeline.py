"""Cutting a recording at every boundary, so that within each piece the same people talk."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, Generic, TypeVar

import msgspec

from qa.core.transcript import Turn

L = TypeVar("L", bound=Hashable)

PAUSE: Final = 0.5
"""Seconds between two words of a turn above which nobody is held to have been talking."""


class Labelled(msgspec.Struct, Generic[L], frozen=True):
    """Somebody or something from `start` to `end`, seconds."""

    label: L
    start: float
    end: float


def pieces(
    first: Sequence[Labelled[L]], second: Sequence[Labelled[L]], cuts: Iterable[float] = ()
) -> Iterator[tuple[float, float, frozenset[L], frozenset[L]]]:
    """Walk the time line: `(start, end, labels in first, labels in second)` for each piece between two changes."""
    edges = sorted({t for s in (*first, *second) for t in (s.start, s.end)} | set(cuts))
    for start, end in pairwise(edges):
        middle = (start + end) / 2
        yield start, end, _at(first, middle), _at(second, middle)


def talk(turn: Turn, label: L) -> list[Labelled[L]]:
    """When a turn's words were really being said: its words, joined across pauses of up to `PAUSE`."""
    spans: list[Labelled[L]] = []
    for word in sorted(turn.words, key=lambda w: w.start):
        if spans and word.start - spans[-1].end <= PAUSE:
            spans[-1] = Labelled(label, spans[-1].start, max(spans[-1].end, word.end))
        else:
            spans.append(Labelled(label, word.start, word.end))
    return spans


def _at(segments: Sequence[Labelled[L]], time: float) -> frozenset[L]:
    return frozenset(s.label for s in segments if s.start <= time < s.end)
