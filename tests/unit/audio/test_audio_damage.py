"""Damaged and cut recordings: what is left is decoded, times hold, and what is missing is said."""

from pathlib import Path

import numpy as np
import pytest
from audio_kit import CLICKS, SECONDS, clicks, encode, found, pcm_wav

from qa.audio.decode import decode
from qa.core.errors import BadRecordingError

MIDDLE = 3000


def damaged(path: Path, share: float, seed: int, size: int = MIDDLE) -> Path:
    """Overwrite `size` bytes after `share` of the file with random ones."""
    data = bytearray(path.read_bytes())
    start = int(len(data) * share)
    data[start : start + size] = np.random.default_rng(seed).bytes(size)
    path.write_bytes(data)
    return path


def cut(path: Path, share: float) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def assert_only_true_bursts(times: list[float]) -> None:
    assert all(min(abs(t - c) for c in CLICKS) <= 0.025 for t in times)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("name", "codec", "rate", "bit_rate"),
    [("a.mp3", "libmp3lame", 16000, 32000), ("b.mp3", "libmp3lame", 8000, 16000), ("a.flac", "flac", 16000, None)],
)
def test_three_damaged_kilobytes_move_nothing(
    tmp_path: Path, name: str, codec: str, rate: int, bit_rate: int | None, seed: int
) -> None:
    path = encode(tmp_path / name, clicks(rate), codec, rate=rate, bit_rate=bit_rate)
    audio = decode(damaged(path, 0.2 + 0.1 * seed, seed), tmp_path / "work")
    times = found(audio.channels[0])
    assert_only_true_bursts(times)
    assert len(times) >= 4
    assert audio.info.partial
    assert audio.info.bad_packets
    assert audio.info.damaged
    assert sum(s.duration for s in audio.info.damaged) < 2.0
    assert audio.info.duration == pytest.approx(SECONDS, abs=0.1)
    assert not audio.info.truncated


@pytest.mark.parametrize(
    ("name", "codec", "rate", "kind"), [("a.opus", "libopus", 48000, "s16"), ("a.m4a", "aac", 16000, "flt")]
)
def test_damage_in_containers_with_time_stamps_moves_nothing(
    tmp_path: Path, name: str, codec: str, rate: int, kind: str
) -> None:
    sound = clicks(rate) if kind == "s16" else (clicks(rate) / 32768).astype(np.float32)
    container = "ogg" if name.endswith("opus") else None
    path = encode(tmp_path / name, sound, codec, rate=rate, container=container, sample_format=kind)
    audio = decode(damaged(path, 0.43, 1), tmp_path / "work")
    assert_only_true_bursts(found(audio.channels[0])[-2:])
    assert audio.info.partial
    assert audio.info.duration == pytest.approx(SECONDS, abs=0.1)


@pytest.mark.parametrize("filling", ["random", "zeros", "removed"])
@pytest.mark.parametrize("seed", range(4))
def test_damaged_amr_is_back_in_step_after_the_damage(tmp_path: Path, seed: int, filling: str) -> None:
    path = encode(
        tmp_path / "a.amr", clicks(8000), "libopencore_amrnb", rate=8000, bit_rate=12200, container="amr"
    )
    data = bytearray(path.read_bytes())
    start, size = int(len(data) * (0.3 + 0.07 * seed)), 1500 + 77 * seed
    random = np.random.default_rng(seed).bytes(size)
    data[start : start + size] = {"random": random, "zeros": bytes(size), "removed": b""}[filling]
    path.write_bytes(data)
    audio = decode(path, tmp_path / "work")
    missing = 0.02 * size / 32 if filling == "removed" else 0.0
    assert audio.info.duration == pytest.approx(10.02 - missing, abs=0.05)
    assert audio.info.partial
    assert audio.info.bad_packets
    assert soft_bursts(audio.channels[0])[-1] == pytest.approx(8.3 - missing, abs=0.05)


def soft_bursts(samples: np.ndarray) -> list[float]:
    """AMR softens the bursts: look for them at a third of the level."""
    return found(np.clip(samples.astype(np.int32) * 3, -32768, 32767).astype(np.int16))


