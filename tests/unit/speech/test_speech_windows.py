"""Windows over detected speech."""

import numpy as np
import pytest

from qa.core.transcript import Span
from qa.speech.base import SAMPLE_RATE
from qa.speech.windows import Piece, Window, WindowOptions, plan_windows


def noise(seconds: float) -> np.ndarray:
    return np.random.default_rng(1).integers(-3000, 3000, int(seconds * SAMPLE_RATE), np.int16)


def test_speech_spans_are_laid_side_by_side_without_the_silence_between() -> None:
    windows = plan_windows(0, noise(60), [Span(1, 3), Span(40, 42)], WindowOptions(pad=0.4))
    assert len(windows) == 1
    assert windows[0].duration == pytest.approx(2.8 + 2.8)
    assert [(p.offset, p.start) for p in windows[0].pieces] == [(0.0, 0.6), (pytest.approx(2.8), 39.6)]


def test_a_pause_shorter_than_both_pads_stays_whole() -> None:
    (window,) = plan_windows(0, noise(10), [Span(1, 2), Span(2.5, 4)], WindowOptions(pad=0.4))
    assert len(window.pieces) == 1
    assert window.span == Span(0.6, 4.4)


def test_no_window_is_longer_than_the_longest_allowed() -> None:
    speech = [Span(t, t + 4.0) for t in range(1, 200, 6)]
    windows = plan_windows(0, noise(210), speech, WindowOptions(seconds=29))
    assert all(w.duration <= 29 for w in windows)
    assert sum(w.duration for w in windows) == pytest.approx(len(speech) * 4.8)


def test_speech_without_a_pause_is_cut_at_its_quietest_moment() -> None:
    samples = noise(50)
    quiet = 23.0
    samples[int((quiet - 0.1) * SAMPLE_RATE) : int((quiet + 0.1) * SAMPLE_RATE)] = 0
    windows = plan_windows(0, samples, [Span(0, 50)], WindowOptions(seconds=29))
    assert windows[0].span.end == pytest.approx(quiet, abs=0.1)
    assert windows[1].span.start == windows[0].span.end


def test_silence_around_the_recordings_edges_is_not_invented() -> None:
    (window,) = plan_windows(0, noise(5), [Span(0.1, 4.9)], WindowOptions(pad=0.4))
    assert window.span == Span(0, 5)


def test_no_speech_gives_no_windows() -> None:
    assert plan_windows(0, noise(5), [], WindowOptions()) == []


def test_a_word_is_led_back_to_where_it_was_said() -> None:
    window = Window(0, (Piece(0.0, 10.0, 12.0), Piece(2.0, 50.0, 51.0)))
    assert window.locate(0.5, 1.0) == Span(10.5, 11.0)
    assert window.locate(2.25, 2.5) == Span(50.25, 50.5)


def test_a_word_over_a_seam_stays_in_the_piece_that_holds_its_middle() -> None:
    window = Window(0, (Piece(0.0, 10.0, 12.0), Piece(2.0, 50.0, 51.0)))
    assert window.locate(1.5, 2.2) == Span(11.5, 12.0)
    assert window.locate(1.9, 2.6) == Span(50.0, pytest.approx(50.6))


def test_a_windows_sound_is_its_pieces_joined() -> None:
    samples = noise(60)
    window = Window(0, (Piece(0.0, 10.0, 12.0), Piece(2.0, 50.0, 51.0)))
    sound = window.sound(samples)
    assert sound.dtype == np.float32
    assert len(sound) == 3 * SAMPLE_RATE
    assert sound[0] == pytest.approx(samples[10 * SAMPLE_RATE] / 32768)
    assert sound[2 * SAMPLE_RATE] == pytest.approx(samples[50 * SAMPLE_RATE] / 32768)
