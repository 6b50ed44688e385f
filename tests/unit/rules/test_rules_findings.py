# ruff: noqa: E501 - one case of a table stays on one line
"""What stands in a finding: how sure it is, whose it is, what covers it, and when nobody is accused."""

import pytest
from msgspec.structs import replace

from qa.core.finding import Check, Finding, MatchKind, Outcome, Severity
from qa.core.roles import Role
from qa.core.transcript import Span, Transcript, Turn, Word
from qa.i18n import LOCALES, render
from qa.rules.call import CallContext, CallMetrics, SilenceGap
from qa.rules.dialogue import from_example
from qa.rules.loader import build, from_text

A, C, U = Role.AGENT, Role.CUSTOMER, Role.UNKNOWN
FAILED, PASSED, UNKNOWN, NOT_APPLICABLE = Outcome.FAILED, Outcome.PASSED, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE

PACK = """
id: zh.t
version: 4
label: {zh-Hans: 词, en: Words}
terms:
  - {id: promise, label: {zh-Hans: 承诺保本, en: Promise}, patterns: [保本], family: forbidden, severity: critical, basis: 办法, wording: 不承诺}
  - {id: complaint, patterns: [投诉], family: complaint, severity: notice, role: customer}
  - {id: curse, patterns: [没天理], family: curse, severity: notice, role: any, unless: []}
  - {id: trial, patterns: [高收益], family: trial, severity: warning, shadow: true}
  - {id: hello, patterns: [您好]}
  - {id: bye, patterns: [再见]}
rules:
  - {id: greets, version: 2, label: 问候, family: service, severity: notice, basis: b, wording: w, require: {says: hello}}
  - {id: sober, forbid: {says: promise}}
  - {id: calm, forbid: {says: complaint}, role: customer}
  - {id: quick, forbid: {silence: {at_least: 3}}}
  - {id: tried, shadow: true, require: {says: bye}}
  - {id: polite, role: any, forbid: {says: curse}}
  - {id: agrees, role: customer, require: {says: hello, role: customer}}
  - {id: brief, forbid: {duration: {above: 60}}}
flows:
  - id: f
    version: 6
    steps:
      - {id: hello, says: hello, label: 问候, severity: notice, basis: b, wording: w, within: first 3 agent turns}
      - {id: bye, says: bye, severity: critical}
      - {id: thanks, says: {patterns: [感谢来电]}, optional: true, within: last 1 agent turns}
      - {id: ask, role: customer, says: {patterns: [请问]}}
"""
BOOK = build([from_text("zh/t", PACK)])


def turn(
    role: Role, text: str, at: float, trust: float = 1.0, sure: float = 1.0
) -> tuple[Role, str, float, float, float]:
    return role, text, at, trust, sure


def call(*turns: tuple[Role, str, float, float, float], **options: object) -> Transcript:
    made = tuple(
        Turn(
            i,
            role,
            role.value,
            0,
            tuple(Word(c, at + k * 0.5, at + k * 0.5 + 0.5, 1.0, trust) for k, c in enumerate(text)),
            sure,
        )
        for i, (role, text, at, trust, sure) in enumerate(turns)
    )
    return Transcript("zh", 60.0, made, **options)  # type: ignore[arg-type]


def check(name: str, transcript: Transcript, context: CallContext | None = None) -> Check:
    return next(c for c in BOOK.analyse(transcript, context or CallContext()).checks if c.rule == f"zh.t.{name}")


def finding(name: str, transcript: Transcript) -> Finding:
    [found] = [f for f in BOOK.analyse(transcript, CallContext()).findings if f.rule == f"zh.t.{name}"]
    return found


def test_a_missing_thing_is_as_sure_as_it_is_who_the_agent_is() -> None:
    heard = call(turn(A, "喂", 0, sure=0.8), turn(C, "嗯", 5, sure=0.1), turn(A, "嗯", 9, sure=0.6))
    for name in ("greets", "f.bye"):
        found = finding(name, heard)
        assert (found.confidence, found.evidence, found.role) == (0.7, (), A)
    third = call(turn(A, "喂", 0, sure=0.7), turn(A, "嗯", 5, sure=0.7), turn(A, "嗯", 9, sure=0.6))
    assert {finding(name, third).confidence for name in ("greets", "f.bye")} == {0.6667}
    assert finding("greets", call(turn(A, "喂", 0), turn(C, "嗯", 5))).confidence == 0.9
    assert finding("f.bye", call(turn(A, "喂", 0), turn(C, "嗯", 5))).confidence == 0.9
    assert finding("f.ask", call(turn(A, "喂", 0, sure=0.2), turn(C, "嗯", 5, sure=0.75))).confidence == 0.75
    assert finding("f.ask", call(turn(A, "喂", 0), turn(C, "嗯", 5))).role is C


