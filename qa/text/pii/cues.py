"""Words that tell what a number is. Chinese ones are matched by how they sound, because recognisers write 工号 as
功耗; English ones as they are written. One pass over a turn finds them all.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Final

from ahocorasick_rs import AhoCorasick, MatchKind

from qa.core.base import Record
from qa.core.lazy import lazy
from qa.text.calltext import CallText, TurnText
from qa.text.normalise import match_form
from qa.text.syllables import syllables

REACH: Final = 24
"""Characters, punctuation not counted, before a number in which it is said what it is."""
REACH_BEHIND: Final = 7
"""Characters behind a number in which it is said what it was: 是我的手机号."""

PARTIAL: Final = "partial"
"""The last or first few digits: what a mask leaves readable anyway."""
TAIL: Final = "tail"
"""The last six or eight digits: more than a mask leaves."""
STANDING: Final = "standing"
"""A code that stays the same."""
OTHER: Final = "other"
"""A number that is nobody's: an order, an amount, a hotline."""

_CHINESE: Final = {
    "cvv": "签名栏末三位 签名栏后三位 背面末三码 背面后三码 背面的末三码 背面三码 背面的后三位 背面后三位 "
    "背面的末三位 背面末三位 背面的三位 背面三位 背后的三位 背面最后三位 "
    "后面的三位 安全码 卡验证码",
    PARTIAL: "末三码 末四码 后三码 后四码 最后四码 后两位 后三位 后四位 后3位 后4位 末三位 末四位 末尾四位 "
    "最后三位 最后四位 最后4位 尾号 尾数 "
    "前三位 前四位 前六位 前3位 前4位 前6位",
    TAIL: "后六位 后6位 后八位 后8位 最后六位 最后八位 末六位 后五位",
    "code": "验证码 校验码 动态码 动态密码 动态口令 短信码 短信密码 确认码 认证码 验证密码 口令是 随机码 授权码",
    STANDING: "交易密码 支付密码 取款密码 查询密码 服务密码 登录密码 密码是",
    "id_card": "身份证 证件号 证件号码 身份号码 驾驶证号 驾照号 社会保障号",
    "bank_card": "银行卡 卡号 信用卡 储蓄卡 借记卡 账号 银行账户 收款账户 扣款账户 结算账户 账户号 存折",
    "passport": "护照 通行证 回乡证 台胞证",
    "phone": "手机号 手机 电话 联系方式 联系号码 回拨 座机 固话 区号 打给我 拨我 呼我 致电我 微信同号 "
    "预留号码 小灵通",
    "birth_date": "出生年月日 出生日期 出生年月 生日 出生于 出生的 生的 出生在 出生",
    "plate": "车牌 牌照 号牌 车号",
    OTHER: "工号 订单 单号 运单 快递号 保单 合同号 合同编号 流水号 客服热线 服务热线 热线 编号 票号 "
    "热线电话 客服电话 服务电话 投诉电话 "
    "咨询电话 官方电话 监督电话 我们的电话 我们电话 公司电话 总机 电话费 手机费 话费 电话卡 手机壳 手机套 "
    "手机型号 金额 价格 费用 余额 "
    "额度 利率 积分 总价 单价 一共 合计 型号 版本 航班 车次 邮编 邮政编码 会员号 学号 优惠码 邀请码 兑换码 "
    "取件码 取货码 提货码 产品代码 错误代码 "
    "基金代码 股票代码 商品编码 条形码 条码 批号 批次 序列号 房号 楼号 桌号 排队号 受理号 案件号 案号 工单 "
    "申请号 信用代码 税号 发票 "
    "年化 收益 频道 公众号 直播间 序号 货号 款号 机型 串号 卷号 文号 执照号 许可证号 备案号 交易号 参考号 "
    "追踪号 物流号 包裹号 店铺号 "
    "商户号 网点号 营业执照 登记号 门店号 设备号 机器号 宽带账号 户号 缴费号 净值 点数 指数 人民币 价钱 "
    "保费 保额 本金 手续费 违约金 月供 "
    "拨打我们 欢迎拨打 请拨打",
}
_ENGLISH: Final = {
    "cvv": r"c ?v ?[vc] ?2?|security code|three digits? (?:on|at) the back|back of (?:the|your|my) card|csc",
    PARTIAL: r"last (?:two|three|four|2|3|4)|final (?:three|four|3|4)|ending (?:in|with)|ends (?:in|with)"
    r"|first (?:three|four|six|3|4|6)",
    TAIL: r"last (?:six|eight|five|6|8|5)",
    "code": r"verification code|one[- ]?time (?:code|pass ?code|pass ?word|pin)|otp|pass ?code|confirmation pin"
    r"|auth(?:entication|orization)? code|code (?:is|was|i got|you sent|we sent|just sent)|sms code|text code"
    r"|pin(?: number| code)?|six[- ]digit code|four[- ]digit code|(?:the|a|that|your|my) code",
    "id_card": r"identity (?:card|number)|id (?:card|number)|identification number|social security|ssn|national "
    r"id",
    "bank_card": r"card number|credit card|debit card|bank card|account number|bank account|visa|mastercard|iban"
    r"|card is",
    "passport": r"passport",
    "phone": r"phone(?: number)?|mobile(?: number)?|cell(?: ?phone| number)?|call me|reach me|ring me|text me"
    r"|contact number|telephone|call back|callback|my number|best number|landline",
    "birth_date": r"date of birth|birth ?da(?:y|te)|d\.?o\.?b\.?|born",
    "plate": r"(?:licen[cs]e|number|registration) plate|plate number|plate|registration number|car registration",
    OTHER: r"order(?: number| id)?|tracking(?: number)?|invoice|ticket(?: number)?|case(?: number| id)?"
    r"|reference(?: number)?"
    r"|policy(?: number)?|employee(?: number| id)?|agent id|badge|staff (?:number|id)|model|serial|product code"
    r"|sku"
    r"|hotline|helpline|toll[- ]?free|customer service(?: number)?|flight|zip(?: code)?|postcode|postal code"
    r"|version"
    r"|total|price|amount|balance|rate|item|part number|promo(?: code)?|coupon|booking|confirmation "
    r"number|area code|error code|country code"
    r"|call us|reach us|our number|membership|loyalty|batch|phone bill|claim(?: number)?",
}


