# ruff: noqa: E501 - one case of a table stays on one line
"""Conditions on how a conversation runs, at their very edges: what lies on a bound, whose it is, where it is shown."""

import pytest

from qa.core.finding import Check, MatchKind, Outcome
from qa.core.roles import Role
from qa.core.transcript import Transcript, Turn, Word
from qa.rules.call import CallContext, CallMetrics, Interruption, SilenceGap, TurnLevel, TurnMood
from qa.rules.loader import build, from_text

A, C, S = Role.AGENT, Role.CUSTOMER, Role.SYSTEM
TERMS = "terms:\n  - {id: hold, patterns: [请稍等]}\n"
PASSED, FAILED, UNKNOWN = Outcome.PASSED, Outcome.FAILED, Outcome.UNKNOWN


def timed(*turns: tuple[Role, str, float, float]) -> Transcript:
    made = tuple(
        Turn(10 + i, role, role.value, 0, (Word(text, start, end, 1.0, 1.0),), 1.0)
        for i, (role, text, start, end) in enumerate(turns)
    )
    return Transcript("zh", max(t.end for t in made), made)


def check(condition: str, call: Transcript, context: CallContext | None = None) -> Check:
    rule = f"rules:\n  - {{id: r, role: agent, require: {condition}}}\n"
    checks = build([from_text("zh/t", f"id: zh.t\n{TERMS}{rule}")]).analyse(call, context or CallContext()).checks
    return next(c for c in checks if c.rule == "zh.t.r")


def measured(**metrics: object) -> CallContext:
    return CallContext(metrics=CallMetrics(**metrics))  # type: ignore[arg-type]


def shown(found: Check) -> list[int]:
    """Which turns of the call are shown as proof, from nought."""
    return [e.turn - 10 for e in found.evidence]


CALL = timed(
    (A, "您好请稍等", 0, 2),
    (C, "好的", 3, 4),
    (A, "让您久等了已经查到", 14, 16),
    (C, "谢谢", 26, 27),
    (A, "再见", 37, 38),
)


def gaps(*spans: tuple[float, float]) -> CallContext:
    return measured(silences=tuple(SilenceGap(a, b) for a, b in spans))


@pytest.mark.parametrize(
    ("condition", "spans", "expected"),
    [
        ("{silence: {at_least: 10}}", [(4, 14)], PASSED),
        ("{silence: {at_least: 10.5}}", [(4, 14)], FAILED),
        ("{silence: {}}", [(4, 13.9)], FAILED),
        ("{silence: {at_least: 5, times: 2}}", [(4, 14)], FAILED),
        ("{silence: {at_least: 5, times: 2}}", [(4, 14), (16, 26)], PASSED),
        ("{silence: {at_least: 5, times: 2}}", [(4, 14), (4, 5), (16, 26)], PASSED),
        ("{silence: {at_least: 5}, within: first 4s}", [(4, 14)], PASSED),
        ("{silence: {at_least: 5}, within: first 3s}", [(4, 14)], FAILED),
        ("{silence: {at_least: 5}, within: last 22s}", [(16, 26)], PASSED),
        ("{silence: {at_least: 5}, within: last 21s}", [(16, 26)], FAILED),
        # before the first word and behind the last nobody waits for anybody
        ("{silence: {at_least: 5}}", [(-9, 0)], FAILED),
        ("{silence: {at_least: 5}}", [(38, 50)], FAILED),
        # the detector of speech and the recogniser differ by half a second about when somebody begins
        ("{silence: {at_least: 5, between: customer-agent}}", [(4, 14.5)], PASSED),
        ("{silence: {at_least: 5, between: customer-agent}}", [(4, 14.6)], FAILED),
        ("{silence: {at_least: 5, between: customer-agent}}", [(4, 14)], PASSED),
        ("{silence: {at_least: 5, between: agent-customer}}", [(4, 14)], FAILED),
        ("{silence: {at_least: 5, between: agent-customer}}", [(16, 26)], PASSED),
        ("{silence: {at_least: 5, between: customer-agent}}", [(16, 26)], FAILED),
        ("{silence: {at_least: 5, between: same}}", [(16, 26)], FAILED),
        ("{silence: {at_least: 5, between: any}}", [(16, 26)], PASSED),
        # excused by the notice of the agent's last turn, for so long
        ("{silence: {at_least: 5, excused_after: hold}}", [(4, 14)], FAILED),
        ("{silence: {at_least: 5, excused_after: hold}}", [(16, 26)], PASSED),
        ("{silence: {at_least: 5, excused_after: hold, excused_up_to: 10}}", [(4, 14)], FAILED),
        ("{silence: {at_least: 5, excused_after: hold, excused_up_to: 9.9}}", [(4, 14)], PASSED),
    ],
)  # fmt: skip
def test_a_silence_counts_from_its_very_length_between_whom_it_asks_for(
    condition: str, spans: list[tuple[float, float]], expected: Outcome
) -> None:
    assert check(condition, CALL, gaps(*spans)).outcome is expected


