"""Word segmentation behind a protocol: rjieba where it is installed, else jieba, with the same tokens."""

import re
from bisect import bisect_left, bisect_right
from functools import cache, lru_cache
from typing import Final, Protocol

from qa.text.normalise import normal_form

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class Segmenter(Protocol):
    """Cuts text into words."""

    def cut(self, text: str) -> list[str]:
        """The words of `text`; joined, they are `text` again."""
        ...

    def knows(self, word: str) -> bool:
        """Whether `word` is in the dictionary."""
        ...


class RustJieba:
    """jieba's dictionary and algorithm, compiled; thirty times as fast."""

    def __init__(self) -> None:
        import rjieba

        self._jieba = rjieba.Jieba()

    def cut(self, text: str) -> list[str]:
        """The words of `text`."""
        words: list[str] = self._jieba.cut(text)
        return words

    def knows(self, word: str) -> bool:
        """Whether `word` is in the dictionary."""
        return bool(self._jieba.has_word(word))


class PlainJieba:
    """jieba itself."""

    def __init__(self) -> None:
        import logging

        import jieba

        jieba.setLogLevel(logging.WARNING)
        self._jieba = jieba.Tokenizer()

    def cut(self, text: str) -> list[str]:
        """The words of `text`."""
        words: list[str] = self._jieba.lcut(text)
        return words

    def knows(self, word: str) -> bool:
        """Whether `word` is in the dictionary."""
        self._jieba.initialize()
        return bool(self._jieba.FREQ.get(word))


@cache
def segmenter() -> Segmenter:
    """The fastest segmenter that is installed."""
    try:
        return RustJieba()
    except ImportError:
        return PlainJieba()


@lru_cache(maxsize=4096)
def word_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Start and end of every word of a text in normal form."""
    spans, start = [], 0
    for word in segmenter().cut(_SURROGATE.sub("?", text)):  # has no UTF-8 form to hand to the segmenter
        spans.append((start, start + len(word)))
        start += len(word)
    return tuple(spans)


def words_over(text: str, start: int, end: int) -> tuple[tuple[int, int], ...]:
    """Those of these words that hold some of the stretch `start..end`."""
    spans = word_spans(text)
    return spans[bisect_right(spans, start, key=_end) : bisect_left(spans, end, key=_start)]


def _start(span: tuple[int, int]) -> int:
    return span[0]


def _end(span: tuple[int, int]) -> int:
    return span[1]


def similar_ratio(first: str, second: str) -> float:
    """How much two short texts share, 0..1, by their words' characters in order (longest common subsequence)."""
    a, b = normal_form(first), normal_form(second)
    if not a or not b:
        return 0.0
    return 2 * common_length(a, b) / (len(a) + len(b))


def common_length(first: str, second: str) -> int:
    """Length of the longest common subsequence, by bit vectors (Hyyrö 2004)."""
    positions: dict[str, int] = {}
    for i, char in enumerate(first):
        positions[char] = positions.get(char, 0) | (1 << i)
    mask = (1 << len(first)) - 1
    vector = mask
    for char in second:
        matched = vector & positions.get(char, 0)
        vector = ((vector + matched) | (vector - matched)) & mask
    return len(first) - vector.bit_count()
