"""Syllable classes: each Chinese character is replaced by one that stands for how it sounds on a telephone line.

The classes are private-use characters, so that the same automaton that finds terms finds their homophones, and
a translated text has the length of the original. See `build_syllables` for the mergers.
"""

import re
from collections.abc import Sequence
from functools import cache
from itertools import product
from math import prod
from pathlib import Path
from typing import Final, NamedTuple

from qa.text.mapping import Mapped

_TABLE: Final = Path(__file__).parent / "data" / "syllables.txt"
_FIRST_CLASS: Final = 0xE000
_SYLLABLES: Final = re.compile("[\ue000-\uf8ff]+")
_DIGITS: Final = {
    "0": "零",
    "1": "一",
    "2": "二",
    "3": "三",
    "4": "四",
    "5": "五",
    "6": "六",
    "7": "七",
    "8": "八",
    "9": "九",
}
_MAX_READINGS: Final = 8
"""Readings tried for one pattern; beyond that the commonest reading must do."""


class _Tables(NamedTuple):
    classes: Mapped
    others: dict[str, str]
    names: dict[str, str]


@cache
def _tables() -> _Tables:
    classes: dict[int, int] = {}
    symbols: dict[str, str] = {}
    others: dict[str, str] = {}
    head, _, tail = _TABLE.read_text(encoding="utf-8").partition("*\n")
    for i, line in enumerate(head.splitlines()):
        name, chars = line.split("\t")
        symbols[name] = chr(_FIRST_CLASS + i)
        classes.update(dict.fromkeys(map(ord, chars), ord(symbols[name])))
    for line in tail.splitlines():
        char, names = line.split("\t")
        others[char] = "".join(symbols[n] for n in names.split())
    for digit, char in _DIGITS.items():
        classes[ord(digit)] = classes[ord(char)]
    return _Tables(Mapped(classes), others, {s: n for n, s in symbols.items()})


def syllables(text: str) -> str:
    """The text with every Chinese character and digit replaced by its class; other characters stay."""
    return _tables().classes(text)


def readings(text: str) -> list[str]:
    """The class forms of a pattern: the commonest reading first, then those its polyphonic characters allow."""
    return _readings(text, syllables(text))


def readings_of(texts: Sequence[str]) -> list[list[str]]:
    """`readings` of many texts without line breaks, in less time than one by one."""
    if not texts:
        return []
    joined = "\n".join(texts)
    plain = syllables(joined).split("\n")
    if _tables().others.keys().isdisjoint(joined):
        return [[p] for p in plain]
    return [_readings(text, p) for text, p in zip(texts, plain, strict=True)]


def _readings(text: str, plain: str) -> list[str]:
    others = _tables().others
    if others.keys().isdisjoint(text):
        return [plain]
    choices = [p + others.get(c, "") for c, p in zip(text, plain, strict=True)]
    count = prod(map(len, choices))
    return ["".join(r) for r in product(*choices)] if count <= _MAX_READINGS else [plain]


def are_syllables(form: str) -> bool:
    """Whether all characters of a class form stand for Chinese syllables."""
    return _SYLLABLES.fullmatch(form) is not None


def class_name(char: str) -> str:
    """The class of one character of a class form in letters (`zan`), or the character itself."""
    return _tables().names.get(char, char)
