# ruff: noqa: E501 - one case of a table stays on one line
from datetime import date

import msgspec
import pytest

from qa.core.finding import Check, Outcome, Severity
from qa.core.result import Analysis
from qa.core.roles import Role
from qa.core.scorecard import ItemAnswer
from qa.core.transcript import Span, Transcript, Turn
from qa.rules.call import CallContext
from qa.rules.dialogue import from_example
from qa.rules.loader import build, from_text
from qa.rules.score import refill

PACK = """
id: zh.t
version: 3
label: {zh-Hans: 测试, en: Test}
terms:
  - {id: promise, patterns: [保本], family: forbidden, severity: critical}
  - {id: trial, patterns: [高收益], family: forbidden, severity: warning, shadow: true}
  - {id: old, patterns: [老规定], family: forbidden, severity: notice, applies: {until: 2020-12-31}}
  - {id: phone-only, patterns: [专线], family: forbidden, severity: notice, applies: {attributes: {channel: [phone]}}}
  - {id: rude, patterns: [烦不烦], family: rude, severity: warning}
  - {id: complain, patterns: [投诉], family: complaint, severity: notice, role: customer}
  - {id: hello, patterns: [您好]}
  - {id: product, patterns: [基金]}
  - {id: bye, patterns: [再见]}
flows:
  - id: sale
    steps:
      - {id: hello, says: hello, within: first 1 agent turns}
      - {id: identity, says: {patterns: [核实身份]}, before: product}
      - {id: product, says: product, optional: true}
      - {id: risk, when: {step: product}, verbatim: {text: 过往业绩不代表未来表现投资需谨慎, at_least: 0.8}}
      - {id: bye, says: bye, after: hello}
scorecards:
  - id: card
    sections:
      - id: compliance
        weight: 3
        items:
          - {id: promise, check: promise, points: 60, veto: critical}
          - {id: risk, check: sale.risk, points: 40}
      - id: service
        items:
          - {id: hello, check: sale.hello, points: 10}
          - {id: rude, check: 'family:rude', points: 10, per_finding: 4}
          - {id: warm, manual: true, points: 10}
          - {id: upsell, check: sale.product, points: 10, when: {attribute: {name: direction, equals: out}}}
"""
BOOK = build([from_text("zh/t", PACK)])
GOOD = ["坐席：您好，先核实身份", "客户：好", "坐席：这只基金过往业绩不代表未来表现，投资需谨慎", "坐席：再见"]


def analyse(lines: list[str] | Transcript, **context: object) -> Analysis:
    call = lines if isinstance(lines, Transcript) else from_example(lines, Role.AGENT)
    return BOOK.analyse(call, CallContext(**context))  # type: ignore[arg-type]


def step(analysis: Analysis, name: str) -> Check:
    return next(c for c in analysis.checks if c.rule == f"zh.t.sale.{name}")


def test_a_good_call_does_every_step() -> None:
    analysis = analyse(GOOD)
    assert {step(analysis, s).outcome for s in ("hello", "identity", "product", "risk", "bye")} == {Outcome.PASSED}
    assert step(analysis, "risk").evidence[0].turn == 2
    assert step(analysis, "risk").doubts == ()
    assert analysis.findings == ()


@pytest.mark.parametrize(
    ("lines", "name", "outcome", "code"),
    [
        (GOOD[1:], "hello", Outcome.FAILED, "rules.step_missing"),
        (["坐席：喂", *GOOD], "hello", Outcome.FAILED, "rules.step_too_late"),
        ([*GOOD[1:3], "坐席：您好，核实身份"], "identity", Outcome.FAILED, "rules.step_not_before"),
        (["坐席：再见", "坐席：您好"], "bye", Outcome.FAILED, "rules.step_not_after"),
        (["坐席：您好"], "risk", Outcome.NOT_APPLICABLE, "rules.not_said"),
        (["坐席：您好"], "product", Outcome.NOT_APPLICABLE, "rules.step_optional"),
        (["坐席：这只基金很好"], "risk", Outcome.FAILED, "rules.not_covered"),
    ],
)
def test_a_step_says_what_is_wrong_with_it(lines: list[str], name: str, outcome: Outcome, code: str) -> None:
    check = step(analyse(lines), name)
    assert (check.outcome, check.reason.code) == (outcome, code)