def test_a_finding_is_against_whom_the_rule_is_about_and_the_agent_where_it_is_about_anybody() -> None:
    heard = call(turn(A, "喂", 0), turn(C, "投诉，没天理", 5))
    assert [finding(name, heard).role for name in ("greets", "calm", "polite")] == [A, C, A]


def test_what_nobody_said_is_half_sure_where_nobody_of_the_role_speaks() -> None:
    long = replace(call(turn(C, "嗯", 0)), duration=61.0)
    assert (finding("brief", long).confidence, finding("brief", long).evidence) == (0.5, ())
    anybody = "id: zh.t\nflows: [{id: f, steps: [{id: s, role: any, says: {patterns: [通话录音]}}]}]"
    [missed] = build([from_text("zh/t", anybody)]).analyse(long, CallContext()).findings
    assert (missed.confidence, missed.evidence) == (0.5, ())


def test_a_finding_of_a_rule_or_a_step_carries_what_the_pack_says() -> None:
    heard = call(turn(A, "喂", 0), turn(C, "嗯", 5))
    rule, step = finding("greets", heard), finding("f.hello", heard)
    assert (rule.rule_version, rule.family, rule.label, rule.severity, rule.basis, rule.wording) == (
        2,
        "service",
        {"zh-Hans": "问候"},
        Severity.NOTICE,
        "b",
        "w",
    )
    assert (step.rule_version, step.family, step.label, step.severity, step.basis, step.wording) == (
        6,
        "step",
        {"zh-Hans": "问候"},
        Severity.NOTICE,
        "b",
        "w",
    )
    assert (step.reason.code, finding("f.bye", heard).label) == ("rules.step_missing", {"zh-Hans": "bye"})
    made = check("greets", heard)
    assert (made.rule_version, made.family, made.label, made.severity, made.shadow) == (
        2,
        "service",
        {"zh-Hans": "问候"},
        Severity.NOTICE,
        False,
    )
    assert (check("tried", heard).shadow, finding("tried", heard).shadow) == (True, True)


def test_a_check_of_terms_is_that_of_their_file_and_family() -> None:
    made = check("forbidden", call(turn(A, "保本", 0)))
    assert (made.rule_version, made.family, made.label, made.severity) == (
        4,
        "forbidden",
        {"zh-Hans": "词 · 违规话术", "en": "Words · forbidden"},
        Severity.CRITICAL,
    )
    assert (made.outcome, made.reason.code, made.reason.params["count"], made.shadow) == (
        FAILED,
        "rules.terms_found",
        "1",
        False,
    )
    trial = check("trial", call(turn(A, "高收益", 0)))
    assert (trial.outcome, trial.shadow, len(trial.findings)) == (PASSED, True, 1)
    assert check("forbidden", call(turn(A, "嗯", 0))).reason.code == "rules.no_terms_found"
    assert check("forbidden", Transcript("en", 1.0, ())).reason.code == "rules.other_language"


def test_a_file_of_one_family_gives_its_check_its_own_name() -> None:
    book = build(
        [
            from_text(
                "zh/t",
                "id: zh.t.only\nterms: [{id: a, patterns: [保本], severity: info}, {id: b, patterns: [保息], severity: notice, shadow: true}]",
            )
        ]
    )
    [made] = [c for c in book.analyse(from_example("保本", A), CallContext()).checks if c.family == "other"]
    assert (made.rule, made.severity, made.shadow) == ("zh.t.only", Severity.NOTICE, False)


