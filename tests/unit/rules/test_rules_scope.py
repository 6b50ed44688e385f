# ruff: noqa: E501 - one case of a table stays on one line
"""Where conditions look and how they are put together: windows, anchors, order, and what is not known."""

from datetime import date

import pytest

from qa.core.finding import Check, Outcome
from qa.core.roles import Role
from qa.core.transcript import Transcript, Turn, Word
from qa.i18n import LOCALES, render
from qa.lexicon.schema import Applies
from qa.rules.applicability import why_not
from qa.rules.call import CallContext
from qa.rules.loader import build, from_text

A, C, S = Role.AGENT, Role.CUSTOMER, Role.SYSTEM
PASSED, FAILED, UNKNOWN = Outcome.PASSED, Outcome.FAILED, Outcome.UNKNOWN
TERMS = "terms:\n  - {id: hello, patterns: [您好]}\n  - {id: bye, patterns: [再见]}\n  - {id: risk, patterns: [有风险]}\n"


def spoken(*turns: tuple[Role, str, float], duration: float = 0.0) -> Transcript:
    """Turns of one character a second from their starts on."""
    made = tuple(
        Turn(i, role, role.value, 0, tuple(Word(c, at + k, at + k + 1, 1.0, 1.0) for k, c in enumerate(text)), 1.0)
        for i, (role, text, at) in enumerate(turns)
    )
    return Transcript("zh", max([duration, *(t.end for t in made)]), made)


def check(condition: str, call: Transcript, context: CallContext | None = None, sense: str = "require") -> Check:
    rule = f"rules:\n  - {{id: r, role: agent, {sense}: {condition}}}\n"
    checks = build([from_text("zh/t", f"id: zh.t\n{TERMS}{rule}")]).analyse(call, context or CallContext()).checks
    return next(c for c in checks if c.rule == "zh.t.r")


def found(condition: str, call: Transcript) -> list[tuple[int, int]]:
    """Turn and offset of every place where a condition holds."""
    return [(e.turn, e.char_start) for e in check(condition, call).evidence]


CALL = spoken(
    (A, "您好", 0),
    (C, "您好", 10),
    (A, "嗯您好", 20),
    (S, "您好", 30),
    (A, "您好再见", 40),
    (C, "再见", 50),
    (A, "再见", 98),
)  # 100 seconds


@pytest.mark.parametrize(
    ("within", "expected"),
    [
        ("first 20s", [(0, 0)]),
        ("first 21s", [(0, 0), (2, 1)]),
        ("first 20.9s", [(0, 0)]),
        ("last 60s", [(4, 0)]),
        ("last 59s", []),
        ("last 80s", [(2, 1), (4, 0)]),
        ("first 21%", [(0, 0), (2, 1)]),
        ("first 20%", [(0, 0)]),
        ("last 60%", [(4, 0)]),
        ("last 59.5%", []),
        ("21%..40%", [(2, 1), (4, 0)]),
        ("21.5%..39%", []),
        ("40%..50%", [(4, 0)]),
        ("40.1%..50%", []),
        ("30%..40%", [(4, 0)]),
        ("30%..39.9%", []),
        ("0%..100%", [(0, 0), (2, 1), (4, 0)]),
        ("first 1 turn", [(0, 0)]),
        ("first 2 turns", [(0, 0)]),
        ("first 3 turns", [(0, 0), (2, 1)]),
        ("first 4 turns", [(0, 0), (2, 1), (4, 0)]),  # an announcement is nobody's turn
        ("first 9 turns", [(0, 0), (2, 1), (4, 0)]),
        ("last 3 turns", [(4, 0)]),
        ("last 2 turns", []),
        ("last 6 turns", [(0, 0), (2, 1), (4, 0)]),
        ("last 5 turns", [(2, 1), (4, 0)]),
        ("first 2 agent turns", [(0, 0), (2, 1)]),
        ("last 2 agent turns", [(4, 0)]),
        ("last 9 agent turns", [(0, 0), (2, 1), (4, 0)]),
        ("first 1 customer turns", []),
    ],
)  # fmt: skip
def test_a_part_of_the_call_holds_what_begins_in_it(within: str, expected: list[tuple[int, int]]) -> None:
    assert found(f"{{says: hello, role: agent, within: '{within}'}}", CALL) == expected


