"""Names: after a word that introduces them, in answer to the question for one, before 先生 or 女士, and again
wherever a known one is said. What agents call themselves is no secret.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Final

from msgspec.structs import replace

from qa.core.roles import Role
from qa.text.calltext import CallText, TurnText
from qa.text.pii.entity import Entity
from qa.text.segment import segmenter

_SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石"
    "廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易"
    "乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷曲盛冉翁蓝路"
    "游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏"
    "宗瞿桂全佟应臧闵苟邬边卞姬师仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝叁肖阎傅洪宣"
)
_DOUBLE: Final = "欧阳|司马|上官|诸葛|司徒|皇甫|尉迟|公孙|慕容|令狐|宇文|长孙|东方|南宫|独孤|端木|夏侯|轩辕"
_HAN: Final = "\u4e00-\u9fff"
_FULL: Final = rf"(?:(?:{_DOUBLE})[{_HAN}]{{1,2}}|[{_SURNAMES}][{_HAN}]{{1,2}})"
_SHORTEST: Final = rf"(?:(?:{_DOUBLE})[{_HAN}]{{1,2}}?|[{_SURNAMES}][{_HAN}]{{1,2}}?)"
_FOREIGN: Final = rf"[{_HAN}]{{1,5}}·[{_HAN}]{{1,6}}"
_STOP: Final = r"[,，。.、!?！？;；:：\s]"
_BEHIND: Final = (
    rf"(?={_STOP}|$|手机|电话|身份|号码|证件|是我|是的|的(?!士)|今年|住|对吧|对吗|吗|啊|呀|呢|哈|吧|本人"
    rf"|先生|女士|小姐|我是|我的|联系|然后|性别|男|女"
    r"|这个|地址|生日|卡号|账)"
)
_LEAD: Final = (
    r"(?:我叫|名字叫做?|名字是|名字[:：,，]?|姓名[是为:：,，]{0,2}|名叫|大名叫|全名[是叫]?|户名[是叫]?"
    r"|户主[是叫]?|本人叫?|"
    r"(?:收件|收货|联系|投保|被保险|被保|受益|持卡|开户|借款|担保|申请|预订|入住|乘机|乘车|就诊|签收|寄件"
    r"|车主|业主|承租|付款|收款)人?"
    r"(?:姓名|名字)?(?:[是叫为:：写填]{1,2}|写的是|填的是)"
    r"|(?:老公|老婆|爱人|丈夫|妻子|太太|先生|儿子|女儿|孩子|母亲|父亲|妈妈?|爸爸?|哥哥?|姐姐?|弟弟|妹妹"
    r"|朋友|同事|他|她|病人|患者|学生)(?:名字)?(?:的名字)?叫(?:做|作)?)"
)
_INTRODUCED: Final = re.compile(rf"{_LEAD}[,，\s]?(?P<name>{_FOREIGN}|{_SHORTEST}){_BEHIND}")
_CALLED: Final = re.compile(rf"(?:我叫|名字叫做?|名字是|姓名是)[,，\s]?(?P<name>[{_HAN}]{{2,4}})(?={_STOP}|$)")
"""Any characters that stand alone behind 我叫: rare surnames, and those that the recogniser misheard."""
_I_AM: Final = re.compile(rf"(?:我是|这里是|我就是)[,，\s]?(?P<name>{_SHORTEST})(?={_STOP}|$|本人)")
_SURNAME_SAID: Final = re.compile(
    rf"(?:我姓|免贵姓|免贵|姓)(?P<s>[{_SURNAMES}])[,，。.\s]{{1,2}}(?:叫|名叫|我叫)?(?P<name>{_FULL}){_BEHIND}"
)
_ELSE: Final = "[0-9零一二三四五六七八九幺]{7}|电话|手机|车牌|身份证|卡号|住|地址"
_LISTED: Final = re.compile(
    rf"(?:^|[,，。])(?:[嗯呃对好]{{1,2}}[,，]?)?(?P<name>{_FULL})[,，、 ]{{1,2}}"
    rf"(?={_ELSE})"
)
"""A name in front of what else is given: 罗敏，13755556666."""
_TITLED: Final = re.compile(
    rf"(?P<name>(?:{_DOUBLE})[{_HAN}]{{1,2}}|[{_SURNAMES}][{_HAN}]{{2}}|[{_SURNAMES}][{_HAN}])(?=先生|女士|小姐"
    rf"|同学(?!们)|本人(?:吗|吧|$|[?？,，。]))"
)
_SIGN: Final = re.compile(
    # Nearly all characters begin none of these; without the look ahead each is tried with all of them.
    "(?=[我名姓大全户本收联投被受持开借担申预入乘就签寄车业承付老爱丈妻太先儿女孩母父妈爸哥姐弟妹朋同他她病患学这小"
    ",，、 ])"
    rf"(?:{_LEAD}|我是|这里是|我就是|姓|先生|女士|小姐|同学|本人|[,，、 ](?:{_ELSE}))"
)
"""In every turn that holds a name by itself."""
_ASKS: Final = re.compile(
    # Nearly all characters begin none of these; without the look ahead each is tried with all of them.
    "(?=[姓名收联寄签投被受贵怎如叫您户wyn])(?:"
    r"姓名|名字|(?:收货|收件|联系|寄件|签收|投保|被保险|受益)人?(?:是谁|是哪位|叫什么|哪位)|贵姓|怎么称呼"
    r"|如何称呼|怎样称呼|叫什么|您是哪位|户名|what(?:'s| is) your (?:full |first "
    r"|last )?name"
    r"|your (?:full |first |last )?name|(?:who am i|whom am i) (?:speaking|talking)|name (?:please|on the))"
)
_ANSWER: Final = re.compile(
    rf"(?:[嗯呃额啊哦好的是对,，。.、\s]|那个|这个|你好|您好|我的?|我是|叫|姓名|名字|我姓[{_HAN}][,，]?){{0,6}}"
    rf"(?P<name>{_FOREIGN}|(?:{_DOUBLE})[{_HAN}]{{1,2}}?|[{_SURNAMES}][{_HAN}]{{1,2}}?){_BEHIND}"
)
_NOT_GIVEN: Final = re.compile(
    r"[你我他她它您们的了吗吧呢啊呀在有是不没这那哪什么怎么想要能会就都也还又再很太给把被让跟和与或但因所以前后上下午点]|先生|女士|小姐|经理|老师|医生|客服|师傅|总$"
)
_NO_NAME_TEXT: Final = (
    "高兴 方便 时候 时间 马上 关于 全部 全款 包括 包年 包月 包邮 项目 管理 应该 应当 成功 成都 成人 和平 "
    "任何 何时 单位 单子 万一 全家 全国"
    " 安全 安装 连续 连接 路上 路口 文件 白天 黄金 金额 金卡 钱包 钱款 华为 常用 明天 明白 明年 商家 商品 "
    "商城 商户 房东 房贷 车主 车贷 高管 程序 石油 江苏 江西 云南"
    " 海南 海口 广州 上海 北京 深圳 温州 郑州 徐州 苏州 杭州 沈阳 安徽 宁夏 宁波 武汉 吉林 贵州 农村 农民 "
    "农行 席位 左右 左边 向上 景区 党员 师傅 费用 边上 米饭"
    " 顾客 顾问 司机 方案 简单 简历 解决 易购 白金 查询 查看 单号 应急 时代 路过 边境 游客 游戏 司法 尚未 "
    "关闭 关机 康复 花呗 申请 申诉 成员 成年 管家 宗教"
)
_NO_NAME: Final = frozenset(_NO_NAME_TEXT.split())
_ENGLISH: Final = re.compile(
    r"\b(?:[Mm]y (?:full |first |last |middle )?name(?:'s| is|,)|[Nn]ame is|[Nn]ame's|[Tt]his is|I am|I'm"
    r"|[Ii]t's|[Tt]he name is|under the name(?: of)?|[Cc]alled"
    r"|[Aa]m I (?:speaking|talking) (?:with|to)|[Ii]s this|[Hh]usband(?:'s name)? is|[Ww]ife(?:'s name)? "
    r"is)\s{1,2}"
    r"(?:Mr\.? |Mrs\.? |Ms\.? |Miss |Dr\.? )?(?P<name>[A-Z][a-z]{1,20}(?:[ -](?:[A-Z]\.? ?)?(?:Mc|Mac|O'|de "
    r"|van |von )?[A-Z][a-z]{1,20}){1,2})"
)
_ENGLISH_SURE: Final = re.compile(
    r"\b(?:my (?:full |first |last |middle )?name(?:'s| is)|the name is|name on the (?:card|account) "
    r"is)\s{1,2}(?:it's |uh,? |um,? )?"
    r"(?P<name>[a-z][a-z'\-]{1,20}(?: (?!and\b|i\b|my\b|calling\b|from\b|speaking\b|the\b|but\b|i'm\b|with\b"
    r"|here\b|it\b|on\b|is\b|as\b|for\b|that\b|who\b|account\b)"
    r"[a-z][a-z'\-]{1,20}){0,2})",
    re.IGNORECASE,
)
_ENGLISH_ANSWER: Final = re.compile(
    r"^(?:(?:[Yy]es|[Yy]eah|[Ss]ure|[Oo]h|[Uu]m|[Uu]h|[Oo]kay|OK|[Ii]t is|[Ii]t's|[Tt]hat's|[Tt]his is|I'm|I "
    r"am)[,.]?\s{1,2}){0,3}"
    r"(?P<name>[A-Z][a-z]{1,20}(?: [A-Z]\.?)?(?: (?:Mc|Mac|O')?[A-Z][a-z]{1,20}){1,2})(?=[,.!?]|$| speaking| here)"
)
_NOT_ENGLISH_TEXT: Final = (
    "not sorry calling just happy glad good fine sure very so going trying looking afraid here still the a an "
    "yes no okay"
    " customer tech technical support billing wrong required needed correct spelled"
)
_NOT_ENGLISH: Final = frozenset(_NOT_ENGLISH_TEXT.split())
_OWN_LEAD: Final = re.compile(
    r"(?:我叫|我是|我的名字[叫是]|我姓.{0,3}|这里是|坐席|客服|专员|顾问|经理|my name is|this is|i'm|i am|name's)"
    r"[^,，。.?？]{0,10}$"
)
_KNOWN_NAMES: Final = 32
"""Names that are looked for in the rest of the call."""
_QUESTION_TURNS: Final = 2
_ANY_HAN: Final = re.compile(f"[{_HAN}]")
_LATIN: Final = re.compile("[a-z]{2}")


def names(call: CallText) -> Iterator[Entity]:
    """The names of customers and of those they speak of."""
    found: dict[tuple[int, int], Entity] = {}
    own: set[str] = set()
    likely = {turn.turn_position for turn in (*call.turns_with(_SIGN), *call.latin)}
    asks = [turn.turn_position for turn in call.turns_with(_ASKS)]
    answering = {
        turn.turn_position
        for asked in asks
        for turn in call.turns[asked + 1 : asked + 1 + _QUESTION_TURNS]
        if turn.turn.role is not Role.AGENT
    }
    for position in sorted(likely | answering):
        turn = call.turns[position]
        for start, end in _introduced(turn, answers=position in answering):
            name = turn.normal[start:end]
            if turn.turn.role is Role.AGENT and _own(turn, start):
                own.add(name)
            else:
                said = turn.text[start:end]
                found[position, start] = Entity("name", position, start, end, said, False)
    kept = {k: e for k, e in found.items() if e.value not in own}
    for e in _again(call.turns, [e.value for e in kept.values()]):
        kept.setdefault((e.turn, e.start), e)
    for e in kept.values():
        yield replace(e, told=call.turns[e.turn].turn.role is not Role.AGENT)


def _own(turn: TurnText, start: int) -> bool:
    """An agent who says a name behind 我叫 or 我是 means their own."""
    lead = turn.normal[max(0, start - 24) : start]
    return _OWN_LEAD.search(lead) is not None


def _introduced(turn: TurnText, *, answers: bool) -> Iterator[tuple[int, int]]:
    text = turn.normal
    if _ANY_HAN.search(text):
        for m in _INTRODUCED.finditer(text):
            if not _given_wrong(m["name"]):
                yield m.span("name")
        for m in _CALLED.finditer(text):
            if not _NOT_GIVEN.search(m["name"]) and m["name"] not in _NO_NAME:
                yield m.span("name")
        for regex in (_I_AM, _SURNAME_SAID, _LISTED):
            for m in regex.finditer(text):
                if not _given_wrong(m["name"]) and not _is_word(m["name"]):
                    yield m.span("name")
        for m in _TITLED.finditer(text):
            start, end = m.span("name")
            if not _given_wrong(m["name"]) and not _is_word(m["name"]) and not _is_word_at(text, start):
                yield start, end
        answer = _ANSWER.match(text) if answers else None
        if answer and not _given_wrong(answer["name"]) and not _is_word(answer["name"]):
            yield answer.span("name")
    if _LATIN.search(text):
        yield from _english(turn.text, answers=answers)


def _english(text: str, *, answers: bool) -> Iterator[tuple[int, int]]:
    regexes = [_ENGLISH, _ENGLISH_SURE]
    for regex in regexes:
        for m in regex.finditer(text):
            if not _NOT_ENGLISH & set(m["name"].lower().split()):
                yield m.span("name")
    answer = _ENGLISH_ANSWER.match(text) if answers else None
    if answer and not _NOT_ENGLISH & set(answer["name"].lower().split()):
        yield answer.span("name")


def _given_wrong(name: str) -> bool:
    return _NOT_GIVEN.search(name[1:]) is not None or name in _NO_NAME


def _is_word_at(text: str, start: int) -> bool:
    """The would-be name begins inside a word, as 国 of 中国先生 would."""
    return start > 0 and _is_word(text[start - 1 : start + 1])


@lru_cache(maxsize=4096)
def _is_word(name: str) -> bool:
    """A word of the dictionary that begins like a name and is none, by jieba's parts of speech."""
    if not 2 <= len(name) <= 3 or not segmenter().knows(name):
        return False
    words = _dictionary()
    at = words.find(f"\n{name} ".encode())
    return at >= 0 and not words[at : words.index(b"\n", at + 1)].rstrip().endswith((b"nr", b"nrt", b"nrfg"))


@cache
def _dictionary() -> bytes:
    """jieba's words, one a line. As they lie in the file: a set of them takes a quarter of a second to make."""
    import jieba

    with jieba.get_dict_file() as file:
        return b"\n" + bytes(file.read()) + b"\n"


def _again(turns: Sequence[TurnText], known: Sequence[str]) -> Iterator[Entity]:
    distinct = [n for n in dict.fromkeys(known) if len(n) >= 2][:_KNOWN_NAMES]
    if not distinct:
        return
    pattern = re.compile("|".join(map(re.escape, sorted(distinct, key=len, reverse=True))))
    for turn in turns:
        for m in pattern.finditer(turn.text):
            yield Entity("name", turn.turn_position, m.start(), m.end(), m.group(), False)
