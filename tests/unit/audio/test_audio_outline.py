"""Peaks, playable copies, line quality and progress."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_kit import CLICKS, SECONDS, clicks, encode, found, pcm_wav

from qa.audio.decode import decode
from qa.audio.peaks import Peaks, peaks
from qa.audio.playable import to_playable, write_playable
from qa.audio.quality import line_quality
from qa.core.base import decode as from_json
from qa.core.base import encode as to_json
from qa.core.errors import BadRecordingError, StorageError


@pytest.mark.parametrize("rate", [1, 20, 50, 333, 1000])
def test_peaks_are_the_extremes_of_every_stretch(rate: int) -> None:
    sound = clicks(16000, seconds=3.217)
    outline = peaks([sound, -(sound // 2)], rate)
    assert outline.points == -(-len(sound) * rate // 16000)
    pairs = outline.pairs(0)
    assert pairs.shape == (outline.points, 2)
    for k in range(outline.points):
        part = sound[k * 16000 // rate : (k + 1) * 16000 // rate]
        assert pairs[k, 0] == part.min() >> 8
        assert pairs[k, 1] == min(127, (int(part.max()) + 255) >> 8)


def test_peaks_of_a_long_recording_equal_those_of_one_pass() -> None:
    sound = np.random.default_rng(0).integers(-9000, 9000, 16000 * 150, dtype=np.int16)
    pairs = peaks([sound], 10).pairs(0)
    assert np.array_equal(pairs[:, 0], sound.reshape(-1, 1600).min(axis=1) >> 8)


def test_peaks_survive_json_and_are_compact() -> None:
    outline = peaks([clicks(16000), clicks(16000)])
    data = to_json(outline)
    assert from_json(data, Peaks) == outline
    assert len(data) < SECONDS * 2 * 140 + 200


def test_coarser_peaks_hold_the_same_extremes() -> None:
    outline = peaks([clicks(16000, seconds=3.21)], 50)
    coarse = outline.coarser(10)
    assert coarse.points_per_second == 5
    assert coarse.points == 17
    assert coarse.pairs(0)[:, 1].max() == outline.pairs(0)[:, 1].max()
    assert np.array_equal(coarse.pairs(0), peaks([clicks(16000, seconds=3.21)], 5).pairs(0))
    with pytest.raises(ValueError):
        outline.coarser(7)


def test_peaks_rate_is_checked() -> None:
    with pytest.raises(ValueError):
        peaks([clicks(16000)], 0)


@pytest.mark.parametrize("suffix", [".flac", ".wav"])
def test_a_playable_copy_sounds_at_the_same_times(tmp_path: Path, suffix: str) -> None:
    sound = np.stack([clicks(8000, CLICKS[:3]), clicks(8000, CLICKS[3:], seed=1)])
    source = encode(tmp_path / "a.wav", sound, "pcm_alaw", rate=8000)
    out = tmp_path / "out" / f"a{suffix}"
    to_playable(source, out)
    read, rate = soundfile.read(out, dtype="int16", always_2d=True)
    assert rate == 16000
    assert soundfile.info(out).subtype == "PCM_16"
    assert np.allclose(found(read[:, 0]), CLICKS[:3], atol=0.01)
    assert np.allclose(found(read[:, 1]), CLICKS[3:], atol=0.01)
    assert [p.name for p in out.parent.iterdir()] == [out.name]


def test_a_playable_copy_equals_the_decoded_sound(tmp_path: Path) -> None:
    audio = decode(encode(tmp_path / "a.flac", clicks(44100), "flac", rate=44100), tmp_path / "work")
    write_playable(audio.channels, tmp_path / "b.flac")
    assert np.array_equal(soundfile.read(tmp_path / "b.flac", dtype="int16")[0], audio.channels[0])


def test_a_playable_copy_of_no_recording_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    source = tmp_path / "a.wav"
    source.write_text("words, no sound")
    with pytest.raises(BadRecordingError):
        to_playable(source, tmp_path / "out" / "a.flac")
    assert not list((tmp_path / "out").iterdir())


def test_a_playable_copy_needs_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError):
        to_playable(pcm_wav(tmp_path / "a.wav", clicks(8000), 8000), tmp_path / "file" / "a.flac")


def test_quality_tells_level_noise_and_clipping() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 30, 16000 * 20)
    voice = noise.copy()
    voice[16000 * 5 : 16000 * 15] += rng.normal(0, 3000, 16000 * 10)
    clean, loud = (np.clip(s, -32768, 32767).astype(np.int16) for s in (voice, voice * 12))
    good, bad = line_quality([clean, loud])
    assert good.level_dbfs == pytest.approx(20 * np.log10(3000 / 32768), abs=1.0)
    assert good.noise_dbfs == pytest.approx(20 * np.log10(30 / 32768), abs=1.0)
    assert good.clipped_share == 0.0
    assert good.signal_to_noise_db > 30
    assert bad.clipped_share > 0.01
    assert bad.peak_dbfs == pytest.approx(0.0, abs=0.1)


def test_quality_of_silence_is_defined() -> None:
    (quality,) = line_quality([np.zeros(16000, np.int16)])
    assert quality.silent_share == 1.0
    assert quality.level_dbfs == quality.noise_dbfs == -96.0
    assert quality.clipped_share == 0.0


def test_progress_is_reported_in_seconds_up_to_the_end(tmp_path: Path) -> None:
    calls: list[tuple[str, float, float]] = []
    path = pcm_wav(tmp_path / "a.wav", clicks(8000, seconds=30), 8000)
    decode(path, tmp_path / "work", hook=lambda *call: calls.append(call))
    done = [d for _, d, _ in calls]
    assert done == sorted(done)
    assert done[-1] == pytest.approx(30.0, abs=0.01)
    assert {(s, round(t)) for s, _, t in calls} == {("decode", 30)}


def test_an_exception_in_the_hook_stops_decoding_and_leaves_nothing(tmp_path: Path) -> None:
    def cancel(stage: str, done: float, total: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        decode(pcm_wav(tmp_path / "a.wav", clicks(8000), 8000), tmp_path / "work", hook=cancel)
    assert not list((tmp_path / "work").iterdir())
