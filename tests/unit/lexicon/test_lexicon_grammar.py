# ruff: noqa: E501 - one case of a table stays on one line
"""Whole dialogues through the grammar: who is accused of what, and who is not.

A case is a dialogue with ` / ` between its turns; an agent's turn needs no name. Each table says what the grammar must make of it.
"""

import pytest

from qa.core.finding import Severity
from qa.core.roles import Role
from qa.lexicon.lexicon import CompiledTerm, Lexicon
from qa.lexicon.matcher import MatchTerm
from qa.lexicon.schema import default_unless
from qa.rules.dialogue import from_example
from qa.text.calltext import CallText


def term(
    name: str, family: str, *patterns: str, role: str = "agent", severity: str | None = "critical"
) -> CompiledTerm:
    return CompiledTerm(
        f"zh.t.{name}", "zh.t.file", 1, "zh", family, {}, Severity(severity) if severity else None,
        Role(role), default_unless(family, role, severity), family == "forbidden", None, None, False, (),
        MatchTerm(patterns, whole_words=True),
    )  # fmt: skip


LEXICON = Lexicon(
    [
        term("promise", "forbidden", "保本", "稳赚不赔", "零风险", "不会亏", "不会亏本", "没有风险", "不可能亏", "没有不赚的", "不会…亏"),
        term("compensation", "forbidden", "亏了…赔给(您|我)", "一定能赚", "当天到账", "包过", "肯定能批"),
        term("skip", "forbidden", "不填", "不用填", "不要填", "不需要填"),
        term("rude", "rude", "听不懂人话", "你傻", "(你|您)(是不是|是)?(傻|有病|聋)", "傻子", "闭嘴", "自己看着办", "不归我管", severity="warning"),
        term("complaint", "complaint", "投诉你们", "要投诉", "我投诉", role="customer", severity="notice"),
        term("no-risk", "vocabulary", "没有风险", "有风险", severity=None),
    ]
)  # fmt: skip


def accused(dialogue: str, *families: str) -> list[tuple[str, int]]:
    """Families and turns of what counts."""
    call = CallText(from_example(dialogue.split(" / "), Role.AGENT))
    scan = LEXICON.scan(call)
    found = {
        (t.family, h.turn.turn_position)
        for t in LEXICON.terms
        if t.severity is not None and (not families or t.family in families)
        for h in scan.hits(t.id, t.role)
        if h.counts
    }
    return sorted(found)


OFFENCES = {
    "A-not-A asked, answered with the half that offends": [
        "客户：健康告知要不要填 / 不要填",
        "客户：健康告知要不要填 / 不用填，直接签就行",
        "客户：会不会亏本 / 不会的",
        "客户：有没有风险 / 没有",
        "客户：有没有风险 / 没有的，您放心",
        "客户：用不用填 / 不用填",
        "客户：是不是保本 / 对",
        "客户：是不是保本 / 是",
        "客户：能不能保本 / 能",
        "客户：能不能保本 / 可以的",
        "客户：有没有保本的 / 有",
        "客户：可不可以保本 / 可以",
    ],
    "assent in its many forms": [
        "客户：这个保本吗 / 那当然",
        "客户：这个保本吗 / 放心吧",
        "客户：这个保本吗 / 没问题",
        "客户：这个保本吗 / 是的呀",
        "客户：这个保本吗 / 嗯，保本的",
        "客户：这个保本吗 / 您说得对",
        "客户：这个保本吗 / 必须的",
        "客户：保本对吧 / 对的对的",
        "客户：不会亏吧 / 不会不会",
        "客户：不会亏吧 / 嗯，不会的",
        "客户：不会亏吧 / 对，不会的",
        "客户：不会亏吧 / 怎么会呢",
        "客户：不会亏吧 / 哪能呢",
        "客户：那就是零风险咯 / 可以这么理解",
        "客户：亏了你赔给我吗 / 我赔",
        "客户：不填也行吧 / 行的",
        "客户：你能保证保本吗 / 我保证",
        "客户：你能保证保本吗 / 能，我给您写下来",
        "客户：你确定保本 / 确定",
    ],
    "double negation": [
        "这个产品不可能不保本",
        "我们的产品没有不赚的",
        "不是不保本，您放心",
        "没有一个不保本的",
        "哪有不保本的道理",
        "怎么可能不保本呢",
        "谁说不保本了，保本的",
        "不会不保本的",
        "绝对不会不保本",
    ],
    "a rhetorical question": [
        "不是零风险我能推荐给您吗",
        "要不是零风险的我能推荐给您吗",
        "这不就是稳赚不赔吗",
        "难道还不保本吗",
        "您说这不是稳赚不赔是什么",
        "能不保本吗",
        "不是保本的我敢卖给您吗",
        "不保本我自己会买吗",
    ],
    "a contrast takes the denial back": [
        "虽然不能说保本，但是基本上不会亏",
        "合同上不能写保本，但是实际上就是保本的",
        "我们不能说稳赚不赔，不过您放心，不会亏的",
        "按规定不让说保本，但我跟您说实话，保本的",
        "不是我吹，这个就是保本的",
        "以前不保本，现在保本了",
        "别家不保本，我们保本",
        "不保本的我不卖，我这个保本",
    ],
    "a denial that belongs to something else": [
        "不用担心这个保本",
        "您不要犹豫了这个稳赚不赔",
        "没有手续费还保本",
        "不收费而且保本",
        "不需要您操心它保本",
        "您不买我也得告诉您这个保本",
        "不投您亏大了这个稳赚不赔",
        "没什么好想的保本的",
        "不懂没关系这个零风险",
        "您不是要稳健的吗这个保本",
    ],
    "a condition": [
        "只要持有到期就保本",
        "只有我们家的产品才保本",
        "除非银行倒闭，不然就是保本的",
        "如果您今天买，那就保本",
        "要是亏了我赔给您",
        "万一亏了我全部赔给您",
        "就算行情不好也保本",
        "哪怕大盘跌了也不会亏",
        "您要是不信，我告诉您，保本的",
    ],
    "quoted and made one's own": [
        "您刚才问是不是保本，对，保本的",
        "您的意思是保本是吗，对，保本的",
        "您是说保本，没错，就是保本",
        "我们经理说了保本",
        "老客户都说稳赚不赔",
        "很多人都说这个稳赚不赔，确实是这样",
        "我跟别人也是这么说的，保本",
        "我跟每个客户都说保本",
    ],
    "said outright": [
        "这款保本",
        "您放心，稳赚不赔",
        "我向您保证当天到账",
        "不管涨跌都保本",
        "没问题的，保本",
        "特别稳，不会亏",
        "不但保本还有收益",
        "健康告知那些不用填",
        "这个问卷您不填没关系",
        "不瞒您说这就是稳赚不赔",
    ],
}  # fmt: skip

