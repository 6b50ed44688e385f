"""The forms in which text is compared. Every form has exactly as many characters as the text it was made from,
so that an offset in one is an offset in all, and in the words with their times.

    normal form   Simplified, half width, small letters; punctuation stays     for people and regular expressions
    match form    the normal form with variants folded (您=你, 一=1, 她=他)     for terms and the context grammar
"""

import re
from functools import cache, lru_cache
from typing import Final

import opencc

from qa.text.mapping import Mapped

_FULL_WIDTH_OFFSET: Final = 0xFEE0
_SAME: Final = {code: code for code in range(0x4E00, 0xA000)}
"""Chinese characters stand in the tables although they stay: looking in vain costs three times as much."""
_WIDTHS: Final = Mapped(
    _SAME
    | {code: code - _FULL_WIDTH_OFFSET for code in range(0xFF01, 0xFF5F)}
    | {0x3000: 0x20, 0xA0: 0x20}
    | str.maketrans("帳帐", "账账")
)
"""帳戶 becomes 帐户 by the tables of OpenCC, which nobody writes any more."""
_USUAL: Final = {"身分": "身份", "部份": "部分", "回覆": "回复", "答覆": "答复"}
"""What Taiwan and Hong Kong write otherwise without any character being a Traditional one."""
_FOLDS: Final = Mapped(
    _SAME
    | str.maketrans(
        "您妳她它牠祂著甚麽裏喔噢唔呐〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖_",
        "你你他他他他着什么里哦哦嗯呢00123456789112345678" + "9 ",
    )
)
"""Characters that speakers and recognisers do not tell apart. Digits make 一二三一五 and 12315 the same. The
underscore is a mark like any other, and only to regular expressions a letter."""


@cache
def _to_simplified() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


@lru_cache(maxsize=65536)
def _one(char: str) -> str:
    """The normal form of a single character, or the character itself where that would change the length."""
    small = char.lower()
    char = small if len(small) == 1 else char
    simplified: str = _to_simplified().convert(char)
    return simplified if len(simplified) == 1 else char


def normal_form(text: str) -> str:
    """Simplified, half width and small letters, of the same length as `text` whatever it holds."""
    simplified = _simplified(text)
    for regional, usual in _USUAL.items():
        simplified = simplified.replace(regional, usual)
    return simplified


def _simplified(text: str) -> str:
    narrow = _WIDTHS(text)
    small = narrow.lower()
    if len(small) != len(text):
        return "".join(map(_one, narrow))
    if small.isascii():
        return small
    try:
        simplified: str = _to_simplified().convert(small)
    except UnicodeError:  # a lone surrogate has no UTF-8 form
        return "".join(c if "\ud800" <= c <= "\udfff" else _one(c) for c in small)
    return simplified if len(simplified) == len(text) else "".join(map(_one, small))


def match_form(normal: str) -> str:
    """Fold variants in a text that is already in normal form; keeps the length."""
    return _FOLDS(normal)


def fold(text: str) -> str:
    """Normal form and match form in one; what patterns are brought to."""
    return match_form(normal_form(text))


_NOT_PLAIN: Final = re.compile(r"[^\w%?]+|_")


def plain(matchable: str) -> str:
    """A text in match form without punctuation but for question marks; blanks and the point of 3.5 go as well."""
    return _NOT_PLAIN.sub("", matchable)
