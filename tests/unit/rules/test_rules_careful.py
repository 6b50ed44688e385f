"""A part of a rule that rests on what nobody can know decides nothing, wherever in the tree it stands."""

import pytest

from qa.core.finding import Check, Outcome
from qa.core.roles import Role
from qa.core.transcript import Span, Transcript, Turn, Word
from qa.rules.call import CallContext, ModelAnswer
from qa.rules.loader import build, from_text

TERMS = """
id: zh.t
terms:
  - {id: risk, patterns: [产品有风险]}
  - {id: sale, patterns: [理财产品]}
  - {id: hello, patterns: [很高兴为您服务]}
"""
RULES = """
rules:
  - {id: said, forbid: {says: risk}}
  - {id: required, require: {says: risk}}
  - {id: never, require: {none: [{says: risk}]}}
  - {id: never-said, require: {says: {none: risk}}}
  - {id: unsaid, forbid: {none: [{says: risk}]}}
  - {id: sold-unsaid, forbid: {all: [{says: sale}, {none: [{says: risk}]}]}}
  - {id: sold-without, forbid: {says: {any: sale, none: risk}}}
  - {id: unless-said, when: {none: [{says: risk}]}, forbid: {says: sale}}
  - {id: both, forbid: {all: [{says: sale}, {says: risk}]}}
  - {id: twice, forbid: {says: {any: [sale, risk], times: 2}}}
  - {id: matched, forbid: {all: [{says: sale}, {none: [{matches: 产品有.险}]}]}}
"""
BOOK = build([from_text("zh/t", TERMS + RULES)])

PASSED, FAILED, UNKNOWN, INAPPLICABLE = (
    Outcome.PASSED,
    Outcome.FAILED,
    Outcome.UNKNOWN,
    Outcome.NOT_APPLICABLE,
)


def call(*lines: str, **about: object) -> Transcript:
    """`~` before a line: the recogniser was guessing; `?`: it is not sure who speaks."""
    turns, now = [], 0.0
    for i, line in enumerate(lines):
        mark, text = (line[0], line[1:]) if line[0] in "~?" else ("", line)
        trust = 0.2 if mark == "~" else 0.95
        words = tuple(Word(c, now + k / 5, now + (k + 1) / 5, trust, trust) for k, c in enumerate(text))
        turns.append(Turn(i, Role.AGENT, "a", 0, words, 0.3 if mark == "?" else 1.0))
        now = words[-1].end + 1
    return Transcript("zh", 60.0, tuple(turns), **about)  # type: ignore[arg-type]


def checks(of: Transcript) -> dict[str, Check]:
    return {c.rule.removeprefix("zh.t."): c for c in BOOK.analyse(of, CallContext()).checks}


def test_a_call_that_was_heard_is_judged_by_its_words() -> None:
    found = {name: c.outcome for name, c in checks(call("理财产品", "好的")).items() if name != "pii"}
    failed = {"required", "unsaid", "sold-unsaid", "sold-without", "unless-said", "matched"}
    assert {name for name, outcome in found.items() if outcome is FAILED} == failed
    assert {name for name, outcome in found.items() if outcome is PASSED} == found.keys() - failed
    said = checks(call("理财产品", "产品有风险"))
    failed = {"said", "never", "never-said", "both", "twice"}
    assert {name for name, c in said.items() if c.outcome is FAILED} == failed
    assert said["unless-said"].outcome is INAPPLICABLE
    for name in failed:  # what must not be said is shown
        assert "产品有风险" in [e.quote for f in said[name].findings for e in f.evidence]


@pytest.mark.parametrize(
    "about",
    [{"partial": True}, {"unintelligible": (Span(20, 40),)}],
    ids=["a part of the call", "speech without words"],
)
def test_what_may_have_gone_unheard_decides_nothing(about: dict[str, object]) -> None:
    found = checks(call("理财产品", "好的", **about))
    code = "rules.partial_audio" if "partial" in about else "rules.unintelligible"
    assert {name: c.outcome for name, c in found.items() if c.outcome is not UNKNOWN} == {"pii": PASSED}
    assert {c.reason.code for name, c in found.items() if name != "pii"} == {code}


