"""Amounts, percentages, dates and plain numbers: what rules ask for and nobody hides."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from qa.text.calltext import CallText
from qa.text.pii.entity import Entity

_D: Final = "0-9零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖"
_QUANTITIES: Final = {
    "amount": (
        re.compile("[块元角]"),
        re.compile(rf"(?<![{_D}两十百千万亿.])[{_D}两十百千万亿.]+(?:多|几)?(?:块钱?|元|万元|万块|美元|角)"),
    ),
    "percent": (
        re.compile("百分之|%|个点"),
        re.compile(rf"百分之[{_D}十百点.]+|(?<![0-9.])[0-9.]+%|(?<![{_D}点.])[{_D}点.]+个点"),
    ),
    "date": (re.compile("月"), re.compile(rf"(?:[{_D}]{{2,4}}年)?[{_D}十]{{1,3}}月[{_D}十]{{1,3}}[日号]")),
    "number": (re.compile(rf"[{_D}]{{2}}"), re.compile(rf"[{_D}]{{2,}}")),
}
"""Kind -> what must be in the turn, and what it looks like."""


def quantities(call: CallText, personal: Iterable[Entity]) -> Iterator[Entity]:
    """The quantities of a call that are not part of something personal."""
    taken: dict[int, set[int]] = defaultdict(set)
    for p in personal:
        taken[p.turn].update(range(p.start, p.end))
    for kind, (sign, regex) in _QUANTITIES.items():
        for turn in call.turns_with(sign):
            at = turn.turn_position
            for m in regex.finditer(turn.normal):
                if at not in taken or taken[at].isdisjoint(range(*m.span())):
                    yield Entity(kind, at, m.start(), m.end(), m.group(), True)