def test_a_gap_within_one_speakers_talk_is_between_the_same() -> None:
    call = timed((A, "您好", 0, 1), (A, "还在吗", 11, 12), (C, "在", 30, 31), (C, "在的", 50, 51))
    for condition, span in (("same", (1, 11)), ("same", (31, 50)), ("any", (1, 11))):
        assert check(f"{{silence: {{between: {condition}}}}}", call, gaps(span)).outcome is PASSED
    for condition in ("agent-customer", "customer-agent"):
        assert check(f"{{silence: {{between: {condition}}}}}", call, gaps((1, 11))).outcome is FAILED
        assert check(f"{{silence: {{between: {condition}}}}}", call, gaps((31, 50))).outcome is FAILED


def test_a_silence_is_shown_behind_the_words_before_it_with_its_own_times() -> None:
    [proof] = check("{silence: {}}", CALL, gaps((4, 14))).evidence
    assert (proof.turn, proof.char_start, proof.char_end, proof.quote) == (11, 2, 2, "")
    assert (proof.start, proof.end, proof.match, proof.trust) == (4, 14, MatchKind.MEASURE, 1.0)


@pytest.mark.parametrize("condition", ["{silence: {}}", "{interrupts: {}}", "{loudness: {above: 1}}", "{tone: {of: angry, above: 0}}"])  # fmt: skip
def test_what_was_not_measured_is_named(condition: str) -> None:
    for context in (CallContext(), measured()):
        found = check(condition, CALL, context)
        assert (found.outcome, found.reason.code) == (UNKNOWN, "rules.not_measured")
        named = {"silence": "silence", "interrupts": "interruption", "loudness": "loudness", "tone": "tone"}
        assert found.reason.params["what"] == named[condition[1:].split(":")[0]]


def cut(turn: int, role: Role, start: float, overlap: float, words: int, delay: float) -> Interruption:
    return Interruption(10 + turn, role, start, overlap, words, delay)


@pytest.mark.parametrize(
    ("condition", "cuts", "turns"),
    [
        ("{interrupts: {}}", [cut(2, A, 14, 500, 3, 1000)], [2]),
        ("{interrupts: {}}", [cut(2, A, 14, 499, 3, 1000)], None),
        ("{interrupts: {}}", [cut(2, A, 14, 500, 2, 1000)], None),
        ("{interrupts: {}}", [cut(2, A, 14, 500, 3, 999)], None),
        ("{interrupts: {}}", [cut(3, C, 26, 900, 9, 2000)], None),
        ("{interrupts: {}, role: any}", [cut(3, C, 26, 900, 9, 2000)], [3]),
        ("{interrupts: {}, role: any}", [cut(7, C, 26, 900, 9, 2000)], None),
        ("{interrupts: {times: 2}}", [cut(2, A, 14, 900, 9, 2000)], None),
        ("{interrupts: {times: 2}}", [cut(2, A, 14, 900, 9, 2000), cut(4, A, 37, 900, 9, 2000)], [2, 4]),
        ("{interrupts: {}, within: first 14s}", [cut(2, A, 14, 900, 9, 2000)], [2]),
        ("{interrupts: {}, within: first 13s}", [cut(2, A, 14, 900, 9, 2000)], None),
        ("{interrupts: {}, within: last 24s}", [cut(2, A, 14, 900, 9, 2000)], [2]),
        ("{interrupts: {}, within: last 23s}", [cut(2, A, 14, 900, 9, 2000)], None),
    ],
)
def test_whoever_cuts_in_reaches_all_three_thresholds(condition: str, cuts: list[Interruption], turns: list[int] | None) -> None:  # fmt: skip
    found = check(condition, CALL, measured(interruptions=tuple(cuts)))
    assert found.outcome is (FAILED if turns is None else PASSED)
    assert shown(found) == (turns or [])
    assert all(e.match is MatchKind.MEASURE for e in found.evidence)