def test_all_that_a_turn_says_of_a_term_is_one_finding_and_each_turn_has_its_own() -> None:
    found = BOOK.analyse(call(turn(A, "保本的，保本", 0, trust=0.5), turn(A, "保本", 9)), CallContext()).findings
    mine = [f for f in found if f.rule == "zh.t.promise"]
    assert [[(e.turn, e.char_start) for e in f.evidence] for f in mine] == [[(0, 0), (0, 4)], [(1, 0)]]
    assert [f.confidence for f in mine] == [0.5, 1.0]
    assert (mine[0].rule_version, mine[0].label["en"], mine[0].basis, mine[0].wording) == (
        4,
        "Promise",
        "办法",
        "不承诺",
    )
    assert "Promise" in render(mine[0].reason, "en")
    assert mine[0].reason.params["quote"] == "保本"


def test_a_finding_is_as_sure_as_its_best_words() -> None:
    words = tuple(
        Word(c, i, i + 1.0, 1.0, t)
        for i, (c, t) in enumerate(zip("保本啊保本", (0.4, 0.4, 1.0, 0.9, 0.7), strict=True))
    )
    heard = Transcript("zh", 9.0, (Turn(0, A, "agent", 0, words, 1.0),))
    assert finding("promise", heard).confidence == 0.8
    assert finding("sober", heard).confidence == 0.8
    assert [e.trust for e in finding("promise", heard).evidence] == [0.4, 0.8]
    third = finding("promise", call(turn(A, "保本", 0, trust=2 / 3)))
    assert (third.confidence, third.evidence[0].trust) == (0.6667, 0.6667)
    assert finding("sober", call(turn(A, "保本", 0, trust=2 / 3))).confidence == 0.6667


def test_a_yes_is_told_with_the_question_it_answers() -> None:
    found = finding("promise", call(turn(C, "这个保本吗", 0), turn(A, "对的", 4)))
    assert (found.reason.code, found.reason.params["question"], found.reason.params["quote"]) == (
        "rules.affirmed",
        "保本",
        "对的",
    )
    assert (found.evidence[0].match, found.evidence[0].turn, found.confidence) == (MatchKind.CONTEXT, 1, 0.9)
    assert finding("promise", call(turn(A, "保本", 0))).reason.params["question"] == ""


def test_a_measure_is_not_doubted_for_the_words_around_it() -> None:
    gap = CallContext(metrics=CallMetrics(silences=(SilenceGap(2, 9),)))
    heard = call(turn(A, "您好", 0, trust=0.1), turn(C, "嗯", 9, trust=0.1))
    made = check("quick", heard, gap)
    assert (made.outcome, made.findings[0].confidence, made.reason.code) == (FAILED, 0.9, "rules.forbidden_holds")


