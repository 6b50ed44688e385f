"""Echo of one channel on the other."""

import numpy as np
from scipy.signal import butter, lfilter

from qa.core.transcript import Span
from qa.speech.base import SAMPLE_RATE
from qa.speech.echo import EchoOptions, echo_spans

OPTIONS = EchoOptions()


def voice(pitch: float, seed: int, seconds: float = 6.0) -> np.ndarray:
    """A buzz with a wandering pitch through wandering formants, loud and quiet by turns."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    wander = np.interp(time, np.linspace(0, seconds, 30), pitch * (1 + 0.2 * rng.standard_normal(30)))
    buzz = np.sign(np.sin(2 * np.pi * np.cumsum(wander) / SAMPLE_RATE)) + 0.3 * rng.standard_normal(len(time))
    loud = np.interp(time, np.linspace(0, seconds, 40), np.abs(rng.standard_normal(40)))
    b, a = butter(2, [300, 3400], "band", fs=SAMPLE_RATE)
    return lfilter(b, a, buzz * loud)


def pcm(sound: np.ndarray, peak: float) -> np.ndarray:
    return (sound / np.abs(sound).max() * peak).astype(np.int16)


def test_a_quiet_late_muffled_copy_of_the_other_channel_is_an_echo() -> None:
    loud = voice(180, 1)
    b, a = butter(2, 1800, "low", fs=SAMPLE_RATE)
    late = np.concatenate((np.zeros(int(0.09 * SAMPLE_RATE)), lfilter(b, a, loud)))[: len(loud)]
    noisy = late + 0.05 * late.std() * np.random.default_rng(2).standard_normal(len(late))
    assert echo_spans(pcm(noisy, 1500), pcm(loud, 16000), [Span(1, 5)], OPTIONS) == [Span(1, 5)]


def test_somebody_quiet_who_talks_at_the_same_time_is_no_echo() -> None:
    for seed in range(2, 8):
        quiet, loud = pcm(voice(120 + 20 * seed, seed), 1500), pcm(voice(180, 1), 16000)
        assert not echo_spans(quiet, loud, [Span(1, 5), Span(2, 2.6)], OPTIONS)


def test_an_equally_loud_copy_is_left_alone() -> None:
    loud = pcm(voice(180, 1), 16000)
    assert not echo_spans(loud, loud, [Span(1, 5)], OPTIONS)


def test_silence_on_either_channel_is_no_echo() -> None:
    loud, silent = pcm(voice(180, 1), 16000), np.zeros(6 * SAMPLE_RATE, np.int16)
    assert not echo_spans(silent, loud, [Span(1, 5)], OPTIONS)
    assert not echo_spans(loud, silent, [Span(1, 5)], OPTIONS)
