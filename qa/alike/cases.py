"""The known cases on which the sum of pieces was not sure, and what those next to some talk have to say of it.

保证 and 不能 both stand in a promise and in its refusal; what counts is which go together, and no sum can tell.
But among the promises and refusals on which the sum hesitates there is often one in nearly these words.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from qa.alike.features import AT_ONCE, BUCKETS, Entries, Talk, firsts, plain, vectors
from qa.core.base import Record

COMMON: Final = 50
"""A piece that stands in more cases than this tells little of which is near, and is passed over."""
HEARD: Final = 0.4
"""The cases that are heard are at least so much as near as the nearest."""
FAR: Final = 0.01
"""Squared nearness (a cosine) of all that are heard where their word counts half."""


class Case(Record, frozen=True):
    """Something said, what it followed, and what it was."""

    text: str
    """As it was written."""
    before: str
    own: str
    votes: tuple[int, ...]
    """For each family that has cases 1 where it is one of them, -1 where it is none, 0 where nobody said."""


class _Near(NamedTuple):
    """Which cases share something with some talk."""

    text: np.ndarray
    """Number of the talk, rising."""
    case: np.ndarray
    nearness: np.ndarray
    """The cosine, where too common pieces add nothing."""


class Cases:
    """At least one; immutable once made."""

    def __init__(self, cases: Sequence[Case], rarity: np.ndarray) -> None:
        self._cases = cases
        self._rarity = rarity
        self._votes = np.array([c.votes for c in cases], np.float32)
        often = np.zeros(BUCKETS, np.int64)
        for _, found in self._in_parts(cases):
            often += np.bincount(found.bucket, minlength=BUCKETS)
        often[often > COMMON] = 0
        self._starts = np.concatenate([[0], often.cumsum()]).astype(np.int32)
        """Where the entries of each bucket begin, and behind the last bucket where they end."""
        self._case = np.empty(self._starts[-1], np.int32)
        self._value = np.empty(self._starts[-1], np.float16)
        free = self._starts[:-1].copy()
        for first, found in self._in_parts(cases):
            kept = np.flatnonzero(often[found.bucket])
            kept = kept[found.bucket[kept].argsort()]
            bucket, begins, many = np.unique(found.bucket[kept], return_index=True, return_counts=True)
            at = np.arange(len(kept)) + np.repeat(free[bucket] - begins, many)
            self._case[at] = first + found.text[kept]
            self._value[at] = found.value[kept]
            free[bucket] += many.astype(np.int32)

    def votes(self, talk: Sequence[Talk]) -> np.ndarray:
        """What the nearest cases are, each heard by the square of its nearness: texts x families, -1..1."""
        near = self._near(talk)
        starts = firsts(near.text)
        best = np.maximum.reduceat(near.nearness, starts) if len(starts) else near.nearness
        heard = near.nearness >= HEARD * np.repeat(best, np.diff(starts, append=len(near.text)))
        text, weights = near.text[heard], near.nearness[heard] ** 2
        found = np.zeros((len(talk), self._votes.shape[1]))
        for column, votes in zip(found.T, self._votes[near.case[heard]].T, strict=True):
            known = np.bincount(text, weights * np.abs(votes), len(talk))
            column[:] = np.bincount(text, weights * votes, len(talk)) / (FAR + known)
        return found

    def nearest(self, talk: Talk, family: int) -> Case | None:
        """The nearest case that is one of the family; None where there is none, or the family has no cases."""
        if family >= self._votes.shape[1]:
            return None
        near = self._near([talk])
        right = self._votes[near.case, family] > 0
        if not right.any():
            return None
        return self._cases[int(near.case[right][near.nearness[right].argmax()])]

    def _near(self, talk: Sequence[Talk]) -> _Near:
        looked = self._looked(talk)
        first = self._starts[looked.bucket]
        many = self._starts[looked.bucket + 1] - first
        at = np.arange(many.sum()) + np.repeat(first - many.cumsum() + many, many)
        pairs = np.repeat(looked.text * len(self._cases), many) + self._case.take(at)
        shares = np.repeat(looked.value, many) * self._value.take(at)
        order = pairs.argsort()
        pairs = pairs[order]
        starts = firsts(pairs)
        nearness = np.add.reduceat(shares[order], starts) if len(starts) else shares
        text, case = np.divmod(pairs[starts], len(self._cases))
        return _Near(text, case, nearness)

    def _in_parts(self, cases: Sequence[Case]) -> Iterator[tuple[int, Entries]]:
        """The pieces of all cases, a few hundred cases at once: all together would take much memory."""
        for first in range(0, len(cases), AT_ONCE):
            part = cases[first : first + AT_ONCE]
            yield first, self._looked([Talk(plain(c.text), c.before, c.own) for c in part])

    def _looked(self, talk: Sequence[Talk]) -> Entries:
        """The pieces of some talk, where each talk is scaled to length one."""
        found = vectors(talk, self._rarity)
        length = np.sqrt(np.bincount(found.text, found.value * found.value, len(talk)))
        return found._replace(value=(found.value / length[found.text]).astype(np.float32))
