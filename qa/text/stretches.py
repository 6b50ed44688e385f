"""When personal data is heard: the times of masked words, widened so that nothing of them is left audible."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from qa.core.base import Record
from qa.core.transcript import Transcript, Turn, Word
from qa.text.masking import MaskedSpan, masked_spans

PAUSE: Final = 0.12
"""Seconds between two words that are a pause: a gap that a recogniser leaves by rounding is shorter."""


@dataclass(frozen=True, slots=True)
class StretchOptions:
    """How far a stretch goes beyond the words it hides."""

    margin: float = 0.3
    """Seconds on either side. Word times of Whisper are off by up to 0.2 s for nine words in ten on calls of known
    text; the rest is for the tails of syllables."""
    reach: float = 0.6
    """A pause that begins within this many seconds is where the stretch ends instead."""
    low_trust: float = 0.35
    """Words trusted less, on average, stand at uncertain times: then the whole turn is hidden."""


DEFAULT: Final = StretchOptions()


class Stretch(Record, frozen=True):
    """Seconds of one channel."""

    channel: int
    start: float
    end: float


def stretches(
    transcript: Transcript, options: StretchOptions = DEFAULT, kinds: Sequence[str] = ()
) -> tuple[Stretch, ...]:
    """What to hide in the sound, by channel and start, without overlaps; of the given kinds, or of all."""
    found = [
        _widened(transcript.turns[span.turn], span, options)
        for span in masked_spans(transcript)
        if not kinds or span.kind in kinds
    ]
    # What a person hid was said then, whatever another transcript makes of it.
    found += [
        Stretch(mark.channel, max(0.0, mark.start_s - options.margin), mark.end_s + options.margin)
        for mark in transcript.marks
        if not (kinds or mark.lifted or mark.same)
    ]
    return tuple(_merged(sorted(found, key=lambda s: (s.channel, s.start))))


def _widened(turn: Turn, span: MaskedSpan, options: StretchOptions) -> Stretch:
    offsets = turn.offsets()
    first = max(0, bisect_right(offsets, span.start) - 1)
    last = max(first, bisect_left(offsets, span.end) - 1)
    words = turn.words
    said = words[first : last + 1]
    if sum(w.trust for w in said) < options.low_trust * len(said):
        return Stretch(turn.channel, max(0.0, turn.start - options.margin), turn.end + options.margin)
    start = _back(words, first, span.start_s, options)
    return Stretch(turn.channel, max(0.0, start), _on(words, last, span.end_s, options))


def _back(words: Sequence[Word], first: int, start: float, options: StretchOptions) -> float:
    """The nearest pause in front, else the margin."""
    at = start
    for i in range(first, 0, -1):
        at = min(at, words[i].start)
        if start - at > options.reach:
            break
        if at - words[i - 1].end >= PAUSE:
            return min(start - options.margin, at - PAUSE / 2)
    return start - options.margin


def _on(words: Sequence[Word], last: int, end: float, options: StretchOptions) -> float:
    at = end
    for i in range(last, len(words) - 1):
        at = max(at, words[i].end)
        if at - end > options.reach:
            break
        if words[i + 1].start - at >= PAUSE:
            return max(end + options.margin, at + PAUSE / 2)
    return end + options.margin


def _merged(found: Sequence[Stretch]) -> list[Stretch]:
    merged: list[Stretch] = []
    for one in found:
        if merged and merged[-1].channel == one.channel and one.start <= merged[-1].end:
            merged[-1] = Stretch(one.channel, merged[-1].start, max(merged[-1].end, one.end))
        else:
            merged.append(one)
    return merged
