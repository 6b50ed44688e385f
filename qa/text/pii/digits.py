"""Digits as they are spoken and as recognisers write them: 幺 that became 要, 双三, 三个八, "double five", "oh",
groups between commas and small words. A run keeps the place of every digit, so that parts of it can be told apart.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from qa.core.base import Record
from qa.core.lazy import lazy

_PLAIN: Final = dict(zip("零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "001234567891123456789", strict=True))
_SAID: Final = {
    **dict.fromkeys("要腰夭邀妖吆药耀摇", "1"),
    **dict.fromkeys("两", "2"),
    **dict.fromkeys("洞", "0"),
    **dict.fromkeys("拐", "7"),
    **dict.fromkeys("勾", "9"),
}
"""Ways to say a digit, and how 幺 is misheard; digits only between digits."""
_MISHEARD: Final = {
    **dict.fromkeys("令林玲另灵", "0"),
    **dict.fromkeys("衣依医", "1"),
    **dict.fromkeys("耳儿尔", "2"),
    **dict.fromkeys("伞散", "3"),
    **dict.fromkeys("思斯死寺", "4"),
    **dict.fromkeys("舞午武捂", "5"),
    **dict.fromkeys("刘流柳留溜", "6"),
    **dict.fromkeys("奇棋其骑", "7"),
    **dict.fromkeys("扒吧巴爸", "8"),
    **dict.fromkeys("酒久就旧", "9"),
}
"""Homophones that stand for a digit only deep inside a long run."""
_ENGLISH: Final = {
    "zero": "0", "oh": "0", "nought": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5",
    "six": "6", "seven": "7", "eight": "8", "nine": "9",
}  # fmt: skip
_TEENS: Final = {
    "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14", "fifteen": "15",
    "sixteen": "16", "seventeen": "17", "eighteen": "18", "nineteen": "19",
}  # fmt: skip
_TENS: Final = {
    "twenty": "2", "thirty": "3", "forty": "4", "fifty": "5", "sixty": "6", "seventy": "7", "eighty": "8",
    "ninety": "9",
}  # fmt: skip
_COUNTS: Final = {"两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "2": 2, "3": 3, "4": 4, "5": 5}

_D: Final = "0-9零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖"
_WORD: Final = "|".join(_ENGLISH)
_NUMERAL: Final = rf"[{_D}](?<!第.)(?!(?<=一)[下个定样些直般起共旦切边种点会])"
"""A digit that is no part of an ordinal and of no everyday word: 一下, 一直."""
_TOKEN: Final = re.compile(
    # Nearly all characters begin none of these; without the look ahead each is tried with all of them.
    rf"(?=[{_D}两双a-z叉{''.join(_SAID)}{''.join(_MISHEARD)}])(?:"
    rf"(?P<count>[两二三四五2-5])个(?P<counted>[{_D}])(?![十百千万年月点块元多])"
    rf"|双(?P<double>[{_D}])|(?P<plain>{_NUMERAL})"
    rf"|(?<![a-z])(?P<times>double|triple)[ -](?P<repeated>{_WORD}|o|[0-9])(?![a-z])"
    rf"|(?<![a-z])(?P<hundred>{_WORD})[ -]hundred(?: and)?(?![a-z])"
    rf"|(?<![a-z])(?P<tens>{'|'.join(_TENS)})(?:[ -](?P<ones>{_WORD}))?(?![a-z])"
    rf"|(?<![a-z])(?P<teen>{'|'.join(_TEENS)})(?![a-z])"
    rf"|(?<![a-z])(?P<word>{_WORD}|o)(?![a-z])"
    rf"|(?P<said>[{''.join(_SAID)}])|(?P<misheard>[{''.join(_MISHEARD)}])|(?<=[{_D}])(?P<x>x|叉)(?![a-z]))"
)
NUMBER_WORDS: Final = re.compile("|".join((*_ENGLISH, *_TENS, *_TEENS)))
SURE: Final = re.compile(rf"{_NUMERAL}|[双个][{_D}]|{NUMBER_WORDS.pattern}|(?<![a-z])o(?![a-z])")
"""Without one of these nothing that merely sounds like a digit is taken for one."""
_SEPARATORS: Final = r"[\s,、。.\-—–/·()…;+_]{0,3}"
_BETWEEN: Final = (
    rf"{_SEPARATORS}(?:(?:嗯|呃|额|啊|哦|然后|再来|再|接着是?|后面是?|那个|横?杠|横线|空格|dash|hyphen"
    rf"|space|um|uh|and then|then)"
    rf"{_SEPARATORS}){{0,2}}"
)
_GAP: Final = re.compile(_BETWEEN)
_SOUNDS: Final = f"{_D}{''.join(_SAID)}o"
SEVERAL: Final = re.compile(rf"[双个{_SOUNDS}](?:(?<=[双个])[{_D}]|(?<![双个]){_BETWEEN}[{_SOUNDS}x叉])")
"""This, or one of `NUMBER_WORDS`, is in every text with a run of two digits."""
ALPHABET: Final = "".join(sorted(set(re.findall(r"[^\W\da-zA-Z_]", _TOKEN.pattern + _BETWEEN))))
"""The Chinese characters that a run is made of, and those that stand between its digits."""
_LONGEST_GAP: Final = 18
_ENOUGH_TO_HEAR: Final = 3
"""Sure digits in a run before 要 in it is taken for 幺."""
_ENOUGH_TO_GUESS: Final = 6
"""Sure digits in a run before a homophone in it is taken for a digit."""
_LONGEST_RUN: Final = 60
"""Digits; nothing personal is as long, and longer runs are cut so that work stays linear."""


class Token(Record, frozen=True, gc=False):
    """One or several digits and where they stand."""

    start: int
    end: int
    digits: str
    sure: bool = True
    """Written as a digit, not as something that sounds like one."""
    misheard: bool = False
    """A homophone that nobody says for a digit."""


@dataclass(frozen=True)
class Run:
    """Digits that belong together."""

    turn: int
    tokens: tuple[Token, ...]

    @property
    def start(self) -> int:
        """Offset of the first digit."""
        return self.tokens[0].start

    @property
    def end(self) -> int:
        """Offset behind the last digit."""
        return self.tokens[-1].end

    @lazy
    def digits(self) -> str:
        """The digits without anything between them."""
        return "".join(t.digits for t in self.tokens)

    @lazy
    def groups(self) -> tuple[tuple[Token, ...], ...]:
        """The tokens, cut where something stands between two of them."""
        groups: list[list[Token]] = []
        for token in self.tokens:
            if groups and groups[-1][-1].end == token.start:
                groups[-1].append(token)
            else:
                groups.append([token])
        return tuple(map(tuple, groups))

    def sub(self, tokens: tuple[Token, ...]) -> "Run":
        """A part of this run."""
        return Run(self.turn, tokens)


def runs_in(text: str, turn: int = 0, shortest: int = 1) -> Iterator[Run]:
    """All runs of so many digits in a text in normal form, in order."""
    if SURE.search(text) is None:
        return
    waiting: list[Token] = []
    for token in _tokens(text):
        if waiting and (not _joined(text, waiting[-1], token) or len(waiting) >= _LONGEST_RUN):
            yield from _finished(text, waiting, turn, shortest)
            waiting = []
        waiting.append(token)
    yield from _finished(text, waiting, turn, shortest)


def _joined(text: str, left: Token, right: Token) -> bool:
    gap = right.start - left.end
    if left.misheard or right.misheard:
        return gap == 0
    return gap == 0 or (gap <= _LONGEST_GAP and _GAP.fullmatch(text, left.end, right.start) is not None)


def _tokens(text: str) -> Iterator[Token]:
    for m in _TOKEN.finditer(text):
        if m.lastgroup == "plain":  # nearly all of them
            yield Token(m.start(), m.end(), _digit(m.group()))
            continue
        misheard = m["misheard"] is not None
        yield Token(m.start(), m.end(), _value(m), sure=not misheard and m["said"] is None, misheard=misheard)


def _value(m: re.Match[str]) -> str:
    if m["count"]:
        return _digit(m["counted"]) * _COUNTS[m["count"]]
    if m["double"]:
        return _digit(m["double"]) * 2
    if m["times"]:
        return _digit(m["repeated"]) * (2 if m["times"] == "double" else 3)
    if m["hundred"]:
        return _digit(m["hundred"]) + "00"
    if m["tens"]:
        return _TENS[m["tens"]] + (_digit(m["ones"]) if m["ones"] else "0")
    if m["teen"]:
        return _TEENS[m["teen"]]
    if m["word"]:
        return _digit(m["word"])
    if m["x"]:
        return "X"
    return _SAID.get(m.group()) or _MISHEARD[m.group()]


def _digit(written: str) -> str:
    if written == "o":
        return "0"
    return _PLAIN.get(written) or _ENGLISH.get(written) or written


def _finished(text: str, tokens: list[Token], turn: int, shortest: int) -> Iterator[Run]:
    """The run without what merely sounds like digits at its ends; a leading 要 may be the 1 of a mobile number."""
    if len(tokens) == 1:  # nearly all of them
        if tokens[0].sure and tokens[0].digits != "X" and len(tokens[0].digits) >= shortest:
            yield Run(turn, tuple(tokens))
        return
    sure = [i for i, t in enumerate(tokens) if t.sure and t.digits != "X"]
    if not sure:
        return
    first, last = sure[0], sure[-1]
    if len(sure) >= _ENOUGH_TO_GUESS:
        first, last = _widened(text, tokens, first, last)
    if last + 1 < len(tokens) and tokens[last + 1].digits == "X" and (last - first >= 14 or last - first == 2):
        last += 1
    enough = _ENOUGH_TO_GUESS if any(t.misheard for t in tokens[first:last]) else _ENOUGH_TO_HEAR
    kept = tuple(t for t in tokens[first : last + 1] if t.sure or len(sure) >= enough)
    if sum(len(t.digits) for t in kept) >= shortest:
        yield Run(turn, kept)


def _widened(text: str, tokens: list[Token], first: int, last: int) -> tuple[int, int]:
    """Take in the 要 that stand directly at the ends of a long run, unless a word goes on behind them."""
    while first and tokens[first - 1].digits == "1" and tokens[first - 1].end == tokens[first].start:
        first -= 1
    end = last
    while end + 1 < len(tokens) and tokens[end + 1].digits == "1" and tokens[end + 1].start == tokens[end].end:
        end += 1
    behind = text[tokens[end].end : tokens[end].end + 1]
    return first, last if behind.isalnum() else end
