"""Addresses: found by their numbered part (号, 栋, 单元, 室) or a word that asks for one, then read backwards to
the province. Written so that the work grows with the text, whatever it holds.
"""

import re
from collections.abc import Iterator
from typing import Final

from qa.core.roles import Role
from qa.text.calltext import CallText, TurnText
from qa.text.pii.entity import Entity

_D: Final = "0-9零〇一二三四五六七八九幺"
_N: Final = rf"[{_D}十百a-z]{{1,6}}"
_UNIT: Final = r"(?:号楼|号院|号|栋|幢|座|单元|楼|层|室|房|弄|门|组|巷|区|舍)"
# Written so that the engine skips to the next character of the first set by itself: it does not for a repetition.
_NUMBERED: Final = re.compile(rf"[{_D}十百][{_D}十百]{{0,5}}(?:[-之][{_D}]{{1,5}})?{_UNIT}(?![码角卡])")
_ESTATE: Final = (
    r"(?:大厦|广场|花园|家园|小区|公寓|中心|产业园|科技园|园区|园|城|苑|大楼|写字楼|酒店|宾馆|学校|大学"
    r"|学院|医院|工厂|宿舍|山庄)"
)
_TAIL: Final = re.compile(
    rf"(?:[,，、。 ]{{0,2}}(?>{_N}(?:[-之杠][{_D}]{{1,5}})?{_UNIT}(?!码)"
    rf"|[\u4e00-\u9fff]{{2,8}}?{_ESTATE}(?=[{_D}a-z十,， ]|$)"
    rf"|[{_D}]{{3,5}}(?![{_D}元块年月日天个点分万千百条份]))){{0,7}}"
)
_STREET: Final = re.compile(
    r"(?:大道|大街|街道|马路|公路|环路|胡同|小区|花园|家园|花苑|公寓|大厦|广场|中心|新村|新城|山庄|名苑"
    r"|雅苑|佳苑|苑|园区|产业园|科技园|工业园|宿舍|家属院|社区|(?<![知渠频报味难说])道|大学|学院|中学|小学"
    r"|学校|医院"
    r"|路|街|巷|弄|里|镇|乡|村|屯|庄|湾|城|府|园|庭|院|居|坊|寓|轩|邸|港|滩|楼)(?:[东南西北中]|[东南西北][段区]"
    r"|[一二三四五六]区|[一二三四五六]期)?$"
)
_AREA: Final = re.compile(r"(?:省|市|自治区|自治州|特别行政区|新区|开发区|区|县|州|盟|旗|镇|乡|街道|村)")
_LEAD: Final = re.compile(
    r".*(?:改成|改为|改到|变更为|更新为|换成|地址|住址|住在|家在|现在住|家住|搬到|寄到|寄往|寄去|寄给|送到"
    r"|送去|发到|发往|邮寄到|快递到|投递到|配送到|位于|我住|人在|填|户籍|籍贯"
    r"|就是|是在|这里是|那就|应该是|写的是|好的|您好|你好|嗯|对|在|到|是|住|放)[是在到的:：,，\s]{0,3}"
)
_SAYS_ADDRESS: Final = re.compile(
    r"地址|住址|住在|家住|我住|住哪|家在|我家|老家|寄到|寄往|送到|收货|上门|户籍|搬到|发到|哪里住|address"
    r"|live at|live on"
    r"|living at|ship (?:it )?to"
    r"|deliver(?:ed)? to|moved to"
)
_REGIONS: Final = re.compile(
    r"(?>[\u4e00-\u9fff]{1,8}?(?:省|自治区|自治州|市|盟|新区|区|县|旗|镇))"
    rf"(?:[,， ]?(?>[\u4e00-\u9fff]{{1,8}}?(?:市|新区|区|县|旗|镇|乡|街道|村|屯|路|街|大道|社区|里|胡同"
    rf"|{_ESTATE})(?:[东南西北]段)?)){{1,6}}"
)
_REGION: Final = re.compile("[省区州市盟县旗镇]")
"""In every text with a region."""
_OURS: Final = re.compile(
    r"我们|我司|本行|本公司|公司|门店|营业厅|网点|总部|分行|支行|仓库|退货地址|服务中心|客服中心|维修点"
    r"|分店|专柜|旗舰店|体验店|你们店|你们公司|你们的店|our (?:store|office"
    r"|branch)"
)
_REACH: Final = 44
_SHORTEST: Final = 5
_LATIN: Final = re.compile("[a-z]{2}")
_NOT_ADDRESS: Final = re.compile(
    r"工号|单号|编号|[0-9零一二三四五六七八九十]{1,3}月[0-9零一二三四五六七八九十]{0,3}$|订单|第$|周$|星期$"
    r"|尾号|排$|[上下]个?月$|几$|本月$|每月$|这个月$"
)
_ENGLISH: Final = re.compile(
    r"\b(?:\d{1,5}[a-z]?|(?:(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen"
    r"|fifteen|sixteen|seventeen|eighteen|nineteen"
    r"|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|oh)[ -]){1,5}?)[ ,]{0,2}"
    r"(?:(?:north|south|east|west|n|s|e|w)\.? )?(?:[a-z0-9][a-z0-9'.]{1,18} ){1,3}?"
    r"(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|court|ct|place|pl|square|terrace|way"
    r"|close|crescent|parkway|highway|circle|garden|gardens)\b\.?"
    r"(?:,? (?:apt|apartment|unit|suite|flat|floor|number|#)\.? ?[a-z0-9]{1,6}(?: [a-z0-9]{1,2}\b)?)?"
    r"(?:, (?!and\b|please\b|thank|that\b|the\b|is\b|right\b|yes\b|correct\b|apartment\b)[a-z]{3,15}(?: "
    r"[a-z]{3,12})?(?=[,. ]|$))?(?:,? [a-z]{2})?(?:,? \d{5}\b)?"
)


