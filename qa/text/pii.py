"""Personal data as it is spoken and as recognisers write it: 幺 as 1 or 要, digits mixed with characters, one
digit too many or too few. A checksum makes a find certain; the words around it make one out of a number that has
lost a digit.

Sources: GB 11643-1999 (identity numbers, MOD 11-2), ISO/IEC 7812-1 (Luhn), the numbering plan of mobile
phones (1[3-9]).
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from qa.core.roles import Role
from qa.text.calltext import CallText, TurnText
from qa.text.normalise import match_form
from qa.text.syllables import syllables

TYPES: Final = ("phone", "id_card", "bank_card", "otp", "name", "address")
"""What counts as personal; amounts, percentages, dates and numbers are found as well, but are not."""


@dataclass(frozen=True, slots=True)
class Entity:
    """Something of a kind, said somewhere."""

    type: str
    turn: int
    """Position in the call's turns."""
    start: int
    end: int
    """Offsets into the turn's text."""
    value: str
    """Digits without separators, or the words."""
    valid: bool
    """A checksum or the numbering plan agrees."""


_DIGIT: Final = "0-9零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖"
_RUN: Final = re.compile(rf"[{_DIGIT}要](?:[\s,，、。.\-—]{{0,2}}[{_DIGIT}要x]){{3,39}}")
_TO_DIGITS: Final = str.maketrans("要x", "1X")

_CUE_REACH: Final = 24
"""Characters before a number in which it is said what it is."""


def _sounds(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(syllables(match_form(w))) for w in words))


_CUES: Final = {
    "otp": _sounds("验证码", "校验码", "动态码", "动态密码", "短信码"),
    "id_card": _sounds("身份证", "证件号"),
    "bank_card": _sounds("银行卡", "卡号", "信用卡", "储蓄卡", "借记卡", "账号"),
    "phone": _sounds("手机", "电话", "联系方式", "联系号码", "回拨"),
}
_OTHER_NUMBERS: Final = _sounds("工号", "订单号", "单号", "保单号", "客服热线", "服务热线", "热线", "编号", "票号")
_PARTIAL: Final = _sounds("后四位", "尾号", "后6位", "末四位", "前六位")

_LENGTHS: Final = {"otp": (4, 8), "id_card": (15, 20), "bank_card": (12, 21), "phone": (10, 12)}

_SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石"
    "廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷曲盛冉翁蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝"
)
_NAME: Final = re.compile(
    rf"(?:我叫|名字叫做?|名字是|姓名是?[,:]?|名叫)(?P<name>[{_SURNAMES}][\u4e00-\u9fff]{{1,2}}?)"
    r"(?=[,，。.、!?\s]|$|手机|电话|身份|号码|是|的|今年|我|,|住)"
)
_AREA: Final = "省市区县州盟旗镇乡村"
_STREET: Final = r"(?:路|街|大道|胡同|巷|弄|里|小区|花园|家园|公寓|大厦|广场|新村|苑|镇|村)"
_NUMBER: Final = rf"[{_DIGIT}十百]+"
_UNIT: Final = r"(?:号楼|号院|号|栋|幢|座|单元|楼|层|室|房|弄|门)"
_ADDRESS: Final = re.compile(
    rf"(?:[\u4e00-\u9fff]{{2,7}}[{_AREA}]){{0,4}}[\u4e00-\u9fff]{{1,8}}{_STREET}[,， ]?"
    rf"{_NUMBER}{_UNIT}(?:[,，、 ]?{_NUMBER}{_UNIT}?)*"
)
_ADDRESS_SIGN: Final = re.compile(rf"[{_DIGIT}十百]{_UNIT}")
"""Cheap to look for; without a numbered part nothing is taken for an address."""
_ADDRESS_LEAD: Final = re.compile(
    r"^(?:.{0,12}?(?:改成|改为|改到|地址是|地址在|地址[,:]|住在|寄到|送到|寄往|邮寄到|填|住|在|是))(?=[\u4e00-\u9fff]{2,})"
)
_QUANTITIES: Final = {
    "amount": re.compile(rf"[{_DIGIT}两十百千万亿.]+(?:多|几)?(?:块钱?|元|万元|万块|美元|角)"),
    "percent": re.compile(rf"百分之[{_DIGIT}十百点.]+|[0-9.]+%|[{_DIGIT}点.]+个点"),
    "date": re.compile(rf"(?:[{_DIGIT}]{{2,4}}年)?[{_DIGIT}十]{{1,3}}月[{_DIGIT}十]{{1,3}}[日号]"),
    "number": re.compile(rf"[{_DIGIT}]{{2,}}"),
}
_QUANTITY_SIGN: Final = re.compile(rf"[{_DIGIT}两十百千万亿]")
"""Without one of these nothing is a quantity."""


