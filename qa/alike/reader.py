"""The second reader: how likely it is that something is worded like a known offence (`models/alike-zh.bin`).

Linear on purpose, as the model of tone is: one can follow what it adds up, it needs no library, and on unseen
dialogues it did better than the sentence embeddings of two multilingual encoders (`models/alike-zh.md`).
"""

import math
import zlib
from array import array
from collections import defaultdict
from collections.abc import Mapping
from functools import cache, cached_property, lru_cache
from operator import mul
from typing import Final

import msgspec

from qa.alike.features import BUCKETS, Vector, counted, joined, plain, vector
from qa.core.base import Record
from qa.models.manifest import data_folder

FILE: Final = "alike-zh.bin"
RECENT: Final = 512
"""Judgements kept: every rule of a call asks for the same stretches again."""


class Example(Record, frozen=True):
    """A sentence that is known to be an offence."""

    text: str
    family: str
    term: str = ""
    """The term it is an example of; empty where it comes from a dialogue."""


class Head(Record, frozen=True):
    """One linear answer."""

    bias: float
    scale: float
    """What one step of a stored weight is worth."""


class Header(Record, frozen=True):
    """What stands before the tables."""

    name: str
    version: int
    buckets: int
    rarity_scale: float
    heads: dict[str, Head]
    """Family -> its answer, in the order of the tables."""
    examples: tuple[Example, ...]


class Reader:
    """Immutable once loaded, and shared by threads: what is built late is built the same by all of them."""

    def __init__(self, header: Header, rarity: bytes, weights: Mapping[str, bytes]) -> None:
        self.label = f"{header.name}@{header.version}"
        """Name and version, for results."""
        self._header = header
        self._rarity = array("f", (b * header.rarity_scale for b in rarity))
        self._weights = {f: memoryview(w).cast("b") for f, w in weights.items()}
        self._kept = lru_cache(RECENT)(self._judged)

    @property
    def families(self) -> tuple[str, ...]:
        """The families it can judge."""
        return tuple(self._weights)

    def likelihood(self, family: str, said: str, before: str = "") -> float:
        """0..1: how much `said`, in the form of `features.plain`, is worded like a known offence of the family."""
        return self._kept(said, before)[family]

    def nearest(self, family: str, said: str) -> Example | None:
        """The known offence of the family that shares most of its rare pieces with what was said."""
        shared: defaultdict[int, float] = defaultdict(float)
        for bucket, value in self._vector(said).items():
            for index, other in self._index.get(bucket, ()):
                shared[index] += value * other
        found = [i for i in shared if self._header.examples[i].family == family]
        return self._header.examples[max(found, key=lambda i: (shared[i], -i))] if found else None

    def _judged(self, said: str, before: str) -> Mapping[str, float]:
        own, others = counted(said, before)
        pieces = tuple(joined(vector(own, self._rarity), vector(others, self._rarity)))
        buckets, values = [b for b, _ in pieces], [v for _, v in pieces]
        judged = {}
        for family, head in self._header.heads.items():
            weights = self._weights[family]
            odds = head.bias + head.scale * sum(map(mul, map(weights.__getitem__, buckets), values))
            judged[family] = 1 / (1 + math.exp(-odds))
        return judged

    @cached_property
    def _index(self) -> Mapping[int, list[tuple[int, float]]]:
        index: dict[int, list[tuple[int, float]]] = {}
        for number, example in enumerate(self._header.examples):
            for bucket, value in self._vector(plain(example.text)).items():
                index.setdefault(bucket, []).append((number, value))
        return index

    def _vector(self, said: str) -> Vector:
        return vector(counted(said, "")[0], self._rarity)


@cache
def reader() -> Reader:
    """The reader that comes with the program, read once."""
    return unpacked((data_folder("models") / FILE).read_bytes())


def packed(header: Header, rarity: bytes, weights: Mapping[str, bytes]) -> bytes:
    """The file of a reader: the header as a line of JSON and the tables behind it, compressed."""
    tables = b"".join(weights[family] for family in header.heads)
    return zlib.compress(msgspec.json.encode(header) + b"\n" + rarity + tables, 9)


def unpacked(data: bytes) -> Reader:
    """The reader of a file that `packed` made."""
    head, _, tables = zlib.decompress(data).partition(b"\n")
    header = msgspec.json.decode(head, type=Header)
    if header.buckets != BUCKETS:
        raise ValueError("the model was trained for other buckets")
    parts = [tables[i : i + BUCKETS] for i in range(0, len(tables), BUCKETS)]
    return Reader(header, parts[0], dict(zip(header.heads, parts[1:], strict=True)))
