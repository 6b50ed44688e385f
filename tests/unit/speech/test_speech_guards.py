"""The guards, on made-up decodes."""

import numpy as np
import pytest

from qa.core.speech import ChannelActivity, ChannelTranscription
from qa.core.transcript import Span
from qa.speech.base import SAMPLE_RATE, ChannelInput
from qa.speech.guards import Draft, GuardOptions, Guards
from qa.speech.language import LanguageChoice
from qa.speech.recogniser import Decoded, HeardWord
from qa.speech.textguards import compression
from qa.speech.windows import Piece, Window

GUARDS = Guards(GuardOptions())


def draft(*speech: Span, seconds: float = 60.0) -> Draft:
    samples = np.zeros(int(seconds * SAMPLE_RATE), np.int16)
    return Draft(0, ChannelInput(samples, ChannelActivity(speech), "zh"))


def window(start: float, end: float) -> Window:
    return Window(0, (Piece(0.0, start, end),))


def decoded(
    text: str, start: float = 0.0, per_word: float = 0.2, mean: float = -0.2, silent: float = 0.0
) -> Decoded:
    """One word per character, one after another."""
    words = tuple(HeardWord(c, start + i * per_word, start + (i + 1) * per_word, 0.9) for i, c in enumerate(text))
    return Decoded(text, words, mean, silent, compression(text))


def finish(of: Draft) -> ChannelTranscription:
    return GUARDS.finish(of, LanguageChoice("zh", 0.99))


def text(of: ChannelTranscription) -> str:
    return "".join(w.text for w in of.words)


def test_good_words_pass_untouched() -> None:
    d = draft(Span(10, 13))
    GUARDS.add(d, window(9.6, 13.4), decoded("您好请问有什么可以帮您", start=0.5), "zh")
    out = finish(d)
    assert text(out) == "您好请问有什么可以帮您"
    assert out.words[0].start == pytest.approx(10.1)
    assert all(w.trust == w.probability == 0.9 for w in out.words)
    assert not out.guards.removed
    assert not out.guards.unintelligible
    assert (out.language, out.language_probability) == ("zh", 0.99)


def test_a_word_where_nobody_speaks_is_removed_and_named() -> None:
    d = draft(Span(10, 11))
    GUARDS.add(d, window(9.6, 20), decoded("好吗", start=6.0), "zh")
    out = finish(d)
    assert not out.words
    assert {(r.text, r.guard) for r in out.guards.removed} == {("好", "non_speech"), ("吗", "non_speech")}
    assert out.guards.unintelligible == (Span(10, 11),)


def test_a_loop_is_cut_to_its_first_time_and_the_rest_is_a_hole() -> None:
    d = draft(Span(0, 10))
    GUARDS.add(d, window(0, 10), decoded("我要退款我要退款我要退款我要退款我要退款我要退款", per_word=0.4), "zh")
    (again,) = GUARDS.holes(d, GUARDS.attempts[0])
    assert text(finish(d)) == "我要退款"
    assert {r.guard for r in finish(d).guards.removed} == {"loop"}
    assert again.span.start < 2.0
    assert again.span.end == 10.4


def test_a_phantom_is_removed() -> None:
    d = draft(Span(0, 5))
    GUARDS.add(d, window(0, 5), decoded("请不吝点赞订阅转发"), "zh")
    assert "phantom" in {r.guard for r in finish(d).guards.removed}
    assert "点赞" not in text(finish(d))


def test_a_window_in_which_the_model_heard_nobody_is_removed() -> None:
    d = draft(Span(0, 5))
    GUARDS.add(d, window(0, 5), decoded("我觉得还行", mean=-1.4, silent=0.8), "zh")
    assert not finish(d).words
    assert {r.guard for r in finish(d).guards.removed} == {"no_speech"}


def test_words_of_a_doubtful_window_are_trusted_less() -> None:
    d = draft(Span(0, 5))
    GUARDS.add(d, window(0, 5), decoded("我觉得还行", mean=-1.4), "zh")
    assert all(w.trust < w.probability for w in finish(d).words)


