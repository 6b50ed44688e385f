"""Tells ring-back, busy tones and DTMF from music: a few sinusoids that stand still."""

from typing import Final

import numpy as np

from qa.core.transcript import Span
from qa.speech.base import SAMPLE_RATE, Samples

_FRAME: Final = 1024
"""Samples, 64 ms: shorter than a DTMF digit, and fine enough (16 Hz) to keep 440 and 480 Hz apart."""
_MOST_FRAMES: Final = 200
_SINUSOIDS: Final = 2
"""Call progress tones and DTMF are one or two frequencies (ITU-T E.180, Q.23)."""
_SHARE: Final = 0.9
"""Share of a frame's energy that its two strongest peaks hold; chords and melodies with harmonics stay far
below."""
_DEEPEST: Final = 1e-5


def is_steady_tone(samples: Samples, span: Span) -> bool:
    """Whether most of what is loud in the span are one or two pure frequencies.

    Frames 40 dB under the loudest one are the pauses between two tones and do not count.
    """
    first, last = int(span.start * SAMPLE_RATE), int(span.end * SAMPLE_RATE)
    count = min(_MOST_FRAMES, (last - first) // _FRAME)
    if count < 1:
        return False
    starts = np.linspace(first, max(first, last - _FRAME), count).astype(int)
    frames = np.stack([samples[s : s + _FRAME] for s in starts]).astype(np.float64)
    power = np.abs(np.fft.rfft(frames * np.hanning(_FRAME), axis=1)) ** 2
    energy = power.sum(axis=1)
    loud = energy > energy.max() * 1e-4
    if not energy.max() or not loud.any():
        return False
    shares = [_peak_share(p) for p in power[loud]]
    return float(np.median(shares)) >= _SHARE


def _peak_share(power: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    rest = power.copy()
    held = 0.0
    for _ in range(_SINUSOIDS):
        peak = int(rest.argmax())
        near = slice(max(0, peak - 2), peak + 3)
        held += float(rest[near].sum())
        rest[near] = 0.0
    return held / float(power.sum() + _DEEPEST)
