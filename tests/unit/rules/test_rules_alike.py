"""Rules on wording as a whole: they point a person to what no term holds, and never fail anybody by themselves."""

import re
from collections.abc import Sequence

import pytest

from qa.alike.reader import reader
from qa.core.errors import BadPackError
from qa.core.finding import Check, MatchKind, Outcome, Severity
from qa.core.roles import Role
from qa.evaluate.dialogues import Dialogue, DialogueTurn, judge
from qa.i18n import LOCALES, render
from qa.rules.book import RuleBook
from qa.rules.call import CallContext
from qa.rules.dialogue import from_example
from qa.rules.examples import lint
from qa.rules.loader import build, from_text, load_packs, read_pack
from qa.rules.trial import try_dialogue

OFFENCE = "您就把心放肚子里，到期本金一分不少给您拿回来"
TERMS = """
terms:
  - {id: whole, family: forbidden, severity: critical, role: agent, patterns: [本金一分不少]}
  - {id: fund, patterns: [心放肚子里]}
"""
ALIKE = "forbid: {alike: {to: forbidden, at_least: 0.5}}"
ALL_ALIKE = "forbid: {alike: {to: forbidden, at_least: 0.001}}"


def _book(rule: str, terms: str = "") -> RuleBook:
    text = (
        f"id: zh.t\n{terms}\nrules:\n  - {{id: r, severity: critical, role: agent, family: forbidden, {rule}}}\n"
    )
    return build([from_text("zh/t", text)])


def _check(lines: Sequence[str], rule: str = ALIKE, terms: str = "") -> Check:
    analysis = _book(rule, terms).analyse(from_example(list(lines), Role.AGENT), CallContext())
    return next(c for c in analysis.checks if c.rule == "zh.t.r")


def test_what_is_worded_like_an_offence_is_a_notice_and_leaves_the_check_open() -> None:
    check = _check(["客户：会不会亏啊", f"坐席：{OFFENCE}"])
    assert check.outcome is Outcome.UNKNOWN
    assert [f.severity for f in check.findings] == [Severity.NOTICE]
    assert [(e.turn, e.quote, e.match) for e in check.findings[0].evidence] == [(1, OFFENCE, MatchKind.ALIKE)]
    assert 0.5 <= check.findings[0].confidence < 1


@pytest.mark.parametrize("locale", LOCALES)
def test_the_reason_names_the_nearest_known_offence_and_the_likelihood(locale: str) -> None:
    reason = _check([f"坐席：{OFFENCE}"]).findings[0].reason
    assert reason.params["example"]
    assert str(reason.params["example"]) in render(reason, locale)
    assert "%" in render(reason, locale)


@pytest.mark.parametrize(
    "lines",
    [
        ["坐席：您好，请问有什么可以帮您"],
        [f"客户：{OFFENCE}"],
        ["坐席：对的"],
        [],
    ],
)
def test_ordinary_talk_what_the_customer_says_and_a_bare_yes_are_left_alone(lines: list[str]) -> None:
    assert not _check(lines).findings


def test_where_a_term_stands_it_has_nothing_to_add() -> None:
    assert not _check([f"坐席：{OFFENCE}"], terms=TERMS).findings


@pytest.mark.parametrize(
    "only",
    ["applies: {industries: [logistics]}", "applies: {languages: [en]}", "shadow: true"],
)
def test_a_term_that_does_not_apply_to_the_call_or_is_not_shown_has_no_say(only: str) -> None:
    book = _book(ALIKE, TERMS.replace("role: agent,", f"role: agent, {only},"))
    call = from_example([f"坐席：{OFFENCE}"], Role.AGENT)
    analysis = book.analyse(call, CallContext(industries=("finance",)))
    assert next(c for c in analysis.checks if c.rule == "zh.t.r").findings


def test_what_only_sounds_like_a_term_and_is_excused_has_no_say() -> None:
    terms = TERMS.replace("本金一分不少", "定期存款单")
    rule = "forbid: {alike: {to: forbidden, at_least: 0.1}}"
    assert _check(["坐席：这不是定期村款单，您把心放肚子里，钱都在"], rule, terms).findings
    assert not _check(["坐席：这不是定期存款单，您把心放肚子里，钱都在"], rule, terms).findings


