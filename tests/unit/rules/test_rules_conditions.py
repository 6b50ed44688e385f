# ruff: noqa: E501 - one case of a table stays on one line
"""Every condition of the rule language, each with a call where it holds and one where it does not."""

import pytest

from qa.core.finding import Outcome
from qa.core.roles import Role
from qa.core.transcript import Transcript, Turn, Word
from qa.rules.book import RuleBook
from qa.rules.call import CallContext, CallMetrics, Interruption, ModelAnswer, SilenceGap, TurnLevel
from qa.rules.dialogue import from_example
from qa.rules.loader import build, from_text

TERMS = """
terms:
  - {id: promise, patterns: [保本, 稳赚不赔], family: forbidden, unless: [negated]}
  - {id: hello, patterns: [您好]}
  - {id: bye, patterns: [再见]}
  - {id: hold, patterns: [请稍等]}
  - {id: refund, patterns: [退款], role: customer}
"""


def book_of(condition: str, extra: str = "") -> RuleBook:
    text = f"id: zh.t\n{TERMS}\nrules:\n  - id: r\n    role: agent\n    {extra}\n    require: {condition}\n"
    return build([from_text("zh/t", text)])


def outcome(
    condition: str, *lines: str, context: CallContext | None = None, transcript: Transcript | None = None
) -> Outcome:
    call = transcript or from_example(list(lines) or ["坐席：您好", "客户：好"], Role.AGENT)
    checks = book_of(condition).analyse(call, context or CallContext()).checks
    return next(c.outcome for c in checks if c.rule == "zh.t.r")


def timed(*turns: tuple[Role, str, float, float]) -> Transcript:
    made = tuple(
        Turn(i, role, role.value, 0, (Word(text, start, end, 1.0, 1.0),), 1.0)
        for i, (role, text, start, end) in enumerate(turns)
    )
    return Transcript("zh", max(t.end for t in made), made)


A, C = Role.AGENT, Role.CUSTOMER


