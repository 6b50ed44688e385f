"""How a stretch of speech sounds: a short list of numbers over its frames that no gain and no telephone changes.

Levels count only against the stretch's own mean, so a louder headset is not an angrier person; what remains of
loudness is vocal effort, which tilts the spectrum (Traunmüller and Eriksson 2000).
"""

from typing import Final

import numpy as np

from qa.audio.voice import HOP_SECONDS, Array, VoiceFrames, pitch_of

NAMES: Final = (
    "pitch", "pitch_low", "pitch_high", "pitch_range", "pitch_step", "pitch_slope",
    "level_spread", "level_range", "level_step", "periodicity", "periodicity_spread", "voiced_share",
    "effort", "brightness", "brightness_spread", "spectral_step", "peaks_per_second", "run_seconds",
    *(f"shape_{i}" for i in range(1, 7)), *(f"shape_spread_{i}" for i in range(1, 7)),
)  # fmt: skip
"""Pitches in semitones over 100 Hz, steps in units per frame, levels in dB, effort in dB, times in seconds."""

AUDIBLE_DB: Final = 30.0
"""A frame this far under the loudest ones is a pause or the line's noise."""
LEAST_VOICED: Final = 15
"""Voiced frames (0.3 s) without which nothing is said about a voice."""


def prosody(frames: VoiceFrames, register: float | None) -> Array | None:
    """The numbers of `NAMES`, in order; None where too little is voiced.

    `register` is the speaker's usual pitch in Hz, None where it is not known.
    """
    if len(frames) < LEAST_VOICED:
        return None
    pitch, strength = pitch_of(frames, register)
    loud = frames.level > np.percentile(frames.level, 95) - AUDIBLE_DB
    voiced = (pitch > 0) & loud
    if voiced.sum() < LEAST_VOICED:
        return None
    tones = 12 * np.log2(pitch[voiced] / 100)
    low, middle, high = np.percentile(tones, (10, 50, 90))
    joined = (np.diff(frames.times) < 1.5 * HOP_SECONDS) & voiced[1:] & voiced[:-1]
    steps = np.abs(12 * np.diff(np.log2(np.maximum(pitch, 1))))[joined]
    when = frames.times[voiced] - frames.times[voiced].mean()
    level = frames.level[voiced]
    quiet, strong = np.percentile(level, (10, 90))
    bands = frames.bands[voiced]
    # Natural logarithms of power to dB.
    shape = _cosines(bands) * (10 / np.log(10))
    half = bands.shape[1] // 2
    bright = (bands[:, half:].mean(axis=1) - bands[:, :half].mean(axis=1)) * (10 / np.log(10))
    changes = np.abs(np.diff(frames.bands - frames.bands.mean(axis=1, keepdims=True), axis=0)).mean(axis=1)
    effort = 10 * np.log10(np.exp(bands[:, half:]).sum() / np.exp(bands[:, :half]).sum())
    values = [
        middle, low, high, high - low, _mean(np.minimum(steps, 4)),
        float((when * tones).sum() / max(1e-6, (when**2).sum())),
        level.std(), strong - quiet, _mean(np.abs(np.diff(frames.level))[joined]),
        np.median(strength[voiced]), strength[voiced].std(), voiced.sum() / max(1, loud.sum()),
        effort, bright.mean(), bright.std(), _mean(changes[joined]),
        _peaks(frames.level, loud) / (len(frames) * HOP_SECONDS), _run_length(voiced),
        *shape.mean(axis=0), *shape.std(axis=0),
    ]  # fmt: skip
    return np.array(values, np.float32)


def _mean(values: Array) -> float:
    return float(values.mean()) if len(values) else 0.0


def _cosines(bands: Array) -> Array:
    """Cepstrum of the bands without its first coefficient, which is the level; shape (n, 6)."""
    count = bands.shape[1]
    at = (np.arange(count) + 0.5) * np.pi / count
    basis = np.cos(np.outer(at, np.arange(1, 7))).astype(np.float32) * (2 / count)
    shape: Array = bands @ basis
    return shape


def _peaks(level: Array, loud: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> int:
    """Peaks of the level, 2 dB over the dips beside them: about one per syllable (de Jong and Wempe 2009)."""
    smooth = np.convolve(level, np.full(3, 1 / 3), mode="same")
    count, low, high, rising = 0, float(smooth[0]), float(smooth[0]), True
    for value, heard in zip(smooth.tolist(), loud.tolist(), strict=True):
        if rising:
            high = max(high, value)
            if value < high - 2:
                count, rising, low = count + int(heard or high > value), False, value
        else:
            low = min(low, value)
            if value > low + 2:
                rising, high = True, value
    return count


def _run_length(voiced: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float:
    """Mean length of unbroken voicing, seconds."""
    starts = int((np.diff(voiced.astype(np.int8), prepend=0) == 1).sum())
    return float(voiced.sum()) * HOP_SECONDS / max(1, starts)
