"""What a second hearing does to an accusation, by the texts of both."""

import pytest
from msgspec.structs import replace
from pipeline_hearing_kit import BOOK, PAUSE, call

from qa.core.finding import Check, Finding, Outcome, Severity, Support
from qa.core.result import Analysis
from qa.core.speech import SecondHearing, SecondReading
from qa.core.transcript import Transcript, Turn
from qa.pipeline.stretches import accusations
from qa.pipeline.verify import VerifyOptions, verified
from qa.rules.call import CallContext

CALL = ("坐席：您好这个稳赚不赔的", "客户：真的吗", "坐席：是的老客户优惠")


def judge(transcript: Transcript) -> Analysis:
    return BOOK.analyse(transcript, CallContext())


def hearing(
    transcript: Transcript, heard: dict[int, str], *, sure: float = 0.8, careful: bool = False
) -> SecondHearing:
    """Turn -> what was heard there the second time."""
    return SecondHearing(
        tuple(
            SecondReading(t.channel, t.start - PAUSE / 2, t.end + PAUSE / 2, heard[t.index], sure, careful)
            for t in transcript.turns
            if t.index in heard
        )
    )


def outcome(
    transcript: Transcript, second: SecondHearing | None, options: VerifyOptions | None = None
) -> Analysis:
    first = judge(transcript)
    return verified(first, accusations(first.findings), transcript, second, judge, options or VerifyOptions())


def one(analysis: Analysis, rule: str = "zh.t.sure-win") -> Finding:
    [finding] = [f for f in analysis.findings if f.rule == rule]
    return finding


def check_of(analysis: Analysis, finding: Finding) -> Check:
    [check] = [c for c in analysis.checks if finding in c.findings]
    return check


def test_the_same_words_heard_again_confirm_and_raise_the_confidence() -> None:
    transcript = call(*CALL)
    before, after = (
        one(judge(transcript)),
        one(outcome(transcript, hearing(transcript, {0: "您好,这个稳赚不赔的。"}))),
    )
    assert after.support is Support.CONFIRMED
    assert (after.evidence[0].second, after.evidence[0].agreement) == ("稳赚不赔", 1.0)
    assert before.confidence < after.confidence <= transcript.turns[0].role_confidence
    assert after.severity is Severity.CRITICAL


def test_other_words_around_the_same_quote_confirm_it_too() -> None:
    transcript = call(*CALL)
    assert one(outcome(transcript, hearing(transcript, {0: "你好那个稳赚不赔呀"}))).support is Support.CONFIRMED


def test_what_only_sounds_alike_neither_confirms_nor_clears() -> None:
    transcript = call(*CALL)
    after = one(outcome(transcript, hearing(transcript, {0: "你好这个文专部培的"})))
    assert (after.support, after.severity) == (Support.SIMILAR, Severity.CRITICAL)
    assert after.confidence < one(judge(transcript)).confidence


@pytest.mark.parametrize(
    ("heard", "second", "code"),
    [
        ("您好这个要看市场情况", "您好这个要看市场情况", "verify.heard_otherwise"),
        ("您好这个不可能稳赚不赔的", "您好这个不可能稳赚不赔的", "verify.heard_otherwise"),
        ("您好这个", "您好这个", "verify.heard_otherwise"),
        ("", "", "verify.not_heard_again"),
    ],
    ids=["other words", "a negation", "nothing in its place", "nothing at all"],
)
def test_what_is_not_borne_out_stays_as_a_warning_and_its_check_is_unknown(
    heard: str, second: str, code: str
) -> None:
    transcript = call(*CALL)
    first, after = judge(transcript), outcome(transcript, hearing(transcript, {0: heard}))
    finding = one(after)
    assert (finding.support, finding.severity, finding.reason.code) == (
        Support.UNSUPPORTED,
        Severity.WARNING,
        code,
    )
    assert finding.reason.params == {"quote": "稳赚不赔", "second": second}
    assert finding.evidence[0].second is not None
    assert finding.confidence < 0.9 * one(first).confidence
    assert finding in after.findings
    assert len(after.findings) == len(first.findings)


def test_a_card_is_not_vetoed_by_what_was_heard_once() -> None:
    transcript = call("坐席：您好这个稳赚不赔的")
    assert judge(transcript).scorecard.vetoed_by == "forbidden"  # type: ignore[union-attr]
    after = outcome(transcript, hearing(transcript, {0: "您好这个要看市场情况"}))
    assert check_of(after, one(after)).outcome is Outcome.UNKNOWN
    card = after.scorecard
    assert card is not None
    assert (card.vetoed_by, card.score) == (None, 100.0)
    outcomes = {i.item: i.outcome for s in card.sections for i in s.items}
    assert outcomes == {"forbidden": Outcome.UNKNOWN, "sure-win": Outcome.UNKNOWN, "hello": Outcome.PASSED}


