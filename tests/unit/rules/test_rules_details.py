# ruff: noqa: E501 - one case of a table stays on one line
"""Small print of the rules that nothing else would notice: defaults, names, times, near misses, ties."""

import json

import msgspec
import pytest

from qa.core.errors import BadPackError, InputError
from qa.core.finding import MatchKind, Outcome, Severity
from qa.core.result import Analysis
from qa.core.roles import Role
from qa.core.transcript import Span, Transcript, Turn, Word
from qa.i18n import LOCALES
from qa.rules import personal
from qa.rules.call import CallContext, ModelAnswer
from qa.rules.dialogue import from_example, from_text, from_turns, parse_line, unknown_speaker
from qa.rules.dialogue_files import read_calls
from qa.rules.examples import lint, run_examples
from qa.rules.loader import build
from qa.rules.loader import from_text as pack
from qa.rules.trial import backtest, try_dialogue

TERMS = """
id: zh.t
terms:
  - {id: promise, patterns: [保本], family: forbidden, severity: critical, wording: 不承诺, basis: 办法}
  - {id: both, patterns: [没天理], family: other, severity: notice, role: any, unless: []}
  - {id: z-long, patterns: [绝对保本保息], family: forbidden, severity: critical}
  - {id: plain, patterns: [您好]}
"""
BOOK = build([pack("zh/t", TERMS)])


def analyse(*lines: str, book: object = BOOK) -> Analysis:
    return BOOK.analyse(from_example(list(lines), Role.AGENT), CallContext())


@pytest.mark.parametrize(
    ("line", "role"),
    [
        ("客户：喂", Role.CUSTOMER), ("客戶：喂", Role.CUSTOMER), ("顾客：喂", Role.CUSTOMER), ("用户:喂", Role.CUSTOMER),
        ("坐席：喂", Role.AGENT), ("座席：喂", Role.AGENT), ("客服: 喂", Role.AGENT), ("系统：喂", Role.SYSTEM),
        ("系統：喂", Role.SYSTEM), ("Customer: 喂", Role.CUSTOMER), ("agent: 喂", Role.AGENT), ("SYSTEM:喂", Role.SYSTEM),
        ("unknown：喂", Role.UNKNOWN), ("喂", Role.AGENT),
    ],
)  # fmt: skip
def test_a_line_says_who_speaks(line: str, role: Role) -> None:
    assert parse_line(line, Role.AGENT) == (role, "喂")


def test_turns_of_a_dialogue_follow_each_other_in_time_on_two_channels() -> None:
    call = from_text("您好\n你好\n坐席：请讲\n\n")
    assert [t.role for t in call.turns] == [Role.AGENT, Role.CUSTOMER, Role.AGENT]
    assert [t.channel for t in call.turns] == [0, 1, 0]
    assert [(round(t.start, 2), round(t.end, 2)) for t in call.turns] == [(0.0, 0.4), (1.0, 1.4), (2.0, 2.4)]
    assert call.duration == pytest.approx(3.0)
    assert all(w.probability == w.trust == 1.0 for t in call.turns for w in t.words)


def test_turns_are_spoken_when_a_dialogue_says_so() -> None:
    lines = "[00:01] 客户：喂你好\n(00:05 - 00:09) 坐席：您好\n01:00:07.5 客户：嗯\n10:30来不及\n坐席：好的"
    call = from_text(lines)
    assert [(t.role, t.text) for t in call.turns][-2:] == [(Role.AGENT, "10:30来不及"), (Role.AGENT, "好的")]
    assert [round(t.start, 1) for t in call.turns[:4]] == [1.0, 5.0, 3607.5, 3608.3]
    assert call.turns[0].text == "喂你好"
    given = from_turns(
        [
            {"role": "agent", "text": "您好啊", "start": 3, "end": 4},
            {"role": "customer", "text": "喂我听不清楚你说话", "start": 4.5},
            {"role": "agent", "text": "您说", "start": 5},
        ]
    )
    assert [(t.start, round(t.end, 3)) for t in given.turns] == [(3.0, 4.0), (4.5, 5.0), (5.0, 5.4)]
    assert unknown_speaker("[00:01] 老板：喂") == "老板"


@pytest.mark.parametrize(
    "times", [{"start": -1}, {"start": "0:10"}, {"end": True}, {"start": 3, "end": 2}, {"start": 10**400}]
)
def test_impossible_times_of_a_turn_are_refused_by_its_number(times: dict[str, object]) -> None:
    with pytest.raises(BadPackError) as caught:
        from_turns([{"role": "agent", "text": "喂"}, {"role": "agent", "text": "喂", **times}])
    assert (caught.value.message.code, caught.value.message.params["turn"]) == ("rules.bad_times", "1")
    with pytest.raises(InputError) as told:
        list(read_calls(json.dumps([{"role": "agent", "text": "喂", **times}]), "d.json"))
    assert told.value.message.code == "rules.bad_turn_times"


