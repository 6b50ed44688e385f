"""Sounds that nobody speaks in, a minute each, as they come over a telephone line."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from qa.speech.base import SAMPLE_RATE

SECONDS = 60
_TIME = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE
_DTMF = ((697, 1209), (770, 1336), (852, 1477), (941, 1336))
_CHORDS = ((261.6, 329.6, 392.0), (220.0, 261.6, 329.6), (174.6, 220.0, 261.6), (196.0, 246.9, 293.7))


def _tone(*frequencies: float) -> NDArray[np.float64]:
    return sum(np.sin(2 * np.pi * f * _TIME) for f in frequencies) / len(frequencies) * 0.2


def _gated(sound: NDArray[np.float64], on: float, off: float) -> NDArray[np.float64]:
    return sound * ((_TIME % (on + off)) < on)


def _noise(level: float) -> NDArray[np.float64]:
    return np.random.default_rng(5).standard_normal(len(_TIME)) * level


def _hum() -> NDArray[np.float64]:
    return sum(np.sin(2 * np.pi * 50 * h * _TIME) / h for h in range(1, 9)) * 0.1 + _noise(0.003)


def _dtmf() -> NDArray[np.float64]:
    out = np.zeros(len(_TIME))
    for key in range(150):
        at = int(key * 0.4 * SAMPLE_RATE)
        part = slice(at, at + SAMPLE_RATE // 5)
        out[part] = _tone(*_DTMF[key % 4])[part]
    return out


def _music(decay: float, melody_only: bool = False) -> NDArray[np.float64]:
    rng = np.random.default_rng(3)
    out = np.zeros(len(_TIME))
    for beat in range(2 * SECONDS):
        at = int(beat * 0.5 * SAMPLE_RATE)
        time = np.arange(min(9600, len(out) - at)) / SAMPLE_RATE
        envelope = np.exp(-time * decay) * np.minimum(1, time * 50)
        notes = [(rng.choice([523.3, 587.3, 659.3, 784.0, 880.0]), 0.1)]
        notes += [] if melody_only else [(f, 0.08) for f in _CHORDS[beat // 4 % 4]]
        for frequency, level in notes:
            bend = 1 + 0.01 * np.sin(2 * np.pi * 5.5 * time) if melody_only else 1.0
            for harmonic in (1, 2, 3, 4):
                wave = np.sin(2 * np.pi * frequency * harmonic * bend * time)
                out[at : at + len(time)] += level * envelope * wave / harmonic**1.5
    return out


_SOUNDS: dict[str, Callable[[], NDArray[np.float64]]] = {
    "silence": lambda: np.zeros(len(_TIME)),
    "white noise": lambda: _noise(0.05),
    "loud white noise": lambda: _noise(0.3),
    "line hum": _hum,
    "ring-back 450 Hz": lambda: _gated(_tone(450), 1, 4),
    "ring-back 440+480 Hz": lambda: _gated(_tone(440, 480), 2, 4),
    "busy tone": lambda: _gated(_tone(450), 0.35, 0.35),
    "DTMF": _dtmf,
    "hold music, plucked": lambda: _music(4.0),
    "hold music, organ": lambda: _music(0.8),
    "hold music, melody": lambda: _music(0.8, melody_only=True),
}
NAMES = tuple(_SOUNDS)


def nobody_speaks(name: str) -> NDArray[np.int16]:
    """One of `NAMES`, 16 kHz."""
    return np.clip(_SOUNDS[name]() * 32767, -32768, 32767).astype(np.int16)