def test_the_omission_rate_of_verbatim_text_is_told() -> None:
    check = step(analyse(["坐席：这只基金过往业绩不代表未来"]), "risk")
    assert check.reason.params["omitted"].endswith("%")
    assert check.findings[0].family == "step"


def certain(**changes: object) -> Transcript:
    return msgspec.structs.replace(from_example(["坐席：保本的", "客户：投诉你们"], Role.AGENT), **changes)


def test_damaged_audio_makes_a_missing_step_unknown() -> None:
    analysis = analyse(certain(partial=True))
    assert (step(analysis, "hello").outcome, step(analysis, "hello").doubts) == (Outcome.UNKNOWN, ())
    assert [f.rule for f in analysis.findings] == ["zh.t.promise", "zh.t.complain"]


def test_speech_without_words_makes_a_missing_step_unknown() -> None:
    analysis = analyse(certain(unintelligible=(Span(0.0, 3.0),)))
    assert step(analysis, "hello").reason.code == "rules.unintelligible"
    assert step(analyse(certain(unintelligible=(Span(0.0, 0.5),))), "hello").outcome is Outcome.FAILED


def test_where_roles_are_uncertain_nobody_is_accused() -> None:
    analysis = analyse(certain(roles_certain=False))
    assert [f.family for f in analysis.findings] == ["complaint"]
    assert next(c for c in analysis.checks if c.family == "forbidden").outcome is Outcome.UNKNOWN
    assert step(analysis, "hello").outcome is Outcome.UNKNOWN
    assert analysis.scorecard is not None
    assert analysis.scorecard.vetoed_by is None


def test_words_nobody_trusts_accuse_nobody() -> None:
    call = certain()
    words = tuple(msgspec.structs.replace(w, trust=0.2) for w in call.turns[0].words)
    turns = (msgspec.structs.replace(call.turns[0], words=words), call.turns[1])
    check = next(c for c in analyse(certain(turns=turns)).checks if c.family == "forbidden")
    assert (check.outcome, check.reason.code) == (Outcome.UNKNOWN, "rules.low_trust")


def test_a_turn_of_uncertain_role_accuses_nobody() -> None:
    call = certain()
    turns = (msgspec.structs.replace(call.turns[0], role_confidence=0.4), call.turns[1])
    analysis = analyse(certain(turns=turns))
    assert [f.family for f in analysis.findings if f.family != "step"] == ["complaint"]


@pytest.mark.parametrize("turns", [(), (Turn(0, Role.AGENT, "ch0", 0, (), 1.0),)])
def test_a_call_without_words_is_unknown_not_failed(turns: tuple[Turn, ...]) -> None:
    analysis = analyse(Transcript("zh", 10.0, turns))
    assert analysis.findings == ()
    assert step(analysis, "hello").outcome is Outcome.UNKNOWN
    assert analysis.scorecard is not None
    assert analysis.scorecard.score is None


def test_another_language_is_not_applicable() -> None:
    call = msgspec.structs.replace(from_example("保本", Role.AGENT), language="en")
    analysis = analyse(call)
    assert {c.outcome for c in analysis.checks if c.family != "pii"} == {Outcome.NOT_APPLICABLE}
    assert analysis.findings == ()


def test_dates_and_attributes_say_where_a_term_applies() -> None:
    lines = ["坐席：老规定，专线"]
    assert [f.rule for f in analyse(lines, on=date(2019, 1, 1)).findings if f.family != "step"] == ["zh.t.old"]
    assert [f.rule for f in analyse(lines, on=date(2026, 1, 1)).findings if f.family != "step"] == []
    on_phone = analyse(lines, on=date(2026, 1, 1), attributes={"channel": "phone"})
    assert [f.rule for f in on_phone.findings if f.family != "step"] == ["zh.t.phone-only"]


