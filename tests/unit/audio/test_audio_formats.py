"""Every format keeps its times: bursts at known moments are found at the same moments."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_kit import CLICKS, SECONDS, clicks, encode, float_wav, found, pcm_wav, wav_bytes

from qa.audio.decode import decode
from qa.audio.probe import probe

# name, encoder, rate, container, bit rate, sample format
ENCODED = [
    ("pcm.wav", "pcm_s16le", 8000, None, None, "s16"),
    ("alaw.wav", "pcm_alaw", 8000, None, None, "s16"),
    ("mulaw.wav", "pcm_mulaw", 8000, None, None, "s16"),
    ("call.al", "pcm_alaw", 8000, "alaw", None, "s16"),
    ("call.alaw", "pcm_alaw", 8000, "alaw", None, "s16"),
    ("call.ul", "pcm_mulaw", 8000, "mulaw", None, "s16"),
    ("call.ulaw", "pcm_mulaw", 8000, "mulaw", None, "s16"),
    ("ima.wav", "adpcm_ima_wav", 8000, None, None, "s16"),
    ("ms.wav", "adpcm_ms", 8000, None, None, "s16"),
    ("g726.wav", "g726", 8000, None, 32000, "s16"),
    ("g723.wav", "g723_1", 8000, None, 6300, "s16"),
    ("call.g722", "g722", 16000, "g722", None, "s16"),
    ("call.amr", "libopencore_amrnb", 8000, "amr", 12200, "s16"),
    ("call8.mp3", "libmp3lame", 8000, None, 16000, "s16"),
    ("call16.mp3", "libmp3lame", 16000, None, 32000, "s16"),
    ("call44.mp3", "libmp3lame", 44100, None, 64000, "s16"),
    ("call8.m4a", "aac", 8000, None, None, "flt"),
    ("call16.m4a", "aac", 16000, None, None, "flt"),
    ("call.opus", "libopus", 48000, "ogg", None, "s16"),
    ("call.webm", "libopus", 48000, None, None, "s16"),
    ("call8.flac", "flac", 8000, None, None, "s16"),
    ("call48.flac", "flac", 48000, None, None, "s16"),
    ("call22.mka", "flac", 22050, "matroska", None, "s16"),
    ("s24.wav", "pcm_s24le", 44100, None, None, "s32"),
    ("u8.wav", "pcm_u8", 8000, None, None, "u8"),
    ("mulaw.au", "pcm_mulaw", 8000, None, None, "s16"),
    ("pcm.aiff", "pcm_s16be", 11025, None, None, "s16"),
    ("pcm.caf", "pcm_s16le", 12000, None, None, "s16"),
    ("pcm.w64", "pcm_s16le", 8000, "w64", None, "s16"),
    ("video.mkv", "ac3", 48000, "matroska", None, "flt"),
]


def as_format(sound: np.ndarray, sample_format: str) -> np.ndarray:
    if sample_format == "flt":
        return (sound / 32768).astype(np.float32)
    if sample_format == "s32":
        return sound.astype(np.int32) << 16
    if sample_format == "u8":
        return ((sound.astype(np.int32) >> 8) + 128).astype(np.uint8)
    return sound


def assert_times_hold(samples: np.ndarray, expected: tuple[float, ...] = CLICKS) -> None:
    times = found(samples)
    assert len(times) == len(expected)
    assert np.allclose(times, expected, atol=0.025)


@pytest.mark.parametrize(("name", "codec", "rate", "container", "bit_rate", "kind"), ENCODED)
def test_bursts_are_found_where_they_were_put(
    tmp_path: Path, name: str, codec: str, rate: int, container: str | None, bit_rate: int | None, kind: str
) -> None:
    sound = as_format(clicks(rate), kind)
    path = encode(
        tmp_path / name, sound, codec, rate=rate, container=container, bit_rate=bit_rate, sample_format=kind
    )
    audio = decode(path, tmp_path / "work")
    assert_times_hold(audio.channels[0])
    assert audio.info.sample_rate == rate
    assert audio.info.duration == pytest.approx(SECONDS, abs=0.25)
    assert not audio.info.partial
    assert not audio.info.bad_packets
    claims = probe(path)
    assert (claims.codec, claims.sample_rate, claims.channels) == (audio.info.codec, rate, 1)


def test_vorbis_in_ogg_keeps_times_and_both_channels(tmp_path: Path) -> None:
    left, right = clicks(16000, CLICKS[::2]), clicks(16000, CLICKS[1::2], seed=1)
    sound = (np.stack([left, right]) / 32768).astype(np.float32)
    path = encode(tmp_path / "a.ogg", sound, "vorbis", rate=16000, container="ogg", sample_format="flt")
    audio = decode(path, tmp_path / "work")
    assert_times_hold(audio.channels[0], CLICKS[::2])
    assert_times_hold(audio.channels[1], CLICKS[1::2])


@pytest.mark.parametrize(("kind", "subtype"), [("WAV", "GSM610"), ("WAV", "IMA_ADPCM"), ("AIFF", "ULAW")])
def test_files_of_another_library_are_read_too(tmp_path: Path, kind: str, subtype: str) -> None:
    path = tmp_path / f"{subtype}.{kind.lower()}"
    soundfile.write(path, clicks(8000), 8000, format=kind, subtype=subtype)
    assert_times_hold(decode(path, tmp_path / "work").channels[0])


def test_raw_gsm_is_read(tmp_path: Path) -> None:
    path = tmp_path / "call.gsm"
    soundfile.write(path, clicks(8000), 8000, format="RAW", subtype="GSM610")
    audio = decode(path, tmp_path / "work")
    assert audio.info.codec == "gsm"
    assert_times_hold(audio.channels[0])


def test_dialogic_vox_is_read(tmp_path: Path) -> None:
    path = tmp_path / "call.vox"
    soundfile.write(path, clicks(8000), 8000, format="RAW", subtype="VOX_ADPCM")
    audio = decode(path, tmp_path / "work")
    assert audio.info.container == "vox"
    assert_times_hold(audio.channels[0])
    assert probe(path).declared_duration == pytest.approx(SECONDS, abs=0.01)


def test_a_wav_named_vox_is_read_as_what_it_is(tmp_path: Path) -> None:
    assert decode(pcm_wav(tmp_path / "a.vox", clicks(8000), 8000), tmp_path / "w").info.codec == "pcm_s16le"


def test_g711_wav_written_by_hand_is_read(tmp_path: Path) -> None:
    # 0xFF is silence in mu-law, 0x00 its loudest negative value.
    data = bytearray(b"\xff" * 16000)
    data[8000:8080] = b"\x00\x80" * 40
    path = tmp_path / "call.wav"
    path.write_bytes(wav_bytes(bytes(data), tag=7, channels=1, rate=8000, bits=8))
    audio = decode(path, tmp_path / "work")
    assert found(audio.channels[0]) == [pytest.approx(1.0, abs=0.002)]


def test_the_sound_of_a_video_is_taken(tmp_path: Path) -> None:
    import av

    path = tmp_path / "screen.mp4"
    with av.open(str(path), "w") as out:
        video = out.add_stream("mpeg4", rate=5)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        sound = out.add_stream("aac", rate=16000)
        sound.codec_context.layout = "mono"
        for _ in range(50):
            out.mux(video.encode(av.VideoFrame(64, 64, "yuv420p")))
        whole = (clicks(16000) / 32768).astype(np.float32).reshape(1, -1)
        for start in range(0, whole.shape[1], 4096):
            part = np.ascontiguousarray(whole[:, start : start + 4096])
            frame = av.AudioFrame.from_ndarray(part, format="flt", layout="mono")
            frame.sample_rate, frame.pts = 16000, start
            out.mux(sound.encode(frame))
        out.mux(video.encode(None))
        out.mux(sound.encode(None))
    assert_times_hold(decode(path, tmp_path / "work").channels[0])


def test_sixteen_bit_sound_at_sixteen_kilohertz_comes_back_bit_by_bit(tmp_path: Path) -> None:
    sound = clicks(16000)
    audio = decode(pcm_wav(tmp_path / "a.wav", sound, 16000), tmp_path / "work")
    assert np.array_equal(audio.channels[0], sound)


def test_eight_channels_at_96_kilohertz_are_all_kept(tmp_path: Path) -> None:
    times = [tuple(t + 0.05 * c for t in CLICKS[:2]) for c in range(8)]
    sound = np.stack([clicks(96000, t, 3.0, seed=c) for c, t in enumerate(times)])
    audio = decode(encode(tmp_path / "a.flac", sound, "flac", rate=96000), tmp_path / "work")
    assert audio.info.channels == audio.info.source_channels == 8
    for samples, expected in zip(audio.channels, times, strict=True):
        assert_times_hold(samples, expected)


def test_a_wav_with_eight_channels_and_no_layout_is_read(tmp_path: Path) -> None:
    sound = np.stack([clicks(48000, (0.3 + c / 10,), 2.0, seed=c) for c in range(8)])
    audio = decode(pcm_wav(tmp_path / "a.wav", sound, 48000), tmp_path / "work")
    assert [found(c)[0] for c in audio.channels] == pytest.approx([0.3 + c / 10 for c in range(8)], abs=0.002)


def test_floats_that_are_no_numbers_become_silence_and_count_as_damage(tmp_path: Path) -> None:
    sound = (clicks(8000) / 32768).astype(np.float32)
    sound[24000:24400] = np.nan
    sound[24200] = np.inf
    audio = decode(float_wav(tmp_path / "nan.wav", sound, 8000), tmp_path / "work")
    assert_times_hold(audio.channels[0])
    assert audio.info.partial
    assert audio.info.bad_packets >= 1
    (span,) = audio.info.damaged
    assert (span.start, span.end) == (pytest.approx(3.0, abs=0.01), pytest.approx(3.05, abs=0.01))
    assert not np.any(audio.channels[0][48_100:48_700])


def test_floats_over_full_scale_are_clipped(tmp_path: Path) -> None:
    sound = np.full(16000, 1e30, np.float32)
    audio = decode(float_wav(tmp_path / "loud.wav", sound, 16000), tmp_path / "work")
    assert int(audio.channels[0][:].max()) == 32767