def test_what_is_surely_an_offence_is_told_although_a_term_in_it_is_excused() -> None:
    terms = TERMS.replace("本金一分不少", "包好")
    sure = "你自己没包好，保价也不赔的，一分没有"
    assert _check(["客户：我寄的碗碎了，你们要赔的", f"坐席：{sure}"], terms=terms).findings
    unsure = "没包好是吧，那我帮您登记一下，这个能不能赔要看规定"
    assert not _check(["客户：我寄的碗碎了，你们要赔的", f"坐席：{unsure}"], terms=terms).findings


def test_what_a_term_calls_rude_is_called_forbidden_as_well_only_where_that_is_the_likelier() -> None:
    terms = "terms:\n  - {id: x, family: rude, severity: warning, role: agent, patterns: [%s]}\n"
    both = "forbid: {alike: {to: forbidden, at_least: 0.02}}"
    for said, pattern, expected in (
        ("你听不懂人话啊跟你说了多少遍了", "听不懂人话", False),
        (OFFENCE, "心放肚子里", True),
    ):
        assert bool(_check([f"坐席：{said}"], both, terms % pattern).findings) is expected


def test_what_the_grammar_of_contexts_excuses_is_not_brought_back() -> None:
    excused = "坐席：要是有人跟您说本金一分不少给您拿回来，您千万别信"
    left = _check([excused], ALL_ALIKE, TERMS)
    assert (left.outcome, left.reason.code, left.findings) == (Outcome.PASSED, "rules.nothing_alike", ())
    assert _check([excused], ALL_ALIKE).findings


def test_what_stands_beside_an_excused_term_is_read() -> None:
    excused = (
        "坐席：要是有人跟您说本金一分不少给您拿回来，您千万别信，"
        + "好的" * 20
        + f"，{OFFENCE.replace('本金一分不少', '本钱一个子儿不差')}"
    )
    assert _check([excused], "forbid: {alike: {to: forbidden, at_least: 0.3}}", TERMS).findings


CLEAR = "这款产品不存在本金一分不少"
MOCKED = "本金一分不少都是骗人的千万别信"
STEADY = "这个产品的收益一直都是很稳定的您可以放心去买"


@pytest.mark.parametrize("excused", [f"另外要先跟您讲清楚的是{CLEAR}", f"{MOCKED}这一点要先跟您讲清楚"])
@pytest.mark.parametrize("first", [True, False])
def test_an_excused_term_silences_its_own_part_of_a_long_turn_alone(excused: str, first: bool) -> None:
    said = f"{excused}，{STEADY}" if first else f"{STEADY}，{excused}"
    found = _check([f"坐席：{said}"], "forbid: {alike: {to: forbidden, at_least: 0.2}}", TERMS).findings
    assert [e.quote for f in found for e in f.evidence] == [STEADY]


@pytest.mark.parametrize("likelier_first", [True, False])
def test_of_a_long_turn_the_likeliest_part_is_shown_and_told(likelier_first: bool) -> None:
    likelier = "到期本钱一个子儿不差都给您拿回来您就把心放肚子里"
    parts = [likelier, "亏了的话我个人掏腰包全部给您补上这个您尽管放心好了"]
    check = _check([f"坐席：{'，'.join(parts if likelier_first else parts[::-1])}"])
    assert [e.quote for e in check.findings[0].evidence] == [likelier]
    alone = _check([f"坐席：{likelier}"]).findings[0]
    assert (check.findings[0].reason, check.findings[0].confidence) == (alone.reason, alone.confidence)


def test_of_several_turns_the_likeliest_is_told() -> None:
    found = [_check(lines, ALL_ALIKE).findings[0] for lines in ([OFFENCE, STEADY], [STEADY, OFFENCE])]
    for finding in found:
        assert len(finding.evidence) == 2
        assert finding.reason.params["share"] == f"{finding.confidence:.0%}"


def test_the_words_of_a_complaint_are_no_rival_in_the_mouth_of_an_agent() -> None:
    taunt = "坐席：您要投诉就投诉，赔是不可能赔的"
    terms = "terms: [{id: c, family: complaint, severity: notice, role: customer, patterns: [投诉]}]\n"
    assert _check([taunt], "forbid: {alike: {to: forbidden, at_least: 0.02}}", terms).findings


COMPLAINTS = """
terms:
  - {id: c, family: complaint, severity: notice, role: customer, patterns: [报警], doubted_below: 0.1}
"""


def _complaint(said: str, terms: str = COMPLAINTS) -> Check:
    analysis = _book(ALIKE, terms).analyse(from_example([f"客户：{said}"], Role.AGENT), CallContext())
    return next(c for c in analysis.checks if c.family == "complaint")


