"""Rules on tone: they find what they ask for, and never fail anybody by themselves."""

import pytest

from qa.core.finding import Check, Outcome, Severity
from qa.core.roles import Role
from qa.rules.call import CallContext, CallMetrics, TurnMood
from qa.rules.dialogue import from_example
from qa.rules.loader import build, from_text

LINES = [
    "坐席：您好",
    "客户：我的快递没有到",
    "坐席：不知道",
    "客户：我要投诉",
    "坐席：随便你",
    "客户：你什么态度",
    "坐席：再见",
    "客户：再见",
]


def _mood(turn: int, angry: float, sure: float = 0.9) -> TurnMood:
    others = dict.fromkeys(("cold", "perfunctory", "warm"), (0.05, sure))
    return TurnMood(turn, {"angry": (angry, sure), **others}, angry, -angry)


def _check(rule: str, tone: tuple[TurnMood, ...] | None) -> Check:
    terms = "terms:\n  - {id: away, patterns: [随便你]}\n"
    text = f"id: zh.t\n{terms}rules:\n  - id: r\n    severity: critical\n    {rule}\n"
    context = CallContext(metrics=CallMetrics(tone=tone))
    analysis = build([from_text("zh/t", text)]).analyse(from_example(LINES, Role.AGENT), context)
    return next(c for c in analysis.checks if c.rule == "zh.t.r")


ANGRY = tuple(_mood(i, 0.9 if i in (3, 5) else 0.1) for i in range(8))


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("{tone: {of: angry, above: 0.8}, role: customer}", True),
        ("{tone: {of: angry, above: 0.8, times: 3}, role: customer}", False),
        ("{tone: {of: angry, above: 0.8}, role: agent}", False),
        ("{tone: {of: angry, above: 0.6, per: call}, role: customer}", True),
        ("{tone: {of: angry, above: 0.7, per: call}, role: customer}", False),
        ("{tone: {of: valence, below: -0.5}, role: customer}", True),
        ("{tone: {of: arousal, above: 0.8}, role: customer, within: first 2 turns}", False),
    ],
)
def test_tone_is_found_where_it_is(condition: str, holds: bool) -> None:
    check = _check(f"forbid: {condition}", ANGRY)
    assert bool(check.findings) is holds
    assert check.outcome is (Outcome.UNKNOWN if holds else Outcome.PASSED)
    assert holds or check.reason.code == "rules.tone_otherwise"


def test_a_change_over_the_call_is_found() -> None:
    rising = tuple(_mood(i, i / 8) for i in range(8))
    assert _check("forbid: {tone: {of: angry, above: 0.4, per: change}, role: any}", rising).findings
    assert not _check("forbid: {tone: {of: angry, above: 0.4, per: change}, role: any}", ANGRY).findings


@pytest.mark.parametrize(
    "rule",
    [
        "forbid: {tone: {of: angry, above: 0.8}, role: customer}",
        "require: {tone: {of: warm, above: 0.5}}",
        "forbid: {any: [{tone: {of: angry, above: 0.8}, role: customer}, {says: {patterns: [没有说过的]}}]}",
        "forbid: {none: [{tone: {of: warm, above: 0.5}}]}",
    ],
)
def test_tone_alone_fails_nobody_and_is_a_notice_at_most(rule: str) -> None:
    check = _check(rule, ANGRY)
    assert check.outcome is Outcome.UNKNOWN
    assert check.reason.code == "rules.tone_needs_person"
    assert [f.severity for f in check.findings] == [Severity.NOTICE]


def test_a_step_that_only_a_tone_can_do_is_left_to_a_person() -> None:
    text = "id: zh.t\nflows: [{id: f, steps: [{id: s, condition: {tone: {of: warm, above: 0.5}}}]}]\n"
    context = CallContext(metrics=CallMetrics(tone=ANGRY))
    analysis = build([from_text("zh/t", text)]).analyse(from_example(LINES, Role.AGENT), context)
    check = next(c for c in analysis.checks if c.family == "step")
    assert (check.outcome, check.reason.code) == (Outcome.UNKNOWN, "rules.tone_needs_person")


def test_with_words_beside_it_a_rule_may_fail() -> None:
    check = _check("forbid: {all: [{says: away}, {tone: {of: angry, above: 0.8}, role: customer}]}", ANGRY)
    assert check.outcome is Outcome.FAILED
    assert [f.severity for f in check.findings] == [Severity.CRITICAL]


def test_what_is_not_sure_enough_or_not_measured_is_unknown() -> None:
    unsure = tuple(_mood(i, 0.9, sure=0.3) for i in range(8))
    for tone in (None, unsure):
        check = _check("forbid: {tone: {of: angry, above: 0.8}, role: customer}", tone)
        assert (check.outcome, check.reason.code, check.findings) == (Outcome.UNKNOWN, "rules.not_measured", ())
