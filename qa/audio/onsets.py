"""Syllables just before detected speech that the detector lost: 啊, said as one cuts in, is shorter than it needs.

On separate channels they stand clear of the line's noise, so their level tells. Only what is as loud as the party
itself counts, and not less than the other channel at that moment, which may be heard through the line.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from qa.audio.samples import SAMPLE_RATE, Samples
from qa.audio.voice import Array
from qa.core.transcript import Span

_FRAME: Final = SAMPLE_RATE // 50
_SECONDS: Final = _FRAME / SAMPLE_RATE
LOOK_BACK: Final = 0.6
"""Seconds before detected speech: a longer pause inside a phrase is rare."""
SHORTEST: Final = 0.1
"""Seconds of a short syllable; anything shorter is a click."""
UNDER_OWN_DB: Final = 10.0
"""At most so far under the party's median level."""
UNDER_OTHER_DB: Final = 6.0
"""At most so far under the other channels at the same moment; echoes lie further (ITU-T G.131: 20 dB)."""
OVER_PAUSE_DB: Final = 12.0
"""At least so far over the quietest moment before the speech: a loud line is no syllable."""
_MOST_FRAMES: Final = 3000
"""Frames of speech that a party's level is taken from: a minute."""


def lost_onsets(samples: Samples, others: Sequence[Samples], speech: Sequence[Span]) -> list[Span]:
    """What to add to the `speech` of one channel, in order."""
    level = _own_level(samples, speech)
    found: list[Span] = []
    before = 0.0
    for span in speech:
        start = max(before, span.start - LOOK_BACK, 0.0)
        before = span.end
        own = _levels(samples, start, span.start)
        if not len(own):
            continue
        loudest = np.full(len(own), -np.inf, np.float32)
        for other in others:
            loudest = np.maximum(loudest, _levels(other, start, span.start)[: len(own)])
        floor = max(level - UNDER_OWN_DB, float(own.min()) + OVER_PAUSE_DB)
        loud = (own > floor) & (own > loudest - UNDER_OTHER_DB)
        edges = np.flatnonzero(np.diff(np.concatenate(([False], loud, [False])).astype(np.int8)))
        for first, last in edges.reshape(-1, 2).tolist():
            if (last - first) * _SECONDS >= SHORTEST - 1e-6:
                found.append(Span(round(start + first * _SECONDS, 3), round(start + last * _SECONDS, 3)))
    return found


def _own_level(samples: Samples, speech: Sequence[Span]) -> float:
    frames, count = [], 0
    for span in speech:
        frames.append(_levels(samples, span.start, span.end))
        count += len(frames[-1])
        if count > _MOST_FRAMES:
            break
    return float(np.median(np.concatenate(frames))) if count else np.inf


def _levels(samples: Samples, start: float, end: float) -> Array:
    part = np.asarray(samples[int(start * SAMPLE_RATE) : int(end * SAMPLE_RATE)]).astype(np.float32)
    whole = len(part) // _FRAME
    power = part[: whole * _FRAME].reshape(whole, _FRAME).var(axis=1)
    levels: Array = (10 * np.log10(power + 1e-3)).astype(np.float32)
    return levels
