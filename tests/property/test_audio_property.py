"""Whatever bytes come in, decoding ends soon, with sound or with one of our errors."""

import tempfile
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qa.audio.decode import DecodeLimits, decode
from qa.audio.probe import probe
from qa.core.errors import TingjianError

LIMITS = DecodeLimits(max_bytes=10_000_000, max_seconds=30.0, max_channels=8)
SUFFIXES = (".wav", ".mp3", ".m4a", ".ogg", ".flac", ".amr", ".ul", ".gsm", ".vox", ".g722", ".bin")
RELAXED = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))

ENCODERS = {
    ".wav": ("pcm_s16le", None, "s16"),
    ".ima.wav": ("adpcm_ima_wav", None, "s16"),
    ".mp3": ("libmp3lame", None, "s16"),
    ".m4a": ("aac", None, "flt"),
    ".aac": ("aac", "adts", "flt"),
    ".ogg": ("libopus", "ogg", "s16"),
    ".webm": ("libopus", None, "s16"),
    ".flac": ("flac", None, "s16"),
    ".amr": ("libopencore_amrnb", "amr", "s16"),
}


@cache
def valid(suffix: str) -> bytes:
    """Two seconds of noise in one format."""
    codec, container, kind = ENCODERS[suffix]
    rate = 48000 if codec == "libopus" else 8000
    sound = np.random.default_rng(0).normal(0, 0.1, (1, rate * 2))
    data = sound.astype(np.float32) if kind == "flt" else (sound * 32767).astype(np.int16)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a{suffix}"
        with av.open(str(path), "w", format=container) as out:
            stream = out.add_stream(codec, rate=rate)
            stream.codec_context.layout = "mono"
            frame = av.AudioFrame.from_ndarray(data, format=kind, layout="mono")
            frame.sample_rate, frame.pts = rate, 0
            out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
        return path.read_bytes()


def check(data: bytes, suffix: str) -> None:
    """Decode `data`; only our own errors may come out, and a success must be a sane one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a{suffix}"
        path.write_bytes(data)
        work = Path(folder) / "work"
        try:
            probe(path)
            audio = decode(path, work, LIMITS)
        except TingjianError:
            assert not work.exists() or not list(work.iterdir())
            return
        info = audio.info
        assert 1 <= info.channels <= info.source_channels <= 8
        assert 0 < info.duration <= LIMITS.max_seconds + 1
        assert all(len(c) == round(info.duration * 16000) for c in audio.channels)
        assert all(0 <= s.start <= s.end <= info.duration + 0.01 for s in info.damaged)


@RELAXED
@given(data=st.binary(max_size=5000), suffix=st.sampled_from(SUFFIXES))
def test_random_bytes_never_raise_anything_else(data: bytes, suffix: str) -> None:
    check(data, suffix)


@RELAXED
@given(
    suffix=st.sampled_from(sorted(ENCODERS)),
    edits=st.lists(
        st.tuples(st.floats(0, 0.999), st.sampled_from(["set", "cut", "drop", "repeat"]), st.binary(max_size=64)),
        min_size=1,
        max_size=6,
    ),
)
def test_mutated_recordings_never_raise_anything_else(suffix: str, edits: list[tuple[float, str, bytes]]) -> None:
    data = bytearray(valid(suffix))
    for where, kind, value in edits:
        at = int(where * len(data))
        if kind == "set":
            data[at : at + len(value)] = value
        elif kind == "cut":
            del data[max(1, at) :]
        elif kind == "drop":
            del data[at : at + 10 * len(value)]
        else:
            data[at:at] = data[max(0, at - 500) : at]
    check(bytes(data), suffix)


@RELAXED
@given(suffix=st.sampled_from(sorted(ENCODERS)), at=st.integers(0, 200), value=st.binary(min_size=1, max_size=8))
def test_mutated_headers_never_raise_anything_else(suffix: str, at: int, value: bytes) -> None:
    data = bytearray(valid(suffix))
    data[at : at + len(value)] = value
    check(bytes(data), suffix)


@pytest.mark.parametrize("subtype", ["GSM610", "MS_ADPCM", "DOUBLE", "PCM_24"])
def test_hostile_headers_of_other_writers(tmp_path: Path, subtype: str) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(8000), 8000, subtype=subtype)
    good = path.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(60):
        data = bytearray(good)
        data[int(rng.integers(4, 60))] = int(rng.integers(0, 256))
        check(bytes(data), ".wav")