@pytest.mark.parametrize("turn", [{"role": "agent"}, {"role": "boss", "text": "喂"}, {"text": "喂"}])
def test_a_turn_in_another_form_is_refused_by_its_number(turn: dict[str, object]) -> None:
    with pytest.raises(BadPackError) as caught:
        from_turns([{"role": "agent", "text": "喂"}, turn])
    assert caught.value.message.params["turn"] == "1"


def test_personal_data_has_a_name_in_every_language_and_accuses_nobody() -> None:
    call = from_example(["客户：我的手机号是13812345678"], Role.AGENT)
    [check] = [c for c in BOOK.analyse(call, CallContext()).checks if c.family == "pii"]
    assert (check.outcome, check.severity) == (Outcome.PASSED, Severity.INFO)
    assert set(check.label) == set(LOCALES)
    [finding] = check.findings
    assert (finding.rule, finding.label["zh-Hans"], finding.severity) == ("pii.phone", "电话号码", Severity.INFO)
    assert (finding.family, finding.confidence) == ("pii", 1.0)
    assert all(set(label) == set(LOCALES) for label in personal._LABELS.values())


def test_near_misses_say_what_excused_and_who_else_spoke() -> None:
    call = from_example(["这个不保本", "客户：保本的都没天理", "保本"], Role.AGENT)
    trial = try_dialogue(BOOK, call, CallContext())
    misses = [(m.term, m.turn, m.quote, m.why.code) for m in trial.near_misses]
    assert misses == [
        ("zh.t.promise", 0, "保本", "rules.excused_negated"),
        ("zh.t.promise", 1, "保本", "rules.said_by_customer"),
    ]
    assert {f.rule for f in trial.analysis.findings} == {"zh.t.promise", "zh.t.both"}


def test_a_backtest_counts_calls_findings_and_changed_checks() -> None:
    after = build([pack("zh/t", TERMS.replace("[保本]", "[保息]"))])
    calls = [
        (n, from_example(line, Role.AGENT), CallContext())
        for n, line in (("a", "保本"), ("b", "保息"), ("c", "喂"))
    ]
    found = backtest(BOOK, after, calls)
    assert (found.calls, [d.call for d in found.differences]) == (3, ["a", "b"])
    assert (found.appeared, found.disappeared) == ({"zh.t.promise": 1}, {"zh.t.promise": 1})
    assert [(old.outcome, new.outcome) for old, new in found.differences[0].changed] == [
        (Outcome.FAILED, Outcome.PASSED)
    ]


def test_a_finding_carries_what_the_pack_says_of_it() -> None:
    [finding] = [f for f in analyse("这个保本的").findings if f.rule == "zh.t.promise"]
    assert (finding.wording, finding.basis, finding.family) == ("不承诺", "办法", "forbidden")
    assert (finding.role, finding.confidence, finding.reason.code) == (Role.AGENT, 1.0, "rules.said")
    [evidence] = finding.evidence
    assert (evidence.char_start, evidence.char_end, evidence.quote) == (2, 4, "保本")
    assert evidence.match is MatchKind.EXACT


def test_of_overlapping_findings_the_longer_is_told() -> None:
    assert [f.rule for f in analyse("绝对保本保息").findings] == ["zh.t.z-long"]
    assert {f.rule for f in analyse("绝对保本保息，保本").findings} == {"zh.t.z-long", "zh.t.promise"}


def one_turn(text: str, trust: float = 1.0, role: Role = Role.AGENT, sure: float = 1.0) -> Turn:
    words = tuple(Word(c, i * 0.3, i * 0.3 + 0.3, 1.0, trust) for i, c in enumerate(text))
    return Turn(0, role, role.value, 0, words, sure)


@pytest.mark.parametrize("rule", ["zh.t.promise", "zh.t.no-promise"])
def test_a_finding_is_as_sure_as_the_words_under_it_and_who_said_them(rule: str) -> None:
    book = build([pack("zh/t", TERMS + "rules:\n  - {id: no-promise, forbid: {says: promise}}\n")])
    call = Transcript("zh", 9.0, (one_turn("这个保本", trust=0.5, sure=0.9),))
    [finding] = [f for f in book.analyse(call, CallContext()).findings if f.rule == rule]
    assert finding.confidence == (0.45 if rule == "zh.t.promise" else 0.5)
    assert finding.evidence[0].trust == 0.5


