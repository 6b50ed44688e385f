"""Do several channels carry the same sound, and does a channel carry any? Judged over the whole recording.

Nothing is ever mixed down for this: two channels in opposite phase would cancel each other.
"""

from math import log10
from typing import Final

import numpy as np
from numpy.typing import NDArray

from qa.audio.samples import SAMPLE_RATE

_FRAME: Final = SAMPLE_RATE // 20
"""Samples of one frame, 50 ms: short enough that a single word stands out."""
_FRAMES_PER_BLOCK: Final = 10
"""Frames compared together, half a second: a customer's short answer must fill a block of its own."""

_QUIETEST_DIFFERENCE: Final = 52.0
"""RMS, 16-bit steps (-56 dBFS): what differs by less is line noise, not a second person."""
_LARGEST_DIFFERENCE: Final = 0.02
"""Power of the difference over the power of the sound (-17 dB). G.711 quantises at -38 dB, low-rate joint-stereo
codecs at -20 to -25 dB; two people on one line differ by 0 dB and more."""
_LARGEST_SHARE: Final = 0.005
"""Share of blocks that may differ all the same, for damage on one side."""
_LARGEST_GAIN: Final = 2.0
"""Over 6 dB apart the quieter channel is more likely an echo of the other one than its copy."""

_SILENT: Final = 16.0
"""RMS, 16-bit steps (-66 dBFS): above the idle noise of G.711 (8 steps), below any telephone line in use."""
_STEADY_DB: Final = 4.0
"""A channel whose loudest frames rise less than this over its quiet ones carries a steady noise or tone: white
noise spreads over 1 dB in 50 ms frames, the most even of 775 spoken recordings over 10 dB."""
_LEAST_STEADY: Final = 200
"""Frames (10 s) that it takes to call a sound steady: a sentence cut out tightly may have no pause at all."""
_IGNORED_FRAMES: Final = 4
"""Loudest frames left out when judging a dead channel (0.2 s): clicks of switching."""


class ChannelComparison:
    """Takes the decoded 16-bit blocks as they come; `dual_mono` and `dead` answer at the end.

    Keeps three sums per half second and one level per 50 ms and channel: 10 MB for four hours of eight channels.
    """

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._rest = np.zeros((channels, 0), np.int16)
        self._own: list[NDArray[np.float64]] = []
        self._cross: list[NDArray[np.float64]] = []
        self._spread: list[NDArray[np.float32]] = []

    def add(self, block: NDArray[np.int16]) -> None:
        """Count a (channels, n) block in."""
        joined = np.concatenate([self._rest, block], axis=1)
        whole = joined.shape[1] // (_FRAME * _FRAMES_PER_BLOCK) * (_FRAME * _FRAMES_PER_BLOCK)
        self._measure(joined[:, :whole])
        self._rest = joined[:, whole:].copy()

    def _measure(self, samples: NDArray[np.int16]) -> None:
        if not samples.shape[1]:
            return
        frames = samples.reshape(self._channels, -1, _FRAME).astype(np.float32)
        self._spread.append(frames.std(axis=2))
        blocks = frames.reshape(self._channels, -1, _FRAME * _FRAMES_PER_BLOCK)
        self._own.append(np.einsum("cbs,cbs->cb", blocks, blocks).astype(np.float64))
        self._cross.append(np.einsum("bs,cbs->cb", blocks[0], blocks).astype(np.float64))

    def finish(self) -> None:
        """Count in the last, shorter block, filled up with silence."""
        if self._rest.shape[1]:
            size = _FRAME * _FRAMES_PER_BLOCK
            padded = np.zeros((self._channels, size), np.int16)
            padded[:, : self._rest.shape[1]] = self._rest
            self._rest = self._rest[:, :0]
            self._measure(padded)

    def dual_mono(self) -> bool:
        """Whether every channel is a copy of the first one, possibly a little louder or in opposite phase."""
        if self._channels < 2 or not self._own:
            return False
        own = np.concatenate(self._own, axis=1)
        cross = np.concatenate(self._cross, axis=1)
        first = own[0]
        total = float(first.sum())
        if total <= 0.0:
            return not own.any()
        size = _FRAME * _FRAMES_PER_BLOCK
        for other in range(1, self._channels):
            gain = float(cross[other].sum()) / total
            if not 1 / _LARGEST_GAIN <= abs(gain) <= _LARGEST_GAIN:
                return False
            difference = own[other] - 2 * gain * cross[other] + gain * gain * first
            loudest = np.maximum(own[other], gain * gain * first)
            differs = (difference > _LARGEST_DIFFERENCE * loudest) & (difference > size * _QUIETEST_DIFFERENCE**2)
            if int(differs.sum()) > _LARGEST_SHARE * len(first):
                return False
        return True

    def dead(self) -> tuple[int, ...]:
        """Channels with nothing but silence, a constant, or a steady noise or tone."""
        if not self._spread:
            return tuple(range(self._channels))
        levels = np.concatenate(self._spread, axis=1)
        return tuple(c for c in range(self._channels) if _is_dead(levels[c]))


def _is_dead(levels: NDArray[np.float32]) -> bool:
    """`levels`: RMS without the constant part of each frame, 16-bit steps."""
    ordered = np.sort(levels)
    loudest = float(ordered[max(0, len(ordered) - 1 - min(_IGNORED_FRAMES, len(ordered) // 10))])
    if loudest < _SILENT:
        return True
    heard = ordered[ordered > 1.0]
    if len(heard) < _LEAST_STEADY:
        return False
    quiet = float(heard[len(heard) // 20])
    return 20 * log10(loudest / quiet) < _STEADY_DB