INNOCENT = {
    "A-not-A, answered with the other half, or asked by the agent": [
        "客户：健康告知要不要填 / 一定要填",
        "客户：健康告知要不要填 / 要的，如实填写",
        "客户：健康告知要不要填 / 是的，要填",
        "客户：健康告知要不要填 / 当然要填",
        "客户：健康告知填不填 / 要填的",
        "客户：有没有风险 / 有的",
        "客户：有没有风险 / 有，理财都有风险",
        "客户：会不会亏本 / 会的",
        "客户：会不会亏本 / 有可能",
        "客户：会不会亏 / 这个说不准",
        "客户：是不是保本 / 不是",
        "客户：能不能保本 / 不能",
        "客户：能不能保本 / 能不能保本要看产品",
        "客户：用不用填 / 用的",
        "客户：需不需要填 / 需要",
        "您看要不要填一下这个表",
        "您想知道会不会亏本",
        "我给您解释一下有没有风险",
        "您考虑一下有没有风险承受能力",
        "表格填不填由您决定",
        "需要不需要填我帮您问一下",
        "保不保本要看合同",
    ],
    "a refusal in its many forms": [
        "客户：这个保本吗 / 那不行",
        "客户：这个保本吗 / 不能这么说",
        "客户：这个保本吗 / 这个不好说",
        "客户：这个保本吗 / 对不起，不保本",
        "客户：这个保本吗 / 是这样的，不保本",
        "客户：这个保本吗 / 放心不了，有风险的",
        "客户：这个保本吗 / 没有哪个理财保本",
        "客户：这个保本吗 / 可以看一下合同",
        "客户：保本对吧 / 对不起我没有这么说",
        "客户：不会亏吧 / 会的，有可能亏",
        "客户：不会亏吧 / 这个不能保证",
        "客户：不会亏吧 / 也有可能会亏",
        "客户：亏了你赔给我吗 / 我不能赔",
        "客户：亏了你赔给我吗 / 不赔的",
        "客户：你能保证保本吗 / 我没办法保证",
        "客户：你确定保本 / 确定不了",
        "客户：不填也行吧 / 不行，必须填",
        "客户：不填也行吧 / 一定要填",
        "客户：不是保本的吧 / 对，不是的",
        "客户：不保本吧 / 对，不保本",
    ],
    "denied": [
        "本产品不保本",
        "我们不能承诺保本",
        "不是零风险的",
        "没有保本的理财",
        "任何理财都不可能保本",
        "不存在稳赚不赔的产品",
        "谁也不能保证不会亏",
        "没有人能保证不会亏",
        "我们从来不说保本",
        "我不敢说不会亏",
        "不能保证您一定能赚",
        "我不能跟您承诺亏了我赔给您",
        "没说过一定能赚",
        "不保证您当天到账",
        "我不是说不会亏",
        "没有谁敢说稳赚不赔",
        "不代表不会亏本",
        "保本是不可能的",
        "保本这个我不能答应您",
        "您说保本，那是没有的",
        "哪有保本的理财",
        "理财哪有稳赚不赔的",
        "什么产品都不敢说零风险",
        "不可以不填",
        "不能不填",
        "必须填写，不能不填的",
        "不填是不行的",
    ],
    "quoted to check or to explain": [
        "您是说我们承诺过保本，是吗",
        "您刚才说保本",
        "您的意思是保本对吗",
        "您的意思是我们跟您说过稳赚不赔",
        "您刚才问的是不是保本",
        "您说有人告诉您保本，是哪位同事",
        "您反映的是我们业务员说保本",
        "您是问保本",
        "我理解您说的是稳赚不赔",
        "您提到稳赚不赔，能详细说一下吗",
        "您听到的是不会亏，是吗",
        "有人说保本",
        "别的公司说保本",
        "别人跟您说保本您就信吗",
        "隔壁银行说稳赚不赔",
        "您朋友说不会亏",
        "之前的业务员跟您说不用填",
        "网上说的稳赚不赔",
        "他们跟您说保本了吗",
        "谁跟您说的保本",
    ],
    "warned against": [
        "不要相信保本",
        "谨防稳赚不赔",
        "如果有人说稳赚不赔，请您报警",
        "凡是说保本的都是骗子",
        "一听到零风险就要小心",
        "遇到承诺保本的要当心",
        "碰到说稳赚不赔的一定要警惕",
        "说不会亏的都是骗人的",
        "千万别信什么稳赚不赔",
        "保本高收益往往是陷阱",
    ],
    "training and rules": [
        "我们不允许说保本",
        "公司规定不能说保本",
        "监管要求不得宣传保本",
        "我们培训的时候说了不能讲稳赚不赔",
        "说保本是要被处罚的",
        "承诺保本属于违规",
        "禁止使用零风险这样的字眼",
    ],
    "supposed": [
        "要是保本的话大家都买了",
        "如果保本就不叫理财了",
        "假如稳赚不赔谁还上班",
        "要是真保本，我自己都买了",
        "如果有保本的我肯定推荐给您",
        "万一不填会影响理赔",
        "如果不填的话，将来会拒赔",
        "要是不填就办不了",
        "除非是存款才保本",
        "只有存款才是保本的，这款不是",
    ],
    "asked": [
        "您问的是保本吗",
        "您是想找保本的吗",
        "您之前买的是保本的吗",
        "您觉得不会亏吗",
        "为什么不填呢",
        "您怎么不填呢",
        "您为什么觉得保本",
        "请问您说的保本是指什么",
    ],
}  # fmt: skip

