"""What the second reader looks at: pieces of one to four characters of what was said and of the turn before it.

Pieces are put into buckets by a checksum, so that no dictionary has to be kept. A piece that was never seen while
training still counts for the length of the vector: talk of which little is known is never judged with confidence.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from qa.text import normalise
from qa.text.calltext import TurnText

BUCKETS: Final = 1 << 18
LONGEST: Final = 4
"""Characters of a piece of what was said; with five the figures of `models/alike-zh.md` stay the same."""
LONGEST_BEFORE: Final = 3
BEFORE_WEIGHT: Final = 0.5
"""How much the other's turn before counts: it decides what a bare 对 means, and little else."""

MOST_CHARS: Final = 40
"""A longer turn is read in stretches of whole clauses of so many characters, about what was trained on."""

_SPREAD: Final = np.uint32(2654435761)
"""Knuth's multiplier for hashing (The Art of Computer Programming, 6.4): 2^32 over the golden ratio, odd."""


class Pieces(NamedTuple):
    """The pieces of several texts: one entry for each bucket of each text, sorted by text and bucket."""

    text: np.ndarray
    """Number of the text."""
    bucket: np.ndarray
    times: np.ndarray
    """How often the text hits the bucket."""


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


def pieces(said: Sequence[str]) -> Pieces:
    """The pieces of what was said."""
    return _pieces([f"^{text}$" for text in said], LONGEST, 0)


def pieces_before(before: Sequence[str]) -> Pieces:
    """The pieces of what the other said before, in buckets of their own; of silence there are none."""
    return _pieces([f"^{text}$" if text else "" for text in before], LONGEST_BEFORE, 1)


def values(found: Pieces, rarity: np.ndarray, texts: int) -> np.ndarray:
    """What each entry is worth: its count by the rarity of the bucket (one value per bucket), and each of the
    `texts` scaled to length one.
    """
    raw = (1 + np.log(found.times)) * rarity[found.bucket]
    length = np.sqrt(np.bincount(found.text, raw * raw, texts))
    scaled: np.ndarray = raw / length[found.text]
    return scaled


def _pieces(texts: Sequence[str], longest: int, seed: int) -> Pieces:
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), "<u4")
    text = np.repeat(np.arange(len(texts)), [len(t) for t in texts])
    hashes = np.full(len(codes) + 1, seed, np.uint32)
    keys = [np.empty(0, np.int64)]
    for size in range(1, min(longest, len(codes)) + 1):
        hashes = (hashes[: len(codes) - size + 1] ^ codes[size - 1 :]) * _SPREAD
        hashes ^= hashes >> np.uint32(15)
        whole = text[: len(hashes)] == text[size - 1 :]
        keys.append(text[: len(hashes)][whole] * BUCKETS + hashes[whole] % BUCKETS)
    found, times = np.unique(np.concatenate(keys), return_counts=True)
    return Pieces(found // BUCKETS, found % BUCKETS, times)