WORDS = [
    ("{says: hello}", ["坐席：您好"], ["客户：您好", "坐席：喂"]),
    ("{says: [hello, bye]}", ["坐席：再见"], ["坐席：喂"]),
    ("{says: {all: [hello, bye]}}", ["坐席：您好", "坐席：再见"], ["坐席：您好"]),
    ("{says: {any: [hello, bye, hold], at_least: 2}}", ["坐席：您好再见"], ["坐席：您好您好"]),
    ("{says: {any: hello, times: 2}}", ["坐席：您好您好"], ["坐席：您好"]),
    ("{says: {none: [promise], any: [hello]}}", ["坐席：您好"], ["坐席：您好，保本"]),
    ("{says: {patterns: ['(系统|机器)坏了']}}", ["坐席：系统坏了"], ["坐席：系统好了"]),
    ("{says: promise}", ["坐席：保本的"], ["坐席：不保本的"]),
    ("{says: refund}", ["客户：我要退款", "坐席：好"], ["坐席：退款"]),
    ("{says: refund, role: agent}", ["坐席：给您退款"], ["客户：退款", "坐席：好"]),
    ("{says: 'family:forbidden'}", ["坐席：保本的"], ["坐席：您好"]),
    ("{matches: '工号[0-9]{4}'}", ["坐席：工號６０３８"], ["坐席：工号是多少"]),
    ("{matches: {regex: '保.', exclude: '保险'}}", ["坐席：保本"], ["坐席：保险"]),
    ("{similar: {text: 过往业绩不代表未来表现投资需谨慎, at_least: 0.8}}",
     ["坐席：过往业绩不代表未来表现，投资吸谨慎"], ["坐席：投资很好的"]),
    ("{repeats: {within_turns: 4}}", ["坐席：请您提供订单号码", "客户：什么", "坐席：请您提供订单号码"],
     ["坐席：请您提供订单号码", "客户：什么", "坐席：好的我查到了"]),
    ("{repeats: {}}", ["坐席：请报订单号", "客户：什么", "坐席：请报订单号"], ["坐席：报订单号", "客户：什么", "坐席：报订单号"]),
    ("{entity: phone, role: any}", ["客户：手机号13812345678", "坐席：好"], ["坐席：您的电话是多少"]),
    ("{entity: {type: id_card, valid_only: true}, role: any}",
     ["客户：身份证110101199003074514", "坐席：好"], ["客户：身份证11010119900307451", "坐席：好"]),
    ("{entity: percent}", ["坐席：年化百分之三点二"], ["坐席：年化"]),
    ("{turns: {above: 2}}", ["坐席：您好", "客户：嗯", "坐席：再见"], ["坐席：您好"]),
    ("{turns: {below: 2}, role: agent}", ["坐席：您好", "客户：嗯", "客户：啊"], ["坐席：您好", "坐席：再见"]),
    ("{ends_with: {role: customer}}", ["坐席：您好", "客户：嗯"], ["客户：嗯", "坐席：您好"]),
    ("{talk_share: {above: 0.5}}", ["坐席：今天天气真的非常好", "客户：嗯"], ["坐席：嗯", "客户：今天天气真的非常好"]),
    ("{then: {first: {says: hello}, second: {says: bye}}}", ["坐席：您好", "坐席：再见"], ["坐席：再见", "坐席：您好"]),
    ("{then: {first: {says: hello}, second: {says: bye}, within_turns: 1}}",
     ["坐席：您好", "坐席：再见"], ["坐席：您好", "坐席：啊", "坐席：再见"]),
    ("{then: {first: {says: hello}, second: {says: bye}, within_seconds: 2}}",
     ["坐席：您好", "坐席：再见"], ["坐席：您好", "坐席：这一句话说得特别特别的长", "坐席：再见"]),
    ("{all: [{says: hello}, {says: bye}]}", ["坐席：您好再见"], ["坐席：您好"]),
    ("{any: [{says: hello}, {says: bye}]}", ["坐席：再见"], ["坐席：喂"]),
    ("{none: [{says: promise}]}", ["坐席：您好"], ["坐席：保本"]),
    ("{says: bye, within: last 1 turns}", ["坐席：您好", "坐席：再见"], ["坐席：再见", "坐席：您好"]),
    ("{says: hello, within: first 1 agent turns}", ["客户：喂", "坐席：您好"], ["坐席：喂", "坐席：您好"]),
    ("{says: hello, within: first 2s}", ["坐席：您好"], ["坐席：今天天气真的非常好啊", "坐席：您好"]),
    ("{says: bye, within: '50%..100%'}", ["坐席：今天天气真的好", "坐席：再见"], ["坐席：再见", "坐席：今天天气真的好"]),
    ("{says: bye, after: {condition: {says: hello}}}", ["坐席：您好再见"], ["坐席：再见您好"]),
    ("{says: bye, after: {condition: {says: hello}, hit: 2}}", ["坐席：您好", "坐席：您好再见"], ["坐席：您好再见"]),
    ("{says: bye, after: {condition: {says: hello}, turns: 1}}", ["坐席：您好", "坐席：再见"],
     ["坐席：您好", "客户：嗯", "坐席：再见"]),
    ("{says: bye, before: {condition: {says: hello}, hit: -1}}", ["坐席：您好", "坐席：再见", "坐席：您好"],
     ["坐席：您好", "坐席：再见"]),
    ("{says: bye, before: {condition: {says: promise}}}", ["坐席：再见", "坐席：保本"], ["坐席：再见"]),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "holding", "failing"), WORDS)
def test_a_condition_on_words(condition: str, holding: list[str], failing: list[str]) -> None:
    assert outcome(condition, *holding) is Outcome.PASSED
    assert outcome(condition, *failing) is Outcome.FAILED