@pytest.mark.parametrize(
    ("name", "heard", "outcome", "code"),
    [
        # something was found
        ("sober", call(turn(A, "保本", 0, trust=0.34)), UNKNOWN, "rules.low_trust"),
        ("sober", call(turn(A, "保本", 0, trust=0.35)), FAILED, "rules.forbidden_holds"),
        ("sober", call(turn(A, "保本", 0, trust=0.2), turn(A, "保本", 9)), FAILED, "rules.forbidden_holds"),
        ("sober", call(turn(A, "保本", 0, sure=0.59)), UNKNOWN, "rules.role_uncertain_here"),
        ("sober", call(turn(A, "保本", 0, sure=0.6)), FAILED, "rules.forbidden_holds"),
        ("sober", call(turn(A, "保本", 0, sure=0.3), turn(A, "保本", 9)), FAILED, "rules.forbidden_holds"),
        ("sober", call(turn(A, "保本", 0, trust=0.1), turn(A, "保本", 9, sure=0.1)), UNKNOWN, "rules.role_uncertain_here"),
        ("sober", call(turn(A, "保本", 0), roles_certain=False), UNKNOWN, "rules.roles_uncertain"),
        ("calm", call(turn(C, "投诉", 0), turn(A, "嗯", 9), roles_certain=False), FAILED, "rules.forbidden_holds"),
        ("calm", call(turn(C, "投诉", 0, sure=0.1), turn(A, "嗯", 9)), FAILED, "rules.forbidden_holds"),
        ("complaint", call(turn(C, "投诉", 0), turn(A, "嗯", 9), roles_certain=False), FAILED, "rules.terms_found"),
        ("curse", call(turn(U, "没天理", 0), turn(A, "嗯", 9)), UNKNOWN, "rules.role_uncertain_here"),
        ("curse", call(turn(C, "没天理", 0), turn(A, "嗯", 9)), FAILED, "rules.terms_found"),
        ("greets", call(turn(A, "您好", 0), turn(C, "嗯", 9)), PASSED, "rules.holds"),
        ("greets", call(turn(A, "您好", 0, trust=0.3), turn(C, "嗯", 9)), UNKNOWN, "rules.low_trust"),
        ("greets", call(turn(A, "您好", 0, sure=0.3), turn(C, "嗯", 9)), PASSED, "rules.holds"),  # held against nobody
        ("greets", call(turn(A, "您好", 0), turn(C, "嗯", 9), roles_certain=False), UNKNOWN, "rules.roles_uncertain"),
        ("agrees", call(turn(A, "嗯", 0), turn(C, "您好", 9), roles_certain=False), PASSED, "rules.holds"),
        # nothing was found
        ("sober", call(turn(A, "嗯", 0), turn(C, "嗯", 9)), PASSED, "rules.not_said"),
        ("sober", call(turn(A, "嗯", 0), partial=True), UNKNOWN, "rules.partial_audio"),
        ("sober", call(turn(A, "嗯", 0), roles_certain=False), UNKNOWN, "rules.roles_uncertain"),
        ("sober", call(turn(C, "嗯", 0)), UNKNOWN, "rules.no_turns_of_role"),
        ("greets", call(turn(A, "", 0), turn(C, "", 0)), UNKNOWN, "rules.no_words"),
        ("greets", call(turn(A, "嗯", 0), unintelligible=(Span(5.0, 6.0), Span(8.0, 9.0))), UNKNOWN, "rules.unintelligible"),
        ("greets", call(turn(A, "嗯", 0), unintelligible=(Span(5.0, 6.0), Span(8.0, 8.9))), FAILED, "rules.not_said"),
        ("complaint", call(turn(A, "嗯", 0), partial=True), PASSED, "rules.no_terms_found"),
        ("forbidden", call(turn(A, "嗯", 0), partial=True), UNKNOWN, "rules.partial_audio"),
        ("forbidden", call(turn(A, "保本", 0), partial=True), FAILED, "rules.terms_found"),
        ("forbidden", call(turn(A, "保本", 0, trust=0.1), turn(A, "保本", 9)), FAILED, "rules.terms_found"),
    ],
)  # fmt: skip
def test_nobody_is_accused_on_doubtful_grounds(name: str, heard: Transcript, outcome: Outcome, code: str) -> None:
    made = check(name, heard)
    assert (made.outcome, made.reason.code) == (outcome, code)
    assert bool(made.findings) is (outcome is FAILED)
    assert bool(made.evidence) is (outcome is PASSED and name in ("greets", "agrees"))


def test_a_doubt_tells_how_much() -> None:
    assert float(
        check("sober", call(turn(A, "保本", 0, trust=0.2), turn(A, "保本", 5, trust=0.3))).reason.params["trust"]
    ) == pytest.approx(0.3)
    assert (
        float(check("greets", call(turn(A, "嗯", 0), unintelligible=(Span(5.0, 8.0),))).reason.params["seconds"])
        == 3
    )


@pytest.mark.parametrize(
    ("lost", "outcome"),
    [
        ((0.0, 2.0), UNKNOWN),
        ((0.0, 1.9), FAILED),
        ((3.0, 5.5), FAILED),
        ((30.0, 40.0), FAILED),
        ((3.0, 40.0), FAILED),
    ],
)
def test_only_what_was_lost_where_the_step_belongs_leaves_it_open(
    lost: tuple[float, float], outcome: Outcome
) -> None:
    pack = "id: zh.t\nflows: [{id: f, steps: [{id: s, verbatim: 通话将被录音, within: first 4s}]}]"
    heard = call(turn(A, "嗯", 0), unintelligible=(Span(*lost),))
    [made] = [
        c for c in build([from_text("zh/t", pack)]).analyse(heard, CallContext()).checks if c.family == "step"
    ]
    assert made.outcome is outcome


