"""Which of several readings of the same sound is made of real words: the recogniser's worst habit is homophones.

Beam search ends with several readings that sound alike and cost nothing more to look at: 身份核实, 身份合时. Each
is weighed by how common its words are, in jieba's dictionary and a short list of service words; a small weight,
so that the sound decides where it is clear.
"""

import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

from qa.speech.textguards import compression, syllables_like, to_simplified

_LONGEST_WORD: Final = 6
_UNKNOWN: Final = 0.5
"""Count given to a character that the dictionary does not have."""
_BUSINESS: Final = 2000
"""Least count of a word of service calls; in the dictionary 客户 has 3798, 订单 300, 工号 3."""
_REPETITIVE: Final = 2.4
"""Compression above which a reading is a loop (Whisper's authors)."""
_SHARE_OF_LONGEST: Final = 0.9
"""A reading that says less than this share of the longest has dropped something, which always sounds likelier."""
_PER_CHARACTER: Final = 5.0
"""What a character of running text costs on average, nats: given back, so that saying less is no advantage."""


def best_reading(texts: Sequence[str], log_probabilities: Sequence[float], weight: float) -> int:
    """Index of the best of several readings, given the log probability of each as a whole (natural logarithm)."""
    sane = [i for i, text in enumerate(texts) if compression(text) <= _REPETITIVE] or list(range(len(texts)))
    amounts = [syllables_like(text) for text in texts]
    most = max(amounts[i] for i in sane)
    whole = [i for i in sane if amounts[i] >= _SHARE_OF_LONGEST * most]
    return max(whole, key=lambda i: log_probabilities[i] + weight * word_score(texts[i]))


def word_score(text: str) -> float:
    """How common the words of a text are: the log probability of its likeliest division into words, plus a
    constant for each Chinese character. What is not Chinese counts nothing.
    """
    counts, total = _dictionary()
    simple = to_simplified(text)
    best = [0.0] * (len(simple) + 1)
    for end in range(1, len(simple) + 1):
        if not "\u4e00" <= simple[end - 1] <= "\u9fff":
            best[end] = best[end - 1]
            continue
        best[end] = max(
            best[start] + _log_share(counts.get(simple[start:end], 0), end - start, total)
            for start in range(max(0, end - _LONGEST_WORD), end)
        )
    return best[-1]


def _log_share(count: int, length: int, total: int) -> float:
    if not count and length > 1:
        return -math.inf
    return math.log((count or _UNKNOWN) / total) + _PER_CHARACTER * length


@cache
def _dictionary() -> tuple[dict[str, int], int]:
    import jieba

    counts: dict[str, int] = {}
    with jieba.get_dict_file() as file:
        for line in file:
            word, count, *_ = line.decode().split(" ")
            if len(word) <= _LONGEST_WORD:
                counts[word] = int(count)
    for line in Path(__file__).with_name("business_words.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            for word in line.split():
                counts[word] = max(counts.get(word, 0), _BUSINESS)
    return counts, sum(counts.values())