def test_turns_of_the_customer_are_counted_by_themselves() -> None:
    assert found("{says: hello, role: customer, within: first 1 customer turns}", CALL) == [(1, 0)]
    assert found("{says: bye, role: customer, within: last 1 customer turn}", CALL) == [(5, 0)]


def test_a_call_is_as_long_as_its_recording_or_its_last_word() -> None:
    turns = ((A, "您好", 0), (A, "您好", 60))
    assert found("{says: hello, within: 50%..100%}", spoken(*turns)) == [(1, 0)]
    assert found("{says: hello, within: 50%..100%}", spoken(*turns, duration=200)) == []
    short = spoken(*turns)
    assert found("{says: hello, within: 50%..100%}", Transcript("zh", 1.0, short.turns)) == [(1, 0)]


def test_a_window_within_a_window_is_what_lies_in_both() -> None:
    inner = "{says: hello, role: agent, within: %s}"
    for outer, inside, expected in (
        ("first 30s", "last 85s", [(2, 1)]),
        ("last 85s", "first 30s", [(2, 1)]),
        ("first 3 turns", "first 2 agent turns", [(0, 0), (2, 1)]),
        ("first 3 turns", "last 2 agent turns", []),
        ("last 5 turns", "first 30s", [(2, 1)]),
        ("first 30s", "last 5 turns", [(2, 1)]),
    ):
        assert found(f"{{all: [{inner % inside}], within: {outer}}}", CALL) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("{turns: {above: 2, below: 4}, role: any, within: first 20s}", PASSED),  # the third begins just then
        ("{turns: {above: 1, below: 3}, role: any, within: first 19s}", PASSED),
        ("{turns: {above: 1, below: 3}, role: any, within: last 48s}", PASSED),  # the customer's ends just then
        ("{turns: {above: 0, below: 2}, role: any, within: last 47s}", PASSED),
        ("{turns: {above: 2, below: 4}, role: any, after: {condition: {says: bye}}}", PASSED),
        ("{turns: {above: 1, below: 3}, role: any, before: {condition: {says: hello}, hit: 1}, within: first 30s}", FAILED),
        ("{turns: {above: 2, below: 4}, role: any, before: {condition: {says: hello}, hit: 2}}", PASSED),
    ],
)  # fmt: skip
def test_a_turn_lies_in_a_part_that_it_only_touches(condition: str, expected: Outcome) -> None:
    assert check(condition, CALL).outcome is expected


HITS = spoken((A, "您好", 0), (A, "您好再见", 10), (C, "嗯", 20), (A, "再见您好", 30), (A, "再见", 40))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("{says: bye, after: {condition: {says: hello}}}", [(1, 2), (3, 0), (4, 0)]),
        ("{says: bye, after: {condition: {says: hello}, hit: 2}}", [(1, 2), (3, 0), (4, 0)]),
        ("{says: bye, after: {condition: {says: hello}, hit: 3}}", [(4, 0)]),
        ("{says: bye, after: {condition: {says: hello}, hit: -1}}", [(4, 0)]),
        ("{says: bye, after: {condition: {says: hello}, hit: -3}}", [(1, 2), (3, 0), (4, 0)]),
        ("{says: bye, after: {condition: {says: hello}, turns: 0}}", []),
        ("{says: bye, after: {condition: {says: hello}, hit: 2, turns: 0}}", [(1, 2)]),
        ("{says: bye, after: {condition: {says: hello}, turns: 1}}", [(1, 2)]),
        ("{says: bye, after: {condition: {says: hello}, turns: 3}}", [(1, 2), (3, 0)]),
        ("{says: bye, after: {condition: {says: hello}, seconds: 10}}", [(1, 2)]),  # from the end of its words
        ("{says: bye, after: {condition: {says: hello}, seconds: 9}}", []),
        ("{says: bye, after: {condition: {says: hello}, seconds: 28}}", [(1, 2), (3, 0)]),
        ("{says: hello, before: {condition: {says: bye}}}", [(0, 0), (1, 0)]),
        ("{says: hello, before: {condition: {says: bye}, hit: 2}}", [(0, 0), (1, 0)]),
        ("{says: hello, before: {condition: {says: bye}, hit: -1}}", [(0, 0), (1, 0), (3, 2)]),
        ("{says: hello, before: {condition: {says: bye}, turns: 0}}", [(1, 0)]),
        ("{says: hello, before: {condition: {says: bye}, turns: 1}}", [(0, 0), (1, 0)]),
        ("{says: hello, before: {condition: {says: bye}, hit: 3, turns: 1}}", [(3, 2)]),
        ("{says: hello, before: {condition: {says: bye}, hit: 3, turns: 3}}", [(1, 0), (3, 2)]),
        ("{says: hello, before: {condition: {says: bye}, seconds: 12}}", [(0, 0), (1, 0)]),
        ("{says: hello, before: {condition: {says: bye}, seconds: 11}}", [(1, 0)]),
        ("{says: hello, before: {condition: {says: bye}, hit: 3, seconds: 8}}", [(3, 2)]),
        ("{says: bye, after: {condition: {says: hello}}, before: {condition: {says: bye}, hit: 1}}", []),
        ("{says: bye, after: {condition: {says: hello}}, before: {condition: {says: bye}, hit: 2}}", [(1, 2)]),
        ("{says: bye, after: {condition: {says: hello}}, before: {condition: {says: bye}, hit: -1}}", [(1, 2), (3, 0)]),
    ],
)  # fmt: skip
def test_an_anchor_bounds_what_follows_or_precedes_it(condition: str, expected: list[tuple[int, int]]) -> None:
    assert found(condition, HITS) == expected


