"""The second reader: how likely it is that something is worded like a known offence (`models/alike-zh.bin`).

Linear on purpose, as the model of tone is: one can follow what it adds up, it needs no library, and on unseen
dialogues it did better than the sentence embeddings of two multilingual encoders (`models/alike-zh.md`).
"""

import zlib
from collections.abc import Mapping, Sequence
from functools import cache, cached_property, lru_cache
from typing import Final, NamedTuple

import msgspec
import numpy as np

from qa.alike.features import BUCKETS, pieces, plain, values, views, worth
from qa.core.base import Record
from qa.models.manifest import data_folder

FILE: Final = "alike-zh.bin"
RECENT: Final = 8
"""Calls kept: every rule of a call asks for the same talk again."""


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
    heads: dict[str, Head]
    """Family -> its answer, in the order of the tables."""
    examples: tuple[Example, ...]


class _Index(NamedTuple):
    """The pieces of the examples of one family, by bucket."""

    numbers: list[int]
    """Where each example stands in the header."""
    starts: np.ndarray
    """Where the entries of each bucket begin, and behind the last bucket where they end."""
    example: np.ndarray
    value: np.ndarray


class Reader:
    """Immutable once loaded, and shared by threads: what is built late is built the same by all of them."""

    def __init__(self, header: Header, rarity: bytes, weights: Mapping[str, bytes]) -> None:
        self.label = f"{header.name}@{header.version}"
        """Name and version, for results."""
        self._header = header
        self._rarity = np.frombuffer(rarity, np.uint8)
        self._weights = {f: np.frombuffer(w, np.int8) for f, w in weights.items()}
        self._kept = lru_cache(RECENT)(self._judged)

    @property
    def families(self) -> tuple[str, ...]:
        """The families it can judge."""
        return tuple(self._weights)

    def likelihoods(self, family: str, talk: Sequence[tuple[str, str]]) -> Sequence[float]:
        """For each piece of talk 0..1: how much it is worded like a known offence of the family.

        Talk is what was said and what the other said before it (empty where he did not), in the form of
        `features.plain`.
        """
        return self._kept(tuple(talk))[family]

    def likelihood(self, family: str, said: str, before: str = "") -> float:
        """`likelihoods` of one piece of talk."""
        return self.likelihoods(family, [(said, before)])[0]

    def nearest(self, family: str, said: str) -> Example | None:
        """The known offence of the family that shares most of its rare pieces with what was said."""
        index = self._examples[family]
        own = pieces([said])
        first, last = index.starts[own.bucket], index.starts[own.bucket + 1]
        shared = np.zeros(len(index.numbers))
        for value, start, end in zip(values(own, self._rarity, 1), first, last, strict=True):
            shared[index.example[start:end]] += value * index.value[start:end]
        best = int(shared.argmax()) if len(shared) else 0
        return self._header.examples[index.numbers[best]] if len(shared) and shared[best] else None

    def _judged(self, talk: tuple[tuple[str, str], ...]) -> Mapping[str, list[float]]:
        looked = []
        for found, weight in views(talk):
            each, length = worth(found, self._rarity, len(talk))
            looked.append((found, each, weight / length))
        judged = {}
        for family, head in self._header.heads.items():
            table = self._weights[family]
            sums = sum(np.bincount(f.text, v * table[f.bucket], len(talk)) * share for f, v, share in looked)
            judged[family] = (1 / (1 + np.exp(-(head.bias + head.scale * sums)))).tolist()
        return judged

    @cached_property
    def _examples(self) -> Mapping[str, _Index]:
        found = {}
        for family in self._header.heads:
            numbers = [i for i, e in enumerate(self._header.examples) if e.family == family]
            known = pieces([plain(self._header.examples[i].text) for i in numbers])
            order = np.argsort(known.bucket, kind="stable")
            found[family] = _Index(
                numbers,
                starts=np.searchsorted(known.bucket[order], np.arange(BUCKETS + 1)),
                example=known.text[order],
                value=values(known, self._rarity, len(numbers))[order],
            )
        return found


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