def test_a_term_in_a_sentence_unlike_its_family_is_doubted_and_the_check_stays_open() -> None:
    doubted = _complaint("前面那个人说要报警抓我，是不是真的？")
    assert (doubted.outcome, doubted.reason.code, doubted.findings) == (Outcome.UNKNOWN, "rules.unlike", ())
    assert doubted.reason.params["quote"] == "报警"
    vague = _complaint("不行就报警处理吧这个事情").reason.params["share"]
    assert 0 < float(str(vague).removesuffix("%")) < 10
    for locale in LOCALES:
        assert "报警" in render(doubted.reason, locale)
    assert _complaint("你们这是诈骗，我现在就报警，去12315告你们").findings
    assert _complaint(
        "前面那个人说要报警抓我，是不是真的？", COMPLAINTS.replace(", doubted_below: 0.1", "")
    ).findings


def test_a_doubted_term_is_a_near_miss_that_says_why() -> None:
    call = from_example(["客户：前面那个人说要报警抓我，是不是真的？"], Role.AGENT)
    trial = try_dialogue(_book(ALIKE, COMPLAINTS), call, CallContext())
    [miss] = trial.near_misses
    assert (miss.term, miss.quote, miss.why.code) == ("zh.t.c", "报警", "rules.unlike")
    assert trial.doubts() == []  # it is told once


def test_a_term_that_is_doubted_in_one_turn_is_a_near_miss_there_whatever_it_is_in_the_next() -> None:
    said = ["客户：前面那个人说要报警抓我，是不是真的？", "坐席：您别急", "客户：我现在就报警，去12315告你们"]
    trial = try_dialogue(_book(ALIKE, COMPLAINTS), from_example(said, Role.AGENT), CallContext())
    assert [(m.turn, m.why.code) for m in trial.near_misses] == [(0, "rules.unlike")]
    assert [e.turn for f in trial.analysis.findings for e in f.evidence] == [2]


def test_a_doubted_term_hides_no_offence_in_the_same_turn() -> None:
    terms = TERMS.replace("本金一分不少]", "今天天气], doubted_below: 0.1").replace("OFFENCE", "")
    said = "坐席：今天天气真不错啊，" + "嗯好的好的" * 8 + "。" + OFFENCE
    assert _check([said], terms=terms).findings


def test_a_term_that_the_whole_call_speaks_against_is_doubted_unless_its_clause_is_surely_an_offence() -> None:
    terms = TERMS.replace("本金一分不少]", "PATTERN], doubted_below: 0.1")
    for said, pattern, told in (
        ("让您久等了，我现在就联系一下师傅，您别挂，稍等我一分钟", "我现在就联系", False),
        ("这个产品保本保息，稳赚不赔。请问您是王健国先生吗？", "保本保息", True),
    ):
        call = from_example([f"坐席：{said}"], Role.AGENT)
        found = {
            f.rule for f in _book(ALIKE, terms.replace("PATTERN", pattern)).analyse(call, CallContext()).findings
        }
        assert ("zh.t.whole" in found) is told


def test_an_offence_is_not_doubted_for_the_harmless_rest_of_its_sentence() -> None:
    said = from_example(["坐席：这个产品保本保息，稳赚不赔。请问您是王健国先生吗？"], Role.AGENT)
    terms = TERMS.replace("本金一分不少]", "保本保息], doubted_below: 0.1")
    assert "zh.t.whole" in {f.rule for f in _book(ALIKE, terms).analyse(said, CallContext()).findings}


@pytest.mark.parametrize(
    ("answer", "told"), [("对", True), ("对的没错啊", False), ("对的，就是您说的这个样子", False)]
)
def test_a_bare_yes_is_not_doubted_for_what_it_does_not_say_itself(answer: str, told: bool) -> None:
    terms = TERMS.replace("本金一分不少]", "今天天气], doubted_below: 0.99")
    call = from_example(["客户：是不是今天天气", f"坐席：{answer}"], Role.AGENT)
    found = {f.rule for f in _book(ALIKE, terms).analyse(call, CallContext()).findings}
    assert ("zh.t.whole" in found) is told


