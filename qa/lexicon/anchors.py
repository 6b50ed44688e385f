"""Where a pattern with gaps may stand: beside a literal that is in every match and rare in calls, near a second
one. Only there its regular expression is tried.
"""

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import product
from pathlib import Path
from typing import Final

from qa.core.base import Record
from qa.lexicon.patterns import Choice, Gap, Pattern, PatternError

MAX_OPTIONS: Final = 256
"""Literals that a pattern with gaps may put into the automaton."""

_TABLE: Final = Path(__file__).parent / "data" / "common.txt"
PER: Final = 100_000
"""The counts of the table are per so many characters."""

_RARE: Final = 5
"""Taken for the count of what is too rare for the table."""

_ROOM: Final = 1
"""What a literal in the automaton costs, whether it is ever found or not."""

_ATTRACTION: Final = 10
"""How much oftener 帮 and 你 stand together than chance would have it, about."""


class Anchors(Record, frozen=True, gc=False):
    """What must be there for a match."""

    options: tuple[str, ...]
    """Literals of which one is in every match."""
    before: int
    behind: int
    """Characters that a match has at most before and behind the anchor in it."""
    companions: tuple[str, ...]
    """Literals of which one is near the anchor in every match; empty where the anchor is all that is sure."""
    back: int
    ahead: int
    """Characters before or behind the anchor in which a companion stands; one of the two is nought."""


class _Run(Record, frozen=True, gc=False):
    """Neighbouring parts without a gap between them, which together make few literals and none that is empty."""

    first: int
    last: int
    """Exclusive."""
    shortest: int
    """Characters of the shortest literal."""
    cost: float
    """How often one of them stands in 100,000 characters of calls, about, and the room that they take."""


def anchors_of(pattern: Pattern, shortest: int = 1) -> Anchors | None:
    """The rarest literals of a pattern, all of at least `shortest` characters; None where some are shorter. Raises
    `PatternError` where nothing of it must be there.
    """
    parts = pattern.parts
    runs = _by_rarity(parts)
    if not runs:
        raise PatternError("pattern_all_optional", pattern.source)
    anchor = next((r for r in runs if r.shortest >= shortest), None)
    if anchor is None:
        return None
    options = _literals(parts[anchor.first : anchor.last])
    before, behind = _reach(parts[: anchor.first]), _reach(parts[anchor.last :])
    other = next((r for r in runs if r.last <= anchor.first or anchor.last <= r.first), None)
    if other is None:
        return Anchors(options, before, behind, (), 0, 0)
    companions = _literals(parts[other.first : other.last])
    back = _reach(parts[other.first : anchor.first])
    ahead = _reach(parts[anchor.last : other.last])
    return Anchors(options, before, behind, companions, back, ahead)


@lru_cache(maxsize=8)  # asked for twice: for the words and for their sounds
def _by_rarity(parts: tuple[Choice | Gap, ...]) -> list[_Run]:
    return sorted(_runs(parts), key=lambda r: r.cost)


def _runs(parts: tuple[Choice | Gap, ...]) -> Iterator[_Run]:
    costs = [_cost(p) for p in parts]
    for first in range(len(parts)):
        literals, shortest, count = 1, 0, float(PER)
        for last in range(first, len(parts)):
            part = parts[last]
            if isinstance(part, Gap):
                break
            literals *= len(part.options)
            if literals > MAX_OPTIONS:
                break
            shortest += min(map(len, part.options))
            # As if the parts stood beside each other by chance, but for words that like to.
            count *= min(1.0, costs[last] / PER * (1 if count == PER else _ATTRACTION))
            if shortest:
                yield _Run(first, last + 1, shortest, count + _ROOM * literals)


def _cost(part: Choice | Gap) -> int:
    """How often an option of a part stands in 100,000 characters."""
    return 0 if isinstance(part, Gap) else sum(map(_count, part.options))


def _count(literal: str) -> int:
    counts = _counts()
    if len(literal) <= 2:
        return counts.get(literal, _RARE) if literal else PER
    return min(counts.get(literal[:2], _RARE), counts.get(literal[-2:], _RARE)) // 2


def _literals(parts: Sequence[Choice | Gap]) -> tuple[str, ...]:
    """All that some choices make together: 帮你, 给你, 替你 of (帮|给|替)(你)."""
    choices = [p.options for p in parts if isinstance(p, Choice)]
    return tuple(dict.fromkeys(map("".join, product(*choices))))


def _reach(parts: tuple[Choice | Gap, ...]) -> int:
    """Characters that some parts take at most."""
    return sum(p.most if isinstance(p, Gap) else max(map(len, p.options)) for p in parts)


@cache
def _counts() -> dict[str, int]:
    """How often characters and pairs of them stand in calls; see `build_common`."""
    lines = (line.split("\t") for line in _TABLE.read_text(encoding="utf-8").splitlines())
    return {literal: int(count) for count, literals in lines for literal in literals.split(" ")}