@pytest.mark.parametrize(
    ("lines", "name", "outcome", "code"),
    [
        (["嗯", "感谢来电"], "thanks", PASSED, "rules.step_done"),
        (["感谢来电", "嗯"], "thanks", PASSED, "rules.step_too_late"),  # optional: told, and no fault
        (["嗯", "嗯"], "thanks", NOT_APPLICABLE, "rules.step_optional"),
        (["喂", "喂", "您好"], "hello", PASSED, "rules.step_done"),
        (["喂", "喂", "喂", "您好"], "hello", FAILED, "rules.step_too_late"),
        (["客户：请问"], "ask", PASSED, "rules.step_done"),
        (["请问", "客户：嗯"], "ask", FAILED, "rules.step_missing"),
    ],
)
def test_a_step_in_the_wrong_place_is_late_and_an_optional_one_never_missing(
    lines: list[str], name: str, outcome: Outcome, code: str
) -> None:
    made = check(f"f.{name}", from_example(lines, A))
    assert (made.outcome, made.reason.code) == (outcome, code)
    if code == "rules.step_too_late":
        assert [e.quote for f in made.findings for e in f.evidence] == (["您好"] if outcome is FAILED else [])


ORDER = """id: zh.t
flows:
  - {id: f, ordered: %s, steps: [{id: a, says: {patterns: [甲甲]}}, {id: b, says: {patterns: [乙乙]}}, {id: c, %s}]}
"""


@pytest.mark.parametrize(
    ("ordered", "extra", "lines", "outcomes"),
    [
        ("true", "", ["甲甲", "乙乙", "丙丙"], "ppp"),
        ("true", "", ["甲甲", "丙丙", "乙乙"], "ppf"),
        ("true", "", ["乙乙", "甲甲", "丙丙"], "pfp"),
        ("true", "", ["乙乙", "甲甲", "乙乙", "丙丙"], "ppp"),
        ("true", "", ["丙丙", "甲甲"], "pff"),
        ("false", "", ["丙丙", "乙乙", "甲甲"], "ppp"),
        ("false", "after: a", ["丙丙", "乙乙", "甲甲"], "ppf"),
        ("false", "after: [a, b]", ["甲甲", "丙丙", "乙乙"], "ppf"),
        ("false", "after: a", ["乙乙", "丙丙"], "fpp"),
        ("false", "before: a", ["丙丙", "乙乙", "甲甲"], "ppp"),
        ("false", "before: a", ["乙乙", "甲甲", "丙丙"], "ppf"),
        ("false", "before: a", ["丙丙", "甲甲", "丙丙", "乙乙"], "ppp"),
        ("false", "before: a", ["甲甲，丙丙", "乙乙"], "ppf"),
        ("false", "before: a", ["丙丙，甲甲", "乙乙"], "ppp"),
        ("false", "after: a", ["甲甲，丙丙", "乙乙"], "ppp"),
        # the same words do both steps: neither was before the other
        ("false", "says: {patterns: [甲甲]}, after: a", ["甲甲", "乙乙"], "ppp"),
        ("false", "says: {patterns: [甲甲]}, before: a", ["甲甲", "乙乙"], "ppf"),
    ],
)
def test_steps_follow_each_other_as_the_flow_says(
    ordered: str, extra: str, lines: list[str], outcomes: str
) -> None:
    book = build(
        [
            from_text(
                "zh/t", ORDER % (ordered, extra if "says" in extra else f"says: {{patterns: [丙丙]}}, {extra}")
            )
        ]
    )
    found = [c for c in book.analyse(from_example(lines, A), CallContext()).checks if c.family == "step"]
    assert "".join(c.outcome.value[0] for c in found) == outcomes
    for c in found:
        if c.outcome is FAILED and c.reason.code != "rules.step_missing":
            assert c.reason.params["other"] in "ab"


@pytest.mark.parametrize(
    ("when", "outcome", "code"),
    [
        ("{says: {patterns: [甲甲]}}", FAILED, "rules.step_missing"),
        ("{says: {patterns: [丙丙]}}", NOT_APPLICABLE, "rules.not_said"),
        ("{silence: {}}", UNKNOWN, "rules.not_measured"),
    ],
)
def test_a_flow_and_a_step_are_due_only_in_their_branch(when: str, outcome: Outcome, code: str) -> None:
    for flow in (
        f"when: {when}, steps: [{{id: s, verbatim: 通话将被录音}}]",
        f"steps: [{{id: s, verbatim: 通话将被录音, when: {when}}}]",
    ):
        flow = flow.replace("verbatim: 通话将被录音", "says: {patterns: [通话录音]}")
        book = build([from_text("zh/t", f"id: zh.t\nflows: [{{id: f, {flow}}}]")])
        [made] = [c for c in book.analyse(from_example("甲甲", A), CallContext()).checks if c.family == "step"]
        assert (made.outcome, made.reason.code) == (outcome, code)


