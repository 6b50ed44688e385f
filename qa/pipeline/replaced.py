"""A transcript in which the words of a second hearing stand where those of the first did."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from msgspec.structs import replace

from qa.core.finding import Evidence
from qa.core.speech import SecondReading
from qa.core.transcript import Transcript, Turn, Word
from qa.text.agreement import Alignment, Piece, same_words


@dataclass(frozen=True)
class _Part:
    """Words `low..high` (inclusive) of a turn, and where their characters stand."""

    turn: int
    """Position in the transcript."""
    low: int
    high: int
    start: int
    end: int
    """In the turn's text."""
    offset: int
    """In what was first read in the whole stretch."""


class _Stretch:
    """One reading beside what was first read in the same stretch of the same channel."""

    def __init__(self, reading: SecondReading, parts: Sequence[_Part], turns: Sequence[Turn]) -> None:
        self.reading = reading
        self.parts = parts
        words = [w for p in parts for w in turns[p.turn].words[p.low : p.high + 1]]
        self.first = "".join(w.text for w in words)
        self.times = [t for w in words for t in _times(w)]
        """Start and end of every character of `first`."""

    @cached_property
    def alignment(self) -> Alignment:
        """The two readings side by side."""
        return Alignment(self.first, self.reading.text)

    def shares(self, alignment: Alignment) -> list[tuple[_Part, int, int]]:
        """Each part with where in the second text its words stand, one after the other; nothing is left over."""
        text = alignment.second
        bounds = [0, *(alignment.boundary(p.offset) for p in self.parts[1:]), len(text)]
        return list(zip(self.parts, bounds, bounds[1:], strict=False))

    def place(self, turn: int, start: int, end: int) -> tuple[int, int] | None:
        """Where characters of a turn stand in `first`; None where they are not all there."""
        for p in self.parts:
            if p.turn == turn and p.start <= start and end <= p.end:
                return p.offset + start - p.start, p.offset + end - p.start
        return None