@pytest.mark.parametrize("hit", [4, -4])
@pytest.mark.parametrize("side", ["after", "before"])
def test_an_anchor_that_is_not_there_is_told(side: str, hit: int) -> None:
    made = check(f"{{says: bye, {side}: {{condition: {{says: hello}}, hit: {hit}}}}}", HITS)
    assert (made.outcome, made.reason.code) == (FAILED, "rules.no_anchor")


def test_behind_an_anchor_that_is_not_known_nothing_is() -> None:
    made = check("{says: bye, after: {condition: {silence: {}}}}", HITS)
    assert (made.outcome, made.reason.code) == (UNKNOWN, "rules.not_measured")


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ("", [(0, 0), (1, 2)]),
        (", within_turns: 1", [(0, 0), (1, 2)]),
        (", within_turns: 0", [(1, 0), (1, 2)]),
        (", within_seconds: 10", [(0, 0), (1, 2)]),  # from the end of the one to the start of the other
        (", within_seconds: 9", [(1, 0), (1, 2)]),
        (", within_seconds: 0.5", [(1, 0), (1, 2)]),
    ],
)
def test_one_thing_follows_another_near_enough(extra: str, expected: list[tuple[int, int]]) -> None:
    assert found(f"{{then: {{first: {{says: hello}}, second: {{says: bye}}{extra}}}}}", HITS) == expected


@pytest.mark.parametrize(
    ("first", "second", "outcome", "code"),
    [
        ("{says: bye}", "{says: risk}", FAILED, "rules.not_said"),
        ("{says: risk}", "{says: bye}", FAILED, "rules.not_said"),
        ("{silence: {}}", "{says: risk}", FAILED, "rules.not_said"),
        ("{says: risk}", "{silence: {}}", FAILED, "rules.not_said"),
        ("{silence: {}}", "{says: bye}", UNKNOWN, "rules.not_measured"),
        ("{says: bye}", "{silence: {}}", UNKNOWN, "rules.not_measured"),
        ("{says: hello, within: last 15s}", "{says: hello}", FAILED, "rules.not_in_order"),
        ("{says: hello, within: last 15s}", "{says: hello, within: last 15s}", FAILED, "rules.not_in_order"),
    ],
)
def test_an_order_with_a_part_missing_says_which(first: str, second: str, outcome: Outcome, code: str) -> None:
    made = check(f"{{then: {{first: {first}, second: {second}}}}}", HITS)
    assert (made.outcome, made.reason.code) == (outcome, code)


YES, NO, OPEN = "{says: hello}", "{says: risk}", "{silence: {}}"