COVER = """id: zh.t
defaults: {family: forbidden}
terms:
  - {id: short, patterns: [保本], severity: %s}
  - {id: long, patterns: [保本保息], severity: %s, shadow: %s}
"""


@pytest.mark.parametrize(
    ("short", "long", "shadow", "lines", "told"),
    [
        ("notice", "critical", "false", ["保本保息"], ["long"]),
        ("critical", "critical", "false", ["保本保息"], ["long"]),
        ("critical", "notice", "false", ["保本保息"], ["long", "short"]),  # the milder one hides nothing
        ("notice", "critical", "true", ["保本保息"], ["long", "short"]),  # nor does one on trial
        ("notice", "critical", "false", ["保本保息，保本保息"], ["long"]),
        ("notice", "critical", "false", ["保本保息，保本"], ["long", "short"]),
        ("notice", "critical", "false", ["保本保息", "保本"], ["long", "short"]),
        ("notice", "critical", "false", ["保本"], ["short"]),
    ],
)
def test_a_finding_inside_a_longer_one_that_is_no_milder_is_not_told(
    short: str, long: str, shadow: str, lines: list[str], told: list[str]
) -> None:
    book = build([from_text("zh/t", COVER % (short, long, shadow))])
    found = book.analyse(from_example(lines, A), CallContext()).findings
    assert sorted(f.rule.removeprefix("zh.t.") for f in found) == told


def test_of_much_evidence_the_first_twenty_are_kept() -> None:
    heard = from_example(["您好"] * 25 + ["保本"] * 25, A)
    assert len(check("greets", heard).evidence) == 20
    assert len(finding("sober", heard).evidence) == 20
    assert len(check("f.hello", heard).evidence) == 3


def test_findings_are_told_in_the_order_of_the_call_and_what_is_missing_last() -> None:
    found = BOOK.analyse(from_example(["客户：投诉", "保本", "客户：没天理"], A), CallContext()).findings
    said = [f.rule.removeprefix("zh.t.") for f in found if f.evidence]
    assert said == ["calm", "complaint", "promise", "sober", "curse", "polite"]
    assert [f.rule for f in found if not f.evidence] == [f.rule for f in found][len(said) :]


def test_what_was_not_said_is_called_by_its_name_in_the_language_of_the_reader() -> None:
    pack = """
id: zh.t.words
label: {zh-Hans: 词表, en: The words}
terms:
  - {id: sells, label: {zh-Hans: 推介产品, en: A product}, patterns: [推荐基金]}
  - {id: plain, patterns: [推荐债券]}
rules:
  - {id: one, severity: notice, require: {says: sells}}
  - {id: two, severity: notice, require: {says: [sells, plain]}}
  - {id: file, severity: notice, require: {says: zh.t.words}}
  - {id: none, severity: notice, require: {says: plain}}
"""
    analysis = build([from_text("zh/t", pack)]).analyse(from_example("坐席：再见", Role.AGENT), CallContext())
    told = {c.rule: [render(c.reason, locale) for locale in LOCALES] for c in analysis.checks}
    assert told["zh.t.one"] == ["没有说到“推介产品”。", "沒有說到「推介產品」。", "“A product” was not said."]
    assert told["zh.t.two"][2] == "“A product, plain” was not said."
    assert told["zh.t.file"][1:] == ["沒有說到「詞表」。", "“The words” was not said."]
    assert told["zh.t.none"][0] == "没有说到“plain”。"


def test_the_checks_of_a_file_with_several_families_are_told_apart_by_name() -> None:
    pack = """id: zh.t
label: {zh-Hans: 投诉, en: Complaints}
terms:
  - {id: a, family: complaint, role: customer, severity: notice, patterns: [我要投诉]}
  - {id: b, family: our-own, role: customer, severity: notice, patterns: [气死我了]}
"""
    analysis = build([from_text("zh/t", pack)]).analyse(from_example(["客户：你好"], Role.AGENT), CallContext())
    labels = {c.rule: c.label for c in analysis.checks if c.rule.startswith("zh.t.")}
    assert labels["zh.t.complaint"] == {"zh-Hans": "投诉 · 投诉", "en": "Complaints · complaint"}
    assert labels["zh.t.our-own"] == {"zh-Hans": "投诉 · our-own", "en": "Complaints · our-own"}