CALL = timed(
    (A, "您好请稍等", 0, 2),
    (C, "好的", 3, 4),
    (A, "让您久等了已经查到了您的订单信息", 24, 26),
    (C, "谢谢", 26.5, 27),
)


def measured(**metrics: object) -> CallContext:
    return CallContext(metrics=CallMetrics(**metrics))  # type: ignore[arg-type]


MEASURES = [
    ("{silence: {at_least: 10}}", measured(silences=(SilenceGap(4, 24),)), Outcome.PASSED),
    ("{silence: {at_least: 30}}", measured(silences=(SilenceGap(4, 24),)), Outcome.FAILED),
    ("{silence: {at_least: 10, between: same}}", measured(silences=(SilenceGap(4, 24),)), Outcome.FAILED),
    ("{silence: {at_least: 10, between: customer-agent}}", measured(silences=(SilenceGap(4, 24),)), Outcome.PASSED),
    ("{silence: {at_least: 10, excused_after: hold}}", measured(silences=(SilenceGap(4, 24),)), Outcome.FAILED),
    ("{silence: {at_least: 10, excused_after: hold, excused_up_to: 15}}",
     measured(silences=(SilenceGap(4, 24),)), Outcome.PASSED),
    ("{silence: {at_least: 10}}", CallContext(), Outcome.UNKNOWN),
    ("{interrupts: {}}", measured(interruptions=(Interruption(2, A, 24, 800, 5, 2000),)), Outcome.PASSED),
    ("{interrupts: {}}", measured(interruptions=(Interruption(2, A, 24, 300, 5, 2000),)), Outcome.FAILED),
    ("{interrupts: {}}", measured(interruptions=(Interruption(2, A, 24, 800, 1, 2000),)), Outcome.FAILED),
    ("{interrupts: {}}", measured(interruptions=(Interruption(2, A, 24, 800, 5, 100),)), Outcome.FAILED),
    ("{interrupts: {}}", measured(interruptions=(Interruption(1, C, 3, 800, 5, 2000),)), Outcome.FAILED),
    ("{interrupts: {}}", CallContext(), Outcome.UNKNOWN),
    ("{loudness: {above: 6}}", measured(levels=(TurnLevel(2, 8.0, None),)), Outcome.PASSED),
    ("{loudness: {above: 6}}", measured(levels=(TurnLevel(2, 3.0, None),)), Outcome.FAILED),
    ("{pitch: {above: 4}}", measured(levels=(TurnLevel(2, None, 5.0),)), Outcome.PASSED),
    ("{pitch: {above: 4}}", CallContext(), Outcome.UNKNOWN),
    ("{rate: {above: 400}}", CallContext(), Outcome.PASSED),
    ("{rate: {above: 900}}", CallContext(), Outcome.FAILED),
    ("{rate: {above: 900, per: call}}", CallContext(), Outcome.FAILED),
    ("{responds: {below: 2, which: first}}", CallContext(), Outcome.FAILED),
    ("{responds: {above: 15}}", CallContext(), Outcome.PASSED),
    ("{responds: {above: 15, which: any}}", CallContext(), Outcome.PASSED),
    ("{duration: {above: 20}}", CallContext(), Outcome.PASSED),
    ("{duration: {above: 60}}", CallContext(), Outcome.FAILED),
    ("{ends_with: {cut_off: true}}", measured(cut_off=True), Outcome.PASSED),
    ("{ends_with: {cut_off: true}}", measured(cut_off=False), Outcome.FAILED),
    ("{ends_with: {cut_off: true}}", CallContext(), Outcome.UNKNOWN),
    ("{attribute: {name: direction, equals: out}}", CallContext({"direction": "out"}), Outcome.PASSED),
    ("{attribute: {name: direction, equals: [in]}}", CallContext({"direction": "out"}), Outcome.FAILED),
    ("{attribute: {name: score, below: 3}}", CallContext({"score": "2"}), Outcome.PASSED),
    ("{attribute: {name: score, below: 3}}", CallContext({"score": "bad"}), Outcome.FAILED),
    ("{attribute: {name: score, below: 3}}", CallContext(), Outcome.UNKNOWN),
    ("{attribute: {name: ticket, exists: false}}", CallContext(), Outcome.PASSED),
    ("{attribute: {name: ticket, exists: true}}", CallContext(), Outcome.FAILED),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "context", "expected"), MEASURES)