def test_a_shadow_term_is_counted_and_fails_nothing() -> None:
    analysis = analyse([GOOD[0] + "高收益", *GOOD[1:]])
    assert [(f.rule, f.shadow) for f in analysis.findings] == [("zh.t.trial", True)]
    assert next(c for c in analysis.checks if c.family == "forbidden").outcome is Outcome.PASSED


def test_a_perfect_call_scores_a_hundred_and_manual_items_wait() -> None:
    card = analyse(GOOD).scorecard
    assert card is not None
    assert card.score == 100
    warm = next(i for s in card.sections for i in s.items if i.item == "warm")
    assert (warm.manual, warm.points) == (True, None)


def test_weights_count() -> None:
    card = analyse(["坐席：喂", *GOOD]).scorecard
    assert card is not None
    assert card.sections[1].score == 50
    assert card.score == (3 * 100 + 50) / 4


def test_each_finding_costs_its_points() -> None:
    card = analyse([*GOOD, "坐席：烦不烦", "坐席：烦不烦"]).scorecard
    assert card is not None
    rude = next(i for s in card.sections for i in s.items if i.item == "rude")
    assert rude.points == 2


def test_one_critical_finding_vetoes_the_card() -> None:
    card = analyse([*GOOD, "坐席：保本的"]).scorecard
    assert card is not None
    assert (card.score, card.vetoed_by) == (0, "promise")


def test_a_homophone_alone_is_never_critical_and_vetoes_nothing() -> None:
    book = build([from_text("zh/t", PACK.replace("[保本]", "[稳赚不赔]"))])
    analysis = book.analyse(from_example([*GOOD, "坐席：紋轉不陪"], Role.AGENT), CallContext())
    assert [f.severity for f in analysis.findings] == [Severity.WARNING]
    assert analysis.scorecard is not None
    assert analysis.scorecard.vetoed_by is None


def test_a_conditional_item_leaves_the_denominator() -> None:
    def upsell(**attributes: str) -> Outcome:
        card = analyse(GOOD, attributes=attributes).scorecard
        assert card is not None
        return next(i.outcome for s in card.sections for i in s.items if i.item == "upsell")

    assert upsell(direction="in") is Outcome.NOT_APPLICABLE
    assert upsell(direction="out") is Outcome.PASSED
    assert upsell() is Outcome.UNKNOWN


def test_evidence_leads_back_to_the_words() -> None:
    call = from_example(["坐席：您好，這個保、本的"], Role.AGENT)
    finding = next(f for f in analyse(call).findings if f.rule == "zh.t.promise")
    [evidence] = finding.evidence
    assert evidence.quote == call.turns[0].text[evidence.char_start : evidence.char_end] == "保、本"
    words = call.turns[0].words_at(evidence.char_start, evidence.char_end)
    assert (evidence.start, evidence.end) == (words[0].start, words[-1].end)
    assert finding.rule_version == 3


def test_personal_data_is_worth_knowing_and_fails_nothing() -> None:
    analysis = analyse([*GOOD, "客户：手机号13812345678"])
    assert [(f.rule, f.family, f.severity) for f in analysis.findings] == [("pii.phone", "pii", Severity.INFO)]


