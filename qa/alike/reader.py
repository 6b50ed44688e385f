"""The second reader: how likely something is worded like a known offence or complaint (`models/alike-zh.bin`).

All talk is judged by a weighted sum of its pieces; one can follow what it adds up. Where the sum is not sure, the
known cases nearest to the talk have a say as well. Neither needs a library, and on unseen dialogues they do better
than the sentence embeddings of two multilingual encoders (`models/alike-zh.md`).
"""

import zlib
from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from typing import Final

import msgspec
import numpy as np

from qa.alike.cases import Case, Cases
from qa.alike.features import AT_ONCE, BUCKETS, Talk, firsts, summed, views
from qa.alike.trees import Trees
from qa.core.base import Record
from qa.core.roles import Role
from qa.models.manifest import data_folder

FILE: Final = "alike-zh.bin"
NOTHING_SAID: Final = -10.0
"""Stands for the log odds of a turn where there was none before."""
OUT_OF_THE_QUESTION: Final = -4.0
"""Log odds up to which nothing is looked at again: one in fifty."""


class Head(Record, frozen=True):
    """One linear answer."""

    role: Role
    """Whose words it is about."""
    bias: float
    scale: float
    """What one step of a stored weight is worth."""
    say: float = 0.0
    """How much the nearest cases can move it, in log odds. They are asked where that may turn it over."""


class Header(Record, frozen=True):
    """What is said of the tables."""

    name: str
    version: int
    buckets: int
    heads: dict[str, Head]
    """Family -> its answer, in the order of the tables; those in which cases have a say come first, in the order
    of their votes."""
    trees: dict[str, Trees]
    """Family -> what looks at it again, in the whole of a call."""


class Stored(Record, frozen=True):
    """The file of a reader (MessagePack)."""

    header: Header
    tables: bytes
    """The rarity of each bucket, then the weights of each family; compressed."""
    cases: bytes
    """A tuple of `Case` (MessagePack); compressed."""


class Judged:
    """How pieces of talk are worded."""

    def __init__(self, columns: Mapping[str, int], odds: np.ndarray) -> None:
        self._columns = columns
        self.odds = odds
        """Pieces x `Reader.columns`, log odds."""
        self.likelihoods = 1 / (1 + np.exp(-odds))
        """The same, 0..1."""

    def likely(self, family: str, at_least: float) -> list[int]:
        """The pieces that are at least so much worded like what is known of a family."""
        found: list[int] = np.flatnonzero(self.likelihoods[:, self._columns[family]] >= at_least).tolist()
        return found

    def likelihood(self, piece: int, family: str) -> float:
        """How much a piece is."""
        return float(self.likelihoods[piece, self._columns[family]])

    def of(self, piece: int) -> dict[str, float]:
        """The same for every family."""
        return dict(zip(self._columns, self.likelihoods[piece].tolist(), strict=True))