def level(turn: int, loudness: float | None = None, pitch: float | None = None) -> TurnLevel:
    return TurnLevel(10 + turn, loudness, pitch)


@pytest.mark.parametrize(
    ("condition", "levels", "turns"),
    [
        ("{loudness: {above: 6}}", [level(2, 6.0)], None),
        ("{loudness: {above: 6}}", [level(2, 6.1)], [2]),
        ("{loudness: {below: -6}}", [level(2, -6.0)], None),
        ("{loudness: {below: -6}}", [level(2, -6.1)], [2]),
        ("{loudness: {above: 1, below: 3}}", [level(0, 0.5), level(2, 2.0), level(4, 3.5)], [2]),
        ("{loudness: {above: 6}}", [level(3, 9.0)], None),
        ("{loudness: {above: 6}}", [level(2, None, 9.0)], None),
        ("{pitch: {above: 6}}", [level(2, 9.0, 1.0)], None),
        ("{pitch: {above: 6}}", [level(2, 1.0, 9.0)], [2]),
        ("{loudness: {above: 6, times: 2}}", [level(2, 9.0)], None),
        ("{loudness: {above: 6, times: 2}}", [level(0, 9.0), level(2, 9.0)], [0, 2]),
        ("{loudness: {above: 6}}", [level(4, 9.0)], [4]),
        ("{loudness: {above: 6, min_seconds: 1.1}}", [level(4, 9.0)], None),
        ("{loudness: {above: 6, min_seconds: 2}}", [level(2, 9.0)], [2]),
        ("{loudness: {above: 6}, within: first 2 turns}", [level(2, 9.0)], None),
    ],
)
def test_a_level_is_that_of_the_turn_and_lies_beyond_its_bound(condition: str, levels: list[TurnLevel], turns: list[int] | None) -> None:  # fmt: skip
    found = check(condition, CALL, measured(levels=tuple(levels)))
    assert found.outcome is (FAILED if turns is None else PASSED)
    assert shown(found) == (turns or [])
    if turns is None:
        assert found.reason.code == "rules.level_normal"


def test_a_turn_in_which_no_word_was_made_out_may_be_too_loud_and_has_no_trust() -> None:
    heard = timed((A, "您好", 0, 2), (A, "", 3, 6))
    [proof] = check("{loudness: {above: 6}}", heard, measured(levels=(level(1, 9.0),))).evidence
    assert (proof.turn, proof.quote, proof.trust, proof.match) == (11, "", 0.0, MatchKind.MEASURE)


WAITS = timed(
    (C, "你好", 0, 1),
    (A, "您好", 3, 4),
    (C, "请问", 5, 6),
    (A, "请讲", 12, 13),
    (S, "请评价", 20, 21),
    (A, "再见", 30, 31),
)


@pytest.mark.parametrize(
    ("condition", "expected", "turns"),
    [
        ("{responds: {above: 1.9, below: 2.1, which: first}}", PASSED, [1]),
        ("{responds: {above: 2, which: first}}", FAILED, []),
        ("{responds: {below: 2, which: first}}", FAILED, []),
        ("{responds: {above: 3.9, below: 4.1}}", PASSED, [3]),  # 2 and 6 seconds, shown where it was longest
        ("{responds: {above: 4}}", FAILED, []),
        ("{responds: {above: 5.9, below: 6.1, which: any}}", PASSED, [3]),
        ("{responds: {above: 6, which: any}}", FAILED, []),
        ("{responds: {above: 1, which: any}}", PASSED, [1, 3]),
        ("{responds: {above: 0.9, below: 1.1}, role: customer}", PASSED, [2]),
        ("{responds: {above: 2.9, below: 3.1}, role: any}", PASSED, [3]),
        ("{responds: {above: 5}, within: last 3 turns}", PASSED, [3]),
        ("{responds: {above: 5}, within: last 1 turns}", UNKNOWN, []),
    ],
)
def test_an_answer_takes_from_the_others_last_word_to_the_first(condition: str, expected: Outcome, turns: list[int]) -> None:  # fmt: skip
    found = check(condition, WAITS)
    assert (found.outcome, shown(found)) == (expected, turns)


