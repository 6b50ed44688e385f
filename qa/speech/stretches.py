"""Stretches: the pieces of one voice between two pauses, which are what speakers are told apart by.

A segmentation model that hears ten seconds at a time often takes two similar voices for one, but it hardly
ever misses the pause between two turns. So its local speakers are not trusted beyond a pause: each is cut there
into stretches, every stretch is embedded once, and the voices are clustered over the whole call.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

MIN_GAP_FRAMES = 5
"""A pause shorter than this many frames (0.08 s) is the closure of a consonant, not the end of a stretch."""
PAUSE_FRAMES = 8
"""So many quiet frames in a row (0.135 s) are a pause that the model bridged: turns may follow each other so fast.
The closures of Mandarin and English stops stay below 0.1 s."""
MIN_PART_FRAMES = 27
"""A pause does not cut off less than this (0.45 s): too little to tell a voice by."""
MAX_FRAMES = 178
"""Longest stretch in frames (3 s): long enough for a steady embedding, short enough to find a change of speaker
that went without a pause."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """One local speaker talks from frame `start` to frame `end` (exclusive)."""

    start: int
    end: int


def find_stretches(
    active: NDArray[np.bool_], chunk_frames: int, quiet: NDArray[np.bool_] | None = None
) -> list[Stretch]:
    """Cut the local speakers of consecutive chunks into stretches.

    `active` is `(frames, local speakers)`; columns mean nothing beyond their chunk of `chunk_frames` frames, so a
    stretch is carried over a chunk's edge only where exactly one speaker talks on either side. `quiet` marks the
    frames as faint as a pause; without it, only the model's own pauses part stretches.
    """
    found: list[Stretch] = []
    for start, end in _joined(_runs(active, chunk_frames), active, chunk_frames):
        for first, last in _between_pauses(start, end, quiet):
            parts = max(1, -(-(last - first) // MAX_FRAMES))
            edges = np.linspace(first, last, parts + 1).round().astype(int)
            found.extend(Stretch(int(a), int(b)) for a, b in pairwise(edges))
    return sorted(found, key=lambda s: (s.start, s.end))


def rasterise(stretches: Sequence[Stretch], chunks: int, chunk_frames: int) -> tuple[Array, NDArray[np.int64]]:
    """Lay stretches out as `(chunks, chunk_frames, columns)` of 0 and 1, one column for each in its chunk.

    Also returns `(chunks, columns)`: the stretch behind each column, -1 for none.
    """
    members: list[list[int]] = [[] for _ in range(chunks)]
    for index, stretch in enumerate(stretches):
        for chunk in range(stretch.start // chunk_frames, (stretch.end - 1) // chunk_frames + 1):
            members[chunk].append(index)
    columns = max(1, max((len(m) for m in members), default=1))
    data = np.zeros((chunks, chunk_frames, columns), np.float32)
    owner = np.full((chunks, columns), -1)
    for chunk, indices in enumerate(members):
        offset = chunk * chunk_frames
        for column, index in enumerate(indices):
            first = max(0, stretches[index].start - offset)
            data[chunk, first : stretches[index].end - offset, column] = 1.0
            owner[chunk, column] = index
    return data, owner


def _between_pauses(start: int, end: int, quiet: NDArray[np.bool_] | None) -> list[tuple[int, int]]:
    if quiet is None:
        return [(start, end)]
    edges = np.flatnonzero(np.diff(quiet[start:end].astype(np.int8), prepend=0, append=0))
    cuts = [start]
    for a, b in (edges.reshape(-1, 2) + start).tolist():
        middle = (a + b) // 2
        if b - a >= PAUSE_FRAMES and min(middle - cuts[-1], end - middle) >= MIN_PART_FRAMES:
            cuts.append(middle)
    return list(pairwise([*cuts, end]))


def _runs(active: NDArray[np.bool_], chunk_frames: int) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for offset in range(0, len(active), chunk_frames):
        for column in active[offset : offset + chunk_frames].T:
            edges = np.flatnonzero(np.diff(column.astype(np.int8), prepend=0, append=0))
            spans = edges.reshape(-1, 2) + offset
            merged: list[tuple[int, int]] = []
            for start, end in spans.tolist():
                if merged and start - merged[-1][1] < MIN_GAP_FRAMES:
                    merged[-1] = (merged[-1][0], end)
                else:
                    merged.append((start, end))
            runs.extend(merged)
    return runs


def _joined(runs: list[tuple[int, int]], active: NDArray[np.bool_], chunk_frames: int) -> list[tuple[int, int]]:
    alone = active.sum(axis=1) == 1
    ends_at: dict[int, int] = {}
    joined: list[tuple[int, int]] = []
    for start, end in sorted(runs):
        previous = ends_at.get(start) if start and start % chunk_frames == 0 else None
        if previous is not None and alone[start] and alone[start - 1]:
            joined[previous] = (joined[previous][0], end)
            ends_at[end] = previous
        else:
            joined.append((start, end))
            ends_at[end] = len(joined) - 1
    return joined
