"""Times of words."""

import pytest

from qa.core.transcript import Span, Word
from qa.speech.timing import clamped, monotone, uncovered

SPEECH = (Span(1.0, 2.0), Span(5.0, 8.0))


def test_a_word_inside_speech_keeps_its_time() -> None:
    assert clamped(Span(5.5, 6.0), SPEECH, 0.5) == Span(5.5, 6.0)


def test_a_word_stretched_over_a_silence_is_cut_to_the_speech_it_shares_most_with() -> None:
    assert clamped(Span(1.8, 6.0), SPEECH, 0.5) == Span(5.0, 6.0)
    assert clamped(Span(1.2, 5.1), SPEECH, 0.5) == Span(1.2, 2.0)


def test_a_word_just_beside_speech_moves_to_its_edge() -> None:
    assert clamped(Span(2.1, 2.3), SPEECH, 0.5) == Span(2.0, 2.0)
    assert clamped(Span(4.6, 4.8), SPEECH, 0.5) == Span(5.0, 5.0)


def test_a_word_far_from_speech_has_no_place() -> None:
    assert clamped(Span(3.0, 3.5), SPEECH, 0.5) is None
    assert clamped(Span(9.0, 9.5), SPEECH, 0.5) is None
    assert clamped(Span(1.0, 2.0), (), 0.5) is None


def test_words_come_out_in_order_and_never_over_one_another() -> None:
    words = [Word("b", 1.0, 3.0, 1, 1), Word("a", 0.0, 2.0, 1, 1), Word("c", 2.5, 9.0, 1, 1)]
    out = monotone(words, 5.0)
    assert [(w.text, w.start, w.end) for w in out] == [("a", 0.0, 2.0), ("b", 2.0, 3.0), ("c", 3.0, 5.0)]


def test_uncovered_parts_of_a_span_are_found() -> None:
    gaps = uncovered(Span(0, 10), [Span(1, 2), Span(1.5, 4), Span(9, 12)])
    assert gaps == [Span(0, 1), Span(4, 9)]
    assert uncovered(Span(0, 1), [Span(0, 1)]) == []
    assert uncovered(Span(0, 1), []) == [Span(0, 1)]


@pytest.mark.parametrize("total", [0.0, 5.0])
def test_no_words_is_no_error(total: float) -> None:
    assert monotone([], total) == []