def test_damaged_adts_loses_at_most_a_frame_of_time(tmp_path: Path) -> None:
    sound = (clicks(16000) / 32768).astype(np.float32)
    path = encode(tmp_path / "a.aac", sound, "aac", rate=16000, container="adts", sample_format="flt")
    whole = found(decode(path, tmp_path / "work").channels[0])
    audio = decode(damaged(path, 0.43, 1), tmp_path / "work")
    assert found(audio.channels[0])[-1] == pytest.approx(whole[-1], abs=0.065)
    assert audio.info.partial


def test_a_cut_amr_is_decoded_up_to_the_cut(tmp_path: Path) -> None:
    path = encode(
        tmp_path / "a.amr", clicks(8000), "libopencore_amrnb", rate=8000, bit_rate=12200, container="amr"
    )
    info = decode(cut(path, 0.61), tmp_path / "work").info
    assert info.duration == pytest.approx(6.1, abs=0.1)
    assert not info.damaged


def test_the_filled_stretch_is_silent(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.flac", clicks(16000), "flac", rate=16000)
    audio = decode(damaged(path, 0.5, 0), tmp_path / "work")
    span = audio.info.damaged[0]
    middle = audio.channels[0][int(span.start * 16000) + 100 : int(span.end * 16000) - 100]
    assert len(middle) > 1000
    assert not np.any(middle)


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.wav", "pcm_s16le"), ("a.mp3", "libmp3lame"), ("a.flac", "flac"), ("alaw.wav", "pcm_alaw")],
)
def test_a_cut_recording_is_decoded_up_to_the_cut_and_marked(tmp_path: Path, name: str, codec: str) -> None:
    path = encode(tmp_path / name, clicks(16000), codec, rate=16000)
    audio = decode(cut(path, 0.6), tmp_path / "work")
    assert audio.info.truncated
    assert audio.info.partial
    assert audio.info.declared_duration == pytest.approx(SECONDS, abs=0.1)
    assert 4.0 < audio.info.duration < 7.5
    assert_only_true_bursts(found(audio.channels[0]))


def test_an_m4a_without_its_index_is_one_clear_error(tmp_path: Path) -> None:
    sound = (clicks(16000) / 32768).astype(np.float32)
    path = cut(encode(tmp_path / "a.m4a", sound, "aac", rate=16000, sample_format="flt"), 0.6)
    with pytest.raises(BadRecordingError) as caught:
        decode(path, tmp_path / "work")
    assert caught.value.message.code == "audio.no_index"


def test_an_m4a_with_its_index_in_front_is_decoded_up_to_the_cut(tmp_path: Path) -> None:
    import av

    sound = (clicks(16000) / 32768).astype(np.float32)
    plain = encode(tmp_path / "plain.m4a", sound, "aac", rate=16000, sample_format="flt")
    path = tmp_path / "a.m4a"
    with av.open(str(plain)) as source, av.open(str(path), "w", options={"movflags": "faststart"}) as out:
        stream = out.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    audio = decode(cut(path, 0.6), tmp_path / "work")
    assert audio.info.truncated
    assert 4.0 < audio.info.duration < 7.0
    assert_only_true_bursts(found(audio.channels[0]))


def test_a_recorder_that_never_wrote_the_length_is_not_called_cut(tmp_path: Path) -> None:
    path = pcm_wav(tmp_path / "a.wav", clicks(8000), 8000)
    data = bytearray(path.read_bytes())
    data[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    info = decode(path, tmp_path / "work").info
    assert info.declared_duration is None
    assert not info.truncated
    assert info.duration == pytest.approx(SECONDS, abs=0.01)


def test_an_mp3_without_a_length_header_is_not_called_cut(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp3", clicks(16000), "libmp3lame", rate=16000, bit_rate=32000, container="mp3")
    data = path.read_bytes()
    first = data.find(b"\xff\xf3")
    second = data.find(b"\xff\xf3", first + 4)
    path.write_bytes(data[second:])
    info = decode(path, tmp_path / "work").info
    assert info.declared_duration is None
    assert not info.truncated