def _by_sound() -> dict[str, str]:
    known: dict[str, str] = {}
    for kind, words in _CHINESE.items():
        for word in words.split():
            known.setdefault(syllables(match_form(word)), kind)
    return known


_SOUNDS: Final = _by_sound()
_FORMS: Final = tuple(_SOUNDS)
# Of words that begin at the same place the longest wins, whatever its kind: 电话费 is no telephone.
_AUTOMATON: Final = AhoCorasick(_FORMS, matchkind=MatchKind.LeftmostLongest)
_WORDS: Final = re.compile(
    "|".join(rf"(?P<{kind}>(?<![a-z])(?:{source})(?![a-z]))" for kind, source in _ENGLISH.items())
)
_BACK: Final = re.compile("背面|背后|反面|签名")
_BACK_REACH: Final = 8
_LETTER: Final = re.compile("[A-Za-z]")
_LATIN: Final = re.compile(r"[a-z]{2}|c ?v")


class Cue(Record, frozen=True, gc=False):
    """A word that tells what a number is."""

    kind: str
    start: int
    end: int
    """Squeezed offsets in its turn."""


def cues_of(call: CallText) -> list["TurnCues"]:
    """The cues of every turn of a call."""
    heard: dict[int, list[Cue]] = {}
    for form, start, end in _AUTOMATON.find_matches_as_indexes(call.sounds):
        turn = call.locate(start)
        heard.setdefault(turn.turn_position, []).append(_chinese(turn, form, start - turn.base, end - turn.base))
    for turn in call.latin:
        found = _WORDS.finditer(turn.normal) if _LATIN.search(turn.normal) else ()
        if english := [_english(turn, m) for m in found]:
            chinese = heard.get(turn.turn_position, [])
            heard[turn.turn_position] = sorted([*chinese, *english], key=lambda c: c.end)
    result = [TurnCues(turn, ()) for turn in call.turns[:1]] * len(call.turns)  # one for all that have none
    for at, cues in heard.items():
        result[at] = TurnCues(call.turns[at], cues)
    return result


def _chinese(turn: TurnText, form: int, start: int, end: int) -> Cue:
    kind = _SOUNDS[_FORMS[form]]
    if kind == PARTIAL and _BACK.search(turn.squeezed, max(0, start - _BACK_REACH), start):
        kind = "cvv"
    return Cue(kind, start, end)


def _english(turn: TurnText, m: re.Match[str]) -> Cue:
    return Cue(m.lastgroup or OTHER, bisect_left(turn.origin, m.start()), bisect_left(turn.origin, m.end()))


class TurnCues:
    """The cues of one turn, in order. What is asked about is at offsets into its text."""

    def __init__(self, turn: TurnText, cues: Sequence[Cue]) -> None:
        self._turn = turn
        self.all = cues

    @lazy
    def _ends(self) -> list[int]:
        return [c.end for c in self.all]

    def before(self, offset: int, reach: int = REACH) -> Cue | None:
        """The nearest cue that ends before `offset` of the text."""
        if not self.all:
            return None
        here = bisect_left(self._turn.origin, offset)
        at = bisect_right(self._ends, here) - 1
        return self.all[at] if at >= 0 and self._distance(self.all[at], here) <= reach else None

    def subject(self, tail: Cue) -> str | None:
        """What the last digits are of: the kind of the nearest cue before it that names something."""
        at = bisect_left(self._ends, tail.end)
        kinds = [c.kind for c in self.all[max(0, at - 3) : at] if c.kind not in (TAIL, PARTIAL)]
        if not kinds:
            behind = [c.kind for c in self.all[at + 1 : at + 2] if c.kind not in (TAIL, PARTIAL, OTHER)]
            return behind[0] if behind and tail.kind == PARTIAL and _LATIN.search(self._turn.normal) else None
        return kinds[-1]

    def _distance(self, cue: Cue, here: int) -> int:
        """Characters between a cue and a squeezed offset behind it; those of Latin words count a fifth."""
        between = self._turn.squeezed[cue.end : here]
        latin = len(_LETTER.findall(between, 0, 5 * REACH))
        return len(between) - latin + latin // 5

    def behind(self, offset: int) -> Cue | None:
        """The first cue that begins closely behind `offset`."""
        if not self.all:
            return None
        here = bisect_left(self._turn.origin, offset)
        at = bisect_right(self._ends, here)
        if at >= len(self.all):
            return None
        cue = self.all[at]
        return cue if 0 <= cue.start - here <= REACH_BEHIND else None