@pytest.mark.parametrize(("which", "value"), [("first", 2.0), ("average", 4.0), ("any", 6.0)])
def test_the_time_that_was_measured_is_told(which: str, value: float) -> None:
    found = check(f"{{responds: {{above: 60, which: {which}}}}}", WAITS)
    assert (found.reason.code, float(found.reason.params["value"])) == ("rules.not_in_range", value)


RATES = timed(
    (A, "一二三四五六七八九十一二三四五", 0, 3),
    (C, "好", 3, 4),
    (A, "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十", 10, 14),
    (A, "好", 20, 21),
)


@pytest.mark.parametrize(
    ("condition", "expected", "turns"),
    [
        ("{rate: {above: 299.9}}", PASSED, [0, 2]),  # 300 and 450 a minute
        ("{rate: {above: 300}}", PASSED, [2]),
        ("{rate: {above: 450}}", FAILED, []),
        ("{rate: {above: 299, times: 2}}", PASSED, [0, 2]),
        ("{rate: {above: 300, times: 2}}", FAILED, []),
        ("{rate: {above: 299, min_chars: 16}}", PASSED, [2]),
        ("{rate: {below: 61, min_chars: 1}}", PASSED, [3]),
        ("{rate: {below: 61, min_chars: 2}}", FAILED, []),
        ("{rate: {above: 344, below: 346, per: call}}", PASSED, [0]),  # 46 characters in 8 seconds
        ("{rate: {above: 345, per: call}}", FAILED, []),
        ("{rate: {above: 1.3, below: 1.31, relative: true}}", PASSED, [2]),
        ("{rate: {above: 0.86, below: 0.87, relative: true}}", PASSED, [0]),
        ("{rate: {above: 1.3, relative: true, per: call, min_chars: 1}, within: '25%..60%'}", PASSED, [2]),
        ("{rate: {above: 0.99, below: 1.01, relative: true, per: call}}", PASSED, [0]),
        ("{rate: {above: 0, min_chars: 1}, role: customer}", PASSED, [1]),
        ("{rate: {above: 0}, within: first 1 turns, role: customer}", UNKNOWN, []),
    ],
)
def test_a_rate_is_of_the_words_own_time(condition: str, expected: Outcome, turns: list[int]) -> None:
    found = check(condition, RATES)
    assert (found.outcome, shown(found)) == (expected, turns)


def test_the_rate_that_was_measured_is_told() -> None:
    for per in ("turn", "call"):
        found = check(f"{{rate: {{above: 900, per: {per}}}}}", RATES)
        assert float(found.reason.params["value"]) == 345.0


def test_alphabetic_languages_are_counted_in_words() -> None:
    call = timed((A, "let me check your order for you please", 0, 4))
    assert check("{rate: {above: 119, below: 121}}", call).outcome is PASSED
    mixed = timed((A, "请稍等 let me check", 0, 4))
    assert check("{rate: {above: 194, below: 196, min_chars: 1}}", mixed).outcome is PASSED


def test_a_turn_without_length_has_no_rate() -> None:
    assert check("{rate: {above: 0}}", timed((A, "您好", 1, 1), (C, "嗯", 2, 3))).outcome is UNKNOWN


SHARES = timed((A, "您好", 0, 3), (C, "嗯", 3, 4), (S, "请评价", 4, 44))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("{talk_share: {above: 0.74, below: 0.76}}", PASSED),
        ("{talk_share: {above: 0.75}}", FAILED),
        ("{talk_share: {above: 0.24, below: 0.26}, role: customer}", PASSED),
        ("{talk_share: {above: 0.99}, role: any}", PASSED),
        ("{talk_share: {above: 0.99}, within: first 2s}", PASSED),
        ("{talk_share: {above: 0}, within: 90%..100%}", UNKNOWN),
        ("{duration: {above: 43.9, below: 44.1}}", PASSED),
        ("{duration: {above: 44}}", FAILED),
        ("{duration: {below: 44}}", FAILED),
        ("{turns: {above: 1, below: 3}}", PASSED),
        ("{turns: {above: 2}}", FAILED),
        ("{turns: {above: 0, below: 2}, role: agent}", PASSED),
        ("{ends_with: {role: customer}}", PASSED),
        ("{ends_with: {role: agent}}", FAILED),
        ("{ends_with: {role: any}}", PASSED),
    ],
)
def test_the_shape_of_a_call_leaves_announcements_out(condition: str, expected: Outcome) -> None:
    assert check(condition, SHARES).outcome is expected