def test_a_bare_yes_with_the_words_themselves_is_not_doubted_either() -> None:
    terms = TERMS.replace("本金一分不少]", "天气], doubted_below: 0.99")
    call = from_example(["客户：是不是天气", "坐席：对，天气"], Role.AGENT)
    [found] = [f for f in _book(ALIKE, terms).analyse(call, CallContext()).findings if f.rule == "zh.t.whole"]
    assert [e.quote for e in found.evidence] == ["对", "天气"]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("怎么可能不保本呢", True),
        ("这不就是保本吗", True),
        ("不保本我能推荐给您吗", True),
        ("没有不保本的", True),
        ("难道还不保本", True),
        ("谁说不保本了", True),
        ("这不是不保本嘛", False),
        ("怎么可能保本呢", False),
        ("谁说保本了", False),
        ("我给您保本月的账单", False),
    ],
)
def test_what_is_promised_by_denying_is_not_doubted_for_the_denial(answer: str, told: bool) -> None:
    terms = TERMS.replace("本金一分不少]", "保本], unless: [negated, quoted, asked], doubted_below: 0.999")
    call = from_example([f"坐席：{answer}"], Role.AGENT)
    found = {f.rule for f in _book(ALIKE, terms).analyse(call, CallContext()).findings}
    assert ("zh.t.whole" in found) is told


def test_rules_do_not_build_on_what_is_doubted() -> None:
    rule = "when: {says: c, role: customer}, require: {says: fund}"
    said = ["客户：前面那个人说要报警抓我，是不是真的？", "坐席：我帮您查一下"]
    terms = COMPLAINTS + "  - {id: fund, patterns: [心放肚子里]}\n"
    assert _check(said, rule, terms).outcome is Outcome.NOT_APPLICABLE
    assert _check(said, rule, terms.replace(", doubted_below: 0.1", "")).outcome is Outcome.FAILED


def test_the_doubt_of_a_term_on_trial_is_not_shown() -> None:
    terms = COMPLAINTS.replace("doubted_below", "shadow: true, doubted_below") + (
        "  - {id: d, family: complaint, severity: notice, role: customer, patterns: [没有这句话]}\n"
    )
    assert _complaint("前面那个人说要报警抓我，是不是真的？", terms).outcome is Outcome.PASSED


@pytest.mark.parametrize("of", ["family: other", "role: any"])
def test_doubt_is_only_for_families_the_reader_knows(of: str) -> None:
    name = of.split(":")[0]
    with pytest.raises(BadPackError) as caught:
        _book(ALIKE, re.sub(f"{name}: [a-z]+", of, COMPLAINTS))
    assert caught.value.message.code == "rules.not_likened"


def test_what_a_customer_says_is_compared_with_complaints() -> None:
    rule = "forbid: {alike: {to: complaint, at_least: 0.6}}"
    text = f"id: zh.t\nrules:\n  - {{id: r, severity: notice, role: customer, family: complaint, {rule}}}\n"
    book = build([from_text("zh/t", text)])
    for said, expected in (("你们必须赔我误工费，不赔我就找媒体曝光", True), ("我问一下怎么退款", False)):
        analysis = book.analyse(from_example([f"客户：{said}"], Role.AGENT), CallContext())
        assert bool(next(c for c in analysis.checks if c.rule == "zh.t.r").findings) is expected


def test_a_rule_that_needs_words_and_likeness_may_fail_but_is_never_critical() -> None:
    both = "forbid: {all: [{says: fund}, {alike: {to: forbidden, at_least: 0.5}}]}"
    terms = TERMS.replace("本金一分不少", "没有这句话")
    check = _check([f"坐席：{OFFENCE}"], both, terms)
    assert check.outcome is Outcome.FAILED
    assert check.findings[0].severity is Severity.WARNING


def test_words_that_suffice_by_themselves_stay_critical() -> None:
    either = "forbid: {any: [{says: fund}, {alike: {to: forbidden, at_least: 0.5}}]}"
    check = _check([f"坐席：{OFFENCE}"], either, TERMS.replace("本金一分不少", "没有这句话"))
    assert check.findings[0].severity is Severity.CRITICAL


def test_without_the_pack_nothing_is_read_twice() -> None:
    call = from_example([f"坐席：{OFFENCE}"], Role.AGENT)
    rules = [{c.rule for c in load_packs(p, ()).analyse(call, CallContext()).checks} for p in (("zh/alike",), ())]
    assert {"zh.alike.forbidden", "zh.alike.rude"} <= rules[0]
    assert not any(r.startswith("zh.alike") for r in rules[1])


def test_an_evaluation_counts_all_that_is_flagged_and_accusations_alone() -> None:
    turns = (DialogueTurn(Role.AGENT, OFFENCE), DialogueTurn(Role.AGENT, "好的，再见"))
    dialogue = Dialogue("d", turns, {"forbidden": (0,)})
    analysis = _book(ALIKE).analyse(from_example([t.text for t in turns], Role.AGENT), CallContext())
    judged = judge(dialogue, analysis)
    assert (judged["forbidden"].counts.tp, judged["forbidden"].counts.fn) == (1, 0)
    assert judged["forbidden"].missed == ()
    assert (judged["forbidden_accused"].counts.tp, judged["forbidden_accused"].counts.fn) == (0, 1)


