"""What must hold for any words, any speech and any window."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from qa.core.speech import ChannelActivity
from qa.core.transcript import Span, Word
from qa.speech.base import SAMPLE_RATE, ChannelInput
from qa.speech.guards import Draft, GuardOptions, Guards
from qa.speech.language import LanguageChoice
from qa.speech.recogniser import Decoded, HeardWord
from qa.speech.timing import clamped, monotone, uncovered
from qa.speech.windows import WindowOptions, plan_windows

TOTAL = 60.0
moments = st.floats(0, TOTAL, allow_nan=False)


@st.composite
def spans(draw: st.DrawFn, most: int = 8) -> tuple[Span, ...]:
    """Disjoint spans in order."""
    edges = sorted(draw(st.lists(moments, max_size=2 * most, unique=True)))
    return tuple(Span(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False) if b - a > 0.05)


@st.composite
def heard(draw: st.DrawFn) -> tuple[HeardWord, ...]:
    texts = st.sampled_from(["您好", "，", "退款", "3.2", "啊", "谢谢", "а", "字幕由", "對", " hello"])
    words = draw(st.lists(st.tuples(texts, st.floats(0, 35), st.floats(0, 5), st.floats(0, 1)), max_size=30))
    return tuple(HeardWord(t, a, a + d, p) for t, a, d, p in words)


@given(st.lists(st.tuples(moments, moments), max_size=30), st.floats(0, TOTAL))
def test_words_are_always_in_order_and_inside_the_recording(
    pairs: list[tuple[float, float]], total: float
) -> None:
    out = monotone((Word("字", min(p), max(p), 1, 1) for p in pairs), total)
    assert len(out) == len(pairs)
    last = 0.0
    for word in out:
        assert last <= word.start <= word.end <= total + 0.001
        last = word.end


@given(moments, st.floats(0, 5), spans())
def test_a_clamped_word_lies_in_speech(start: float, length: float, speech: tuple[Span, ...]) -> None:
    word = clamped(Span(start, start + length), speech, 0.5)
    if word is None:
        assert all(s.overlap(Span(start, start + length)) == 0 for s in speech)
    else:
        assert any(s.start <= word.start <= word.end <= s.end for s in speech)


@given(spans(most=1), spans())
def test_covered_and_uncovered_make_up_the_whole(outer: tuple[Span, ...], words: tuple[Span, ...]) -> None:
    for span in outer:
        gaps = uncovered(span, words)
        covered = sum(span.overlap(w) for w in words)
        assert abs(sum(g.duration for g in gaps) + covered - span.duration) < 1e-6


@given(spans())
def test_every_moment_of_speech_is_in_exactly_one_window(speech: tuple[Span, ...]) -> None:
    samples = np.zeros(int(TOTAL * SAMPLE_RATE), np.int16)
    windows = plan_windows(0, samples, speech, WindowOptions(seconds=10))
    pieces = [Span(p.start, p.end) for w in windows for p in w.pieces]
    assert all(w.duration <= 10 + 1e-6 for w in windows)
    assert all(a.end <= b.start + 1e-6 for a, b in pairwise(pieces))
    for span in speech:
        assert sum(p.overlap(span) for p in pieces) >= span.duration - 1e-6


@given(spans(), st.lists(heard(), max_size=4), st.floats(-3, 0), st.floats(0, 1))
def test_whatever_is_heard_the_words_kept_lie_in_speech_in_order(
    speech: tuple[Span, ...], takes: list[tuple[HeardWord, ...]], mean: float, no_speech: float
) -> None:
    samples = np.zeros(int(TOTAL * SAMPLE_RATE), np.int16)
    guards = Guards(GuardOptions())
    draft = Draft(0, ChannelInput(samples, ChannelActivity(speech), "zh"))
    windows = plan_windows(0, samples, speech, WindowOptions())
    for attempt in (None, *guards.attempts):
        if attempt is not None:
            windows = guards.holes(draft, attempt)
        for window, words in zip(windows, takes, strict=False):
            decoded = Decoded("".join(w.text for w in words), words, mean, no_speech, 1.0)
            guards.add(draft, window, decoded, "zh")
    out = guards.finish(draft, LanguageChoice("zh", 1.0))
    last = 0.0
    for word in out.words:
        assert last <= word.start <= word.end <= TOTAL
        assert any(s.start - 0.001 <= word.start and word.end <= s.end + 0.001 for s in speech)
        assert 0 <= word.trust <= word.probability <= 1
        last = word.end
    for hole in out.guards.unintelligible:
        assert any(s.overlap(hole) > hole.duration - 0.01 for s in speech)
