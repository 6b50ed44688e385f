"""A copy of a recording in which stretches are bleeped or silenced, read and written in blocks.

A telephone line leaks: what one party says can be heard faintly on the other channel. Where the other channel
carries an echo of a hidden stretch, it is hidden there too.
"""

import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from qa.audio.decode import DEFAULT_LIMITS, DecodeLimits, decode
from qa.audio.playable import write_playable
from qa.audio.samples import SAMPLE_RATE, Hook, Samples, no_hook
from qa.text.stretches import Stretch

Sound = Literal["bleep", "silence"]

TONE_HZ: Final = 1000
"""The pitch of broadcast bleeps; far from what a recogniser takes for speech."""
TONE_LEVEL: Final = 0.1
"""Amplitude, full scale 1.0: -20 dBFS, about as loud as speech on a call."""
FADE: Final = 0.005
"""Seconds in which the sound gives way to the tone and comes back: an edge would click."""
ECHO: Final = 0.3
"""Correlation of the two channels, 0..1, from which one is an echo of the other. Independent speech of the nine
sample calls stays under 0.1; an echo 30 dB down is found under line noise at -56 dBFS."""
_ECHO_DELAY: Final = int(0.4 * SAMPLE_RATE)
"""Samples by which an echo may come later: the round trip of a bad line."""
_LOOKED_AT: Final = 8 * SAMPLE_RATE
"""Samples of a stretch that are compared."""
_QUIET: Final = 8.0
"""RMS of 16-bit samples under which a channel carries nothing."""


def redact(
    path: Path,
    out: Path,
    hidden: Sequence[Stretch],
    *,
    sound: Sound = "bleep",
    limits: DecodeLimits = DEFAULT_LIMITS,
    hook: Hook = no_hook,
) -> None:
    """Decode `path` and write it to `out` as `to_playable` does, with the stretches hidden.

    Raises what `decode` raises; `out` appears only when it is complete.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".redact-") as workdir:
        channels = decode(path, Path(workdir), limits, hook).channels
        ranges = by_channel(channels, hidden)
        write_playable([Hidden(c, r, sound) for c, r in zip(channels, ranges, strict=True)], out, hook)


def by_channel(channels: Sequence[Samples], hidden: Sequence[Stretch]) -> list[list[tuple[int, int]]]:
    """Sample ranges to hide in every channel, in order and apart, echoes of other channels included."""
    ranges: list[list[tuple[int, int]]] = [[] for _ in channels]
    for stretch in hidden:
        # One channel that was kept of two alike is channel 0, whatever the channel of the words.
        said = min(stretch.channel, len(channels) - 1)
        a, b = int(stretch.start * SAMPLE_RATE), int(stretch.end * SAMPLE_RATE) + 1
        for number, samples in enumerate(channels):
            if number == said or echoes(channels[said][a:b], samples[a : b + _ECHO_DELAY]):
                ranges[number].append((a, b if number == said else b + _ECHO_DELAY))
    return [_apart(found) for found in ranges]


def echoes(said: Samples, other: Samples) -> bool:
    """Whether `other` carries `said`, fainter and up to 0.4 s later."""
    a = np.asarray(said[:_LOOKED_AT], dtype=np.float64)
    b = np.zeros(len(a) + _ECHO_DELAY)
    b[: min(len(b), len(other))] = other[: len(b)]
    if len(a) < SAMPLE_RATE // 10 or _rms(a) < _QUIET or _rms(b) < _QUIET / 4:
        return False
    size = 1 << (len(a) + len(b) - 1).bit_length()
    product = np.fft.irfft(np.conj(np.fft.rfft(a, size)) * np.fft.rfft(b, size), size)
    delays = product[: len(b) - len(a) + 1]
    energy = np.concatenate(([0.0], np.cumsum(b * b)))
    windows = energy[len(a) :] - energy[: len(b) - len(a) + 1]
    strength = np.abs(delays) / np.sqrt(np.maximum(windows * float(a @ a), 1.0))
    return bool(strength.max() >= ECHO)


class Hidden:
    """Samples of one channel with ranges replaced, looking like an array to whoever reads slices of it."""

    def __init__(self, samples: Samples, ranges: Sequence[tuple[int, int]], sound: Sound) -> None:
        self._samples = samples
        self._ranges = list(ranges)
        self._sound = sound

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, part: slice) -> NDArray[np.int16]:
        start, stop, _ = part.indices(len(self))
        block = np.array(self._samples[start:stop], dtype=np.int16)
        for a, b in self._ranges:
            if a < stop and start < b:
                self._hide(block, start, a, b)
        return block

    def _hide(self, block: NDArray[np.int16], start: int, a: int, b: int) -> None:
        lo, hi = max(a, start), min(b, start + len(block))
        at = np.arange(lo, hi)
        # The fades lie inside the stretch, and are short beside its margins: nothing of a word stands in them.
        edge = np.minimum(at - a, b - 1 - at) / (FADE * SAMPLE_RATE)
        covered = np.clip(edge, 0.0, 1.0)
        tone = (
            0.0
            if self._sound == "silence"
            else TONE_LEVEL * 32767 * np.sin(2 * np.pi * TONE_HZ * at / SAMPLE_RATE)
        )
        mixed = block[lo - start : hi - start] * (1.0 - covered) + tone * covered
        block[lo - start : hi - start] = np.rint(mixed).astype(np.int16)


def _apart(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for a, b in sorted(ranges):
        if joined and a <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(b, joined[-1][1]))
        else:
            joined.append((a, b))
    assert all(left[1] < right[0] for left, right in pairwise(joined))  # noqa: S101 - what the fades rely on
    return joined


def _rms(samples: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(samples * samples))) if len(samples) else 0.0
