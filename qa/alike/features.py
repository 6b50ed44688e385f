"""What the second reader looks at: pieces of one to four characters of what was said, pairs of characters with up
to five others between them (包…过 is one whatever stands in the gap), and pieces of what was said before, by the
other and by the speaker himself: 中华就可以了 is nothing but cigarettes until one knows what was asked.

Pieces are put into buckets by a checksum, so that no dictionary has to be kept. A piece that was never seen while
training still counts for the length of the vector: talk of which little is known is never judged with confidence.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from qa.core.roles import Role
from qa.text import normalise
from qa.text.calltext import CallText, TurnText

BUCKETS: Final = 1 << 20
NOWHERE: Final = BUCKETS
"""Stands for the bucket where there is no piece."""
LONGEST: Final = 4
"""Characters of a piece of what was said; with five the figures of `models/alike-zh.md` stay the same."""
LONGEST_BEFORE: Final = 3
"""Characters of a piece of what was said before."""
APART: Final = range(2, 7)
"""How far apart the two characters of a pair stand."""

WEIGHTS: Final = (1.0, 0.7, 0.7, 0.25)
"""What counts how much: pieces and pairs of what was said, pieces of what the other and the speaker had said."""

MOST_CHARS: Final = 40
"""A longer turn is read in stretches of whole clauses of so many characters, about what was trained on."""

MOST_BEFORE: Final = 400
"""So many of the last characters said before are looked at: else the work grows with the square of a long turn."""

AT_ONCE: Final = 512
"""Pieces of talk that are looked at in one go; with more it needs memory and is no faster."""

_MASK: Final = np.uint32(BUCKETS - 1)
_SPREAD: Final = np.uint32(2654435761)
"""Knuth's multiplier for hashing (The Art of Computer Programming, 6.4): 2^32 over the golden ratio, odd."""


class Talk(NamedTuple):
    """Something said and what it followed, in the form of `plain`; empty where nothing did."""

    said: str
    before: str = ""
    """The turn just before it, where that was the other's."""
    own: str = ""
    """What the speaker himself had said last."""


class Pieces(NamedTuple):
    """The pieces of several texts, by the place where they begin."""

    text: np.ndarray
    """Number of the text of each place, rising."""
    buckets: np.ndarray
    """Kinds of pieces x places; `NOWHERE` where a text is too short for one."""


class Entries(NamedTuple):
    """Sparse vectors of several texts: one entry for each piece."""

    text: np.ndarray
    bucket: np.ndarray
    value: np.ndarray


def plain(text: str) -> str:
    """A text without punctuation but for question marks, in match form."""
    return normalise.plain(normalise.fold(text))


def stretches(turn: TurnText) -> Iterator[tuple[int, int, str]]:
    """The parts of a turn that are read by themselves: squeezed offsets, and what is said there."""
    if len(turn.squeezed) <= MOST_CHARS:  # most turns; the clauses need not be told apart
        if turn.squeezed:
            yield 0, len(turn.squeezed), turn.plain
        return
    clauses = [c for c in turn.clauses if c.end > c.start]
    until = 0
    for first, clause in enumerate(clauses):
        last = first
        while last + 1 < len(clauses) and clauses[last + 1].end - clause.start <= MOST_CHARS:
            last += 1
        if last >= until:  # else it lies inside the stretch before
            said = (
                turn.squeezed[c.start : c.end] + ("?" if c.mark == "?" else "") for c in clauses[first : last + 1]
            )
            yield clause.start, clauses[last].end, "".join(said)
            until = last + 1


def before_each(call: CallText) -> list[Talk]:
    """What each turn of a call followed, with nothing said yet."""
    found: list[Talk] = []
    last: dict[Role, str] = {}
    before, speaker = "", None
    for turn in call.turns:
        role = turn.turn.role
        found.append(Talk("", before if speaker is not role else "", last.get(role, "")))
        if role is not Role.SYSTEM and turn.plain:  # an announcement answers nobody
            before = last[role] = turn.plain[-MOST_BEFORE:]
            speaker = role
    return found


