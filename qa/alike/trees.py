"""Small decision trees whose answers are added up: the second look of the reader at what it has judged.

How far a sum of pieces can be believed depends on what is no piece: a short answer is shaken by little, an insult
shares its words with a threat, and one offence in a call is seldom the only one. What these amount to was learned
from dialogues of which the sum knew none (Friedman, Greedy Function Approximation, 2001).
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Final

import numpy as np

from qa.core.base import Record

DEPTH: Final = 3
"""Questions that each tree asks."""
_INNER: Final = 2**DEPTH - 1


class Trees(Record, frozen=True, dict=True):
    """Complete trees: behind node n of a tree come 2n + 1, where the feature is at most the bound, and 2n + 2."""

    start: float
    """What the answers are added to, in log odds."""
    features: Sequence[Sequence[int]]
    """Trees x inner nodes: the column that is asked about."""
    bounds: Sequence[Sequence[float]]
    answers: Sequence[Sequence[float]]
    """Trees x leaves, in log odds."""

    def odds(self, seen: np.ndarray) -> np.ndarray:
        """The log odds of each row of what is seen (rows x columns)."""
        features, bounds, answers = self._arrays
        rows, trees = np.arange(len(seen))[:, None], np.arange(len(features))[None]
        at = np.zeros((len(seen), len(features)), np.intp)
        for _ in range(DEPTH):
            at = 2 * at + 1 + (seen[rows, features[trees, at]] > bounds[trees, at])
        found: np.ndarray = self.start + answers[trees, at - _INNER].sum(1)
        return found

    @cached_property
    def _arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return np.array(self.features, np.intp), np.array(self.bounds), np.array(self.answers)
