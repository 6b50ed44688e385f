"""Stretches of a text, and what lies inside them."""

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate


class Stretches:
    """Some stretches (start, end), which may overlap; they are sorted once, so that many can be asked about."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        ordered = sorted(spans)
        self._starts = [start for start, _ in ordered]
        self._furthest = list(accumulate((end for _, end in ordered), max))
        """Of those up to each, the last end."""

    def hold(self, start: int, end: int) -> bool:
        """Whether `start..end` lies inside one of them."""
        up_to = bisect_right(self._starts, start)
        return up_to > 0 and self._furthest[up_to - 1] >= end

    def exceed(self, start: int, end: int) -> bool:
        """Whether it lies inside a longer one."""
        return self.hold(start - 1, end) or self.hold(start, end + 1)
