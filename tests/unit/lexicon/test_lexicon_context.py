"""One table per production of the context grammar; each case is one sentence around 保本 or another phrase."""

import pytest

from qa.core.roles import Role
from qa.lexicon.context import PRODUCTIONS, REACH, Site
from qa.rules.dialogue import from_example
from qa.text.calltext import CallText
from qa.text.normalise import fold

PHRASES = ("肯定不会亏", "稳赚不赔", "绝对收益", "零风险", "保本", "不会亏本", "当天到账")


def excused(production: str, line: str, default: Role = Role.AGENT) -> bool:
    turn = CallText(from_example(line, default)).turns[0]
    phrase = next(fold(p) for p in PHRASES if fold(p) in turn.squeezed)
    at = turn.squeezed.index(phrase)
    return PRODUCTIONS[production](Site(turn, at, at + len(phrase))) is not None


@pytest.mark.parametrize(
    "line",
    [
        "本产品不保本，也不承诺最低收益",
        "我们不能承诺保本",
        "这不是零风险的",
        "任何基金都不可能稳赚不赔",
        "没有保本的基金",
        "保本的基金现在是没有的",
        "保本的基金現在是沒有的市面上誰說",
        "我不能跟您保证当天到账",
        "并不是说零风险",
        "理财都谈不上稳赚不赔",
        "我没说过保本",
        "不承诺保息、保本",
        "不承诺保息，保本",
        "保本这种说法是不对的",
        "保本我们做不到",
        "怎么可能保本呢",
        "不是所有理财产品都是保本的",
        "理财产品不是存款本产品不保本也不承诺收益",
        "这个产品不完全保本",
        "严禁承诺保本",
    ],
)
def test_denials_excuse(line: str) -> None:
    assert excused("negated", line)


@pytest.mark.parametrize(
    "line",
    [
        "这个产品保本",
        "不用担心，保本的",
        "您不用担心这个是保本的",
        "没有风险，保本保息",
        "没有风险保本保息",
        "没问题，稳赚不赔",
        "不但保本，还保息",
        "不管行情怎么样都保本",
        "收益不高但是保本",
        "不能提前支取但保本",
        "这个不错保本的",
        "不是不保本，您放心",
        "不可能不保本的",
        "没有一款不保本",
        "没有不保本的说法",
        "这不就是稳赚不赔吗",
        "特别好的产品，保本保息",
        "别犹豫了，稳赚不赔的",
        "保本的没有风险",
        "不是我吹，稳赚不赔",
    ],
)
def test_what_is_no_denial_of_it_does_not_excuse(line: str) -> None:
    assert not excused("negated", line)


@pytest.mark.parametrize(
    "line",
    [
        "如果有人跟您说绝对收益，那是违规的",
        "市面上谁说稳赚不赔您都别信",
        "有些平台号称稳赚不赔",
        "您刚才说的保本，我解释一下",
        "骗子经常说保本高收益",
        "所谓的保本理财",
        "他们承诺您稳赚不赔",
        "保本这两个字我们不能讲",
        "保本之类的话不能说",
    ],
)
def test_somebody_elses_words_excuse(line: str) -> None:
    assert excused("quoted", line)


@pytest.mark.parametrize(
    "line",
    [
        "我跟您说，这个稳赚不赔",
        "我跟您说这个稳赚不赔",
        "大家都说稳赚不赔",
        "我们经理说了，绝对收益",
        "不瞒您说稳赚不赔",
        "您刚才说的保本，没错，我们就是",
    ],
)
def test_ones_own_words_do_not(line: str) -> None:
    assert not excused("quoted", line)


@pytest.mark.parametrize(
    "line",
    [
        "承诺保本是违规的",
        "请不要相信稳赚不赔的宣传",
        "警惕保本高息的骗局",
        "小心那些零风险的项目",
        "稳赚不赔都是骗人的",
        "保本。这种话千万别信",
    ],
)
def test_warnings_excuse(line: str) -> None:
    assert excused("warned", line)


@pytest.mark.parametrize("line", ["这个稳赚不赔，不是骗人的", "这个保本，别家的都是骗人的", "您放心，保本的"])
def test_praise_is_no_warning(line: str) -> None:
    assert not excused("warned", line)


@pytest.mark.parametrize(
    "line",
    [
        "您是想买保本的吗",
        "您问的是不是保本",
        "什么叫保本",
        "这个产品保本吗？",
        "您担心会不会亏本",
        "客户：这个保本吧",
        "客户：保本吗",
    ],
)
def test_questions_excuse(line: str) -> None:
    assert excused("asked", line) or excused("quoted", line)


@pytest.mark.parametrize(
    "line",
    [
        "难道还会不保本吗",
        "难道这不算零风险吗",
        "你看是不是零风险",
        "这不就是稳赚不赔吗",
        "稳赚不赔的，明白吗",
        "保本的您知道吗",
        "保本，对吧",
        "保本的。还有什么问题吗",
    ],
)
def test_rhetorical_questions_and_tags_do_not(line: str) -> None:
    assert not excused("asked", line)