def addresses(call: CallText) -> Iterator[Entity]:
    """The addresses of a call. Those of the business itself are none."""
    says = {turn.turn_position for turn in call.turns_with(_SAYS_ADDRESS)}
    likely = says | {position + 1 for position in says}
    likely.update(turn.turn_position for turn in (*call.turns_with(_NUMBERED), *call.latin))
    for position in sorted(likely):
        if position < len(call.turns):
            turn = call.turns[position]
            for start, end in _of_turn(turn, cued=position in says or position - 1 in says):
                yield Entity("address", position, start, end, turn.normal[start:end], False)


def _of_turn(turn: TurnText, *, cued: bool) -> Iterator[tuple[int, int]]:
    text = turn.normal
    behind = 0
    taken: list[tuple[int, int]] = []
    for m in _NUMBERED.finditer(text):
        if m.start() < behind:
            continue
        start = _start(text, m.start(), behind)
        if start is None:
            continue
        tail = _TAIL.match(text, m.end())
        end = tail.end() if tail else m.end()
        if end - start >= _SHORTEST and not _ours(turn, start):
            yield start, end
            behind = end
            taken = [*taken[-1:], (start, end)]
    if cued and _REGION.search(text):
        for m in _REGIONS.finditer(text):
            if any(a < m.end() and m.start() < b for a, b in taken):
                continue
            lead = _LEAD.match(m.group())
            start = m.start() + (lead.end() if lead and len(m.group()) - lead.end() >= _SHORTEST else 0)
            tail = _TAIL.match(text, m.end())
            if not _ours(turn, start):
                yield start, tail.end() if tail else m.end()
    if _LATIN.search(text):
        for m in _ENGLISH.finditer(text):
            if not _ours(turn, m.start()):
                yield m.span()


def _start(text: str, number: int, floor: int) -> int | None:
    """Where the address in front of a house number begins, or None where there is no street in front of it."""
    floor = max(floor, number - _REACH)
    window = text[floor:number]
    for stop in "。.?!;；？！":
        window = window[window.rfind(stop) + 1 :]
    street = _STREET.search(window.rstrip(",， "))
    if street is None or _NOT_ADDRESS.search(window):
        return None
    lead = _LEAD.match(window[: street.start()])
    at = lead.end() if lead else 0
    body = window[at:]
    # What was said before the region, or before the street where no region is named, is no part of it.
    area = _AREA.search(body[: max(0, street.start() - at)])
    anchor = area.start() if area else max(0, street.start() - at)
    at += max([body.rfind(c, 0, anchor) for c in ",， "] if lead is None or area else [-1]) + 1
    at += len(window[at:]) - len(window[at:].lstrip(",， "))
    start = number - len(window) + at
    return start if number - start >= 2 else None


def _ours(turn: TurnText, start: int) -> bool:
    near = turn.normal[max(0, start - 24) : start]
    return (turn.turn.role is Role.AGENT or "你们" in near or "our" in near) and _OURS.search(near) is not None
