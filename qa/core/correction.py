"""What a person heard where the recogniser wrote something else."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final

from msgspec.structs import replace

from qa.core.base import Record
from qa.core.transcript import Transcript, Turn, Word

_PIECE: Final = re.compile(r"\s*(?:[A-Za-z0-9]+(?:[.'’-][A-Za-z0-9]+)*|\w|[^\w\s])[^\w\s]*\s*")
"""A run of Latin letters and digits, or one character, each with the punctuation behind it."""


class Correction(Record, frozen=True):
    """The right words of a turn. It is told by channel and start: an index changes when roles change."""

    channel: int
    start_ms: int
    before: str
    """What the recogniser wrote; where it says something else by now, the correction no longer fits."""
    after: str


class CorrectedTurn(Record, frozen=True):
    """A turn that shows a person's words, and what stood there."""

    turn: int
    start_ms: int
    """Where it began in the recogniser's words; with its channel the name of the correction."""
    before: str


def start_ms(turn: Turn) -> int:
    """The start of a turn as corrections name it."""
    return round(turn.start * 1000)


def corrected(
    transcript: Transcript, corrections: Sequence[Correction]
) -> tuple[Transcript, tuple[CorrectedTurn, ...]]:
    """The transcript with every correction that fits; turns keep their number, order and speaker."""
    wanted = {(c.channel, c.start_ms, c.before): c.after for c in corrections}
    turns: list[Turn] = []
    done: list[CorrectedTurn] = []
    for turn in transcript.turns:
        after = wanted.get((turn.channel, start_ms(turn), turn.text))
        if after is not None and after != turn.text:
            done.append(CorrectedTurn(turn.index, start_ms(turn), turn.text))
            turns.append(replace(turn, words=reworded(turn.words, after)))
        else:
            turns.append(turn)
    return replace(transcript, turns=tuple(turns)), tuple(done)


def reworded(words: Sequence[Word], after: str) -> tuple[Word, ...]:
    """Words for the text `after`.

    Words that stay keep their times and trust. What is new is spread evenly over the time of what it replaces and
    is trusted: a person has heard it.
    """
    before = "".join(w.text for w in words)
    bounds = _times(words)
    times: list[tuple[float, float]] = []
    blocks: list[tuple[int, int, int]] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            blocks.append((a, b, c))
            times += [(bounds[a + i], bounds[a + i + 1]) for i in range(b - a)]
        elif d > c:
            step = (bounds[b] - bounds[a]) / (d - c)
            times += [(bounds[a] + i * step, bounds[a] + (i + 1) * step) for i in range(d - c)]
    out: list[Word] = []
    at = 0
    for begin, word in _kept(words, blocks):
        out += _new(after, at, begin, times)
        out.append(word)
        at = begin + len(word.text)
    return (*out, *_new(after, at, len(after), times))


def _times(words: Sequence[Word]) -> list[float]:
    """Where each character begins, seconds, and where the last one ends; even within a word."""
    bounds: list[float] = []
    for word in words:
        step = (word.end - word.start) / max(len(word.text), 1)
        bounds += [word.start + i * step for i in range(len(word.text))]
    return [*bounds, words[-1].end if words else 0.0]


def _kept(words: Sequence[Word], blocks: Sequence[tuple[int, int, int]]) -> Iterator[tuple[int, Word]]:
    """Words that stand in the new text as a whole, with where they begin there."""
    at = 0
    for word in words:
        end = at + len(word.text)
        for a, b, c in blocks:
            if a <= at < end <= b:
                yield c + at - a, word
        at = end


def _new(text: str, begin: int, end: int, times: Sequence[tuple[float, float]]) -> Iterator[Word]:
    while begin < end:
        found = _PIECE.match(text, begin, end)
        stop = found.end() if found else end
        yield Word(text[begin:stop], round(times[begin][0], 3), round(times[stop - 1][1], 3), 1.0, 1.0)
        begin = stop