def test_a_no_of_a_model_to_a_damaged_call_decides_nothing() -> None:
    rules = """
rules:
  - {id: unsaid, forbid: {asks_model: {question: 说了有风险吗, expect: false}}}
  - {id: said, forbid: {asks_model: {question: 说了有风险吗}}}
"""
    book = build([from_text("zh/t", TERMS + rules)])
    for says, partial, outcomes in (
        (ModelAnswer(False, 1.0, ()), False, (FAILED, PASSED)),
        (ModelAnswer(False, 1.0, ()), True, (UNKNOWN, UNKNOWN)),
        (ModelAnswer(True, 1.0, ("产品有风险",)), True, (PASSED, FAILED)),
    ):
        context = CallContext(ask=lambda *_, says=says: says)
        found = book.analyse(call("产品有风险", partial=partial), context).checks
        assert tuple(c.outcome for c in found if c.rule != "pii") == outcomes


def test_what_was_heard_decides_although_more_may_have_been_said() -> None:
    found = checks(call("理财产品", "产品有风险", partial=True))
    failed = {"said", "never", "never-said", "both", "twice"}
    assert {name for name, c in found.items() if c.outcome is FAILED} == failed
    passed = {"required", "unsaid", "sold-unsaid", "sold-without", "matched", "pii"}
    assert {name for name, c in found.items() if c.outcome is PASSED} == passed


@pytest.mark.parametrize(
    ("mark", "open_", "code"),
    [
        ("~", {"required", "unsaid", "sold-unsaid", "sold-without", "matched"}, "rules.low_trust"),
        ("?", set(), "rules.role_uncertain_here"),
    ],
    ids=["trust", "role"],
)
def test_words_that_are_not_to_be_trusted_decide_nothing(mark: str, open_: set[str], code: str) -> None:
    found = checks(call("理财产品", mark + "产品有风险"))
    accusing = {"said", "never", "never-said", "both", "twice"}
    assert {n for n, c in found.items() if c.outcome is UNKNOWN} == accusing | open_
    assert {found[n].reason.code for n in accusing | open_} == {code}
    assert all([e.quote for d in found[n].doubts for e in d.evidence] for n in accusing)


FLOW = """
flows:
  - id: f
    steps:
      - {id: hello, says: hello, within: first 1 turns}
      - {id: sale, says: sale, optional: true}
      - {id: risk, says: risk, when: {step: sale}, before: sale}
"""
STEPS = build([from_text("zh/t", TERMS + FLOW)])


@pytest.mark.parametrize(
    ("lines", "step", "outcome", "code"),
    [
        (["很高兴为您服务", "理财产品"], "risk", FAILED, "rules.step_missing"),
        (["很高兴为您服务", "~理财产品"], "risk", UNKNOWN, "rules.low_trust"),
        (["理财产品", "产品有风险"], "risk", FAILED, "rules.step_not_before"),
        (["~理财产品", "产品有风险"], "risk", UNKNOWN, "rules.low_trust"),
        (["理财产品", "~产品有风险"], "risk", UNKNOWN, "rules.low_trust"),
        (["好的", "很高兴为您服务"], "hello", FAILED, "rules.step_too_late"),
        (["好的", "~很高兴为您服务"], "hello", UNKNOWN, "rules.low_trust"),
        (["好的", "?很高兴为您服务"], "hello", UNKNOWN, "rules.role_uncertain_here"),
    ],
)
def test_a_step_is_not_due_or_late_by_words_that_are_not_to_be_trusted(
    lines: list[str], step: str, outcome: Outcome, code: str
) -> None:
    found = {c.rule: c for c in STEPS.analyse(call(*lines), CallContext()).checks}[f"zh.t.f.{step}"]
    assert (found.outcome, found.reason.code) == (outcome, code)


def test_a_wording_begins_with_its_first_word_and_ends_with_its_last() -> None:
    flow = """
flows:
  - id: f
    steps:
      - {id: sale, says: sale, optional: true}
      - {id: risk, after: sale, verbatim: {text: 理财非存款投资须谨慎, at_least: 0.8}}
"""
    book = build([from_text("zh/t", TERMS + flow)])
    said = "这款理财产品很好，理财非存款，投资须谨慎，好吗"
    [found] = [c for c in book.analyse(call(said), CallContext()).checks if c.rule == "zh.t.f.risk"]
    assert found.outcome is PASSED
    assert [e.quote for e in found.evidence] == ["理财非存款，投资须谨慎"]
