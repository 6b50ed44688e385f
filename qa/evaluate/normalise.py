"""The form in which texts are compared for the character error rate, spelled out.

Both texts go the same way:

1. Unicode NFKC (full width to half width), case folded, Traditional to Simplified (OpenCC `t2s`).
2. Numbers to the way they are spoken: `15%` 百分之十五, `3.5` 三点五, `9:30` 九点三十, `50万` 五十万, `2026年`
二零二六年.
   A plain run of digits can be read as a value (一百二十) or digit by digit (一二零): where the other text holds
   one of the two readings, that one is taken; otherwise up to four digits without a leading zero are a value, as
   is anything that ends in four zeros, and the rest is read digit by digit. 两 and 幺 count as 二 and 一, 〇 as
   零.
3. Everything that is not a letter or a digit of some script is dropped: punctuation, spaces, symbols.
"""

import re
import unicodedata
from functools import cache
from typing import Final

import opencc

_DIGITS: Final = "零一二三四五六七八九"
_SMALL_UNITS: Final = ("", "十", "百", "千")
_LARGE_UNITS: Final = ("", "万", "亿", "万亿")
_SAME_SOUND: Final = str.maketrans("两幺〇", "二一零")
_THOUSANDS: Final = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_CLOCK: Final = re.compile(r"(?<!\d)(\d{1,2}):(\d{2})(?!\d)")
_PERCENT: Final = re.compile(r"(\d+(?:\.\d+)?)%")
_DECIMAL: Final = re.compile(r"(\d+)\.(\d+)")
_YEAR: Final = re.compile(r"(\d{4})(?=年)")
_PLAIN: Final = re.compile(r"\d+")
_MOST_DIGITS_OF_A_VALUE: Final = 16
_VALUE_DIGITS: Final = 4


def normalise(text: str, other: str = "") -> str:
    """`text` in the form in which it is compared. `other` is the text it is compared with, for reading numbers."""
    other = _letters(_script(other))
    text = _THOUSANDS.sub("", _script(text))
    text = _CLOCK.sub(lambda m: f"{m[1]}点" + (m[2] if int(m[2]) else ""), text)
    text = _PERCENT.sub(r"百分之\1", text)
    text = _DECIMAL.sub(lambda m: f"{_value(m[1])}点{_one_by_one(m[2])}", text)
    text = _YEAR.sub(lambda m: _one_by_one(m[1]), text)
    text = _PLAIN.sub(lambda m: _read(m[0], other), text)
    return _letters(text).translate(_SAME_SOUND)


def _script(text: str) -> str:
    return str(_converter().convert(unicodedata.normalize("NFKC", text).casefold()))


def _letters(text: str) -> str:
    return "".join(c for c in text if unicodedata.category(c)[0] in "LN")


def _read(digits: str, other: str) -> str:
    value, spelled = _value(digits), _one_by_one(digits)
    other = other.translate(_SAME_SOUND)
    if (value in other) != (spelled in other):
        return value if value in other else spelled
    short = len(digits) <= _VALUE_DIGITS and not digits.startswith("0")
    return value if short or digits.endswith("0000") else spelled


def _one_by_one(digits: str) -> str:
    return "".join(_DIGITS[int(d)] for d in digits)


def _value(digits: str) -> str:
    digits = digits.lstrip("0") or "0"
    if digits == "0" or len(digits) > _MOST_DIGITS_OF_A_VALUE:
        return _one_by_one(digits)
    groups = [digits[max(0, end - 4) : end] for end in range(len(digits), 0, -4)]
    spoken = ""
    for power in reversed(range(len(groups))):
        group = groups[power]
        if not int(group):
            spoken += "零" if spoken and not spoken.endswith("零") else ""
            continue
        below = _below_ten_thousand(group, leading=not spoken or spoken.endswith("零"))
        spoken += below + _LARGE_UNITS[power]
    spoken = spoken.rstrip("零")
    return spoken.removeprefix("一") if spoken.startswith("一十") else spoken


def _below_ten_thousand(group: str, *, leading: bool) -> str:
    spoken, pending_zero = "", not leading and group.startswith("0")
    for place, digit in enumerate(group):
        if digit == "0":
            pending_zero = bool(spoken) or pending_zero
            continue
        spoken += ("零" if pending_zero else "") + _DIGITS[int(digit)] + _SMALL_UNITS[len(group) - place - 1]
        pending_zero = False
    return spoken


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")
