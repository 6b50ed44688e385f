"""Synthetic recordings in every format: clicks at known times over soft noise, and files written byte by byte."""

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

CLICKS = (0.7, 2.1, 3.4, 5.2, 6.9, 8.3)
SECONDS = 10.0


def clicks(
    rate: int, times: tuple[float, ...] = CLICKS, seconds: float = SECONDS, seed: int = 0
) -> NDArray[np.int16]:
    """Bursts of 10 ms at 900 Hz over noise 40 dB below; shape (samples,)."""
    n = round(seconds * rate)
    sound = np.random.default_rng(seed).normal(0.0, 60.0, n)
    burst = np.arange(rate // 100)
    for t in (t for t in times if t + 0.01 < seconds):
        i = round(t * rate)
        sound[i : i + len(burst)] += 16000 * np.cos(2 * np.pi * 900 * burst / rate)
    return np.clip(sound, -32768, 32767).astype(np.int16)


def found(samples: NDArray[np.int16], rate: int = 16_000) -> list[float]:
    """Start times of the bursts in `samples`, seconds."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > 4000)
    if not len(loud):
        return []
    first = np.concatenate([[True], np.diff(loud) > rate // 5])
    return [float(i) / rate for i in loud[first]]


def encode(
    path: Path,
    channels: NDArray[np.generic],
    codec: str,
    *,
    rate: int,
    container: str | None = None,
    bit_rate: int | None = None,
    sample_format: str = "s16",
    layout: str | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """Write (channels, n) or (n,) samples with one of ffmpeg's encoders."""
    sound = np.atleast_2d(channels)
    layout = layout or {1: "mono", 2: "stereo", 4: "4.0", 8: "7.1"}[sound.shape[0]]
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate)
        stream.codec_context.layout = layout
        stream.codec_context.options = {"strict": "-2", **(options or {})}
        if bit_rate:
            stream.codec_context.bit_rate = bit_rate
        for start in range(0, sound.shape[1], 4096):
            part = sound[:, start : start + 4096].T.reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(part), format=sample_format, layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def wav_bytes(data: bytes, *, tag: int, channels: int, rate: int, bits: int, block: int | None = None) -> bytes:
    """A WAV file around raw data, written by hand."""
    block = block or channels * bits // 8
    fmt = struct.pack("<HHIIHH", tag, channels, rate, rate * block, block, bits)
    body = b"WAVE" + b"fmt " + struct.pack("<I", len(fmt)) + fmt + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def pcm_wav(path: Path, channels: NDArray[np.int16], rate: int) -> Path:
    """16-bit PCM."""
    sound = np.atleast_2d(channels)
    path.write_bytes(wav_bytes(sound.T.astype("<i2").tobytes(), tag=1, channels=len(sound), rate=rate, bits=16))
    return path


def float_wav(path: Path, channels: NDArray[np.float32], rate: int) -> Path:
    """32-bit float."""
    sound = np.atleast_2d(channels)
    path.write_bytes(wav_bytes(sound.T.astype("<f4").tobytes(), tag=3, channels=len(sound), rate=rate, bits=32))
    return path
