"""Silences, interruptions, talk time, rates and the end of a call, on synthetic calls."""

import pytest
from behaviour_kit import behaviour, recording

from qa.audio.cues import asks_question, asks_to_wait, is_back_channel, units
from qa.core.behaviour import Source, Unit
from qa.core.roles import Role

LONG = "我想问一下我的快递为什么一直没有到"


def test_a_silence_is_found_with_its_edges_and_who_was_to_speak() -> None:
    call = behaviour(
        recording(
            [(0, 1.0, 4.0, "请您稍等我帮您查询一下"), (1, 14.0, 16.0, "喂你还在吗"), (0, 16.5, 19.0, "在的先生")],
            20,
        )
    )
    (silence,) = [s for s in call.silences if s.end - s.start > 3]
    assert (silence.start, silence.end) == (pytest.approx(4.0, abs=0.06), pytest.approx(14.0, abs=0.06))
    assert silence.awaited is Role.AGENT
    assert silence.announced
    assert not silence.on_hold


def test_after_a_question_the_other_was_to_speak() -> None:
    call = behaviour(
        recording(
            [
                (0, 1.0, 4.0, "请问您贵姓，订单号是多少？"),
                (0, 9.0, 11.0, "您好听得到吗"),
                (1, 11.5, 13.0, "我姓陈"),
            ],
            15,
        )
    )
    assert call.silences[0].awaited is Role.CUSTOMER
    assert not call.silences[0].announced


def test_before_the_first_and_after_the_last_word_is_no_silence() -> None:
    call = behaviour(recording([(0, 8.0, 10.0, LONG), (1, 10.5, 12.0, LONG)], 30))
    assert call.silences == ()


def test_who_begins_while_the_other_speaks_has_cut_in() -> None:
    call = behaviour(recording([(1, 1.0, 5.0, LONG), (0, 4.0, 7.0, "我都跟你说了找快递公司")], 8))
    (cut,) = call.cut_ins
    assert cut.role is Role.AGENT
    assert (cut.turn, cut.interrupted_turn) == (1, 0)
    assert cut.overlap_ms == pytest.approx(1000, abs=60)
    assert cut.delay_ms == pytest.approx(3000, abs=60)
    assert cut.words == 11
    assert cut.gave_way


def test_who_is_talked_over_and_goes_on_did_not_give_way() -> None:
    call = behaviour(recording([(0, 1.0, 8.0, LONG), (1, 4.0, 6.0, "您先听我说完")], 9))
    assert [(c.role, c.gave_way) for c in call.cut_ins] == [(Role.CUSTOMER, False)]


def test_a_back_channel_is_no_interruption() -> None:
    call = behaviour(recording([(0, 1.0, 8.0, LONG), (1, 3.0, 3.4, "嗯"), (1, 5.0, 5.6, "好的")], 9))
    assert call.cut_ins == ()
    assert [b.text for b in call.back_channels] == ["嗯", "好的"]
    assert {b.role for b in call.back_channels} == {Role.CUSTOMER}


def test_talk_that_follows_at_once_is_no_interruption() -> None:
    call = behaviour(recording([(0, 1.0, 4.0, LONG), (1, 4.05, 7.0, LONG), (0, 7.0, 9.0, LONG)], 10))
    assert call.cut_ins == ()


def test_talk_time_share_rate_and_response() -> None:
    call = behaviour(
        recording([(0, 1.0, 5.0, "一" * 20), (1, 6.0, 8.0, "二" * 12), (0, 9.5, 11.5, "三" * 10)], 12)
    )
    agent, customer = call.parties
    assert agent.talk_seconds.value == pytest.approx(6.0, abs=0.1)
    assert agent.talk_share.value == pytest.approx(0.75, abs=0.01)
    assert agent.speech_rate.value == pytest.approx(300, rel=0.03)
    assert customer.speech_rate.value == pytest.approx(360, rel=0.03)
    assert customer.first_response.value == pytest.approx(1.0, abs=0.1)
    assert agent.first_response.value == pytest.approx(1.5, abs=0.1)
    assert (agent.speech_rate.unit, agent.speech_rate.source) == (Unit.PER_MINUTE, Source.WORDS)
    assert call.turns[0].response.value is None
    assert call.turns[0].response.missing is not None


def test_pitch_and_loudness_are_each_speakers_own() -> None:
    call = behaviour(recording([(0, 1.0, 4.0, LONG), (1, 5.0, 8.0, LONG), (0, 9.0, 12.0, LONG)], 13))
    agent, customer = call.parties
    assert agent.pitch.value == pytest.approx(120, rel=0.06)
    assert customer.pitch.value == pytest.approx(210, rel=0.06)
    assert all(abs(t.loudness.value or 0.0) < 3 for t in call.turns)


def test_a_call_that_stops_in_mid_speech_was_cut_off() -> None:
    assert behaviour(recording([(0, 1.0, 9.95, LONG)], 10)).ending.cut_off is True
    assert behaviour(recording([(0, 1.0, 8.0, LONG)], 10)).ending.cut_off is False
    farewell = behaviour(recording([(0, 1.0, 9.95, "感谢您的来电，再见。")], 10))
    assert farewell.ending.cut_off is False
    assert farewell.ending.role is Role.AGENT


def test_on_one_channel_the_voices_say_who_cuts_in() -> None:
    call = behaviour(recording([(1, 1.0, 5.0, LONG), (0, 4.0, 7.0, "我都跟你说了")], 8, mono=True))
    (cut,) = call.cut_ins
    assert (cut.role, cut.source) == (Role.AGENT, Source.DIARIZATION)
    assert call.notes


def test_units_are_characters_digits_and_words() -> None:
    assert units("您好，我的号码是138，thank you！") == 12


@pytest.mark.parametrize("text", ["嗯", "嗯嗯", "好的，好的。", "對", "是是是", "Uh-huh", "OK", "嗯，我知道了"])
def test_back_channels(text: str) -> None:
    assert is_back_channel(text) is (text != "嗯，我知道了")


def test_waiting_and_questions_are_recognised_in_either_script() -> None:
    assert asks_to_wait("請您稍等，我幫您查詢一下")
    assert asks_to_wait("您等一下")
    assert not asks_to_wait("这是等额本息")
    assert asks_question("您看方便吗？")
    assert not asks_question("我现在为您安排。")
