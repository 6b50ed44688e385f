"""How a voice sounds from moment to moment: level, pitch, voicing and spectrum of short frames.

Everything is taken from 300 to 3400 Hz alone, the band that every telephone line carries (ITU-T G.712), so that
the same voice gives the same values over a wide band and over a line. Pitch survives without its fundamental: the
harmonics that pass repeat with the same period, which the autocorrelation shows. One FFT per frame serves the
spectrum and, turned back, the autocorrelation.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from qa.audio.samples import SAMPLE_RATE, Samples
from qa.core.transcript import Span

Array = NDArray[np.float32]

HOP_SECONDS: Final = 0.02
_HOP: Final = int(HOP_SECONDS * SAMPLE_RATE)
_WINDOW: Final = 640
"""40 ms: three periods of the lowest voice, as an autocorrelation needs (Boersma 1993)."""
_FFT: Final = 1024
_BIN: Final = SAMPLE_RATE / _FFT
_FIRST_BIN, _LAST_BIN = round(300 / _BIN), round(3400 / _BIN)
_LAG_FFT: Final = 512
"""The autocorrelation is taken from the bins below 4 kHz, so its lags are samples at 8 kHz."""
_LAG_RATE: Final = _LAG_FFT * SAMPLE_RATE / _FFT
_PITCH_EDGES: Final = (75.0, 120.0, 190.0, 300.0, 500.0)
"""Hz. Praat's range for both sexes (75 to 500 Hz), cut where an octave error would land in another part: the
best period of each part is kept, and which of them it is gets decided once the speaker's register is known."""
_LOW_BONUS: Final = 0.05
"""Strength that a candidate gains per octave below 500 Hz: without the fundamental a formant often looks like a
period of its own, higher than the true one. Against Praat on the wide band, on acted speech: gross errors (over a
quarter of an octave) 4.8 % of frames with it, 7.1 % without."""
_REGISTER_COST: Final = 0.3
"""Strength that a candidate loses per octave from the speaker's usual pitch, beyond `_REGISTER_FREE` octaves."""
_REGISTER_FREE: Final = 0.5
VOICED: Final = 0.3
"""Least periodicity of a voiced frame. White noise stays under 0.14 in 95 of 100 frames."""
_BANDS: Final = 14
_BLOCK_FRAMES: Final = 400
"""Frames computed together, 8 s: what fits the processor's cache is a quarter faster than half a minute."""
_FLOOR: Final = 1e-3
"""Added to powers of 16-bit steps before logarithms."""


@dataclass(frozen=True, slots=True)
class VoiceFrames:
    """Frames of one channel in order of time, where somebody speaks and nowhere else."""

    times: Array
    """Seconds of each frame's middle, shape (n,)."""
    level: Array
    """RMS in the telephone band, dB relative to full scale, shape (n,)."""
    bands: Array
    """Log power (natural) of mel-spaced bands between 300 and 3400 Hz, shape (n, bands)."""
    candidates: Array
    """Best pitch of each part of the range, Hz, shape (n, parts)."""
    strengths: Array
    """Periodicity of each candidate, 0..1, shape (n, parts)."""

    def __len__(self) -> int:
        return len(self.times)

    def between(self, start: float, end: float) -> "VoiceFrames":
        """The frames whose middle lies in a stretch of time."""
        first, last = np.searchsorted(self.times, (start, end))
        part = slice(int(first), int(last))
        return self._part(part)

    def at(self, spans: Iterable[Span]) -> "VoiceFrames":
        """The frames whose middle lies in one of several stretches."""
        chosen = np.zeros(len(self.times), bool)
        for span in spans:
            first, last = np.searchsorted(self.times, (span.start, span.end))
            chosen[first:last] = True
        return self._part(chosen)

    def _part(self, part: slice | NDArray[np.bool_]) -> "VoiceFrames":
        return VoiceFrames(
            self.times[part], self.level[part], self.bands[part], self.candidates[part], self.strengths[part]
        )


def voice_frames(samples: Samples, spans: Sequence[Span]) -> VoiceFrames:
    """Measure the frames that lie within `spans`; memory grows with the frames kept, 100 bytes each."""
    starts = [
        np.arange(max(0, int(s.start * SAMPLE_RATE)), min(len(samples), int(s.end * SAMPLE_RATE)) - _WINDOW, _HOP)
        for s in spans
    ]
    at = np.unique(np.concatenate(starts)) if starts else np.zeros(0, np.int64)
    parts = [_measure(samples, at[b : b + _BLOCK_FRAMES]) for b in range(0, len(at), _BLOCK_FRAMES)]
    times = ((at + _WINDOW / 2) / SAMPLE_RATE).astype(np.float32)
    shapes = ((0,), (0, _BANDS), (0, len(_PITCH_EDGES) - 1), (0, len(_PITCH_EDGES) - 1))
    columns = [
        np.concatenate([p[i] for p in parts]) if parts else np.zeros(shape, np.float32)
        for i, shape in enumerate(shapes)
    ]
    return VoiceFrames(times, *columns)


