"""Which stretches of sound are decoded together: windows of at most thirty seconds, cut in silences.

Whisper reads thirty seconds at a time whether they are full or not, so the speech of a channel is laid side by
side: long silences are shortened, and a map leads every moment of a window back to the moment of the recording.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from qa.core.transcript import Span
from qa.speech.base import SAMPLE_RATE, Samples

LONGEST: Final = 30.0
"""Seconds that Whisper's encoder reads."""

_CUT_RANGE: Final = 0.4
"""Speech without a pause is cut at the quietest moment in this last share of a window."""
_CUT_FRAME: Final = 0.05
"""Seconds over which loudness is taken when looking for that moment."""


@dataclass(frozen=True, slots=True)
class WindowOptions:
    """How windows are laid out. Chosen by measurement on the development recordings."""

    seconds: float = 29.5
    """Longest window, at most `LONGEST`."""
    pad: float = 0.4
    """Seconds of the real silence kept on either side of speech; shorter pauses stay whole. With 0.15 the
    recogniser runs turns into each other and drops some."""
    least_pad: float = 0.3
    """The silence may shrink to this where that saves windows: a window of three seconds costs as much as a full
    one, and with so little around it is read worse."""
    worth: float = 0.1
    """Share of the windows that it must save."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the recording inside a window."""

    offset: float
    """Seconds from the start of the window."""
    start: float
    end: float
    """In the recording."""

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Window:
    """Pieces of one channel that are decoded together."""

    source: int
    """Index of the channel in what was given to transcribe."""
    pieces: tuple[Piece, ...]

    @property
    def duration(self) -> float:
        """Seconds of sound in the window."""
        return self.pieces[-1].offset + self.pieces[-1].duration

    @property
    def span(self) -> Span:
        """From the first to the last moment of the recording that it holds."""
        return Span(self.pieces[0].start, self.pieces[-1].end)

    def locate(self, start: float, end: float) -> Span:
        """Where in the recording a word lies that was heard from `start` to `end` of the window.

        A word across the seam of two pieces belongs to the one that holds its middle.
        """
        middle = (start + end) / 2
        index = max(0, bisect_right(self.pieces, middle, key=lambda p: p.offset) - 1)
        piece = self.pieces[index]
        return Span(_inside(piece, start), _inside(piece, end))

    def sound(self, samples: Samples) -> NDArray[np.float32]:
        """The window's sound, -1..1; reads only these slices of `samples`."""
        parts = [samples[_at(p.start) : _at(p.end)] for p in self.pieces]
        joined: NDArray[np.float32] = np.concatenate(parts).astype(np.float32)
        joined /= 32768
        return joined


def plan_windows(source: int, samples: Samples, speech: Sequence[Span], options: WindowOptions) -> list[Window]:
    """Windows over the given speech, in order of time. Every moment of speech is in exactly one window."""

    def laid_out(pad: float) -> list[Window]:
        spans = _widened(speech, pad, len(samples) / SAMPLE_RATE)
        return pack(source, cut_long(samples, spans, options.seconds), options.seconds)

    windows = laid_out(options.pad)
    tighter = laid_out(options.least_pad)
    return tighter if len(tighter) <= len(windows) * (1 - options.worth) else windows


def pack(source: int, spans: Sequence[Span], longest: float) -> list[Window]:
    """Lay stretches side by side, in order, in as few windows of at most `longest` seconds as that allows."""
    windows: list[Window] = []
    pieces: list[Piece] = []
    filled = 0.0
    for span in spans:
        if pieces and filled + span.duration > longest:
            windows.append(Window(source, tuple(pieces)))
            pieces, filled = [], 0.0
        pieces.append(Piece(filled, span.start, span.end))
        filled += span.duration
    if pieces:
        windows.append(Window(source, tuple(pieces)))
    return windows


def _widened(speech: Sequence[Span], pad: float, total: float) -> list[Span]:
    out: list[Span] = []
    for span in speech:
        start, end = max(0.0, span.start - pad), min(total, span.end + pad)
        if out and start <= out[-1].end:
            out[-1] = Span(out[-1].start, max(end, out[-1].end))
        elif end > start:
            out.append(Span(start, end))
    return out


def cut_long(samples: Samples, spans: Sequence[Span], longest: float) -> list[Span]:
    """The spans, with those over `longest` seconds cut at quiet moments."""
    out: list[Span] = []
    for span in spans:
        start = span.start
        while span.end - start > longest:
            cut = _quietest(samples, Span(start + longest * (1 - _CUT_RANGE), start + longest))
            out.append(Span(start, cut))
            start = cut
        out.append(Span(start, span.end))
    return out


def _quietest(samples: Samples, span: Span) -> float:
    frame = int(_CUT_FRAME * SAMPLE_RATE)
    sound = np.asarray(samples[_at(span.start) : _at(span.end)], np.float64)
    count = len(sound) // frame
    if not count:
        return span.end
    loudness = (sound[: count * frame].reshape(count, frame) ** 2).mean(axis=1)
    # Three frames together: a plosive is quiet for one.
    smooth = np.convolve(loudness, np.ones(3) / 3, mode="valid") if count >= 3 else loudness
    middle = int(smooth.argmin()) + (1 if count >= 3 else 0)
    return span.start + (middle + 0.5) * _CUT_FRAME


def _inside(piece: Piece, moment: float) -> float:
    return piece.start + min(max(moment - piece.offset, 0.0), piece.duration)


def _at(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE)