def views(talk: Sequence[Talk]) -> tuple[tuple[Pieces, float], ...]:
    """All that is looked at of some talk, each with its weight. Of silence there is nothing."""
    said = _edged([t.said for t in talk])
    found = [_runs(said, LONGEST, seed=0), _pairs(said, APART, seed=1)]
    if any(t.before or t.own for t in talk):  # else they would hold nothing, at a third of the cost of a turn
        found.append(_runs(_edged([t.before for t in talk]), LONGEST_BEFORE, seed=2))
        found.append(_runs(_edged([t.own for t in talk]), LONGEST_BEFORE, seed=3))
    return tuple(zip(found, WEIGHTS, strict=False))


def summed(found: Pieces, table: np.ndarray, texts: int) -> np.ndarray:
    """The rows of a table (buckets and, for `NOWHERE`, a last row of zeros) added up for each of the `texts`."""
    sums = np.zeros((texts, table.shape[1]), table.dtype)
    if len(found.text):
        rows = table.take(found.buckets[0], 0)  # a fifth of the time of table[...]
        for kind in found.buckets[1:]:
            rows += table.take(kind, 0)
        starts = firsts(found.text)
        sums[found.text[starts]] = np.add.reduceat(rows, starts)
    return sums


def firsts(rising: np.ndarray) -> np.ndarray:
    """Where each run of equal numbers begins."""
    new = np.ones(len(rising), bool)
    np.not_equal(rising[1:], rising[:-1], out=new[1:])
    return np.flatnonzero(new)


def vectors(talk: Sequence[Talk], rarity: np.ndarray) -> Entries:
    """Everything that is looked at of some talk, where a piece is worth the rarity of its bucket (one value of at
    least one per bucket) and each view is scaled to the length of its weight.
    """
    parts = []
    for found, weight in views(talk):
        kinds, places = np.nonzero(found.buckets != NOWHERE)
        text, bucket = found.text[places], found.buckets[kinds, places]
        value = rarity[bucket].astype(np.float32)
        length = np.maximum(np.sqrt(np.bincount(text, value * value, len(talk))), 1)
        parts.append(Entries(text, bucket, weight * value / length[text]))
    return Entries(*map(np.concatenate, zip(*parts, strict=True)))


class _Edged(NamedTuple):
    codes: np.ndarray
    """The characters of all texts, with a mark before and behind each text that is not empty, and behind them all
    as many noughts as a piece may reach too far."""
    text: np.ndarray
    """Number of the text that each belongs to."""
    left: np.ndarray
    """Characters from each to the end of its text, itself among them."""

    def ahead(self, distance: int) -> np.ndarray:
        """What stands so far behind each."""
        return self.codes[distance : distance + len(self.text)]


def _edged(texts: Sequence[str]) -> _Edged:
    marked = [f"^{text}$" if text else "" for text in texts]
    codes = "".join(marked) + "\0" * max(LONGEST, APART.stop)
    lengths = np.array([len(t) for t in marked], np.int64)
    ends = lengths.cumsum()
    return _Edged(
        np.frombuffer(codes.encode("utf-32-le", "surrogatepass"), "<u4"),
        np.repeat(np.arange(len(texts)), lengths),
        np.repeat(ends, lengths) - np.arange(ends[-1] if texts else 0),
    )


def _runs(of: _Edged, longest: int, seed: int) -> Pieces:
    """Every run of up to `longest` characters."""
    hashes = [_first(of, seed)]
    for distance in range(1, longest):
        hashes.append(_mixed(hashes[-1], of.ahead(distance)))
    return _pieces(of, hashes, range(1, longest + 1))


def _pairs(of: _Edged, apart: range, seed: int) -> Pieces:
    """Every two characters so far apart; how far exactly makes no difference."""
    first = _first(of, seed)
    return _pieces(of, [_mixed(first, of.ahead(distance)) for distance in apart], [d + 1 for d in apart])


def _first(of: _Edged, seed: int) -> np.ndarray:
    return _mixed(np.full(len(of.text), seed, np.uint32), of.ahead(0))


def _mixed(hashes: np.ndarray, codes: np.ndarray) -> np.ndarray:
    mixed: np.ndarray = hashes ^ codes
    mixed *= _SPREAD
    mixed ^= mixed >> 15
    return mixed


def _pieces(of: _Edged, hashes: Sequence[np.ndarray], sizes: Sequence[int]) -> Pieces:
    """The buckets of what ends in the text in which it begins."""
    ends_there = of.left >= np.array(sizes)[:, np.newaxis]
    return Pieces(of.text, np.where(ends_there, np.array(hashes) & _MASK, np.uint32(NOWHERE)))