@pytest.mark.parametrize(
    ("condition", "outcome", "code"),
    [
        (f"{{all: [{YES}, {YES}]}}", PASSED, "rules.holds"),
        (f"{{all: [{YES}, {NO}]}}", FAILED, "rules.not_said"),
        (f"{{all: [{OPEN}, {NO}]}}", FAILED, "rules.not_said"),
        (f"{{all: [{YES}, {OPEN}]}}", UNKNOWN, "rules.not_measured"),
        (f"{{any: [{NO}, {YES}]}}", PASSED, "rules.holds"),
        (f"{{any: [{OPEN}, {YES}]}}", PASSED, "rules.holds"),
        (f"{{any: [{NO}, {OPEN}]}}", UNKNOWN, "rules.not_measured"),
        (f"{{any: [{NO}, {NO}]}}", FAILED, "rules.none_holds"),
        (f"{{any: [{NO}]}}", FAILED, "rules.not_said"),
        (f"{{none: [{NO}, {NO}]}}", PASSED, "rules.holds"),
        (f"{{none: [{NO}, {YES}]}}", FAILED, "rules.holds_but_must_not"),
        (f"{{none: [{OPEN}, {YES}]}}", FAILED, "rules.holds_but_must_not"),
        (f"{{none: [{OPEN}, {NO}]}}", UNKNOWN, "rules.not_measured"),
        ("{all: [{similar: {text: 您好再见}}]}", PASSED, "rules.covered"),
        ("{any: [{similar: {text: 您好再见}}, {says: hello}]}", PASSED, "rules.covered"),
        ("{all: [{similar: {text: 您好再见}}, {says: hello}]}", PASSED, "rules.holds"),
    ],
)
def test_parts_that_are_not_known_decide_only_where_no_other_does(
    condition: str, outcome: Outcome, code: str
) -> None:
    made = check(condition, HITS)
    assert (made.outcome, made.reason.code) == (outcome, code)


def test_places_of_several_parts_are_shown_once_and_in_order() -> None:
    assert found("{all: [{says: bye}, {says: hello}, {says: bye}]}", HITS) == [
        (0, 0),
        (1, 0),
        (1, 2),
        (3, 0),
        (3, 2),
        (4, 0),
    ]
    assert found("{says: {all: [bye], any: [hello, bye]}}", HITS) == [
        (0, 0),
        (1, 0),
        (1, 2),
        (3, 0),
        (3, 2),
        (4, 0),
    ]


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        ("{says: {any: [hello, bye], at_least: 2, times: 6}}", PASSED),
        ("{says: {any: [hello, bye], times: 7}}", FAILED),
        ("{says: {any: [hello, risk], at_least: 2}}", FAILED),
        ("{says: {any: [hello], patterns: [再见], at_least: 2}}", PASSED),
        ("{says: {patterns: [再见], times: 3}}", PASSED),
        ("{says: {patterns: [再见], times: 4}}", FAILED),
        ("{says: {all: [hello], none: [risk]}}", PASSED),
        ("{says: {all: [hello], none: [bye]}}", FAILED),
    ],
)
def test_terms_are_counted_by_kind_and_by_hit(condition: str, outcome: Outcome) -> None:
    assert check(condition, HITS).outcome is outcome


def test_what_was_not_said_is_named() -> None:
    for condition, term in (
        ("{says: risk}", "risk"),
        ("{says: {all: [hello, risk]}}", "risk"),
        ("{says: {any: [risk], patterns: [没有, 没用, 没事]}}", "risk, 没有, 没用"),
    ):
        assert check(condition, HITS).reason.params["term"] == term
    made = check("{says: {none: [bye], any: hello}}", HITS)
    assert (made.reason.code, made.reason.params["term"]) == ("rules.said_but_must_not", "bye")


REPEATED = spoken(
    (A, "请您提供订单号", 0),
    (C, "请您提供订单号", 10),
    (A, "什么", 20),
    (A, "请您提供订单号", 30),
    (C, "嗯", 40),
    (A, "请您提供的订单号", 50),
)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("{repeats: {within_turns: 3}}", [0, 3, 5]),
        ("{repeats: {within_turns: 2}}", [3, 5]),
        ("{repeats: {within_turns: 3, times: 3}}", [0, 3, 5]),
        ("{repeats: {within_turns: 3, times: 4}}", []),
        ("{repeats: {within_turns: 3, similarity: 1}}", [0, 3]),
        ("{repeats: {within_turns: 3, similarity: 1, times: 3}}", []),
        ("{repeats: {within_turns: 9, min_chars: 7}}", [0, 3, 5]),
        ("{repeats: {within_turns: 9, min_chars: 8}}", []),
        ("{repeats: {within_turns: 9}, role: customer}", []),
        ("{repeats: {within_turns: 1}, role: any}", []),
        ("{repeats: {within_turns: 9}, role: agent, within: last 35s}", [3, 5]),
    ],
)
def test_the_same_speaker_says_the_same_again_near_enough(condition: str, expected: list[int]) -> None:
    assert [turn for turn, _ in found(condition, REPEATED)] == expected