@pytest.mark.parametrize(("condition", "value"), [("{talk_share: {above: 0.99}}", 0.75), ("{duration: {above: 99}}", 44), ("{turns: {above: 9}}", 2)])  # fmt: skip
def test_what_a_shape_was_is_told(condition: str, value: float) -> None:
    found = check(condition, SHARES)
    assert found.reason.code == "rules.not_in_range"
    assert float(found.reason.params["value"]) == value


def test_how_a_call_ends_is_shown_and_told() -> None:
    found = check("{ends_with: {role: customer, cut_off: true}}", SHARES, measured(cut_off=True))
    assert (found.outcome, [e.quote for e in found.evidence]) == (PASSED, ["嗯"])
    for condition, context, code in (
        ("{ends_with: {role: agent}}", CallContext(), "rules.other_speaks_last"),
        ("{ends_with: {cut_off: true}}", measured(cut_off=False), "rules.ends_otherwise"),
        ("{ends_with: {cut_off: false}}", measured(cut_off=True), "rules.ends_otherwise"),
        ("{ends_with: {cut_off: false}}", measured(), "rules.not_measured"),
    ):
        assert check(condition, SHARES, context).reason.code == code
    assert check("{ends_with: {cut_off: true}}", SHARES).reason.params["what"] == "cut_off"
    assert check("{ends_with: {cut_off: false}}", SHARES, measured(cut_off=False)).outcome is PASSED


def attributes(**given: str) -> CallContext:
    return CallContext(attributes=given)


@pytest.mark.parametrize(
    ("condition", "context", "expected", "code"),
    [
        ("{attribute: {name: score, above: 2}}", attributes(score="2"), FAILED, "rules.attribute_otherwise"),
        ("{attribute: {name: score, above: 2}}", attributes(score="2.5"), PASSED, "rules.holds"),
        ("{attribute: {name: score, below: 2}}", attributes(score="2"), FAILED, "rules.attribute_otherwise"),
        ("{attribute: {name: score, above: 1, below: 3}}", attributes(score="4"), FAILED, "rules.attribute_otherwise"),
        ("{attribute: {name: score, above: 1, below: 3}}", attributes(score="2"), PASSED, "rules.holds"),
        ("{attribute: {name: score, above: 0}}", attributes(score="very"), FAILED, "rules.attribute_otherwise"),
        ("{attribute: {name: score, above: 0}}", attributes(), UNKNOWN, "rules.attribute_missing"),
        ("{attribute: {name: team, equals: [a, b]}}", attributes(team="b"), PASSED, "rules.holds"),
        ("{attribute: {name: team, equals: [a, b], above: 1}}", attributes(team="b"), FAILED, "rules.attribute_otherwise"),
        ("{attribute: {name: team}}", attributes(team="x"), PASSED, "rules.holds"),
        ("{attribute: {name: team}}", attributes(), UNKNOWN, "rules.attribute_missing"),
        ("{attribute: {name: team, exists: true}}", attributes(team="x"), PASSED, "rules.holds"),
        ("{attribute: {name: team, exists: false}}", attributes(team="x"), FAILED, "rules.attribute_otherwise"),
        ("{attribute: {name: team, exists: false}}", attributes(), PASSED, "rules.holds"),
        ("{attribute: {name: team, exists: true}}", attributes(), FAILED, "rules.attribute_otherwise"),
        ("{attribute: {name: team, exists: true, equals: a}}", attributes(team="b"), FAILED, "rules.attribute_otherwise"),
    ],
)  # fmt: skip
def test_an_attribute_is_compared_as_it_came(
    condition: str, context: CallContext, expected: Outcome, code: str
) -> None:
    found = check(condition, CALL, context)
    assert (found.outcome, found.reason.code) == (expected, code)
    if code != "rules.holds":
        assert found.reason.params["name"] in condition