def pitch_of(frames: VoiceFrames, register: float | None = None) -> tuple[Array, Array]:
    """Pitch in Hz (0 where unvoiced) and periodicity of each frame, both of shape (n,).

    `register` is the speaker's usual pitch; without it, it is taken from the frames themselves. Choosing among
    candidates near the register is what mends octave errors.
    """
    if not len(frames):
        return np.zeros(0, np.float32), np.zeros(0, np.float32)
    octaves = np.log2(np.maximum(frames.candidates, 1.0))
    plain = frames.strengths + _LOW_BONUS * (np.log2(_PITCH_EDGES[-1]) - octaves)
    if register is None:
        register = register_of(frames)
    if register is not None:
        away = np.abs(octaves - np.log2(register))
        plain -= _REGISTER_COST * np.maximum(0, away - _REGISTER_FREE)
    best = plain.argmax(axis=1)
    rows = np.arange(len(best))
    strength = frames.strengths[rows, best]
    pitch = np.where(strength >= VOICED, frames.candidates[rows, best], 0.0).astype(np.float32)
    return pitch, strength


def register_of(frames: VoiceFrames) -> float | None:
    """The median pitch of clearly voiced frames, Hz; None where there are hardly any."""
    octaves = np.log2(np.maximum(frames.candidates, 1.0))
    score = frames.strengths + _LOW_BONUS * (np.log2(_PITCH_EDGES[-1]) - octaves)
    best = score.argmax(axis=1)
    rows = np.arange(len(best))
    clear = frames.strengths[rows, best] >= (VOICED + 1) / 2
    if clear.sum() < 1 / HOP_SECONDS / 5:
        return None
    return float(np.median(frames.candidates[rows, best][clear]))


def _mel_weights() -> Array:
    """Triangles of equal width in mel (O'Shaughnessy 1987), shape (bins used, bands)."""
    lowest, highest = (2595 * np.log10(1 + hertz / 700) for hertz in (300.0, 3400.0))
    mel = np.linspace(lowest, highest, _BANDS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    bins = np.arange(_FIRST_BIN, _LAST_BIN + 1)[:, None] * _BIN
    up = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    down = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    weights: Array = np.maximum(0, np.minimum(up, down)).astype(np.float32)
    return weights


_MEL: Final = _mel_weights()
_HANN: Final = np.hanning(_WINDOW).astype(np.float32)


def _lag_scale() -> Array:
    """The window's own autocorrelation at every lag, which that of a windowed wave is divided by."""
    spectrum = np.abs(np.fft.rfft(np.hanning(_WINDOW), _FFT)) ** 2
    own = np.fft.irfft(spectrum)[:_LAG_FFT:2]
    scale: Array = np.maximum(own / own[0], 0.02).astype(np.float32)
    return scale


_LAG_SCALE: Final = _lag_scale()
_LAG_PARTS: Final = tuple(
    (int(_LAG_RATE / high), int(np.ceil(_LAG_RATE / low))) for low, high in pairwise(_PITCH_EDGES)
)


def _measure(samples: Samples, at: NDArray[np.int64]) -> tuple[Array, Array, Array, Array]:
    first = int(at[0])
    sound = np.asarray(samples[first : int(at[-1]) + _WINDOW]) if at[-1] - first < 4 * _HOP * len(at) else samples
    offset = first if sound is not samples else 0
    frames = np.lib.stride_tricks.sliding_window_view(sound, _WINDOW)[at - offset].astype(np.float32)
    frames -= frames.mean(axis=1, keepdims=True)
    spectrum = scipy.fft.rfft(frames * _HANN, _FFT, axis=1)[:, : _LAG_FFT // 2 + 1]
    power = spectrum.real**2 + spectrum.imag**2
    band = power[:, _FIRST_BIN : _LAST_BIN + 1]
    # Parseval: twice the one-sided power over the length of the transform and the window's energy.
    level = 10 * np.log10(2 * band.sum(axis=1) / _FFT / float((_HANN**2).sum()) + _FLOOR) - 20 * np.log10(32768.0)
    bands = np.log(band @ _MEL + _FLOOR)
    candidates, strengths = _candidates(power)
    return level.astype(np.float32), bands, candidates, strengths


def _candidates(power: Array) -> tuple[Array, Array]:
    """Best period in each part of the range. Magnitudes instead of powers flatten the formants (Tolonen and
    Karjalainen 2000), which otherwise look like periods of their own.
    """
    flat = np.zeros_like(power)
    flat[:, _FIRST_BIN : _LAST_BIN + 1] = np.sqrt(power[:, _FIRST_BIN : _LAST_BIN + 1])
    lags = scipy.fft.irfft(flat, _LAG_FFT, axis=1)[:, : _LAG_FFT // 2]
    lags /= np.maximum(lags[:, :1], _FLOOR) * _LAG_SCALE
    candidates = np.zeros((len(power), len(_LAG_PARTS)), np.float32)
    strengths = np.zeros_like(candidates)
    rows = np.arange(len(power))
    for part, (shortest, longest) in enumerate(_LAG_PARTS):
        best = lags[:, shortest : longest + 1].argmax(axis=1) + shortest
        before, peak, after = (lags[rows, best + d] for d in (-1, 0, 1))
        curve = before - 2 * peak + after
        # The vertex of the parabola through three points; an edge is no peak.
        shift = np.where(curve < -1e-6, 0.5 * (before - after) / np.where(curve < -1e-6, curve, -1.0), 0.0)
        is_peak = (peak >= before) & (peak >= after)
        candidates[:, part] = _LAG_RATE / (best + np.clip(shift, -0.5, 0.5))
        strengths[:, part] = np.where(is_peak, np.clip(peak, 0.0, 1.0), 0.0)
    return candidates, strengths