def test_a_condition_on_measures(condition: str, context: CallContext, expected: Outcome) -> None:
    assert outcome(condition, transcript=CALL, context=context) is expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (None, Outcome.UNKNOWN),
        (ModelAnswer(True, 0.9, ("已经查到了",)), Outcome.PASSED),
        (ModelAnswer(True, 0.9, ("从来没有说过的话",)), Outcome.UNKNOWN),
        (ModelAnswer(True, 0.9, ()), Outcome.UNKNOWN),
        (ModelAnswer(True, 0.3, ("已经查到了",)), Outcome.UNKNOWN),
        (ModelAnswer(False, 0.9, ()), Outcome.FAILED),
    ],
)
def test_a_model_is_believed_only_with_a_quote_that_is_there(
    answer: ModelAnswer | None, expected: Outcome
) -> None:
    context = CallContext(ask=lambda question, dialogue: answer)
    assert outcome("{asks_model: {question: 坐席是否查到订单}}", transcript=CALL, context=context) is expected


def test_without_an_endpoint_the_model_is_not_asked() -> None:
    assert outcome("{asks_model: {question: 坐席是否查到订单}}", transcript=CALL) is Outcome.UNKNOWN


def test_a_rule_whose_when_does_not_hold_is_not_applicable() -> None:
    book = book_of("{says: bye}", "when: {says: promise}")
    checks = book.analyse(from_example("您好", Role.AGENT), CallContext()).checks
    assert next(c.outcome for c in checks if c.rule == "zh.t.r") is Outcome.NOT_APPLICABLE


def test_overlapping_turns_do_not_give_negative_response_times() -> None:
    call = timed((C, "你好", 0, 5), (A, "您好", 3, 4), (C, "嗯", 4.5, 5))
    assert outcome("{responds: {below: 0.1, which: first}}", transcript=call) is Outcome.PASSED


@pytest.mark.parametrize("lead", range(40, 52))
def test_wording_is_found_whole_at_the_very_end_of_a_long_turn(lead: int) -> None:
    said = f"坐席：{('请您稍等一下' * 9)[:lead]}过往业绩不代表未来表现投资需谨慎"
    condition = "{similar: {text: 过往业绩不代表未来表现投资需谨慎, at_least: 1}}"
    assert outcome(condition, said) is Outcome.PASSED
    assert outcome(condition, said[:-1]) is Outcome.FAILED


@pytest.mark.parametrize(("between", "expected"), [(10, Outcome.PASSED), (11, Outcome.FAILED)])
def test_wording_is_spread_over_half_as_much_again_and_two_characters(between: int, expected: Outcome) -> None:
    said = f"坐席：过往业绩不代表{'请您稍等一下我看看好'[:10].ljust(between, '啊')}未来表现投资需谨慎"
    condition = "{similar: {text: 过往业绩不代表未来表现投资需谨慎, at_least: 1}}"
    assert outcome(condition, said) is expected


@pytest.mark.parametrize(("turns", "expected"), [(1, Outcome.FAILED), (2, Outcome.FAILED), (3, Outcome.PASSED)])
def test_wording_is_put_together_from_so_many_turns_in_a_row(turns: int, expected: Outcome) -> None:
    lines = ["坐席：过往业绩", "客户：嗯", "坐席：不代表未来表现", "客户：好", "坐席：投资需谨慎"]
    condition = f"{{similar: {{text: 过往业绩不代表未来表现投资需谨慎, at_least: 1, turns: {turns}}}}}"
    assert outcome(condition, *lines) is expected