class Reader:
    """Immutable once loaded, and shared by threads: what is built late is built the same by all of them."""

    def __init__(self, header: Header, rarity: bytes, weights: Sequence[bytes], cases: bytes) -> None:
        self.label = f"{header.name}@{header.version}"
        """Name and version, for results."""
        self.families = {family: head.role for family, head in header.heads.items()}
        """The families it can judge, and whose words each is about."""
        self.columns = {family: i for i, family in enumerate(self.families)}
        """Family -> its place in what is judged."""
        self._rarity = np.frombuffer(rarity, np.uint8)
        self._heads = tuple(header.heads.values())
        self._bias = np.array([h.bias for h in self._heads])
        self._say = np.array([h.say for h in self._heads if h.say])
        self._about = {by: [by in (Role.UNKNOWN, h.role) for h in self._heads if h.say] for by in Role}
        self._trees = header.trees
        self._weights = weights
        self._packed_cases = cases

    def judged(self, talk: Sequence[Talk], said_by: Sequence[Role]) -> Judged:
        """How much each piece of talk is worded like what is known of each family. The nearest cases are asked
        only where a family is about the one who said it, or nobody knows who did.
        """
        found = np.empty((len(talk), len(self.columns)))
        for first in range(0, len(talk), AT_ONCE):
            part = slice(first, first + AT_ONCE)
            found[part] = self._odds(talk[part], said_by[part])
        return Judged(self.columns, found)

    def again(self, judged: Judged, talk: Sequence[Talk], said_by: Sequence[Role], turns: Sequence[int]) -> Judged:
        """What was `judged` of the talk of a call, looked at once more where trees know of a family and the sum
        does not rule it out. `turns` are the turns that the pieces belong to, rising.
        """
        seen = self.seen(judged, talk, said_by, turns)
        odds = judged.odds.copy()
        for family, trees in self._trees.items():
            column = odds[:, self.columns[family]]
            asked = np.flatnonzero(column > OUT_OF_THE_QUESTION)
            column[asked] = trees.odds(seen[asked])
        return Judged(self.columns, odds)

    def seen(
        self, judged: Judged, talk: Sequence[Talk], said_by: Sequence[Role], turns: Sequence[int]
    ) -> np.ndarray:
        """What trees look at: of offences and complaints the odds, how many characters were said, now and by the
        other before, and the odds of the turn that the speaker had before; pieces x columns.
        """
        odds = judged.odds[:, : len(self._say)]
        lengths = np.array([(len(t.said), len(t.before)) for t in talk], float).reshape(len(talk), 2)
        return np.concatenate([odds, lengths, of_turn_before(odds, said_by, turns)], 1)

    def _odds(self, talk: Sequence[Talk], said_by: Sequence[Role]) -> np.ndarray:
        sums = np.zeros((len(talk), len(self.columns)))
        for found, weight in views(talk):
            shares = summed(found, self._table, len(talk))
            sums += shares[:, 1:] * (weight / np.maximum(np.sqrt(shares[:, :1]), 1))
        odds: np.ndarray = sums + self._bias
        moved = odds[:, : len(self._say)]
        about = np.array([self._about[role] for role in said_by], bool).reshape(moved.shape)
        unsure = np.flatnonzero((about & (np.abs(moved) < self._say)).any(1))
        if len(unsure):
            moved[unsure] += self._say * self._cases.votes([talk[int(i)] for i in unsure])
        return odds

    def likelihood(self, family: str, said: str, before: str = "", own: str = "") -> float:
        """`judged` of one piece of talk of the one whom the family is about."""
        return self.judged([Talk(said, before, own)], [self.families[family]]).likelihood(0, family)

    def nearest(self, family: str, talk: Talk) -> Case | None:
        """The known case of the family that is nearest to some talk; of one in which cases have a say."""
        return self._cases.nearest(talk, self.columns[family])

    @cached_property
    def _table(self) -> np.ndarray:
        """For each bucket, and for none, its share of the squared length and of the sum of each family."""
        each = self._rarity.astype(np.float32)
        heads = zip(self._heads, self._weights, strict=True)
        columns = [each * head.scale * np.frombuffer(weights, np.int8) for head, weights in heads]
        return np.pad(np.stack([each * each, *columns], 1), ((0, 1), (0, 0)))

    @cached_property
    def _cases(self) -> Cases:
        told = msgspec.msgpack.decode(zlib.decompress(self._packed_cases), type=tuple[Case, ...])
        return Cases(told, self._rarity)


def of_turn_before(odds: np.ndarray, said_by: Sequence[Role], turns: Sequence[int]) -> np.ndarray:
    """For each piece the highest odds of the turn that its speaker had before; pieces x families."""
    starts = firsts(np.array(turns, int)).tolist()
    if not starts:
        return odds
    highest = np.maximum.reduceat(odds, starts)
    none = len(highest)
    before, last = [], dict[Role, int]()
    for turn, start in enumerate(starts):
        before.append(last.get(said_by[start], none))
        last[said_by[start]] = turn
    found = np.pad(highest, ((0, 1), (0, 0)), constant_values=NOTHING_SAID)[before]
    return np.repeat(found, np.diff(starts, append=len(turns)), axis=0)


@cache
def reader() -> Reader:
    """The reader that comes with the program, read once."""
    return unpacked((data_folder("models") / FILE).read_bytes())


def packed(header: Header, rarity: bytes, weights: Sequence[bytes], cases: Sequence[Case]) -> bytes:
    """The file of a reader: weights in the order of its heads."""
    tables = zlib.compress(b"".join([rarity, *weights]), 9)
    return msgspec.msgpack.encode(Stored(header, tables, zlib.compress(msgspec.msgpack.encode(cases), 9)))


def unpacked(data: bytes) -> Reader:
    """The reader of a file that `packed` made."""
    stored = msgspec.msgpack.decode(data, type=Stored)
    if stored.header.buckets != BUCKETS:
        raise ValueError("the model was trained for other buckets")
    tables = zlib.decompress(stored.tables)
    rarity, *weights = (tables[i : i + BUCKETS] for i in range(0, len(tables), BUCKETS))
    return Reader(stored.header, rarity, weights, stored.cases)