def test_more_than_anybody_can_say_is_removed() -> None:
    d = draft(Span(0, 1))
    GUARDS.add(d, window(0, 1.4), decoded("这款产品的风险等级是二级您上次的测评结果是稳健型", per_word=0.04), "zh")
    assert not finish(d).words
    assert {r.guard for r in finish(d).guards.removed} == {"rate"}


def test_letters_of_another_script_are_removed() -> None:
    d = draft(Span(0, 3))
    GUARDS.add(d, window(0, 3), decoded("好의的"), "zh")
    assert text(finish(d)) == "好的"
    assert [(r.text, r.guard) for r in finish(d).guards.removed] == [("의", "script")]


def test_speech_without_a_word_is_decoded_again_and_what_is_found_is_reported_and_trusted_less() -> None:
    d = draft(Span(0, 3), Span(10, 12))
    GUARDS.add(d, window(0, 3.4), decoded("您好请问有什么可以帮您"), "zh")
    (again,) = GUARDS.holes(d, GUARDS.attempts[0])
    assert again.span == Span(9.6, 12.4)
    GUARDS.add(d, again, decoded("那风险大不大呢", start=0.5), "zh")
    out = finish(d)
    assert text(out) == "您好请问有什么可以帮您那风险大不大呢"
    assert [(r.text, r.start) for r in out.guards.recovered] == [("那风险大不大呢", pytest.approx(10.1))]
    assert all(w.trust < w.probability for w in out.words if w.start > 9)
    assert out.guards.redecoded_seconds == pytest.approx(2.8)
    assert not out.guards.unintelligible


def test_a_word_stretched_over_what_was_not_written_does_not_hide_the_hole() -> None:
    d = draft(Span(0, 10))
    words = (HeardWord("好", 0.0, 0.3, 0.9), HeardWord("的", 0.3, 9.7, 0.9), HeardWord("吧", 9.7, 10.0, 0.9))
    GUARDS.add(d, window(0, 10), Decoded("好的吧", words, -0.2, 0.0, 1.0), "zh")
    (again,) = GUARDS.holes(d, GUARDS.attempts[0])
    assert again.span.start < 1.5
    assert again.span.end > 9.0


def test_speech_that_stays_without_words_is_marked_unintelligible() -> None:
    d = draft(Span(10, 12))
    GUARDS.add(d, window(9.6, 12.4), decoded(""), "zh")
    for attempt in GUARDS.attempts:
        for again in GUARDS.holes(d, attempt):
            GUARDS.add(d, again, decoded(""), "zh")
    out = finish(d)
    assert out.guards.unintelligible == (Span(10, 12),)
    assert not out.guards.recovered


def test_a_short_breath_without_a_word_is_left_alone() -> None:
    d = draft(Span(0, 3), Span(5, 5.2))
    GUARDS.add(d, window(0, 3.4), decoded("您好请问有什么可以帮您"), "zh")
    assert GUARDS.holes(d, GUARDS.attempts[0]) == []


def test_a_second_decode_does_not_repeat_what_is_there() -> None:
    d = draft(Span(0, 6))
    GUARDS.add(d, window(0, 6), decoded("您好请问有什么可以"), "zh")
    (again,) = GUARDS.holes(d, GUARDS.attempts[0])
    GUARDS.add(d, again, decoded("可以帮您查一下订单", start=-again.span.start + 1.5, per_word=0.5), "zh")
    assert text(finish(d)).count("可") == 1


def test_a_long_hole_is_decoded_in_windows_that_the_model_can_read() -> None:
    d = draft(Span(0, 55))
    GUARDS.add(d, window(0, 55), decoded(""), "zh")
    windows = GUARDS.holes(d, GUARDS.attempts[0])
    assert all(w.duration <= 30 for w in windows)
    assert sum(w.duration for w in windows) >= 55
