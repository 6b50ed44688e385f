"""Copies, dead channels, and what must never be taken for either."""

from pathlib import Path

import numpy as np
import pytest
from audio_kit import clicks, encode, pcm_wav

from qa.audio.decode import decode, reopen
from qa.core.base import decode as from_json
from qa.core.base import encode as to_json
from qa.core.errors import NotFoundError
from qa.core.speech import AudioInfo

RATE = 8000


def talk(seed: int, seconds: float, spans: list[tuple[float, float]], level: float = 3000.0) -> np.ndarray:
    """Speech-like sound: noise with a syllable rhythm inside `spans`, line noise of 10 steps outside."""
    rng = np.random.default_rng(seed)
    n = int(seconds * RATE)
    t = np.arange(n) / RATE
    voice = rng.normal(0, level, n) * (0.5 + 0.5 * np.sin(2 * np.pi * 4 * t))
    inside = np.zeros(n, bool)
    for a, b in spans:
        inside[int(a * RATE) : int(b * RATE)] = True
    return np.clip(np.where(inside, voice, 0) + rng.normal(0, 10, n), -32768, 32767)


def stereo(tmp_path: Path, left: np.ndarray, right: np.ndarray) -> AudioInfo:
    sound = np.stack([left, right]).clip(-32768, 32767).astype(np.int16)
    return decode(pcm_wav(tmp_path / "a.wav", sound, RATE), tmp_path / "work").info


AGENT = [(1, 6), (12, 20), (30, 40)]
CUSTOMER = [(7, 11), (21, 29), (41, 50)]


@pytest.mark.parametrize("gain", [1.0, 0.8, 1.25, -1.0, -0.9])
def test_copies_are_dual_mono_whatever_their_gain_or_phase(tmp_path: Path, gain: float) -> None:
    left = talk(0, 60, AGENT) * 0.8
    info = stereo(tmp_path, left, left * gain)
    assert info.dual_mono
    assert (info.channels, info.source_channels) == (1, 2)
    assert not info.dead_channels


def test_dual_mono_survives_a_lossy_codec(tmp_path: Path) -> None:
    left = (talk(0, 30, AGENT) / 32768).astype(np.float32)
    sound = np.stack([left, left * np.float32(0.9)])
    path = encode(tmp_path / "a.m4a", sound, "aac", rate=RATE, bit_rate=48000, sample_format="flt")
    assert decode(path, tmp_path / "work").info.dual_mono


def test_copies_with_their_own_line_noise_are_dual_mono(tmp_path: Path) -> None:
    left = talk(0, 60, AGENT)
    noise = np.random.default_rng(5).normal(0, 20, len(left))
    assert stereo(tmp_path, left, left + noise).dual_mono


def test_two_speakers_are_kept_apart(tmp_path: Path) -> None:
    info = stereo(tmp_path, talk(0, 60, AGENT), talk(1, 60, CUSTOMER))
    assert not info.dual_mono
    assert info.channels == 2
    assert not info.dead_channels


def test_a_customer_who_says_one_word_to_a_shared_announcement_is_kept(tmp_path: Path) -> None:
    shared = talk(0, 120, [(1, 110)], level=6000)
    word = talk(1, 120, [(100.2, 101.4)], level=1500)
    assert not stereo(tmp_path, shared, shared + word).dual_mono


def test_an_echo_is_not_a_copy(tmp_path: Path) -> None:
    left = talk(0, 60, AGENT)
    info = stereo(tmp_path, left, 0.1 * left + talk(1, 60, []))
    assert not info.dual_mono


@pytest.mark.parametrize("kind", ["silence", "constant", "line noise", "tone"])
def test_a_channel_on_which_nobody_is_heard_is_dead_but_kept(tmp_path: Path, kind: str) -> None:
    left = talk(0, 60, AGENT)
    t = np.arange(len(left)) / RATE
    right = {
        "silence": np.zeros(len(left)),
        "constant": np.full(len(left), 500.0),
        "line noise": np.random.default_rng(3).normal(0, 200, len(left)),
        "tone": 3000 * np.sin(2 * np.pi * 450 * t),
    }[kind]
    info = stereo(tmp_path, left, right)
    assert info.dead_channels == (1,)
    assert info.channels == 2


def test_one_short_word_in_a_long_call_keeps_its_channel_alive(tmp_path: Path) -> None:
    info = stereo(tmp_path, talk(0, 240, [(1, 200)]), talk(1, 240, [(205.0, 205.6)], level=800))
    assert info.dead_channels == ()


def test_a_short_clip_that_is_all_speech_is_not_dead(tmp_path: Path) -> None:
    sound = np.random.default_rng(0).normal(0, 3000, RATE * 2).astype(np.int16)
    assert decode(pcm_wav(tmp_path / "a.wav", sound, RATE), tmp_path / "work").info.dead_channels == ()


def test_silence_alone_is_decoded_and_dead(tmp_path: Path) -> None:
    info = stereo(tmp_path, np.zeros(RATE * 3), np.zeros(RATE * 3))
    assert info.dual_mono
    assert info.dead_channels == (0,)


def test_opposite_phase_is_not_lost(tmp_path: Path) -> None:
    left = talk(0, 20, [(1, 15)])
    path = pcm_wav(tmp_path / "a.wav", np.stack([left, -left]).astype(np.int16), RATE)
    audio = decode(path, tmp_path / "work")
    assert int(np.abs(audio.channels[0][:].astype(int)).max()) > 3000


def test_decoded_sound_is_reopened_from_its_record(tmp_path: Path) -> None:
    audio = decode(pcm_wav(tmp_path / "a.wav", clicks(RATE), RATE), tmp_path / "work")
    again = reopen(from_json(to_json(audio.info), AudioInfo), tmp_path / "work")
    assert again.info == audio.info
    assert np.array_equal(again.channels[0], audio.channels[0])
    assert sorted(p.name for p in (tmp_path / "work").iterdir()) == ["channel0.s16le"]
    with pytest.raises(NotFoundError):
        reopen(audio.info, tmp_path / "elsewhere")