class Heard:
    """The readings of a hearing, each beside the words it stands for."""

    def __init__(self, transcript: Transcript, readings: Sequence[SecondReading]) -> None:
        self._transcript = transcript
        self._turns = transcript.turns
        self._position = {t.index: i for i, t in enumerate(transcript.turns)}
        taken: set[tuple[int, int]] = set()
        self.stretches = [self._stretch(r, taken) for r in sorted(readings, key=lambda r: (r.channel, r.start))]

    def covers(self, evidence: Evidence) -> bool:
        """Whether the evidence was heard again."""
        return self._of(evidence) is not None

    def same(self, evidence: Evidence) -> bool:
        """Whether the second hearing wrote the same words for the quote's turn, as far as it heard it.

        Where the recogniser sets a question mark depends on what it heard next, so punctuation is left aside:
        肯定不会亏 is none because somebody then asked 真的吗.
        """
        found = self._of(evidence)
        if found is None:
            return False
        stretch, at, _ = found
        part, start, end = next(s for s in reversed(stretch.shares(stretch.alignment)) if s[0].offset <= at)
        first = stretch.first[part.offset : part.offset + part.end - part.start]
        return same_words(first, stretch.reading.text[start:end])

    def piece(self, evidence: Evidence, margin: int = 0) -> Piece | None:
        """What the second hearing has in the place of a quote, `margin` characters on either side included; None
        where it was not heard again."""
        found = self._of(evidence)
        return None if found is None else found[0].alignment.piece(found[1] - margin, found[2] + margin)

    def quote(self, evidence: Evidence, margin: int = 0) -> str:
        """The words of the second hearing in the place of a quote, and of `margin` characters on either side."""
        found = self._of(evidence)
        if found is None:
            return ""
        piece = found[0].alignment.piece(found[1] - margin, found[2] + margin)
        return found[0].reading.text[piece.start : piece.end].strip()

    def replaced(self, turns: Collection[int], kept: Sequence[Evidence] = ()) -> Transcript:
        """The transcript with these turns (by index) as the second hearing has them.

        The quotes `kept` are put back for what stands in their place.
        """
        changes: dict[int, list[tuple[_Part, tuple[Word, ...]]]] = {}
        for stretch in self.stretches:
            text = self._put_back(stretch, kept)
            alignment = stretch.alignment if text == stretch.reading.text else Alignment(stretch.first, text)
            for part, start, end in stretch.shares(alignment):
                if self._turns[part.turn].index not in turns:
                    continue
                changes.setdefault(part.turn, []).append((part, _words(stretch, part, alignment, start, end)))
        exchanged = tuple(
            replace(t, words=_exchanged(t.words, changes[i])) if i in changes else t
            for i, t in enumerate(self._turns)
        )
        return replace(self._transcript, turns=exchanged)

    def _of(self, evidence: Evidence) -> tuple[_Stretch, int, int] | None:
        """The stretch that holds a piece of evidence, and the quote's place in what was first read there."""
        turn = self._position[evidence.turn]
        for stretch in self.stretches:
            place = stretch.place(turn, evidence.char_start, evidence.char_end)
            if place is not None:
                return stretch, *place
        return None

    def _put_back(self, stretch: _Stretch, kept: Sequence[Evidence]) -> str:
        text = stretch.reading.text
        found = [(e.quote, of) for e in kept if (of := self._of(e)) is not None and of[0] is stretch]
        pieces = [(stretch.alignment.piece(start, end), quote) for quote, (_, start, end) in found]
        last = len(text) + 1
        for piece, quote in sorted(pieces, key=lambda p: (-p[0].end, p[0].start)):
            if piece.end <= last:
                text = text[: piece.start] + quote + text[piece.end :]
                last = piece.start
        return text

    def _stretch(self, reading: SecondReading, taken: set[tuple[int, int]]) -> _Stretch:
        """The words of a stretch: those whose middle lies in it, and that no earlier stretch has."""
        parts: list[_Part] = []
        length = 0
        for position, turn in enumerate(self._turns):
            if turn.channel != reading.channel or turn.end < reading.start or turn.start > reading.end:
                continue
            inside = [
                i
                for i, w in enumerate(turn.words)
                if reading.start <= (w.start + w.end) / 2 <= reading.end and (position, i) not in taken
            ]
            if not inside:
                continue
            offsets, low, high = turn.offsets(), inside[0], inside[-1]
            taken.update((position, i) for i in range(low, high + 1))
            parts.append(_Part(position, low, high, offsets[low], offsets[high + 1], length))
            length += offsets[high + 1] - offsets[low]
        return _Stretch(reading, parts, self._turns)


def _times(word: Word) -> list[tuple[float, float]]:
    step = (word.end - word.start) / max(1, len(word.text))
    return [(word.start + i * step, word.start + (i + 1) * step) for i in range(len(word.text))]


def _words(stretch: _Stretch, part: _Part, alignment: Alignment, start: int, end: int) -> tuple[Word, ...]:
    """Characters `start..end` of a second reading as words at the times of those they stand for."""
    last = stretch.times[part.offset][0]
    words: list[Word] = []
    for at in range(start, end):
        of = alignment.origin(at)
        begins, ends = stretch.times[of] if of is not None else (last, last)
        sure = stretch.reading.probability
        words.append(Word(alignment.second[at], round(begins, 3), round(ends, 3), sure, sure))
        last = ends
    return tuple(words)


def _exchanged(words: tuple[Word, ...], changes: Sequence[tuple[_Part, tuple[Word, ...]]]) -> tuple[Word, ...]:
    out: list[Word] = []
    at = 0
    for part, new in sorted(changes, key=lambda c: c[0].low):
        out += (*words[at : part.low], *new)
        at = part.high + 1
    return (*out, *words[at:])