def mood(
    turn: int, angry: float, sure: float = 0.9, arousal: float | None = 0.5, valence: float | None = -0.5
) -> TurnMood:
    return TurnMood(10 + turn, {"angry": (angry, sure), "warm": (0.0, 0.1)}, arousal, valence)


NINE = timed(*((A, "好的", 2.0 * i, 2.0 * i + 1) for i in range(9)))


@pytest.mark.parametrize(
    ("condition", "moods", "holds"),
    [
        ("{of: angry, above: 0.5}", [mood(0, 0.5)], False),
        ("{of: angry, above: 0.5}", [mood(0, 0.51)], True),
        ("{of: angry, above: 0.5}", [mood(0, 0.9, 0.6)], True),
        ("{of: angry, above: 0.5}", [mood(0, 0.9, 0.59)], None),
        ("{of: angry, above: 0.5, times: 2}", [mood(0, 0.9)], False),
        ("{of: angry, above: 0.5, times: 2}", [mood(0, 0.9), mood(3, 0.9)], True),
        ("{of: cold, above: 0.5}", [mood(0, 0.9)], None),
        ("{of: arousal, above: 0.49, below: 0.51}", [mood(0, 0)], True),
        ("{of: valence, above: -0.51, below: -0.49}", [mood(0, 0)], True),
        ("{of: arousal, above: 0.4}", [mood(0, 0, arousal=None)], None),
        ("{of: arousal, above: 0.4}", [mood(0, 0, sure=0.3)], None),
        ("{of: arousal, above: 0.4}", [TurnMood(10, {}, 0.5, 0.5)], None),
        # over the call: the mean of the three strongest
        ("{of: angry, above: 0.59, below: 0.61, per: call}", [mood(i, a) for i, a in enumerate((0.1, 0.5, 0.6, 0.7, 0.2))], True),
        ("{of: angry, above: 0.6, per: call}", [mood(i, a) for i, a in enumerate((0.1, 0.4, 0.6, 0.7, 0.2))], False),
        # the change: the last third less the first, from six turns on
        ("{of: angry, above: 0.49, below: 0.51, per: change}", [mood(i, a) for i, a in enumerate((0, 0.2, 0.9, 0, 0.5, 0.7))], True),
        ("{of: angry, above: 0.1, per: change}", [mood(i, a) for i, a in enumerate((0, 0, 0, 0.9, 0.9))], None),
        ("{of: angry, above: 0.29, below: 0.31, per: change}", [mood(i, a) for i, a in enumerate((0.1, 0.2, 0.3, 1, 1, 1, 0.4, 0.5, 0.6))], True),
        ("{of: angry, above: 0.9, per: change}", [mood(i, a) for i, a in enumerate((0.1, 0.2, 0.3, 1, 1, 1, 0.4, 0.5, 0.6))], False),
    ],
)  # fmt: skip
def test_tone_is_weighed_as_it_says(condition: str, moods: list[TurnMood], holds: bool | None) -> None:
    found = check(
        f"{{none: [{{tone: {condition}}}, {{turns: {{above: 99}}}}]}}", NINE, measured(tone=tuple(moods))
    )
    codes = {True: "rules.tone_needs_person", False: "rules.holds", None: "rules.not_measured"}
    assert found.reason.code == codes[holds]
    if holds is None:
        assert found.reason.params["what"] == "tone"


@pytest.mark.parametrize(("per", "turns"), [("turn", [3, 4, 5]), ("call", [5, 4, 3]), ("change", [4, 5])])
def test_the_turns_that_decided_are_shown_whole_and_as_sure_as_they_were_heard(per: str, turns: list[int]) -> None:
    moods = tuple(mood(i, i / 10, sure=0.8) for i in range(6))
    condition = f"{{all: [{{tone: {{of: angry, above: 0.25, per: {per}}}}}, {{turns: {{above: 1}}}}]}}"
    rule = f"rules:\n  - {{id: r, forbid: {condition}}}\n"
    book = build([from_text("zh/t", f"id: zh.t\n{TERMS}{rule}")])
    [finding] = [f for f in book.analyse(NINE, measured(tone=moods)).findings if f.rule == "zh.t.r"]
    assert sorted(e.turn - 10 for e in finding.evidence) == sorted(turns)
    assert {(e.quote, e.match) for e in finding.evidence} == {("好的", MatchKind.TONE)}
    assert finding.confidence == 0.8