RUDE = [
    "你是不是傻",
    "不退你听不懂人话吗",
    "这个不能退你听不懂人话吗",
    "我没空你闭嘴",
    "不行就是不行，你傻啊",
    "没办法你自己看着办",
    "你有病吧不行",
    "不能退傻子",
    "你是不是有病",
    "这不归我管",
    "不归我管，没办法",
    "不知道不归我管",
    "你傻不傻",
    "你聋了吗，不能退",
    "我不想跟你说，闭嘴",
    "不是我说你你傻啊",
]
POLITE = [
    "我没说你傻",
    "我不是说您听不懂人话",
    "您不傻",
    "不是让您自己看着办",
    "没有骂您傻子",
    "有人骂您傻子吗",
    "您说我骂您傻子",
    "我们不会叫您闭嘴的",
    "并不是不归我管",
    "他刚才说你傻了吗",
]
COMPLAINING = [
    "客户：再不退我投诉你们",
    "客户：不处理我要投诉",
    "客户：你不给我解决我要投诉",
    "客户：没法解决我要投诉",
    "客户：不给钱我投诉你们",
    "客户：你是不是想让我投诉你们",
]
CONTENT = [
    "客户：我不要投诉",
    "客户：我没有要投诉的意思",
    "客户：我不是要投诉",
    "客户：我不会投诉你们的",
    "客户：我不想投诉你们",
]


def cases(table: dict[str, list[str]]) -> list[object]:
    return [pytest.param(line, id=f"{name}: {line}") for name, lines in table.items() for line in lines]


@pytest.mark.parametrize("dialogue", cases(OFFENCES))
def test_a_promise_in_any_clothes_counts_where_the_agent_makes_it(dialogue: str) -> None:
    assert ("forbidden", dialogue.count(" / ")) in accused(dialogue)


@pytest.mark.parametrize("dialogue", cases(INNOCENT))
def test_nobody_is_accused_of_words_he_did_not_mean(dialogue: str) -> None:
    assert accused(dialogue) == []


@pytest.mark.parametrize("line", RUDE)
def test_an_insult_is_not_excused_by_a_denial_of_something_else_or_by_asking(line: str) -> None:
    assert accused(line, "rude") == [("rude", 0)]


@pytest.mark.parametrize("line", POLITE)
def test_an_insult_that_is_disowned_or_reported_is_none(line: str) -> None:
    assert accused(line, "rude") == []


@pytest.mark.parametrize("line", COMPLAINING)
def test_a_complaint_is_one_whatever_was_denied_before_it(line: str) -> None:
    assert accused(line) == [("complaint", 0)]


@pytest.mark.parametrize("line", CONTENT)
def test_who_does_not_want_to_complain_does_not(line: str) -> None:
    assert accused(line) == []
