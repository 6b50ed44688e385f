"""Personal data with letters in it: e-mail addresses, passports, number plates, codes."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from qa.text.calltext import CallText, TurnText
from qa.text.pii.cues import TurnCues
from qa.text.pii.entity import Entity

_D: Final = "0-9零〇一二三四五六七八九幺两"
_DIGIT: Final = f"[{_D}]"

# -- e-mail ----------------------------------------------------------------------------------------------------
_AT: Final = re.compile(
    r"\s{0,2}[,，]?\s{0,2}(?:@|艾特|爱特|艾它|埃特|小老鼠|圈a|(?<=[a-z0-9])\s{0,2}at\b|\bat\b)\s{0,2}[,，]?\s{0,2}"
)
_SAYS_AT: Final = re.compile("@|艾特|爱特|艾它|埃特|小老鼠|圈a|at")
_TOP: Final = r"(?:com|cn|net|org|edu|gov|io|me|co|uk|us|hk|tw|info|康姆|康|抗|坑|堪|c ?o ?m|c ?n)"
_DOT: Final = r"\s{0,2}(?:\.|点儿?|dot\b|杠)\s{0,2}"
_DOMAIN: Final = re.compile(
    rf"(?:[a-z0-9-]{{1,30}}(?: (?!dot\b)[a-z0-9-]{{1,12}}){{0,3}}|[{_D}]{{2,8}}|新浪|网易|搜狐|腾讯|谷歌|雅虎"
    rf"|[\u4e00-\u9fff]{{2,4}}?)"
    rf"(?:邮箱)?(?:{_DOT}(?:[a-z0-9-]{{2,20}}{_DOT})?{_TOP}(?:{_DOT}{_TOP})?)(?![a-z])"
)
_BEFORE_AT: Final = re.compile(
    rf"[a-z0-9]+|{_DIGIT}|[幺要]|下划线|杠|横线|减号|点|[._\-+]|underscore|dash|hyphen|dot"
)
_CONNECTORS: Final = {
    "下划线",
    "杠",
    "横线",
    "减号",
    "点",
    ".",
    "_",
    "-",
    "+",
    "underscore",
    "dash",
    "hyphen",
    "dot",
}
_NO_LOCAL_TEXT: Final = (
    "is it's its email mail e address my me to the on yes sure that's that send an at and or ok okay yeah well "
    "so um uh"
    " please use contact it reach was be would i'm am can you your"
)
_NO_LOCAL: Final = frozenset(_NO_LOCAL_TEXT.split())
_LOCAL_REACH: Final = 60

# -- passports, plates, codes ------------------------------------------------------------------------------------
_JOIN: Final = r"[\s,、·.\-]{0,2}"
_PASSPORT: Final = re.compile(
    rf"(?<![a-z0-9])(?:[a-z]{_JOIN}){{1,2}}(?:{_DIGIT}{_JOIN}){{6,8}}{_DIGIT}(?![a-z0-9])"
)
_PASSPORT_SURE: Final = re.compile(
    r"(?<![a-z0-9])(?:[egdspm]\d{8}|e[a-hj-np-z]\d{7}|[hm]\d{8}(?:\d{2})?)(?![a-z0-9])"
)
_TAIWAN_ID: Final = re.compile(rf"(?<![a-z0-9])[a-z]{_JOIN}(?:{_DIGIT}{_JOIN}){{8}}{_DIGIT}(?![a-z0-9])")
_HONG_KONG_ID: Final = re.compile(r"(?<![a-z0-9])[a-z]{1,2}\d{6}\s?\([\da]\)")
_PROVINCES: Final = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤川青藏琼宁"
_PLATE: Final = re.compile(
    rf"[{_PROVINCES}]{_JOIN}[a-z](?:{_JOIN}(?:[a-z]|{_DIGIT}|要)){{4,5}}(?:{_DIGIT}|[a-z挂学警港澳])(?![a-z0-9])"
    rf"|[{_PROVINCES}]{_JOIN}[a-z](?:{_JOIN}(?:[a-z]|{_DIGIT})){{5}}"
)
_PLATE_CUED: Final = re.compile(
    rf"(?<![a-z0-9])[a-z0-9](?:{_JOIN}(?:[a-z](?![a-z]{{3}})|{_DIGIT})){{4,7}}(?![a-z])"
)
_CODE: Final = re.compile(r"(?<![a-z0-9])(?=[a-z0-9]{0,7}\d)(?=[a-z0-9]{0,7}[a-z])[a-z0-9]{4,8}(?![a-z0-9])")
_LETTERS: Final = re.compile(r"[a-z]")
_PASSPORT_TURNS: Final = 3
"""Turns before a letter and eight digits in which a passport or plate was asked for."""


def emails(call: CallText) -> Iterator[Entity]:
    """E-mail addresses, written or spoken."""
    for turn in call.turns_with(_SAYS_AT):
        yield from _emails(turn)


def _emails(turn: TurnText) -> Iterator[Entity]:
    text = turn.normal
    behind = 0
    for at in _AT.finditer(text):
        domain = _DOMAIN.match(text, at.end())
        if domain is None or at.start() < behind:
            continue
        start = _local_start(text, at.start(), behind)
        if start < at.start():
            behind = domain.end()
            written = "@" in at.group()
            yield Entity("email", turn.turn_position, start, domain.end(), text[start : domain.end()], written)


def _local_start(text: str, end: int, floor: int) -> int:
    """Where the part before the at begins: letters, digits and connecting words, back to an ordinary word."""
    floor = max(floor, end - _LOCAL_REACH)
    pieces = [(m.start() + floor, m.end() + floor, m.group()) for m in _BEFORE_AT.finditer(text[floor:end])]
    start = end
    for a, b, piece in reversed(pieces):
        gap = text[b:start]
        if len(gap) > 2 or not all(c in " ,、，" for c in gap) or piece in _NO_LOCAL:
            break
        start = a
    while start < end and (text[start] in " ,._-+点" or text.startswith(("dot", "杠"), start)):
        start += 1
    return start


def documents(call: CallText, cues: Sequence[TurnCues]) -> Iterator[Entity]:
    """Passports, plates and codes with letters, by their form and by what was asked for."""
    for turn in call.latin:
        at = turn.turn_position
        wanted = {c.kind for own in cues[max(0, at - _PASSPORT_TURNS) : at + 1] for c in own.all}
        yield from _documents(turn, cues[at], wanted)


def _documents(turn: TurnText, cues: TurnCues, wanted: set[str]) -> Iterator[Entity]:
    text = turn.normal

    def entity(kind: str, m: re.Match[str], *, valid: bool) -> Entity:
        value = re.sub(r"[\s,、·.\-]", "", m.group())
        return Entity(kind, turn.turn_position, m.start(), m.end(), value, valid)

    for m in _PLATE.finditer(text):
        yield entity("plate", m, valid=True)
    for m in _HONG_KONG_ID.finditer(text):
        yield entity("id_card", m, valid=False)
    if "id_card" in wanted:
        yield from (entity("id_card", m, valid=False) for m in _TAIWAN_ID.finditer(text))
    if "passport" in wanted:
        yield from (entity("passport", m, valid=False) for m in _PASSPORT.finditer(text))
    if "plate" in wanted:
        for m in _PLATE_CUED.finditer(text):
            if any(c.isdigit() or c in "零一二三四五六七八九幺" for c in m.group()) and _LETTERS.search(m.group()):
                yield entity("plate", m, valid=False)
    if "code" in wanted:
        for m in _CODE.finditer(text):
            near = cues.before(m.start())
            if near is None or near.kind == "code":
                yield entity("code", m, valid=False)
