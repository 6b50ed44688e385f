"""Any sampling rate to 16 kHz, block by block, without moving anything in time."""

from math import ceil, gcd

import numpy as np
from scipy.signal import upfirdn

from qa.audio.samples import SAMPLE_RATE, Floats

_ZERO_CROSSINGS = 24
"""Length of the filter on each side, in zero crossings of its sinc."""
_ROLLOFF = 0.94
"""Cut-off as a share of the lower Nyquist frequency: keeps the telephone band, folds back nothing audible."""
_KAISER_BETA = 8.0
"""Stop band about 80 dB down (Kaiser's formula: 0.1102 * (A - 8.7) = 7.9 for A = 80)."""


def _filter(up: int, down: int) -> tuple[Floats, int]:
    """A windowed sinc at `up` times the source rate and the index of its centre, a multiple of `down`.

    Zeros in front make the centre a multiple of `down`, so that dropping whole output samples undoes the
    filter's delay exactly.
    """
    lowest = max(up, down)
    half = _ZERO_CROSSINGS * lowest
    n = np.arange(-half, half + 1)
    cutoff = _ROLLOFF / lowest
    taps = up * cutoff * np.sinc(cutoff * n) * np.kaiser(len(n), _KAISER_BETA)
    pad = -half % down
    return np.concatenate([np.zeros(pad), taps]).astype(np.float32), half + pad


class Resampler:
    """Streams (channels, n) float blocks at `rate` Hz to blocks at 16 kHz.

    Output sample k is the source at exactly k / 16000 s: the filter is symmetric and its delay is taken out,
    so blocks of any size give the same samples as one pass over everything.
    """

    def __init__(self, rate: int, channels: int) -> None:
        common = gcd(rate, SAMPLE_RATE)
        self._up = SAMPLE_RATE // common
        self._down = rate // common
        self._same = self._up == self._down
        self._taken = 0
        self._given = 0
        self._start = 0
        self._kept: Floats = np.zeros((channels, 0), np.float32)
        if not self._same:
            self._taps, self._centre = _filter(self._up, self._down)
            self._half = _ZERO_CROSSINGS * max(self._up, self._down)

    def push(self, block: Floats) -> Floats:
        """What can be given out after `block`, possibly nothing."""
        self._taken += block.shape[1]
        if self._same:
            return block
        self._kept = np.concatenate([self._kept, block], axis=1)
        known = (self._start + self._kept.shape[1]) * self._up
        return self._emit(max(self._given, (known - self._half - 1) // self._down + 1))

    def flush(self) -> Floats:
        """The rest, as if silence followed. The resampler is used up afterwards."""
        if self._same:
            return self._kept
        until = ceil(self._taken * self._up / self._down)
        pad = ceil((self._half + self._down) / self._up) + 1
        self._kept = np.concatenate([self._kept, np.zeros((self._kept.shape[0], pad), np.float32)], axis=1)
        return self._emit(until)

    def _emit(self, until: int) -> Floats:
        """Output samples from the last given one up to `until`, then forget the source that is used up."""
        count = until - self._given
        if count <= 0:
            return self._kept[:, :0]
        filtered = upfirdn(self._taps, self._kept, self._up, self._down, axis=1)
        first = self._given - self._start * self._up // self._down + self._centre // self._down
        out: Floats = np.ascontiguousarray(filtered[:, first : first + count], dtype=np.float32)
        self._given = until
        needed = max(0, (until * self._down - self._half) // self._up)
        start = max(self._start, needed // self._down * self._down)
        self._kept = self._kept[:, start - self._start :].copy()
        self._start = start
        return out
