"""Frames, pitch and prosody of synthetic voices."""

import numpy as np
import pytest
from behaviour_kit import voice

from qa.audio.prosody import NAMES, prosody
from qa.audio.voice import pitch_of, register_of, voice_frames
from qa.core.transcript import Span


def _ints(sound: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(sound * 32767), -32768, 32767).astype(np.int16)


@pytest.mark.parametrize("hertz", [90.0, 120.0, 160.0, 210.0, 260.0, 330.0])
def test_the_pitch_of_a_voice_is_found_without_its_fundamental(hertz: float) -> None:
    frames = voice_frames(_ints(voice(4.0, hertz)), [Span(0.0, 4.0)])
    pitch, _ = pitch_of(frames)
    assert np.mean(pitch > 0) > 0.5
    assert abs(12 * np.log2(np.median(pitch[pitch > 0]) / hertz)) < 1.0


def test_noise_has_no_pitch() -> None:
    noise = np.random.default_rng(0).standard_normal(64000) * 0.1
    pitch, _ = pitch_of(voice_frames(_ints(noise), [Span(0.0, 4.0)]))
    assert np.mean(pitch > 0) < 0.05


@pytest.mark.parametrize("sound", [np.zeros(32000), np.full(32000, 0.3), np.ones(32000)])
def test_silence_and_a_constant_have_no_prosody(sound: np.ndarray) -> None:
    frames = voice_frames(_ints(sound), [Span(0.0, 2.0)])
    assert register_of(frames) is None
    assert prosody(frames, None) is None


def test_only_what_lies_within_the_spans_is_measured() -> None:
    frames = voice_frames(_ints(voice(4.0, 120.0)), [Span(0.5, 1.0), Span(2.0, 3.0)])
    assert all(0.5 <= t <= 1.0 or 2.0 <= t <= 3.0 for t in frames.times.tolist())
    assert len(frames.between(2.0, 3.0)) + len(frames.between(0.5, 1.0)) == len(frames)


def test_no_spans_no_frames() -> None:
    assert len(voice_frames(np.zeros(16000, np.int16), [])) == 0
    assert len(voice_frames(np.zeros(100, np.int16), [Span(0.0, 5.0)])) == 0


def test_the_level_of_a_tone_is_its_level() -> None:
    time = np.arange(32000) / 16000
    frames = voice_frames(_ints(0.5 * np.sin(2 * np.pi * 1000 * time)), [Span(0.0, 2.0)])
    assert frames.level == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.3)


def test_blocks_do_not_show_in_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = _ints(voice(6.0, 150.0))
    whole = voice_frames(sound, [Span(0.0, 6.0)])
    monkeypatch.setattr("qa.audio.voice._BLOCK_FRAMES", 7)
    pieces = voice_frames(sound, [Span(0.0, 6.0)])
    assert np.allclose(whole.bands, pieces.bands, atol=1e-3)
    assert np.allclose(whole.candidates, pieces.candidates, rtol=1e-3)


def test_prosody_has_a_number_for_every_name() -> None:
    frames = voice_frames(_ints(voice(3.0, 150.0)), [Span(0.0, 3.0)])
    found = prosody(frames, register_of(frames))
    assert found is not None
    assert len(found) == len(NAMES)
    assert np.isfinite(found).all()
