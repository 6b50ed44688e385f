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
    """The pieces of several texts: one entry for each place where one stands."""

    text: np.ndarray
    """Number of the text."""
    bucket: np.ndarray


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
    return _runs(_edged(said), LONGEST, seed=0)


def before_each(call: CallText) -> list[Talk]:
    """What each turn of a call followed, with nothing said yet."""
    found: list[Talk] = []
    last: dict[Role, str] = {}
    before, speaker = "", None
    for turn in call.turns:
        role = turn.turn.role
        found.append(Talk("", before if speaker is not role else "", last.get(role, "")))
        if role is not Role.SYSTEM and turn.plain:  # an announcement answers nobody
            before = last[role] = turn.plain
            speaker = role
    return found


def views(talk: Sequence[Talk]) -> tuple[tuple[Pieces, float], ...]:
    """All that is looked at of some talk, each with its weight. Of silence there is nothing."""
    said = _edged([t.said for t in talk])
    found = (
        _runs(said, LONGEST, seed=0),
        _pairs(said, APART, seed=1),
        _runs(_edged([t.before for t in talk]), LONGEST_BEFORE, seed=2),
        _runs(_edged([t.own for t in talk]), LONGEST_BEFORE, seed=3),
    )
    return tuple(zip(found, WEIGHTS, strict=True))


def values(found: Pieces, rarity: np.ndarray, texts: int) -> np.ndarray:
    """What each piece is worth: the rarity of its bucket (one value of at least one per bucket), where each of the
    `texts` is scaled to length one.
    """
    each = rarity[found.bucket].astype(np.float64)
    length = np.maximum(np.sqrt(np.bincount(found.text, each * each, texts)), 1)
    scaled: np.ndarray = each / length[found.text]
    return scaled


class _Edged(NamedTuple):
    codes: np.ndarray
    """The characters of all texts, with a mark before and behind each text that is not empty."""
    text: np.ndarray
    """Number of the text that each belongs to."""


def _edged(texts: Sequence[str]) -> _Edged:
    marked = [f"^{text}$" if text else "" for text in texts]
    codes = np.frombuffer("".join(marked).encode("utf-32-le", "surrogatepass"), "<u4")
    return _Edged(codes, np.repeat(np.arange(len(texts)), [len(t) for t in marked]))


def _runs(of: _Edged, longest: int, seed: int) -> Pieces:
    """Every run of up to `longest` characters."""
    hashes = np.full(len(of.codes) + 1, seed, np.uint32)
    found = []
    for size in range(1, min(longest, len(of.codes)) + 1):
        hashes = _mixed(hashes[: len(of.codes) - size + 1], of.codes[size - 1 :])
        found.append(_whole(of.text, hashes, size - 1))
    return _joined(found)


def _pairs(of: _Edged, apart: range, seed: int) -> Pieces:
    """Every two characters so far apart; how far exactly makes no difference."""
    firsts = _mixed(np.full(len(of.codes), seed, np.uint32), of.codes)
    return _joined(
        [
            _whole(of.text, _mixed(firsts[:-distance], of.codes[distance:]), distance)
            for distance in apart
            if distance < len(of.codes)
        ]
    )


def _mixed(hashes: np.ndarray, codes: np.ndarray) -> np.ndarray:
    mixed: np.ndarray = hashes ^ codes
    mixed *= _SPREAD
    mixed ^= mixed >> 15
    return mixed


def _whole(text: np.ndarray, hashes: np.ndarray, distance: int) -> Pieces:
    """What ends, `distance` characters later, in the text in which it begins."""
    first = text[: len(hashes)]
    whole = first == text[distance:]
    return Pieces(first[whole], hashes[whole])


def _joined(found: Sequence[Pieces]) -> Pieces:
    if not found:
        return Pieces(np.empty(0, np.int64), np.empty(0, np.uint32))
    return Pieces(np.concatenate([p.text for p in found]), np.concatenate([p.bucket for p in found]) & _MASK)
