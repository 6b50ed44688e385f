# ruff: noqa: E501 - one case of a table stays on one line
import pytest

from qa.core.finding import MatchKind
from qa.core.roles import Role
from qa.core.transcript import Transcript, Turn, Word
from qa.lexicon.lexicon import CompiledTerm, Lexicon, TermHit
from qa.lexicon.matcher import MatchTerm
from qa.lexicon.schema import FORBIDDEN_UNLESS
from qa.rules.dialogue import from_example
from qa.text.calltext import CallText


def term(*patterns: str, affirmed: bool = True, homophone: str = "auto") -> CompiledTerm:
    return CompiledTerm(
        "zh.t.promise", "zh.t.file", 1, "zh", "forbidden", {}, None, Role.AGENT, FORBIDDEN_UNLESS, affirmed, None, None,
        False, (), MatchTerm(patterns, homophone=homophone, whole_words=True),
    )  # fmt: skip


PROMISE = Lexicon(
    [term("保本", "稳赚不赔", "肯定不会亏", "不会亏", "不会亏本", "涨价", "赔给我", "保证不亏", "跟存款没区别")]
)


def meant(*lines: str) -> list[TermHit]:
    call = CallText(from_example(list(lines), Role.AGENT))
    return [h for h in PROMISE.scan(call).hits("zh.t.promise", Role.AGENT) if h.counts]


@pytest.mark.parametrize(
    "lines",
    [
        ("客户：是不是保本", "坐席：对"),
        ("客户：这个保本吧", "坐席：是的"),
        ("客户：保本吗", "坐席：没错，您放心"),
        ("客户：保本吗", "坐席：当然了"),
        ("客户：保本吗", "坐席：嗯，对的"),
        ("客户：保本吗", "坐席：那肯定的呀姐"),
        ("客户：肯定不会亏吧", "坐席：不会的，您放心"),
        ("客户：会不会亏本", "坐席：不会"),
        ("客户：那就是稳赚不赔了", "坐席：可以这么理解"),
        ("客户：有没有保本的", "坐席：有的"),
        ("客户：能保本吗", "坐席：能"),
        ("客户：能保本吗", "客户：嗯", "坐席：能的"),
        ("客户：保本，对吧", "坐席：嗯嗯，是这样的"),
        ("客户：保本吗", "坐席：嗯嗯"),
        ("客户：真的不会亏？", "坐席：真不会"),
        ("客户：不会亏吧", "坐席：当然不会啦"),
        ("客户：不会亏吧", "坐席：没可能"),
        ("客户：你敢保证不亏吗", "坐席：敢"),
        ("客户：跟存款没区别吧", "坐席：没区别"),
    ],
)
def test_a_yes_to_the_question_is_as_good_as_saying_it(lines: tuple[str, ...]) -> None:
    [hit] = meant(*lines)
    assert hit.kind is MatchKind.CONTEXT
    assert hit.turn.turn.role is Role.AGENT
    assert hit.question is not None


@pytest.mark.parametrize(
    "lines",
    [
        ("客户：是不是保本", "坐席：不是的"),
        ("客户：保本吗", "坐席：嗯"),
        ("客户：保本吗", "坐席：嗯嗯，您稍等"),
        ("客户：保本，对吧", "坐席：是这样的，您听我说"),
        ("客户：是不是肯定不会亏", "坐席：哪能啊，市场有涨有跌"),
        ("客户：不会亏吧", "坐席：怎么会呢，亏的时候也是有的"),
        ("客户：跟存款没区别吧", "坐席：有区别"),
        ("客户：你能保证不亏吗", "坐席：不能"),
        ("客户：保本吗", "坐席：这个不能这么说"),
        ("客户：你们保本吗", "坐席：对不起，我们不保本"),
        ("客户：你们保本吗", "坐席：是这样的，理财不保本"),
        ("客户：保本吗", "坐席：对，但是有一定风险，不能保证"),
        ("客户：保本吗", "坐席：对，不过是存在投资风险的"),
        ("客户：亏了是不是赔给我", "坐席：我，我先帮您查一下"),
        ("客户：不是保本的吧", "坐席：对，不保本"),
        ("客户：不保本吧", "坐席：对"),
        ("客户：会不会亏本", "坐席：有可能的"),
        ("客户：我就想买保本的", "坐席：好的"),
        ("客户：保本吗", "客户：算了你先帮我查一下我上个月的账单吧", "坐席：对"),
        ("客户：保本吗，还有我上次跟你们说的那个账单的问题处理得怎么样了", "坐席：对"),
        ("客户：有没有保本的", "坐席：没有"),
        ("客户：保本吗",),
    ],
)
def test_anything_else_is_not(lines: tuple[str, ...]) -> None:
    assert meant(*lines) == []


def test_a_yes_is_heard_through_the_pauses_of_who_hesitates() -> None:
    asked = Turn(0, Role.CUSTOMER, "c", 0, (Word("保本吗", 0, 1, 1.0, 1.0),), 1.0)
    said = (Word("那个", 2, 2.5, 1.0, 1.0), Word("肯定", 5, 5.5, 1.0, 1.0), Word("的呀", 8, 8.5, 1.0, 1.0))
    call = CallText(Transcript("zh", 10.0, (asked, Turn(1, Role.AGENT, "a", 0, said, 1.0))))
    assert call.turns[1].marked.count(" ") == 2
    [hit] = [h for h in PROMISE.scan(call).hits("zh.t.promise", Role.AGENT) if h.counts]
    assert hit.turn.squeezed[hit.start : hit.end] == "肯定"


def test_a_term_may_refuse_to_be_affirmed() -> None:
    lexicon = Lexicon([term("保本", affirmed=False)])
    call = CallText(from_example(["客户：是不是保本", "坐席：对"], Role.AGENT))
    assert lexicon.scan(call).hits("zh.t.promise", Role.AGENT) == []


@pytest.mark.parametrize(
    ("question", "answer", "agrees"),
    [
        ("过了今天就没有了吗", "没有了", True),
        ("过了今天就没了吧", "对", True),
        ("过了今天就没有了吗", "不会，活动到月底", False),
        ("再不买是不是没了", "不会的，每周二都开放", False),
        ("好评是不是有红包", "没有的，您按真实感受写", False),
        ("好评是不是有红包", "有的", True),
    ],
)
def test_a_no_agrees_only_with_what_is_asked_in_the_negative(question: str, answer: str, agrees: bool) -> None:
    lexicon = Lexicon([term("过了今天就没", "再不买…没", "好评…红包")])
    call = CallText(from_example([f"客户：{question}", f"坐席：{answer}"], Role.AGENT))
    assert any(h.counts for h in lexicon.scan(call).hits("zh.t.promise", Role.AGENT)) is agrees
