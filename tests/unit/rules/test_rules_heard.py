# ruff: noqa: E501 - one term stays on one line
"""What only sounds like an offence, or was misspelt by the recogniser, is never critical by itself."""

from dataclasses import replace

import pytest

from qa.core.finding import MatchKind, Outcome, Severity
from qa.core.result import Analysis
from qa.core.roles import Role
from qa.rules.call import CallContext, ModelAnswer
from qa.rules.dialogue import from_example
from qa.rules.loader import build, from_text

PACK = """
id: zh.t
terms:
  - {id: promise, patterns: [稳赚不赔, '(包赚|~包转)(不赔|的)'], misheard: [穩正不陪], family: forbidden, severity: critical}
  - {id: backed, patterns: [国家兜底, '(政府|~正腐){0,3}兜底'], misheard: ['(国家|政府)都抵'], family: forbidden, severity: critical}
  - {id: sells, patterns: [理财产品]}
  - {id: bait, patterns: [高额返利]}
  - {id: notice, patterns: [投资有风险]}
rules:
  - {id: selling-bait, severity: critical, forbid: {all: [{says: sells}, {says: bait}]}}
  - {id: unwarned, severity: critical, when: {says: sells}, require: {says: notice}}
  - {id: lured, severity: warning, forbid: {says: bait}}
"""
BOOK = build([from_text("zh/t", PACK)])


def analyse(*lines: str) -> Analysis:
    return BOOK.analyse(from_example(list(lines), Role.AGENT), CallContext())


def severity(rule: str, *lines: str) -> Severity:
    [finding] = [f for f in analyse(*lines).findings if f.rule == rule]
    return finding.severity


@pytest.mark.parametrize(
    ("line", "rule", "kind", "expected"),
    [
        ("这个稳赚不赔", "promise", MatchKind.EXACT, Severity.CRITICAL),
        ("这个纹赚不赔", "promise", MatchKind.HOMOPHONE, Severity.WARNING),
        ("这个穩正不陪", "promise", MatchKind.SIMILAR, Severity.WARNING),
        ("这个包赚不赔", "promise", MatchKind.EXACT, Severity.CRITICAL),
        ("这个包转不赔", "promise", MatchKind.SIMILAR, Severity.WARNING),
        ("国家兜底", "backed", MatchKind.EXACT, Severity.CRITICAL),
        ("国家都抵", "backed", MatchKind.SIMILAR, Severity.WARNING),
        ("政府都抵", "backed", MatchKind.SIMILAR, Severity.WARNING),
        ("政府给兜底", "backed", MatchKind.EXACT, Severity.CRITICAL),
        ("正腐给兜底", "backed", MatchKind.SIMILAR, Severity.WARNING),
    ],
)
def test_a_term_that_was_only_heard_is_at_most_a_warning(
    line: str, rule: str, kind: MatchKind, expected: Severity
) -> None:
    [finding] = [f for f in analyse(line).findings if f.rule == f"zh.t.{rule}"]
    assert (finding.severity, finding.evidence[0].match) == (expected, kind)
    assert finding.reason.code == ("rules.said" if kind is MatchKind.EXACT else "rules.sounds_like")


@pytest.mark.parametrize("line", ["这个纹赚不赔，稳赚不赔啊", "这个稳赚不赔，纹赚不赔啊"])
def test_one_plain_hit_is_enough_whatever_else_sounds_like_it(line: str) -> None:
    [finding] = analyse(line).findings
    assert (finding.severity, finding.reason.code, len(finding.evidence)) == (Severity.CRITICAL, "rules.said", 2)


def test_a_yes_to_a_question_that_was_only_heard_is_a_warning() -> None:
    assert severity("zh.t.promise", "客户：这个稳赚不赔吗", "对的") is Severity.CRITICAL
    assert severity("zh.t.promise", "客户：这个纹赚不赔吗", "对的") is Severity.WARNING
    sure, unsure = (
        next(f for f in analyse(f"客户：这个{word}吗", "对的").findings if f.rule == "zh.t.promise").confidence
        for word in ("稳赚不赔", "纹赚不赔")
    )
    assert unsure < sure == 0.9


@pytest.mark.parametrize(
    ("lines", "rule", "expected"),
    [
        (("这个理财产品高额返利",), "selling-bait", Severity.CRITICAL),
        (("这个理财产品搞额返利",), "selling-bait", Severity.WARNING),
        (("这个理才产品高额返利",), "selling-bait", Severity.WARNING),
        (("这个理财产品不错",), "unwarned", Severity.CRITICAL),
        (("这个理才产品不错",), "unwarned", Severity.WARNING),
        (("搞额返利给您",), "lured", Severity.WARNING),
    ],
)
def test_a_critical_rule_that_needs_a_homophone_is_a_warning(
    lines: tuple[str, ...], rule: str, expected: Severity
) -> None:
    assert severity(f"zh.t.{rule}", *lines) is expected


def test_a_homophone_still_satisfies_what_is_required() -> None:
    [check] = [c for c in analyse("这个理财产品", "投资有风显").checks if c.rule == "zh.t.unwarned"]
    assert check.outcome is Outcome.PASSED


def test_a_model_is_asked_once_although_the_rule_is_weighed_twice() -> None:
    asked = []

    def ask(question: str, dialogue: str) -> ModelAnswer:
        asked.append(question)
        return ModelAnswer(True, 0.9, ("高额返利",))

    pack = PACK + '  - {id: model, severity: critical, forbid: {asks_model: {question: "返利?"}}}\n'
    call = from_example(["这个理财产品高额返利"], Role.AGENT)
    found = build([from_text("zh/t", pack)]).analyse(call, replace(CallContext(), ask=ask)).findings
    assert [f.severity for f in found if f.rule == "zh.t.model"] == [Severity.CRITICAL]
    assert asked == ["返利?"]