def test_a_persons_answer_counts_where_the_checks_leave_an_item_open() -> None:
    analysis = analyse(certain(partial=True))
    card = analysis.scorecard
    assert card is not None
    manual = refill(card, analysis.checks, {"warm": ItemAnswer(Outcome.PASSED)})
    items = {i.item: i for s in manual.sections for i in s.items}
    assert (items["warm"].points, items["warm"].veto) == (10, False)
    failed = refill(
        card, analysis.checks, {"warm": ItemAnswer(Outcome.FAILED, 4.0), "hello": ItemAnswer(Outcome.FAILED)}
    )
    items = {i.item: i for s in failed.sections for i in s.items}
    assert (items["warm"].points, items["hello"].points, items["hello"].veto) == (4.0, 0.0, False)
    assert failed.score is not None


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ("系统：您的通话将被录音", Outcome.PASSED),
        ("客户：我会录音", Outcome.FAILED),
        ("坐席：好的", Outcome.FAILED),
    ],
)
def test_a_step_may_be_done_by_an_announcement(said: str, outcome: Outcome) -> None:
    step = "condition: {any: [{says: notice}, {says: notice, role: system}]}"
    text = f"id: zh.t\nterms: [{{id: notice, patterns: [录音]}}]\nflows: [{{id: f, steps: [{{id: s, {step}}}]}}]\n"
    call = from_example([said, "坐席：您好"], Role.AGENT)
    checks = build([from_text("zh/t", text)]).analyse(call, CallContext()).checks
    assert [c.outcome for c in checks if c.rule == "zh.t.f.s"] == [outcome]


UNLESS = build(
    [
        from_text(
            "zh/u",
            """
id: zh.u
terms:
  - {id: bye, patterns: [再见]}
  - {id: leaves, patterns: [挂了], role: customer}
flows:
  - id: f
    steps:
      - {id: bye, says: bye, within: last 1 agent turns, unless: {says: leaves, role: customer, within: last 1 turns}}
""",
        )
    ]
)


@pytest.mark.parametrize(
    ("lines", "outcome", "why"),
    [
        (["坐席：您好", "客户：好，挂了"], Outcome.NOT_APPLICABLE, "rules.step_excused"),
        (["坐席：再见", "客户：等等", "坐席：您说", "客户：挂了"], Outcome.NOT_APPLICABLE, "rules.step_excused"),
        (["坐席：再见", "客户：好，挂了"], Outcome.PASSED, "rules.step_done"),
        (["坐席：您好", "客户：上次你们挂了", "坐席：好"], Outcome.FAILED, "rules.step_missing"),
        (["坐席：再见", "客户：等等", "坐席：您说", "客户：没事"], Outcome.FAILED, "rules.step_too_late"),
    ],
)
def test_a_missing_step_is_needless_where_its_unless_holds(lines: list[str], outcome: Outcome, why: str) -> None:
    check = next(
        c for c in UNLESS.analyse(from_example(lines, Role.AGENT), CallContext()).checks if c.rule == "zh.u.f.bye"
    )
    assert (check.outcome, check.reason.code) == (outcome, why)
    assert check.reason.params.get("quote", "挂了") in ("挂了", "好，挂了")


@pytest.mark.parametrize("last", ["客户：挂了", "客户：你们上次挂了"])
def test_words_that_may_be_guessed_leave_open_whether_a_step_is_needless(last: str) -> None:
    call = from_example(["坐席：您好", last], Role.AGENT)
    turns = [
        msgspec.structs.replace(t, words=tuple(msgspec.structs.replace(w, probability=0.05) for w in t.words))
        if t.role is Role.CUSTOMER
        else t
        for t in call.turns
    ]
    check = next(
        c
        for c in UNLESS.analyse(msgspec.structs.replace(call, turns=tuple(turns)), CallContext()).checks
        if c.rule == "zh.u.f.bye"
    )
    assert check.outcome in (Outcome.UNKNOWN, Outcome.NOT_APPLICABLE)


def test_what_has_no_version_of_its_own_has_that_of_its_file() -> None:
    rule = "severity: notice, forbid: {says: {patterns: [保本]}}"
    pack = f"id: zh.v\nversion: 7\nrules: [{{id: a, {rule}}}, {{id: b, version: 2, {rule}}}]\n"
    analysis = build([from_text("zh/v", pack)]).analyse(from_example(["坐席：保本"], Role.AGENT), CallContext())
    assert {f.rule: f.rule_version for f in analysis.findings} == {"zh.v.a": 7, "zh.v.b": 2}
    flow = analyse(["坐席：嗯"])
    assert {c.rule_version for c in flow.checks if c.rule.startswith("zh.t.sale")} == {3}
    assert flow.scorecard is not None
    assert flow.scorecard.card_version == 3
