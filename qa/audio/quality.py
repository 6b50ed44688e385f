"""How good the line was: level, noise and clipping of each channel. A bad line excuses a bad transcript."""

from collections.abc import Sequence
from math import log10
from typing import Final

import numpy as np

from qa.audio.samples import SAMPLE_RATE, Samples
from qa.core.base import Record

_FRAME: Final = SAMPLE_RATE // 50
"""Samples of a frame, 20 ms."""
_BLOCK: Final = 3000 * _FRAME
_NEAR_PEAK: Final = 0.995
"""Samples this close to the loudest one count as clipped when they come in runs."""
_LEAST_PEAK: Final = 8192
"""16-bit steps (-12 dBFS): a recording that never gets louder has no clipping, however flat its top."""
_RUN: Final = 3
"""Equal samples at the peak in a row that a natural wave does not show."""
_SILENCE_DBFS: Final = -96.0
"""Given for digital silence: the level of one 16-bit step."""


class LineQuality(Record, frozen=True):
    """One channel. Levels are RMS in dB relative to full scale (a square wave at full scale is 0)."""

    level_dbfs: float
    """Of the louder half of what rises above the noise: speech as a rule."""
    noise_dbfs: float
    """Noise floor: the tenth percentile of the 20 ms frames that are not digital silence."""
    peak_dbfs: float
    clipped_share: float
    """Share of samples cut off at the top, 0..1."""
    silent_share: float
    """Share of frames of digital silence, 0..1."""

    @property
    def signal_to_noise_db(self) -> float:
        """How far the speech stands out of the noise."""
        return self.level_dbfs - self.noise_dbfs


def line_quality(channels: Sequence[Samples]) -> tuple[LineQuality, ...]:
    """Quality of each channel, read in blocks of a minute."""
    return tuple(_channel(c) for c in channels)


def _channel(samples: Samples) -> LineQuality:
    blocks = range(0, len(samples), _BLOCK)
    top = max((_top(samples[b : b + _BLOCK]) for b in blocks), default=0)
    clipped = 0
    levels = []
    for start in blocks:
        block = np.asarray(samples[start : start + _BLOCK]).astype(np.float32)
        clipped += _clipped(block, top)
        whole = len(block) // _FRAME * _FRAME
        if whole:
            levels.append(np.sqrt(np.mean(np.square(block[:whole].reshape(-1, _FRAME)), axis=1)))
    frames = np.concatenate(levels) if levels else np.zeros(1, np.float32)
    heard = np.sort(frames[frames > 0.5])
    if not len(heard):
        return LineQuality(_SILENCE_DBFS, _SILENCE_DBFS, _dbfs(top), 0.0, 1.0)
    noise = float(heard[len(heard) // 10])
    speech = heard[heard > 2 * noise] if heard[-1] > 2 * noise else heard
    level = float(np.sqrt(np.mean(np.square(speech[len(speech) // 2 :]))))
    return LineQuality(
        level_dbfs=_dbfs(level),
        noise_dbfs=_dbfs(noise),
        peak_dbfs=_dbfs(top),
        clipped_share=clipped / len(samples),
        silent_share=1.0 - len(heard) / len(frames),
    )


def _top(block: Samples) -> int:
    return int(np.abs(block.astype(np.int32)).max(initial=0))


def _clipped(block: np.ndarray[tuple[int, ...], np.dtype[np.float32]], top: int) -> int:
    """Samples that belong to runs at the top of the scale that is in use."""
    if top < _LEAST_PEAK:
        return 0
    near = np.abs(block) >= _NEAR_PEAK * top
    edges = np.flatnonzero(np.diff(np.concatenate([[False], near, [False]]).astype(np.int8)))
    runs = edges[1::2] - edges[::2]
    return int(runs[runs >= _RUN].sum())


def _dbfs(value: float) -> float:
    return max(_SILENCE_DBFS, 20 * log10(value / 32768.0)) if value > 0 else _SILENCE_DBFS