@pytest.mark.parametrize("line", ["要是真保本，大家都买了", "假如这个产品稳赚不赔，银行早自己买了"])
def test_an_if_clause_excuses(line: str) -> None:
    assert excused("hypothetical", line)


@pytest.mark.parametrize(
    "line", ["如果您现在买，保本保息", "如果您现在买我给您保本", "要是您买就保本", "如果保本"]
)
def test_what_follows_from_an_if_clause_is_a_promise(line: str) -> None:
    assert not excused("hypothetical", line)


def test_a_condition_is_seen_but_excuses_only_on_demand() -> None:
    assert excused("conditional", "只要持有到期就保本")
    assert not excused("hypothetical", "只要持有到期就保本")


@pytest.mark.parametrize("line", ["这个保本，不对，说错了，是不保的", "保本，我更正一下", "保本说错了"])
def test_what_is_taken_back_in_the_same_breath_is_excused(line: str) -> None:
    assert excused("corrected", line)


@pytest.mark.parametrize("line", ["保本，对不对", "保本，不是骗您的"])
def test_what_is_not_taken_back_is_not(line: str) -> None:
    assert not excused("corrected", line)


@pytest.mark.parametrize(
    "line",
    [
        "不是零风险我能推荐给您吗",
        "不保本我敢卖给您吗",
        "要不是保本的，我会让您买吗",
        "如果不是稳赚不赔我自己能买吗",
        "不是保本的我都不会跟您说",
        "这不是稳赚不赔是什么",
        "银行的产品能不保本吗",
    ],
)
def test_a_denial_for_show_excuses_in_no_way(line: str) -> None:
    assert not any(excused(name, line) for name in ("negated", "asked", "hypothetical", "quoted", "warned"))


@pytest.mark.parametrize(
    "line",
    [
        "不是零风险，您能接受吗",
        "不保本的话您能接受吗",
        "不是保本的我们会提前告知您",
        "不保本的产品我不会推荐给保守型的客户",
        "不保本，我能说清楚吗",
        "这不是保本的，是浮动收益的",
        "不是稳赚不赔，是有风险的",
    ],
)
def test_a_denial_beside_a_real_question_or_statement_still_excuses(line: str) -> None:
    assert excused("negated", line) or excused("asked", line)


@pytest.mark.parametrize(
    ("line", "warns"),
    [
        ("谁让您相信零风险的，您都别转", True),
        ("任何人劝您买保本的，您直接挂了", True),
        ("万一有人叫您买稳赚不赔的，马上报警", True),
        ("要是有人问零风险，您就买，千万别提我", False),
        ("谁让您稳赚不赔呢，别犹豫", False),
        ("稳赚不赔，您都别转", False),
        ("师傅要是让您买零风险的，您别买", True),
        ("要是系统让您测评，您就选零风险，别选保守的", False),
    ],
)
def test_who_is_told_to_refuse_a_bait_is_warned(line: str, warns: bool) -> None:
    assert excused("warned", line) is warns


@pytest.mark.parametrize(
    ("line", "warns"),
    [
        ("保本，你这是诈骗", False),
        ("保本，我告你诈骗", False),
        ("保本，你说的这种是诈骗", True),
        ("保本，你遇到的是诈骗", True),
    ],
)
def test_to_condemn_the_listener_is_no_warning(line: str, warns: bool) -> None:
    assert excused("warned", line) is warns


@pytest.mark.parametrize("end", ["。", "？", "吗"])
@pytest.mark.parametrize(
    ("production", "before"),
    [
        ("conditional", "只要您放心就好"),
        ("quoted", "有人跟您宣传过"),
        ("negated", "只有存款"),
    ],
)
def test_an_excuse_before_a_hit_lies_in_its_own_sentence(production: str, before: str, end: str) -> None:
    assert excused(production, f"{before}，才保本")
    assert not excused(production, f"{before}{end}我们保本")