@pytest.mark.parametrize(
    ("call", "outcome"),
    [
        (Transcript("zh", 9.0, (one_turn("这个保本"),)), Outcome.FAILED),
        (Transcript("zh", 9.0, (one_turn("这个保本", trust=0.35),)), Outcome.FAILED),
        (Transcript("zh", 9.0, (one_turn("这个保本", trust=0.34),)), Outcome.UNKNOWN),
        (Transcript("zh", 9.0, (one_turn("这个保本", sure=0.6),)), Outcome.FAILED),
        (Transcript("zh", 9.0, (one_turn("这个保本", sure=0.59),)), Outcome.UNKNOWN),
        (Transcript("zh", 9.0, (one_turn("您好"),)), Outcome.PASSED),
        (Transcript("zh", 9.0, (one_turn("您好"),), partial=True), Outcome.UNKNOWN),
        (Transcript("zh", 9.0, (one_turn("您好"),), unintelligible=(Span(2.0, 4.0),)), Outcome.UNKNOWN),
        (Transcript("zh", 9.0, (one_turn("您好"),), unintelligible=(Span(2.0, 3.9),)), Outcome.PASSED),
        (Transcript("zh", 9.0, (one_turn("您好"),), roles_certain=False), Outcome.UNKNOWN),
        (Transcript("zh", 9.0, (one_turn("这个保本"),), roles_certain=False), Outcome.UNKNOWN),
        (Transcript("zh", 9.0, (one_turn("您好", role=Role.CUSTOMER),)), Outcome.UNKNOWN),
        (Transcript("zh", 9.0, ()), Outcome.UNKNOWN),
    ],
)
def test_doubt_keeps_a_check_open(call: Transcript, outcome: Outcome) -> None:
    checks = {c.rule: c.outcome for c in BOOK.analyse(call, CallContext()).checks}
    assert checks["zh.t.forbidden"] is outcome


def test_of_two_findings_at_one_place_one_is_told() -> None:
    twice = TERMS.replace("[绝对保本保息]", "[保本]")
    found = build([pack("zh/t", twice)]).analyse(from_example("这个保本", Role.AGENT), CallContext()).findings
    assert [f.rule for f in found] == ["zh.t.promise"]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (None, "rules.model_unsure"),
        (ModelAnswer(True, 0.69, ("保本",)), "rules.model_unsure"),
        (ModelAnswer(True, 0.7, ("保息",)), "rules.model_quote_missing"),
        (ModelAnswer(True, 0.7, ("保",)), "rules.model_quote_missing"),
        (ModelAnswer(True, 0.7, ("保本",)), "rules.holds"),
        (ModelAnswer(False, 0.7, ()), "rules.model_says_otherwise"),
    ],
)
def test_a_model_is_quoted_with_what_became_of_its_answer(answer: ModelAnswer | None, code: str) -> None:
    rules = "rules:\n  - {id: m, require: {asks_model: {question: q}}}\n"
    call = from_example("这个保本", Role.AGENT)
    analysis = build([pack("zh/t", TERMS + rules)]).analyse(call, CallContext(ask=lambda q, d: answer))
    assert [c.reason.code for c in analysis.checks if c.rule == "zh.t.m"] == [code]


def test_a_whole_transcript_is_read_with_its_times_and_trust() -> None:
    call = Transcript("zh", 9.0, (one_turn("这个保本", trust=0.5),), partial=True)
    whole = msgspec.json.encode({"name": "a", "transcript": call}).decode()
    assert [(name, read) for name, read, *_ in read_calls(whole, "f")] == [("a", call)]
    with pytest.raises(InputError):
        list(read_calls(whole.replace("9.0", '"nine"'), "f"))


def test_what_lacks_examples_is_named_with_its_line() -> None:
    text = (
        TERMS
        + "rules:\n  - {id: r, forbid: {says: promise}}\nflows:\n  - {id: f, steps: [{id: s, says: plain}]}\n"
    )
    problems = lint([pack("zh/t", text)])
    assert [(p.params["id"], p.params["line"]) for p in problems] == [
        ("zh.t.promise", "4"), ("zh.t.both", "5"), ("zh.t.z-long", "6"), ("zh.t.plain", "7"), ("zh.t.r", "9"), ("zh.t.f", "11"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "measured",
    [
        "silence: {}", "rate: {above: 6}", "interrupts: {}", "loudness: {above: 6}", "pitch: {above: 6}", "responds: {above: 3}",
        "ends_with: {role: agent}", "tone: {of: angry, above: 0.8}", "alike: {to: forbidden}",
    ],
)  # fmt: skip
def test_what_no_dialogue_in_writing_shows_needs_no_examples(measured: str) -> None:
    text = f"id: zh.t\nlanguage: zh\nrules:\n  - {{id: r, role: agent, forbid: {{{measured}}}}}\n"
    assert lint([pack("zh/t", text)]) == []
    mixed = text.replace("forbid:", "when: {matches: {regex: 保本}}, forbid:")
    assert [p.params["id"] for p in lint([pack("zh/t", mixed)])] == ["zh.t.r"]


def test_examples_that_go_wrong_are_named_with_their_line() -> None:
    text = """id: zh.t
terms:
  - id: promise
    patterns: [保本]
    severity: critical
    family: forbidden
    examples:
      hit: [这个保本, 这个不保本]
      miss:
        - 不保本
        - 保本的
"""
    file = pack("zh/t", text)
    report = run_examples(build([file]), [file])
    assert report.count == 4
    found = [(f.code, f.params["line"], f.params["example"], f.params["why"]) for f in report.failures]
    assert [(code, line, example) for code, line, example, _ in found] == [
        ("rules.example_misses", "8", "这个不保本"), ("rules.example_hits", "11", "保本的"),
    ]  # fmt: skip
    assert "Denied" in found[0][3]
    assert "保本" in found[1][3]