def entities_in(call: CallText) -> list[Entity]:
    """Everything of a kind that is said in a call, in order; computed once per call."""
    if call.entities is None:
        found = [e for turn in call.turns if turn.turn.role is not Role.SYSTEM for e in _of_turn(call, turn)]
        call.entities = tuple(sorted(found, key=lambda e: (e.turn, e.start, e.end)))
    return [e for e in call.entities if isinstance(e, Entity)]


def personal_in(call: CallText) -> list[Entity]:
    """The personal data of a call."""
    return [e for e in entities_in(call) if e.type in TYPES]


def _of_turn(call: CallText, turn: TurnText) -> Iterator[Entity]:
    personal = [*_numbers(call, turn), *_names(turn), *_addresses(turn)]
    yield from personal
    if _QUANTITY_SIGN.search(turn.normal) is None:
        return
    for kind, regex in _QUANTITIES.items():
        for m in regex.finditer(turn.normal):
            if not any(p.start < m.end() and m.start() < p.end for p in personal):
                yield Entity(kind, turn.turn_position, m.start(), m.end(), m.group(), True)


def _numbers(call: CallText, turn: TurnText) -> Iterator[Entity]:
    for m in _RUN.finditer(turn.normal):
        text = m.group()
        start = m.start()
        if text[0] == "要" and sum(c in "要" for c in text) == 1 and len(text) < 8:
            start, text = start + 1, text[1:]
        digits = "".join(c for c in match_form(text).translate(_TO_DIGITS) if c.isdigit() or c == "X")
        kind = _kind(digits, _before(call, turn, start))
        if kind is not None:
            yield Entity(kind[0], turn.turn_position, start, m.end(), digits, kind[1])


def _before(call: CallText, turn: TurnText, offset: int) -> tuple[str, str]:
    """How the words before a number sound: of the same turn, and of the turns before it."""
    at = bisect_left(turn.origin, offset)
    own = syllables(turn.squeezed[max(0, at - _CUE_REACH) : at])
    earlier = "".join(
        t.squeezed[-2 * _CUE_REACH :] for t in call.turns[max(0, turn.turn_position - 2) : turn.turn_position]
    )
    return own, syllables(earlier)


def _kind(digits: str, before: tuple[str, str]) -> tuple[str, bool] | None:
    own, earlier = before
    if len(digits) == 18 and valid_identity(digits):
        return "id_card", True
    if len(digits) == 11 and re.match(r"1[3-9]", digits):
        return "phone", True
    if 16 <= len(digits) <= 19 and digits[:1] in "3456" and valid_luhn(digits) and not _cued("id_card", own):
        return "bank_card", True
    near = _nearest_cue(own)
    for kind in [near] if near else [k for k in _CUES if _cued(k, earlier)]:
        low, high = _LENGTHS[kind]
        if low <= len(digits) <= high and not _PARTIAL.search(own):
            return (kind, False) if near or not _OTHER_NUMBERS.search(own) else None
    if len(digits) >= 15 and not _OTHER_NUMBERS.search(own):
        looks_like_identity = re.match(r"[1-9]\d{4,6}(19|20)\d{2}", digits) is not None
        return ("id_card" if looks_like_identity else "bank_card"), False
    return None


def _cued(kind: str, text: str) -> bool:
    return _CUES[kind].search(text) is not None


def _nearest_cue(text: str) -> str | None:
    last = {kind: max((m.end() for m in cue.finditer(text)), default=-1) for kind, cue in _CUES.items()}
    kind = max(last, key=lambda k: last[k])
    return kind if last[kind] >= 0 else None


def _names(turn: TurnText) -> Iterator[Entity]:
    for m in _NAME.finditer(turn.normal):
        if turn.turn.role is not Role.AGENT:
            yield Entity("name", turn.turn_position, m.start("name"), m.end("name"), m["name"], False)


def _addresses(turn: TurnText) -> Iterator[Entity]:
    if _ADDRESS_SIGN.search(turn.normal) is None:
        return
    for m in _ADDRESS.finditer(turn.normal):
        lead = _ADDRESS_LEAD.match(m.group())
        start = m.start() + (lead.end() if lead else 0)
        if m.end() - start >= 6:
            yield Entity("address", turn.turn_position, start, m.end(), turn.normal[start : m.end()], False)


def valid_identity(number: str) -> bool:
    """Checksum and birth date of an 18-character identity number."""
    if not re.fullmatch(r"[1-9]\d{5}(18|19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{3}[\dX]", number):
        return False
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(d) * w for d, w in zip(number, weights, strict=False))
    return "10X98765432"[total % 11] == number[17]


def valid_luhn(number: str) -> bool:
    """The check digit of a card number."""
    if not number.isdigit():
        return False
    total = 0
    for i, d in enumerate(reversed(number)):
        n = int(d) * (2 if i % 2 else 1)
        total += n - 9 if n > 9 else n
    return total % 10 == 0