@pytest.mark.parametrize(("talk", "excuses"), [(REACH // 2, True), (REACH, False)])
def test_an_excuse_is_looked_for_in_a_sentence_and_not_in_an_endless_one(talk: int, excuses: bool) -> None:
    between = "嗯" * talk
    assert excused("conditional", f"只要{between}保本") is excuses
    assert excused("asked", f"保本{between}吗") is excuses


def test_where_the_look_behind_a_hit_ends_no_sentence_does() -> None:
    assert excused("asked", f"保本{'嗯' * (REACH - 2)}吗")
    assert not excused("asked", f"保本{'嗯' * (REACH - 1)}吗嗯")


def test_an_a_not_a_that_ends_in_a_particle_is_no_question_for_show() -> None:
    assert excused("asked", "您问这个是不是保本吗")
    assert not excused("asked", "这不是保本吗")


@pytest.mark.parametrize(("line", "follows"), [("如果就保本的话很好", False), ("如果买了就保本很好", True)])
def test_what_follows_from_an_if_is_a_promise(line: str, follows: bool) -> None:
    assert excused("hypothetical", line) is not follows


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("I never said it was risk free", "negated"),
        ("I'd be lying if I called it risk free", "negated"),
        ("Please don't call it risk free", "negated"),
        ("We're not allowed to say it's risk free", "negated"),
        ("Don't let anybody tell you it's risk free", "negated"),
        ("It is not risk free", "negated"),
        ("There's no such thing as a risk-free fund", "negated"),
        ("It's not that it's risk free, it's safer", "negated"),
        ("No lender should call it risk free", "negated"),
        ("No product comes risk free", "negated"),
        ("There are no fully risk free funds", "negated"),
        ("Some call bonds risk free, but they’re not.", "negated"),
        ("I'd love to call it risk free but I can't", "negated"),
        ("Risk free funds don't exist", "negated"),
        ("Risk free is not something we offer", "negated"),
        ("Um, it's, uh, not, you know, risk free", "negated"),
        ("It's not like it's risk free", "negated"),
        ("It's hardly risk free", "negated"),
        ("Few things are risk free", "negated"),
        ("A few of them are risk free", None),
        ("None of these products come with risk free returns", "negated"),
        ("It's risk free - sorry, I misspoke", "corrected"),
        ("You'd like it risk free", "quoted"),
        ("呢隻 fund 冇 risk free 㗎", "negated"),
        ("冇問題 risk free 㗎", None),
        ("It is risk free", None),
        ("It is risk free, but you can't withdraw it early", None),
        ("Don't worry it's risk free", None),
        ("Not only is it risk free", None),
        ("I shouldn't say this but it is risk free", None),
        ("Why don't you take it, it's risk free", None),
        ("I'm not going to lie, it's risk free", None),
        ("Nothing beats it and it's risk free", None),
        ("If nobody rings I'm buying it, it's risk free", None),
        ("No doubt about its risk free nature", None),
        ("If someone tells you it's risk free", "quoted"),
        ("Scammers often promise risk free profits", "quoted"),
        ("You asked for something risk free", "quoted"),
        ("What do you mean by risk free", "quoted"),
        ("They told you it's risk free, and they're right.", None),
        ("You wanted risk free, and this is it", None),
        ("Others say it's risky, but we know it's risk free", None),
        ("My manager says it's risk free", None),
        ("As I said, it's risk free", None),
        ("Be wary of anything risk free", "warned"),
        ("Anything risk free is probably a scam", "warned"),
        ("If you see risk free loans, please avoid them", "warned"),
        ("Adverts offer risk free profits. Don't believe them.", "warned"),
        ("Risk free? That's a lie", "warned"),
        ("Anybody selling this as risk free, that's a scam", "warned"),
        ("It's risk free, it's not a scam", None),
        ("It's risk free, it's impossible to lose", None),
        ("I asked whether it is risk free", "asked"),
        ("Let me check if it is risk free", "asked"),
        ("Is it risk free?", "asked"),
        ("Did you know it's risk free?", None),
        ("Who wouldn't want it risk free?", None),
        ("It's risk free so why wait?", None),
        ("If this were risk free, everyone would buy it", "hypothetical"),
        ("Suppose it was risk free", "hypothetical"),
        ("If you want it risk free, this is for you", None),
        ("If you invest today it's risk free", None),
        ("If you invest risk free, you win", None),
    ],
)
def test_excuses_in_english(line: str, name: str | None) -> None:
    turn = CallText(from_example(line, Role.AGENT)).turns[0]
    at = turn.squeezed.index("riskfree")
    site = Site(turn, at, at + 8)
    granted = ("negated", "quoted", "warned", "asked", "hypothetical", "corrected")
    holding = [n for n in granted if PRODUCTIONS[n](site)]
    assert name in holding if name else not holding


@pytest.mark.parametrize(
    ("line", "disowned"),
    [
        ("Nobody here should tell you to shut up", True),
        ("I never said shut up", True),
        ("I can't hear you, shut up", False),
    ],
)
def test_an_insult_in_english_is_disowned_by_denying_that_it_was_said(line: str, disowned: bool) -> None:
    turn = CallText(from_example(line, Role.AGENT)).turns[0]
    at = turn.squeezed.index("shutup")
    assert (PRODUCTIONS["disowned"](Site(turn, at, at + 6)) is not None) is disowned


@pytest.mark.parametrize(
    ("line", "is_asked"),
    [
        ("It's risk free, right?", True),
        ("It's risk free, isn't it?", True),
        ("It's risk free, I bought it", False),
    ],
)
def test_a_customer_asks_in_english_by_a_tag(line: str, is_asked: bool) -> None:
    turn = CallText(from_example(line, Role.CUSTOMER)).turns[0]
    at = turn.squeezed.index("riskfree")
    assert (PRODUCTIONS["asked"](Site(turn, at, at + 8)) is not None) is is_asked


def test_one_thing_does_not_follow_from_a_denial_of_another() -> None:
    assert excused("negated", "过去没亏不等于以后不会亏本")
    assert not excused("negated", "没有一款不保本")
