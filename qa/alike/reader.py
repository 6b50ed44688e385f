"""The second reader: how likely something is worded like a known offence or complaint (`models/alike-zh.bin`).

All talk is judged by a weighted sum of its pieces; one can follow what it adds up. The talk of which the sum is
not sure is judged by a small net over the same pieces as well. Neither needs a library, and on unseen dialogues
they do better than the sentence embeddings of two multilingual encoders (`models/alike-zh.md`).
"""

import zlib
from collections.abc import Mapping, Sequence
from functools import cache, cached_property, lru_cache
from typing import Final, NamedTuple

import msgspec
import numpy as np

from qa.alike.features import BUCKETS, Talk, pieces, plain, values, views
from qa.alike.net import Layers, Net, Part
from qa.core.base import Record
from qa.core.roles import Role
from qa.models.manifest import data_folder

FILE: Final = "alike-zh.bin"
UNSURE: Final = (-2.0, 2.5)
"""Where the sum has to lie, in log odds, for the net to be asked. Asking it always changes nothing that is
flagged (`models/alike-zh.md`)."""
RECENT: Final = 16
"""Readings kept, up to four of a call: every rule asks for the same talk again."""


class Example(Record, frozen=True):
    """A sentence that is known to be an offence or a complaint."""

    text: str
    family: str
    term: str = ""
    """The term it is an example of; empty where it comes from a dialogue."""


class Head(Record, frozen=True):
    """One linear answer."""

    role: Role
    """Whose words it is about."""
    bias: float
    scale: float
    """What one step of a stored weight is worth."""


class Header(Record, frozen=True):
    """What is said of the tables."""

    name: str
    version: int
    buckets: int
    heads: dict[str, Head]
    """Family -> its answer, in the order of the tables."""
    share: float = 0.0
    """How much of the answer the net has, 0..1; the sum has the rest."""


class Stored(Record, frozen=True):
    """The file of a reader (MessagePack)."""

    header: Header
    tables: bytes
    """The rarity of each bucket, then the weights of each family; compressed."""
    examples: bytes
    """A tuple of `Example` (MessagePack); compressed."""
    layers: Layers | None = None


class _Index(NamedTuple):
    """The pieces of the examples of one family, by bucket."""

    examples: list[Example]
    starts: np.ndarray
    """Where the entries of each bucket begin, and behind the last bucket where they end."""
    example: np.ndarray
    value: np.ndarray


class Reader:
    """Immutable once loaded, and shared by threads: what is built late is built the same by all of them."""

    def __init__(
        self, header: Header, rarity: bytes, weights: Mapping[str, bytes], examples: bytes, net: Net | None
    ) -> None:
        self.label = f"{header.name}@{header.version}"
        """Name and version, for results."""
        self._header = header
        self._rarity = np.frombuffer(rarity, np.uint8)
        self._weights = {f: np.frombuffer(w, np.int8) for f, w in weights.items()}
        self._packed_examples = examples
        self._net = net
        self._kept = lru_cache(RECENT)(self._judged)
        self._index = cache(self._indexed)

    @property
    def families(self) -> tuple[str, ...]:
        """The families it can judge."""
        return tuple(self._weights)

    def beside(self, family: str) -> list[str]:
        """The other families that are about the same person's words."""
        heads = self._header.heads
        return [f for f, head in heads.items() if f != family and head.role is heads[family].role]

    def likelihoods(self, family: str, talk: Sequence[Talk]) -> Sequence[float]:
        """For each piece of talk 0..1: how much it is worded like what is known of the family."""
        return self._kept(tuple(talk), self._header.heads[family].role)[family]

    def likelihood(self, family: str, said: str, before: str = "", own: str = "") -> float:
        """`likelihoods` of one piece of talk."""
        return self.likelihoods(family, [Talk(said, before, own)])[0]

    def nearest(self, family: str, said: str) -> Example | None:
        """The known case of the family that shares most of its rare pieces with what was said."""
        index = self._index(family)
        own = pieces([said])
        first, last = index.starts[own.bucket], index.starts[own.bucket + 1]
        shared = np.zeros(len(index.examples))
        for value, start, end in zip(values(own, self._rarity, 1), first, last, strict=True):
            shared[index.example[start:end]] += value * index.value[start:end]
        best = int(shared.argmax()) if len(shared) else 0
        return index.examples[best] if len(shared) and shared[best] else None

    def _judged(self, talk: tuple[Talk, ...], role: Role) -> Mapping[str, list[float]]:
        asked = {family: head for family, head in self._header.heads.items() if head.role is role}
        texts = len(talk)
        looked = []
        for found, weight in views(talk):
            each = self._rarity[found.bucket].astype(np.float32)
            length = np.maximum(np.sqrt(np.bincount(found.text, each * each, texts)), 1)
            looked.append((found, each, weight / length))
        odds = np.empty((len(asked), texts))
        for row, (family, head) in enumerate(asked.items()):
            table = self._weights[family]
            sums = [np.bincount(f.text, each * table[f.bucket], texts) * share for f, each, share in looked]
            odds[row] = head.bias + head.scale * np.sum(sums, 0)
        if self._net is not None:
            low, high = UNSURE
            unsure = np.flatnonzero(((odds > low) & (odds < high)).any(0))
            again = self._net.logits(self._parts([talk[i] for i in unsure]), len(unsure))
            columns = [i for i, family in enumerate(self._header.heads) if family in asked]
            share = self._header.share
            odds[:, unsure] = (1 - share) * odds[:, unsure] + share * again[:, columns].T
        return dict(zip(asked, (1 / (1 + np.exp(-odds))).tolist(), strict=True))

    def _parts(self, talk: Sequence[Talk]) -> list[Part]:
        return [Part(found, weight * values(found, self._rarity, len(talk))) for found, weight in views(talk)]

    @cached_property
    def _examples(self) -> tuple[Example, ...]:
        told: tuple[Example, ...] = msgspec.msgpack.decode(
            zlib.decompress(self._packed_examples), type=tuple[Example, ...]
        )
        return told

    def _indexed(self, family: str) -> _Index:
        examples = [e for e in self._examples if e.family == family]
        known = pieces([plain(e.text) for e in examples])
        order = np.argsort(known.bucket, kind="stable")
        return _Index(
            examples,
            starts=np.concatenate([[0], np.bincount(known.bucket, minlength=BUCKETS).cumsum()]),
            example=known.text[order],
            value=values(known, self._rarity, len(examples))[order],
        )


@cache
def reader() -> Reader:
    """The reader that comes with the program, read once."""
    return unpacked((data_folder("models") / FILE).read_bytes())


def packed(
    header: Header,
    rarity: bytes,
    weights: Mapping[str, bytes],
    examples: Sequence[Example] = (),
    layers: Layers | None = None,
) -> bytes:
    """The file of a reader."""
    tables = b"".join([rarity, *(weights[family] for family in header.heads)])
    told = msgspec.msgpack.encode(examples)
    return msgspec.msgpack.encode(Stored(header, zlib.compress(tables, 9), zlib.compress(told, 9), layers))


def unpacked(data: bytes) -> Reader:
    """The reader of a file that `packed` made."""
    stored = msgspec.msgpack.decode(data, type=Stored)
    header = stored.header
    if header.buckets != BUCKETS:
        raise ValueError("the model was trained for other buckets")
    tables = zlib.decompress(stored.tables)
    rarity, *rest = (tables[i : i + BUCKETS] for i in range(0, len(tables), BUCKETS))
    net = Net(stored.layers) if stored.layers else None
    return Reader(header, rarity, dict(zip(header.heads, rest, strict=True)), stored.examples, net)
