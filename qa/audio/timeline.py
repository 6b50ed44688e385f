"""Puts pieces of sound where they belong in time, fills what is missing with silence, enforces the length cap."""

from collections.abc import Callable
from typing import Final

import numpy as np

from qa.audio.packets import Piece
from qa.audio.resample import Resampler
from qa.audio.samples import SAMPLE_RATE, Floats
from qa.core.transcript import Span

_AFTER_LOSS: Final = 0.005
"""Seconds a time stamp may be off before it is believed, right after a loss (containers round to 1 ms)."""
_OTHERWISE: Final = 0.1
"""The same where nothing was lost: network recorders jitter by tens of milliseconds."""
_PAUSE: Final = 0.45
"""A hole up to this without any error is a transmission pause (Opus DTX sends every 400 ms), longer is a loss."""
_LONGEST_UNDECLARED: Final = 300.0
"""Where no length is declared, a longer jump of the time stamps is a new clock and not a hole."""
_BLOCK_SECONDS: Final = 2
_MOST_SPANS: Final = 1000


class TooLongError(Exception):
    """The sound went over the cap; the caller knows the file's name and says so."""


class Timeline:
    """Takes pieces in order, gives continuous blocks at 16 kHz to `sink`.

    Times are seconds. `declared` is the length the container promises, None where it does not.
    """

    def __init__(
        self, channels: int, declared: float | None, max_seconds: float, sink: Callable[[Floats], None]
    ) -> None:
        self.damaged: list[Span] = []
        self.notes: set[str] = set()
        self.sound_seconds = 0.0
        self.bad_values = 0
        self._channels = channels
        self._declared = declared
        self._max = max_seconds
        self._sink = sink
        self._given = 0
        self._resampler: Resampler | None = None
        self._rate = 0
        self._base = 0.0
        self._count = 0
        self._pending: list[Floats] = []
        self._pending_count = 0
        self._shift = 0.0
        self._lost_until: float | None = None
        self._after_loss = False

    @property
    def position(self) -> float:
        """Where the next sample goes."""
        return self._base + self._count / self._rate if self._rate else self._base

    @property
    def duration(self) -> float:
        """Length of what was given out so far at 16 kHz."""
        return self._given / SAMPLE_RATE

    def add(self, piece: Piece) -> None:
        """Place one piece. Raises `TooLongError` over the cap."""
        if piece.samples is None:
            self._after_loss = True
            if piece.until is not None:
                self._lost_until = max(self._lost_until or 0.0, piece.until)
            return
        self._use_rate(piece.rate)
        samples = self._shaped(piece.samples)
        if piece.at is not None:
            samples = self._placed(samples, piece.at)
        self._after_loss = False
        self._lost_until = None
        self._append(self._cleaned(samples))
        self.sound_seconds += samples.shape[1] / self._rate

    def finish(self) -> None:
        """Fill a loss at the very end and give out the rest."""
        if self._rate and self._lost_until is not None:
            missing = self._lost_until + self._shift - self.position
            if missing > 0 and self._plausible(missing):
                self._fill(missing, damaged=True)
        self._close_segment()

    def _use_rate(self, rate: int) -> None:
        if rate == self._rate:
            return
        if self._rate:
            self.notes.add("rate_changes")
            self._close_segment()
        self._rate = rate
        self._resampler = Resampler(rate, self._channels)

    def _close_segment(self) -> None:
        self._drain()
        if self._resampler is not None:
            self._give(self._resampler.flush())
        self._resampler = None
        self._base, self._count = self.duration, 0

    def _shaped(self, samples: Floats) -> Floats:
        """Give a piece the number of channels the recording began with."""
        have = samples.shape[0]
        if have == self._channels:
            return samples
        self.notes.add("channels_change")
        if have == 1:
            return np.repeat(samples, self._channels, axis=0)
        shaped = np.zeros((self._channels, samples.shape[1]), np.float32)
        shaped[: min(have, self._channels)] = samples[: self._channels]
        return shaped

    def _placed(self, samples: Floats, at: float) -> Floats:
        gap = at + self._shift - self.position
        tolerance = _AFTER_LOSS if self._after_loss else _OTHERWISE
        if gap > tolerance:
            if self._plausible(gap):
                starts_late = self.position == 0.0 and not self._after_loss
                self._fill(gap, damaged=(self._after_loss or gap > _PAUSE) and not starts_late)
            else:
                self._new_clock(gap)
        elif gap < -_OTHERWISE:
            self._new_clock(gap)
        elif gap < -tolerance:
            return samples[:, min(samples.shape[1], round(-gap * self._rate)) :]
        return samples

    def _plausible(self, gap: float) -> bool:
        if self._declared is not None:
            return self.position + gap <= self._declared + 1.0
        return gap <= _LONGEST_UNDECLARED

    def _new_clock(self, gap: float) -> None:
        self._shift -= gap
        self.notes.add("time_stamps_jump")

    def _fill(self, seconds: float, *, damaged: bool) -> None:
        start = self.position
        left = round(seconds * self._rate)
        while left > 0:
            step = min(left, self._rate)
            self._append(np.zeros((self._channels, step), np.float32))
            left -= step
        if damaged:
            self._mark(start, self.position)

    def _mark(self, start: float, end: float) -> None:
        last = self.damaged[-1] if self.damaged else None
        if last is not None and (start - last.end < 0.05 or len(self.damaged) >= _MOST_SPANS):
            self.damaged[-1] = Span(last.start, max(last.end, end))
        else:
            self.damaged.append(Span(start, end))

    def _cleaned(self, samples: Floats) -> Floats:
        """Replace what is no number by silence, count it as damage and keep the rest within full scale."""
        usable = np.isfinite(samples)
        if not usable.all():
            where = np.flatnonzero(~usable.all(axis=0))
            self.bad_values += 1
            self.notes.add("not_a_number")
            start = self.position
            self._mark(start + float(where[0]) / self._rate, start + float(where[-1] + 1) / self._rate)
            samples = np.where(usable, samples, np.float32(0.0))
        return np.clip(samples, -1.0, 1.0)

    def _append(self, samples: Floats) -> None:
        self._count += samples.shape[1]
        if self.position > self._max:
            raise TooLongError
        self._pending.append(samples)
        self._pending_count += samples.shape[1]
        if self._pending_count >= _BLOCK_SECONDS * self._rate:
            self._drain()

    def _drain(self) -> None:
        if self._resampler is not None and self._pending:
            self._give(self._resampler.push(np.concatenate(self._pending, axis=1)))
        self._pending, self._pending_count = [], 0

    def _give(self, block: Floats) -> None:
        if block.shape[1]:
            self._given += block.shape[1]
            self._sink(block)