PHONES = spoken((C, "手机号13812345678", 0), (A, "手机号13912345678对吗", 30), (A, "身份证11010119900307451X", 60))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("{entity: phone}", [(1, 3)]),
        ("{entity: phone, role: any}", [(0, 3), (1, 3)]),
        ("{entity: phone, role: customer}", [(0, 3)]),
        ("{entity: {type: phone, times: 2}}", []),
        ("{entity: {type: phone, times: 2}, role: any}", [(0, 3), (1, 3)]),
        ("{entity: phone, role: any, within: first 1 turns}", [(0, 3)]),
        ("{entity: phone, role: any, within: last 2 turns}", [(1, 3)]),
        ("{entity: email, role: any}", []),
    ],
)
def test_personal_data_is_looked_for_where_the_condition_looks(
    condition: str, expected: list[tuple[int, int]]
) -> None:
    assert found(condition, PHONES) == expected


def test_what_was_looked_for_in_vain_is_named() -> None:
    made = check("{entity: email}", PHONES)
    assert (made.reason.code, made.reason.params["type"]) == ("rules.no_entity", "email")


@pytest.mark.parametrize(
    ("condition", "text", "expected"),
    [
        ("{matches: '[0-9]{4}'}", "工号1234和5678", [(0, 2), (0, 7)]),
        ("{matches: {regex: '保.', exclude: '保险'}}", "保险和保本", [(0, 3)]),
        ("{matches: {regex: '保', exclude: '保险'}}", "保险保", [(0, 2)]),
        ("{matches: {regex: '险和', exclude: '保险'}}", "保险和", [(0, 1)]),
        ("{matches: {regex: '和保', exclude: '保险'}}", "和保险", [(0, 0)]),
        ("{matches: 'x*'}", "没有", []),
        ("{matches: '^工号'}", "工号一，工号二", [(0, 0)]),
    ],
)
def test_an_expression_finds_all_its_places_but_those_taken_back(
    condition: str, text: str, expected: list[tuple[int, int]]
) -> None:
    assert found(condition, spoken((A, text, 0))) == expected


def test_a_very_long_turn_is_searched_to_its_end() -> None:
    text = "啊" * 3999 + "工号" + "啊" * 3997 + "工号" + "啊" * 2000 + "工号"
    assert found("{matches: 工号}", spoken((A, text, 0))) == [(0, 7998), (0, 10000)]  # not over the seam


def test_what_an_expression_cannot_tell_with_reasonable_effort_is_unknown() -> None:
    judged = check("{matches: '[ab]*a[ab]{900}c|a'}", spoken((A, "abbabaab" * 500, 0)))
    assert (judged.outcome, judged.reason.code) == (Outcome.UNKNOWN, "rules.regex_too_much")
    for locale in LOCALES:
        assert "[ab]{900}c|a" in render(judged.reason, locale)


@pytest.mark.parametrize(
    "condition",
    ["{matches: '(哈|呵|哈呵){0,40}吗啊'}", "{matches: {regex: 哈, exclude: '(哈|呵|哈呵){0,40}吗啊|哈'}}"],
)
def test_alternatives_that_overlap_hold_no_call_up(condition: str) -> None:
    assert found(condition, spoken((A, "哈呵" * 400, 0))) == []