NOTICE = "先跟您说一声，咱俩这通电话公司那边会存一份声音下来"
STEPS = """
flows:
  - id: f
    steps:
      - {id: recording-notice, says: {patterns: [本次通话将被录音]}, alike: {to: recording-notice, at_least: 0.5}}
"""


def _step(lines: Sequence[str], steps: str = STEPS) -> Check:
    analysis = build([from_text("zh/t", f"id: zh.t{steps}")]).analyse(
        from_example(list(lines), Role.AGENT), CallContext()
    )
    [check] = [c for c in analysis.checks if c.family == "step"]
    return check


@pytest.mark.parametrize("optional", [False, True])
def test_a_step_in_other_words_is_left_to_a_person_who_is_told_where_to_listen(optional: bool) -> None:
    steps = STEPS.replace("says:", "optional: true, says:") if optional else STEPS
    check = _step(["坐席：您好", "客户：嗯", f"坐席：{NOTICE}"], steps)
    assert (check.outcome, check.reason.code, check.findings) == (Outcome.UNKNOWN, "rules.step_alike", ())
    assert [(e.turn, e.quote, e.match) for d in check.doubts for e in d.evidence] == [(2, NOTICE, MatchKind.ALIKE)]
    for locale in LOCALES:
        assert NOTICE in render(check.reason, locale)
        assert "%" in render(check.reason, locale)


def test_a_trial_tells_what_is_left_to_a_person() -> None:
    call = from_example([f"坐席：{NOTICE}", "坐席：您好"], Role.AGENT)
    [(check, doubt)] = try_dialogue(build([from_text("zh/t", f"id: zh.t{STEPS}")]), call, CallContext()).doubts()
    assert (check.rule, doubt.reason.code) == ("zh.t.f.recording-notice", "rules.step_alike")


@pytest.mark.parametrize(
    "lines",
    [
        ["坐席：您好，请问有什么可以帮您"],
        [f"客户：{NOTICE}"],
    ],
)
def test_a_step_that_nobody_did_or_the_customer_is_missing(lines: list[str]) -> None:
    assert _step([*lines, "坐席：再见"]).outcome is Outcome.FAILED


def test_a_promise_that_nothing_can_be_lost_is_no_warning_that_it_can() -> None:
    steps = STEPS.replace("recording-notice", "risk-disclosure").replace("本次通话将被录音", "投资有风险")
    assert _step(["坐席：亏不亏谁也不敢跟您打包票，跌了本钱就少了"], steps).outcome is Outcome.UNKNOWN
    both = "坐席：本金不会有任何损失的，收益也是有保证的"
    assert _step([both], steps.replace("0.5", "0.3")).outcome is Outcome.FAILED


def test_a_step_in_its_words_is_done() -> None:
    check = _step([f"坐席：{NOTICE}", "坐席：本次通话将被录音"])
    assert (check.outcome, [e.turn for e in check.evidence]) == (Outcome.PASSED, [1])


def test_a_step_in_other_words_outside_its_part_of_the_call_is_missing_and_inside_it_is_not_too_late() -> None:
    early = STEPS.replace("says:", "within: first 1 agent turns, says:")
    assert _step(["坐席：您好", f"坐席：{NOTICE}"], early).outcome is Outcome.FAILED
    assert _step(["坐席：您好", "坐席：本次通话将被录音"], early).reason.code == "rules.step_too_late"
    both = _step([f"坐席：{NOTICE}", "坐席：本次通话将被录音"], early)
    assert (both.outcome, both.reason.code) == (Outcome.UNKNOWN, "rules.step_alike_in_time")
    assert [e.turn for d in both.doubts for e in d.evidence] == [0, 1]
    assert (
        _step(
            [f"坐席：{NOTICE}", "坐席：本次通话将被录音"], early.replace("says:", "optional: true, says:")
        ).outcome
        is Outcome.PASSED
    )