def test_a_finding_that_stands_keeps_the_check_failed_beside_one_that_does_not() -> None:
    transcript = call("坐席：您好这个稳赚不赔的", "客户：真的吗", "坐席：我们产品保本")
    after = outcome(transcript, hearing(transcript, {0: "您好这个要看市场情况", 2: "我们产品保本"}))
    assert one(after).support is Support.UNSUPPORTED
    assert one(after, "zh.t.promise").support is Support.CONFIRMED
    assert check_of(after, one(after)).outcome is Outcome.FAILED
    card = after.scorecard
    assert card is not None
    assert card.vetoed_by == "forbidden"
    outcomes = {i.item: i.outcome for s in card.sections for i in s.items}
    assert outcomes["sure-win"] is Outcome.UNKNOWN


def test_the_careful_reading_may_bear_out_what_the_quick_one_did_not() -> None:
    transcript = call(*CALL)
    quick = hearing(transcript, {0: "您好这个要看市场情况"})
    careful = hearing(transcript, {0: "您好这个稳赚不赔的"}, careful=True)
    after = one(outcome(transcript, SecondHearing((*quick.readings, *careful.readings))))
    assert (after.support, after.evidence[0].second) == (Support.CONFIRMED, "稳赚不赔")


def test_a_second_hearing_that_was_guessing_confirms_nothing() -> None:
    transcript = call(*CALL)
    heard = hearing(transcript, {0: "您好那个稳赚不赔呀"}, sure=0.2)
    assert one(outcome(transcript, heard)).support is Support.UNSUPPORTED


def test_without_a_second_hearing_nothing_changes_but_the_word_unverified() -> None:
    transcript = call(*CALL)
    first = judge(transcript)
    for missing in (None, SecondHearing(())):
        after = outcome(transcript, missing)
        assert one(after).support is Support.UNVERIFIED
        assert (one(after).severity, one(after).confidence) == (Severity.CRITICAL, one(first).confidence)
        assert after.scorecard == first.scorecard


def test_warnings_steps_and_rules_on_trial_are_not_heard_again() -> None:
    first = judge(call("坐席：只有今天老客户优惠"))
    assert {f.rule for f in first.findings} >= {"zh.t.harmless", "zh.t.trial", "zh.t.talk.hello"}
    assert accusations(first.findings) == ()


def test_two_turns_in_one_stretch_get_their_own_words_back() -> None:
    """On a mono recording both parties are heard in one reading; the customer's 保本 accuses nobody."""
    lines = ("坐席：您好这个保本的", "客户：哦不是吧")
    mono = call(*lines)
    turns = tuple(t if t.channel == 0 else _on_first_channel(t) for t in mono.turns)
    transcript = Transcript("zh", mono.duration, turns)

    def read(text: str) -> SecondHearing:
        return SecondHearing((SecondReading(0, 0.0, transcript.duration, text, 0.8),))

    assert one(outcome(transcript, read("您好这个保本的哦不是吧")), "zh.t.promise").support is Support.CONFIRMED
    after = one(outcome(transcript, read("您好这个看行情哦是保本")), "zh.t.promise")
    assert after.support is Support.UNSUPPORTED


def test_a_question_mark_that_only_the_second_hearing_sets_takes_nothing_back() -> None:
    """The words are the same; what the customer then asks, in the same window, made the recogniser write it."""
    lines = ("坐席：这个保本。", "客户：真的吗")
    transcript = call(*lines)
    transcript = Transcript("zh", transcript.duration, tuple(map(_on_first_channel, transcript.turns)))
    heard = SecondReading(0, 0.0, transcript.duration, "这个保本?真的吗对", 0.8)
    assert one(outcome(transcript, SecondHearing((heard,))), "zh.t.promise").support is Support.CONFIRMED
    otherwise = SecondReading(0, 0.0, transcript.duration, "这个是不是保本?真的吗", 0.8)
    assert one(outcome(transcript, SecondHearing((otherwise,))), "zh.t.promise").support is Support.UNSUPPORTED


def _on_first_channel(turn: Turn) -> Turn:
    return replace(turn, channel=0)


@pytest.mark.parametrize(("said", "not_said"), [(0.95, 0.4), (0.6, 0.5)])
def test_confidence_follows_bayes_rule_on_the_part_that_hearing_can_change(said: float, not_said: float) -> None:
    transcript = call(*CALL)
    options = VerifyOptions(heard_if_said=said, heard_if_not_said=not_said)
    before = one(judge(transcript)).confidence
    after = one(outcome(transcript, hearing(transcript, {0: "您好这个稳赚不赔的"}), options)).confidence
    role = transcript.turns[0].role_confidence
    odds = before / role / (1 - before / role) * said / not_said
    assert after == pytest.approx(role * odds / (1 + odds), abs=1e-3)
