"""A small net over the pieces of talk: where the sum of all pieces leaves it open, it weighs them together.

保证 and 不能 both stand in a promise and in its refusal; what counts is which go together, and no sum can tell.
Every frequent piece has a short vector; the vectors of a text are added up, each weighed as in the sum, and go
through one hidden layer. The last columns of a vector pass it by, one for each family.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from qa.alike.features import BUCKETS, Pieces
from qa.core.base import Record


class Layers(Record, frozen=True):
    """A net as it is stored. Numbers are little-endian, float32 unless said otherwise."""

    buckets: bytes
    """uint32, rising: the buckets that have a vector."""
    cells: bytes
    """int8, one row for each of these buckets: `width` values and one for each family."""
    steps: bytes
    """What one step of a cell is worth, for each column."""
    shift: bytes
    """Added to the sum of the vectors, `width` values."""
    hidden: bytes
    """`width` x hidden."""
    hidden_bias: bytes
    out: bytes
    """hidden x families."""
    out_bias: bytes


class Part(NamedTuple):
    """Pieces of some texts and what each of them is worth."""

    found: Pieces
    value: np.ndarray


class Net:
    """Immutable once made."""

    def __init__(self, layers: Layers) -> None:
        kept, self._steps = np.frombuffer(layers.buckets, "<u4"), _floats(layers.steps)
        cells = np.frombuffer(layers.cells, np.int8).reshape(len(kept), len(self._steps))
        self._cells = np.concatenate([cells, np.zeros((1, len(self._steps)), np.int8)])
        self._row = np.full(BUCKETS, len(kept), np.int32)
        """Of each bucket; of those that have none the last, of zeros."""
        self._row[kept] = np.arange(len(kept), dtype=np.int32)
        self._shift, self._hidden_bias, self._out_bias = map(
            _floats, (layers.shift, layers.hidden_bias, layers.out_bias)
        )
        self._hidden = _floats(layers.hidden).reshape(len(self._shift), -1)
        self._out = _floats(layers.out).reshape(-1, len(self._out_bias))

    def logits(self, parts: Sequence[Part], texts: int) -> np.ndarray:
        """For each of the `texts` and each family, texts x families."""
        width = len(self._shift)
        sums = np.zeros((texts, len(self._steps)), np.float32)
        text = np.concatenate([p.found.text for p in parts])
        rows = self._row[np.concatenate([p.found.bucket for p in parts])]
        value = np.concatenate([p.value for p in parts]).astype(np.float32)
        order = np.argsort(text, kind="stable")
        if len(order):
            starts = np.flatnonzero(np.diff(text[order], prepend=-1))
            weighed = self._cells[rows[order]] * value[order, None]
            sums[text[order][starts]] = np.add.reduceat(weighed, starts)
        sums *= self._steps
        first = np.maximum(sums[:, :width] + self._shift, 0)
        second = np.maximum(first @ self._hidden + self._hidden_bias, 0)
        logits: np.ndarray = second @ self._out + self._out_bias + sums[:, width:]
        return logits


def _floats(data: bytes) -> np.ndarray:
    return np.frombuffer(data, "<f4")