@pytest.mark.parametrize(
    ("when", "outcome"), [("{step: a}", Outcome.UNKNOWN), ("{none: [{step: a}]}", Outcome.UNKNOWN)]
)
def test_what_depends_on_a_step_that_is_left_to_a_person_is_left_open(when: str, outcome: Outcome) -> None:
    steps = f"""
flows:
  - id: f
    steps:
      - {{id: a, says: {{patterns: [本次通话将被录音]}}, alike: {{to: recording-notice}}}}
      - {{id: b, says: {{patterns: [请签字]}}, when: {when}}}
"""
    analysis = build([from_text("zh/t", f"id: zh.t{steps}")]).analyse(
        from_example([f"坐席：{NOTICE}"], Role.AGENT), CallContext()
    )
    assert [c.outcome for c in analysis.checks if c.rule == "zh.t.f.b"] == [outcome]


@pytest.mark.parametrize("said", ["本次通话不会录音的您放心", "我们这个通话没有录音的"])
def test_a_step_that_is_denied_is_missing(said: str) -> None:
    analysis = load_packs(("zh/common",), ()).analyse(
        from_example(["坐席：嗯说吧", f"坐席：{said}"], Role.AGENT), CallContext()
    )
    [check] = [c for c in analysis.checks if c.rule == "zh.common.service-steps.recording-notice"]
    assert check.outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "wrong",
    [
        "rules:\n  - {id: r, role: agent, require: {alike: {to: greeting}}}",
        STEPS.replace("to: recording-notice", "to: forbidden"),
    ],
)
def test_rules_are_about_offences_and_steps_about_steps(wrong: str) -> None:
    with pytest.raises(BadPackError):
        build([from_text("zh/t", f"id: zh.t\n{wrong}")])


def test_an_evaluation_counts_steps_that_a_person_is_pointed_to_and_those_that_passed_alone() -> None:
    turns = (DialogueTurn(Role.AGENT, NOTICE), DialogueTurn(Role.AGENT, "好的，再见"))
    analysis = build([from_text("zh/t", f"id: zh.t{STEPS}")]).analyse(
        from_example([t.text for t in turns], Role.AGENT), CallContext()
    )
    judged = judge(Dialogue("d", turns, {"recording_notice": (0,)}), analysis)
    assert (judged["recording_notice"].counts.tp, judged["recording_notice"].counts.fn) == (1, 0)
    passed = judged["recording_notice_passed"].counts
    assert (passed.tp, passed.fn) == (0, 1)


def test_what_is_not_chinese_never_loads_the_second_reader() -> None:
    reader.cache_clear()
    text = f"id: en.t\nlanguage: en\nrules:\n  - {{id: r, severity: critical, family: forbidden, {ALIKE}}}\n"
    book = build([*read_pack("en/common", []), *read_pack("en/finance", []), from_text("en/t", text)])
    call = from_example(["customer: Is it safe?", "agent: Your principal is guaranteed."], Role.AGENT, "en")
    checks = {c.rule: c.outcome for c in book.analyse(call, CallContext()).checks}
    assert checks["en.t.r"] is Outcome.PASSED
    assert reader.cache_info().currsize == 0
    build([*read_pack("zh/alike", []), *read_pack("zh/common", [])])
    assert reader.cache_info().currsize == 1


@pytest.mark.parametrize(
    ("language", "applies", "told"),
    [
        ("zh", "", False),
        ("any", "", False),
        ("zh", "applies: {languages: [zh, en]}", False),
        ("any", "applies: {languages: [yue]}", False),
        ("en", "", True),
        ("any", "applies: {languages: [en]}", True),
    ],
)
def test_lint_tells_of_alike_where_nobody_speaks_chinese(language: str, applies: str, told: bool) -> None:
    head = f"id: zh.t\nlanguage: {language}\n{applies}\n"
    rule = f"rules:\n  - {{id: r, family: forbidden, {ALIKE}}}\n"
    step = "{id: s, says: {patterns: [ab]}, alike: {to: closing}}"
    flow = f"flows:\n  - {{id: f, examples: {{hit: [a], miss: [b]}}, steps: [{step}]}}\n"
    problems = lint([from_text("zh/t", head + rule + flow)])
    assert [(m.code, m.params["line"]) for m in problems] == [("rules.never_alike", n) for n in ("5", "7") if told]


def test_lint_names_the_line_of_the_alike_itself() -> None:
    rule = (
        "rules:\n  - id: r\n    family: forbidden\n    forbid:\n      role: agent\n      alike: {to: forbidden}\n"
    )
    [problem] = lint(
        [from_text("en/t", "id: en.t\nlanguage: en\n" + rule + "    examples: {hit: [a], miss: [b]}\n")]
    )
    assert (problem.code, problem.params["line"]) == ("rules.never_alike", "8")