@pytest.mark.parametrize(
    ("applies", "language", "context", "code"),
    [
        ({}, "zh", CallContext(), None),
        ({}, "yue", CallContext(), None),
        ({}, "wuu", CallContext(), None),
        ({}, "nan", CallContext(), None),
        ({}, "zh-TW", CallContext(), None),
        ({}, "en", CallContext(), "rules.other_language"),
        ({"languages": ["zh"]}, "yue", CallContext(), None),
        ({"languages": ["yue"]}, "yue", CallContext(), None),
        ({"languages": ["yue"]}, "zh", CallContext(), "rules.other_language"),
        ({"languages": ["zh-Hant"]}, "zh", CallContext(), None),
        ({"languages": ["zh"]}, "zh-TW", CallContext(), None),
        ({"languages": ["en"]}, "zh", CallContext(), "rules.other_language"),
        ({"industries": ["finance"]}, "zh", CallContext(), None),
        ({"industries": ["finance"]}, "zh", CallContext(industries=("telecom", "finance")), None),
        ({"industries": ["finance"]}, "zh", CallContext(industries=("telecom",)), "rules.other_industry"),
        ({"industries": ["finance"]}, "zh", CallContext({"industry": "telecom"}), "rules.other_industry"),
        ({"industries": ["finance"]}, "zh", CallContext({"industry": "finance"}, industries=("telecom",)), None),
        ({"since": date(2024, 1, 1)}, "zh", CallContext(on=date(2024, 1, 1)), None),
        ({"since": date(2024, 1, 1)}, "zh", CallContext(on=date(2023, 12, 31)), "rules.not_valid_on"),
        ({"until": date(2024, 1, 1)}, "zh", CallContext(on=date(2024, 1, 1)), None),
        ({"until": date(2024, 1, 1)}, "zh", CallContext(on=date(2024, 1, 2)), "rules.not_valid_on"),
        ({"until": date(2024, 1, 1)}, "zh", CallContext(), None),
        ({"attributes": {"team": ["a", "b"]}}, "zh", CallContext({"team": "b"}), None),
        ({"attributes": {"team": ["a", "b"]}}, "zh", CallContext({"team": "c"}), "rules.other_attribute"),
        ({"attributes": {"team": ["a", "b"]}}, "zh", CallContext(), "rules.other_attribute"),
    ],
)
def test_it_is_said_why_something_does_not_apply(
    applies: dict[str, object], language: str, context: CallContext, code: str | None
) -> None:
    reason = why_not("zh", (Applies(), Applies(**applies)), Transcript(language, 1.0, ()), context)  # type: ignore[arg-type]
    assert (reason.code if reason else None) == code


def test_why_something_does_not_apply_is_told_with_what_came() -> None:
    call = Transcript("zh", 1.0, ())
    for applies, context, params in (
        (Applies(languages=["en"]), CallContext(), {"language": "zh"}),
        (
            Applies(industries=["medical"]),
            CallContext(industries=("finance", "education")),
            {"industry": "education, finance"},
        ),
        (Applies(since=date(2024, 1, 1)), CallContext(on=date(2020, 2, 3)), {"date": "2020-02-03"}),
        (Applies(attributes={"team": ["a"]}), CallContext(), {"name": "team"}),
    ):
        reason = why_not("zh", (applies,), call, context)
        assert reason is not None
        assert reason.params == params
    other = why_not("zh", (), Transcript("en", 1.0, ()), CallContext())
    assert other is not None
    assert other.params == {"language": "en"}
    assert why_not("any", (), Transcript("fr", 1.0, ()), CallContext()) is None
    assert why_not("yue", (), Transcript("yue", 1.0, ()), CallContext()) is None
    assert why_not("yue", (), Transcript("zh", 1.0, ()), CallContext()) is not None
    assert why_not("zh-Hans", (), Transcript("zh-TW", 1.0, ()), CallContext()) is None


@pytest.mark.parametrize(
    ("similar", "outcome", "code", "params"),
    [
        ("{text: 投资有风险, at_least: 1}", PASSED, "rules.covered", {"share": "100%"}),
        ("{text: [没有别的, 投资有风险], at_least: 1}", PASSED, "rules.covered", {"share": "100%"}),
        ("{text: 投资有风险入市需, at_least: 1}", FAILED, "rules.not_covered", {"least": "100%"}),
    ],
)
def test_wording_is_covered_from_its_very_share_on(
    similar: str, outcome: Outcome, code: str, params: dict[str, str]
) -> None:
    made = check(f"{{similar: {similar}}}", spoken((A, "您好", 0), (A, "投资有风险的", 5), (C, "嗯", 20)))
    assert (made.outcome, made.reason.code) == (outcome, code)
    assert params.items() <= made.reason.params.items()
    if outcome is PASSED:
        assert [(e.turn, e.quote[:5]) for e in made.evidence] == [(1, "投资有风险")]
    else:
        assert int(made.reason.params["share"].rstrip("%")) + int(made.reason.params["omitted"].rstrip("%")) == 100


def test_what_shares_a_character_with_an_anchor_neither_follows_nor_precedes_it() -> None:
    call = spoken((A, "您好的", 0))
    assert found("{says: {patterns: [好的]}, after: {condition: {says: hello}}}", call) == []
    assert found("{says: {patterns: [您好的]}, before: {condition: {says: hello}}}", call) == []
