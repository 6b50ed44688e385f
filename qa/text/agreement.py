"""How far two readings of the same sound agree, and where a stretch of the one lies in the other.

Recognisers rarely write the same characters twice, but the same syllables: 包转 and 包赚 agree. The two texts are
aligned by syllable class (`qa.text.syllables`) with the fewest changes (Levenshtein 1966), so that the words that
were read otherwise are known, and those said around them. Syllables that share their initial or their final are
half alike (我 and 无, 了 and 的): on a telephone line that is one sound heard wrong, not another word.
"""

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final

from qa.text.normalise import fold
from qa.text.syllables import are_syllables, class_name, syllables

_HALF: Final = 0.5
_VOWELS: Final = frozenset("aeiouv")


@dataclass(frozen=True, slots=True)
class Piece:
    """What the second text has for a stretch of the first."""

    start: int
    end: int
    """Offsets into the second text."""
    agreement: float
    """0..1: how alike the syllables are, in order, over those of the longer of the two."""


class Alignment:
    """Two texts side by side. Punctuation and blanks count for nothing."""

    def __init__(self, first: str, second: str) -> None:
        self.first, self.second = first, second
        self._first, self._second = _units(first), _units(second)
        self._pairs = _pairs([u.sound for u in self._first], [u.sound for u in self._second])

    @cached_property
    def _origins(self) -> dict[int, int]:
        pairs = zip(self._first, self._pairs, strict=True)
        return {self._second[j].at: unit.at for unit, j in pairs if j is not None}

    def piece(self, start: int, end: int) -> Piece:
        """What lies under `start..end` of the first text, an insertion at either edge left out."""
        mine = [i for i, u in enumerate(self._first) if start <= u.at < end]
        partners = [j for i in mine if (j := self._pairs[i]) is not None]
        if not partners:
            at = self.boundary(start)
            return Piece(at, at, 0.0)
        low, high = min(partners), max(partners)
        alike = sum(
            1 - _unlike(self._first[i].sound, self._second[j].sound)
            for i in mine
            if (j := self._pairs[i]) is not None
        )
        most = max(len(mine), high - low + 1)
        return Piece(self._second[low].at, self._second[high].at + 1, round(alike / most, 4))

    def origin(self, at: int) -> int | None:
        """The character of the first text that character `at` of the second stands for."""
        return self._origins.get(at)

    def boundary(self, offset: int) -> int:
        """Where in the second text the stretch of the first begins that starts at `offset`."""
        for i, unit in enumerate(self._first):
            if unit.at >= offset and (j := self._pairs[i]) is not None:
                return self._second[j].at
        return len(self.second)


def same_words(first: str, second: str) -> bool:
    """Whether both say the same characters: variants and punctuation count for nothing."""
    return [u.char for u in _units(first)] == [u.char for u in _units(second)]


@dataclass(frozen=True, slots=True)
class _Unit:
    """A character that is said."""

    at: int
    char: str
    sound: str


def _units(text: str) -> list[_Unit]:
    folded = fold(text)
    return [_Unit(i, c, s) for i, (c, s) in enumerate(zip(folded, syllables(folded), strict=True)) if c.isalnum()]


@cache
def _unlike(a: str, b: str) -> float:
    """0 for the same sound, 1 for another one."""
    if a == b:
        return 0.0
    if not are_syllables(a + b):
        return 1.0
    (initial, final), (other_initial, other_final) = _parts(a), _parts(b)
    return _HALF if initial == other_initial or final == other_final else 1.0


def _parts(sound: str) -> tuple[str, str]:
    """Initial and final of a syllable class."""
    name = class_name(sound)
    at = next((i for i, c in enumerate(name) if c in _VOWELS), 0)
    return name[:at], name[at:]


def _pairs(first: list[str], second: list[str]) -> list[int | None]:
    """For each unit of the first the one of the second that stands for it, by the cheapest alignment.

    Unlike units may stand for each other, which costs as much as leaving one out.
    """
    costs = [[float(j) for j in range(len(second) + 1)]]
    for a in first:
        above = costs[-1]
        row = [above[0] + 1]
        for j, b in enumerate(second, 1):
            row.append(min(above[j - 1] + _unlike(a, b), above[j] + 1, row[-1] + 1))
        costs.append(row)
    pairs: list[int | None] = [None] * len(first)
    i, j = len(first), len(second)
    while i and j:
        if costs[i][j] == costs[i - 1][j - 1] + _unlike(first[i - 1], second[j - 1]):
            i, j = i - 1, j - 1
            pairs[i] = j
        elif costs[i][j] == costs[i - 1][j] + 1:
            i -= 1
        else:
            j -= 1
    return pairs
