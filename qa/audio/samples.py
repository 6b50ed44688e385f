"""The sound that every later stage reads: mono, 16 kHz, 16 bit, one array per channel."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
"""Mono sound at 16 kHz, 16 bit; may be a memory map, so read slices of it rather than copy it whole."""

SAMPLE_RATE = 16_000
"""Hz; what Whisper and the speaker models were trained on."""

Floats = NDArray[np.float32]
"""Sound as floats, full scale at 1.0, shape (channels, samples)."""

Hook = Callable[[str, float, float], None]
"""`hook(stage, done, total)`, both in seconds of sound; called often, so it must be cheap."""


def no_hook(stage: str, done: float, total: float) -> None:
    """Report progress to nobody."""


def to_int16(block: Floats) -> NDArray[np.int16]:
    """Round and clip to 16 bit; 16-bit sources come back bit by bit."""
    scaled = np.rint(block * np.float32(32768.0))
    clipped: NDArray[np.int16] = np.clip(scaled, -32768, 32767).astype(np.int16)
    return clipped
