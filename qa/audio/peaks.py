"""The outline of the sound for drawing a waveform: a minimum and a maximum per small stretch of time."""

from collections.abc import Sequence
from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray

from qa.audio.samples import SAMPLE_RATE, Hook, Samples, no_hook
from qa.core.base import Record

STAGE: Final = "peaks"
POINTS_PER_SECOND: Final = 50
"""Fine enough to see single syllables (about 200 ms), 100 bytes per second and channel."""
_BLOCK_SECONDS: Final = 60


class Peaks(Record, frozen=True):
    """The outline of all channels. In JSON the bytes are base64."""

    points_per_second: int
    points: int
    """Points per channel; point k covers `k / points_per_second` seconds up to the next one."""
    channels: tuple[bytes, ...]
    """Per channel `2 * points` signed bytes: minimum, maximum, minimum, maximum, ...; full scale is 127."""

    def pairs(self, channel: int) -> NDArray[np.int8]:
        """Minimum and maximum of one channel, shape (points, 2)."""
        return np.frombuffer(self.channels[channel], np.int8).reshape(-1, 2)

    def coarser(self, factor: int) -> "Peaks":
        """The same outline with `factor` points taken together, for zooming out without reading the sound.

        `points_per_second` must be a multiple of `factor`.
        """
        if factor < 1 or self.points_per_second % factor:
            raise ValueError(f"{self.points_per_second} points per second cannot be grouped by {factor}")
        starts = np.arange(0, self.points, factor)
        channels = []
        for number in range(len(self.channels)):
            pairs = self.pairs(number)
            low = np.minimum.reduceat(pairs[:, 0], starts)
            high = np.maximum.reduceat(pairs[:, 1], starts)
            channels.append(np.stack([low, high], axis=1).tobytes())
        return Peaks(self.points_per_second // factor, len(starts), tuple(channels))


def peaks(channels: Sequence[Samples], points_per_second: int = POINTS_PER_SECOND, hook: Hook = no_hook) -> Peaks:
    """Outline of all channels, read in blocks of a minute. `points_per_second` is 1 to 1000.

    `ValueError` where it is not.
    """
    if not 1 <= points_per_second <= 1000:
        raise ValueError(f"points_per_second is 1 to 1000, not {points_per_second}")
    length = max((len(c) for c in channels), default=0)
    points = ceil(length * points_per_second / SAMPLE_RATE)
    total = length / SAMPLE_RATE * len(channels)
    done = 0.0
    outlines = []
    for samples in channels:
        outline = np.zeros((points, 2), np.int8)
        step = _BLOCK_SECONDS * points_per_second
        for first in range(0, points, step):
            last = min(points, first + step)
            starts = np.arange(first, last) * SAMPLE_RATE // points_per_second
            block = samples[starts[0] : last * SAMPLE_RATE // points_per_second]
            if not len(block):
                break
            within = starts[starts < starts[0] + len(block)] - starts[0]
            outline[first : first + len(within), 0] = np.minimum.reduceat(block, within) >> 8
            # Rounded up, so that soft sound does not vanish from one side of the picture.
            high = np.maximum.reduceat(block, within).astype(np.int32)
            outline[first : first + len(within), 1] = np.minimum((high + 255) >> 8, 127)
            done += len(block) / SAMPLE_RATE
            hook(STAGE, done, total)
        outlines.append(outline.tobytes())
    return Peaks(points_per_second, points, tuple(outlines))
