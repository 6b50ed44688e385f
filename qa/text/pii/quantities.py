"""Amounts, percentages, dates and plain numbers: what rules ask for and nobody hides."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from qa.text.calltext import TurnText
from qa.text.pii.entity import Entity

_D: Final = "0-9零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖"
_QUANTITIES: Final = {
    "amount": re.compile(rf"(?<![{_D}两十百千万亿.])[{_D}两十百千万亿.]+(?:多|几)?(?:块钱?|元|万元|万块|美元|角)"),
    "percent": re.compile(rf"百分之[{_D}十百点.]+|(?<![0-9.])[0-9.]+%|(?<![{_D}点.])[{_D}点.]+个点"),
    "date": re.compile(rf"(?:[{_D}]{{2,4}}年)?[{_D}十]{{1,3}}月[{_D}十]{{1,3}}[日号]"),
    "number": re.compile(rf"[{_D}]{{2,}}"),
}
_SIGN: Final = re.compile(rf"[{_D}两十百千万亿]")
"""Without one of these nothing is a quantity."""


def quantities(turn: TurnText, personal: Sequence[Entity]) -> Iterator[Entity]:
    """The quantities of a turn that are not part of something personal."""
    if _SIGN.search(turn.normal) is None:
        return
    taken = {i for p in personal for i in range(p.start, p.end)}
    for kind, regex in _QUANTITIES.items():
        for m in regex.finditer(turn.normal):
            if taken.isdisjoint(range(m.start(), m.end())):
                yield Entity(kind, turn.turn_position, m.start(), m.end(), m.group(), True)
