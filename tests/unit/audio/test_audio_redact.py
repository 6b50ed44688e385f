"""A redacted copy: what is hidden is gone, what is not is untouched, and echoes go too."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from qa.audio.redact import FADE, TONE_HZ, Hidden, by_channel, echoes, redact
from qa.audio.samples import SAMPLE_RATE
from qa.text.stretches import Stretch

RANDOM = np.random.default_rng(7)


def noise(seconds: float, level: float = 3000.0) -> NDArray[np.int16]:
    return RANDOM.normal(0.0, level, int(seconds * SAMPLE_RATE)).astype(np.int16)


def written(path: Path, *channels: NDArray[np.int16]) -> Path:
    soundfile.write(path, np.stack(channels, axis=1), SAMPLE_RATE)
    return path


def heard(path: Path) -> NDArray[np.int16]:
    samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
    assert rate == SAMPLE_RATE
    return np.asarray(samples).T


@pytest.mark.parametrize("sound", ["bleep", "silence"])
def test_a_stretch_is_hidden_on_its_channel_and_nothing_else_is_touched(tmp_path: Path, sound: str) -> None:
    left, right = noise(12.0), noise(12.0)
    source = written(tmp_path / "call.wav", left, right)
    redact(
        source, tmp_path / "out.flac", [Stretch(1, 9.5, 10.5)], sound="bleep" if sound == "bleep" else "silence"
    )
    out = heard(tmp_path / "out.flac")
    assert np.array_equal(out[0], left)
    a, b = int(9.5 * SAMPLE_RATE), int(10.5 * SAMPLE_RATE) + 1
    assert np.array_equal(out[1][:a], right[:a])
    assert np.array_equal(out[1][b:], right[b:])
    fade = int(FADE * SAMPLE_RATE) + 1
    inside = out[1][a + fade : b - fade].astype(float)
    if sound == "silence":
        assert not inside.any()
    else:
        spectrum = np.abs(np.fft.rfft(inside * np.hanning(len(inside))))
        peak = spectrum.argmax() * SAMPLE_RATE / len(inside)
        assert abs(peak - TONE_HZ) < 2
        left_over = spectrum[int(1.1 * spectrum.argmax()) :]
        assert left_over.max() < 1e-3 * spectrum.max()


def test_blocks_of_any_size_give_the_same_sound() -> None:
    samples = noise(3.0)
    hidden = Hidden(samples, [(8000, 20000), (30000, 30500)], "bleep")
    whole = hidden[0 : len(samples)]
    pieces = np.concatenate([hidden[i : i + 777] for i in range(0, len(samples), 777)])
    assert np.array_equal(whole, pieces)


def test_an_echo_on_the_other_channel_is_hidden_too() -> None:
    said = noise(4.0)
    leaked = noise(4.0, 20.0) + np.roll((said * 0.03).astype(np.int16), 900)
    assert echoes(said, leaked.astype(np.int16))
    assert not echoes(said, noise(4.0))
    ranges = by_channel([said, leaked.astype(np.int16)], [Stretch(0, 1.0, 2.0)])
    assert ranges[0] == [(16000, 32001)]
    assert ranges[1][0][0] == 16000
    assert ranges[1][0][1] > 32001
    assert by_channel([said, noise(4.0)], [Stretch(0, 1.0, 2.0)])[1] == []


def test_words_of_a_channel_that_was_not_kept_are_hidden_in_the_one_that_was() -> None:
    assert by_channel([noise(2.0)], [Stretch(1, 0.5, 1.0)]) == [[(8000, 16001)]]


def test_stretches_beyond_the_end_and_those_that_meet_are_no_trouble() -> None:
    samples = noise(1.0)
    ranges = by_channel([samples], [Stretch(0, 0.2, 0.6), Stretch(0, 0.5, 9.0), Stretch(0, 5.0, 6.0)])
    assert not Hidden(samples, ranges[0], "silence")[4000:].any()


def test_a_long_recording_is_redacted_without_holding_it(tmp_path: Path) -> None:
    source = tmp_path / "long.wav"
    with soundfile.SoundFile(source, "w", SAMPLE_RATE, 1, "PCM_16") as file:
        for _ in range(120):
            file.write(noise(10.0))
    hidden = [Stretch(0, float(s), s + 1.0) for s in range(5, 1200, 10)]
    tracemalloc.start()
    redact(source, tmp_path / "out.flac", hidden)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16e6  # the whole is 38 MB
