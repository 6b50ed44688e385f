"""What the second reader looks at: pieces of one to four characters of what was said and of the turn before it.

Pieces are put into buckets by a checksum, so that no dictionary has to be kept. A piece that was never seen while
training still counts for the length of the vector: talk of which little is known is never judged with confidence.
"""

import math
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from qa.text.calltext import Clause, TurnText
from qa.text.normalise import fold

BUCKETS: Final = 1 << 18
LONGEST: Final = 4
"""Characters of a piece of what was said; with five the figures of `models/alike-zh.md` stay the same."""
LONGEST_BEFORE: Final = 3
BEFORE_WEIGHT: Final = 0.5
"""How much the other's turn before counts: it decides what a bare 对 means, and little else."""

MOST_CHARS: Final = 40
"""A longer turn is read in stretches of whole clauses of so many characters, about what was trained on."""

_DROPPED: Final = re.compile(r"[^\w%?]+|_")

Vector = dict[int, float]
"""Bucket -> value, of length one."""


def plain(text: str) -> str:
    """A text without punctuation but for question marks, in match form."""
    return _DROPPED.sub("", fold(text))


def stretches(turn: TurnText) -> Iterator[tuple[int, int, str]]:
    """The parts of a turn that are read by themselves: squeezed offsets, and what is said there."""
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


def _said(turn: TurnText, clause: Clause) -> str:
    return turn.squeezed[clause.start : clause.end] + ("?" if clause.mark == "?" else "")


def counted(said: str, before: str) -> tuple[Counter[int], Counter[int]]:
    """How often each bucket is hit by the pieces of what was said, and of what was said before."""
    own = Counter(_buckets(f"^{said}$", LONGEST))
    others = Counter(_buckets(f"^{before}$", LONGEST_BEFORE, "<")) if before else Counter[int]()
    return own, others


def vector(counts: Counter[int], rarity: Sequence[float]) -> Vector:
    """The weighted counts, scaled to length one; `rarity` has one value per bucket."""
    raw = {b: rarity[b] if n == 1 else (1 + math.log(n)) * rarity[b] for b, n in counts.items()}
    length = math.sqrt(sum([v * v for v in raw.values()])) or 1.0
    return {b: v / length for b, v in raw.items()}


def joined(own: Vector, others: Vector) -> Iterable[tuple[int, float]]:
    """What was said and what was said before, in one list of buckets and values."""
    yield from own.items()
    yield from ((b, BEFORE_WEIGHT * v) for b, v in others.items())


def _buckets(text: str, longest: int, lead: str = "") -> list[int]:
    """The buckets of all pieces of a text, with `lead` before each, short ones first: checksums modulo `BUCKETS`.

    The sum of a piece goes on from that of the piece without its last character, so nothing is cut out.
    """
    chars = [c.encode("utf-8", "surrogatepass") for c in text]
    sums = [zlib.crc32(lead.encode())] * len(chars)
    found: list[int] = []
    for size in range(longest):
        sums = list(map(zlib.crc32, chars[size:], sums))
        found += [s % BUCKETS for s in sums]
    return found
