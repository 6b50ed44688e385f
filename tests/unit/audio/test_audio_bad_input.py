"""What is no recording, or too much of one, is one clear sentence and leaves nothing behind."""

import errno
import io
import os
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from audio_kit import clicks, encode, pcm_wav, wav_bytes

from qa.audio.decode import DecodeLimits, decode
from qa.audio.names import shown_name
from qa.audio.probe import probe
from qa.core.errors import BadRecordingError, NotFoundError, StorageError, TingjianError, TooLargeError
from qa.i18n import LOCALES, catalogue, render


def code_of(path: Path, work: Path, limits: DecodeLimits | None = None) -> str:
    """The code of the error that decoding raises; nothing may be left in `work`."""
    with pytest.raises(TingjianError) as caught:
        decode(path, work, limits or DecodeLimits())
    assert not work.exists() or not list(work.iterdir())
    for locale in LOCALES:
        sentence = render(caught.value.message, locale)
        assert shown_name(path) in sentence or "{name}" not in catalogue()[caught.value.message.code]["en"]
        assert "{" not in sentence
        assert "\n" not in sentence
    return caught.value.message.code


def zip_bytes() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("call.wav", wav_bytes(bytes(1000), tag=1, channels=1, rate=8000, bits=16))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("empty.wav", b"", "audio.empty_file"),
        ("notes.wav", b"This is a text, not a recording.\n" * 40, "audio.is_text"),
        ("笔记.wav", "这不是录音。\n".encode() * 40, "audio.is_text"),
        ("calls.wav", zip_bytes(), "audio.is_archive"),
        ("picture.wav", b"\x89PNG\r\n\x1a\n" + bytes(500), "audio.not_audio"),
        ("zeros.wav", bytes(5000), "audio.not_audio"),
        ("header.wav", b"RIFF\x24\x00\x00\x00WAVE", "audio.not_audio"),
        ("zero.wav", wav_bytes(b"", tag=1, channels=1, rate=8000, bits=16), "audio.no_sound"),
        ("notes.ul", b"This is a text, not a recording.\n" * 40, "audio.is_text"),
        ("notes.vox", b"This is a text, not a recording.\n" * 40, "audio.is_text"),
        ("calls.al", zip_bytes(), "audio.is_archive"),
        ("list.m3u8", b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n/etc/passwd\n", "audio.is_text"),
    ],
)
def test_what_is_no_recording_is_told_in_one_sentence(tmp_path: Path, name: str, data: bytes, code: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert code_of(path, tmp_path / "work") == code
    if code != "audio.no_sound":
        with pytest.raises(BadRecordingError):
            probe(path)


def test_a_law_that_begins_with_silence_is_not_taken_for_text(tmp_path: Path) -> None:
    path = tmp_path / "call.al"
    path.write_bytes(b"U" * 80_000)
    assert decode(path, tmp_path / "work").info.dead_channels == (0,)


def test_amr_with_megabytes_of_rubbish_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "a.amr"
    path.write_bytes(b"#!AMR\n" + (b"\x3c" + bytes(31)) * 50 + b"\xff" * 5_000_000)
    info = decode(path, tmp_path / "work").info
    assert info.truncated
    assert info.duration == pytest.approx(1.0, abs=0.05)


def test_amr_of_less_than_a_frame_has_no_sound(tmp_path: Path) -> None:
    path = tmp_path / "a.amr"
    path.write_bytes(b"#!AMR\n\x046<H")
    assert code_of(path, tmp_path / "work") == "audio.no_sound"


def test_random_bytes_are_no_recording(tmp_path: Path) -> None:
    path = tmp_path / "random.wav"
    path.write_bytes(np.random.default_rng(0).bytes(200_000))
    assert code_of(path, tmp_path / "work") in ("audio.not_audio", "audio.too_damaged", "audio.no_sound")


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        decode(tmp_path / "gone.wav", tmp_path / "work")
    with pytest.raises(NotFoundError):
        probe(tmp_path / "gone.wav")


def test_a_folder_is_no_recording(tmp_path: Path) -> None:
    assert code_of(tmp_path, tmp_path / "work") == "audio.not_a_file"


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    assert code_of(tmp_path / "pipe.wav", tmp_path / "work") == "audio.not_a_file"


def test_a_video_without_sound_says_so(tmp_path: Path) -> None:
    path = tmp_path / "silent.mp4"
    with av.open(str(path), "w") as out:
        video = out.add_stream("mpeg4", rate=5)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        for _ in range(10):
            out.mux(video.encode(av.VideoFrame(64, 64, "yuv420p")))
        out.mux(video.encode(None))
    assert code_of(path, tmp_path / "work") == "audio.no_sound_track"


@pytest.mark.parametrize(
    "name", ["a\nb.wav", "a\x1b[31m.wav", "..\\..\\x.wav", "\u202evaw.exe", "x" * 200 + ".wav"]
)
def test_names_in_messages_are_harmless(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"text, no sound " * 9)
    code_of(path, tmp_path / "work")
    shown = shown_name(path)
    assert shown.isprintable()
    assert len(shown) <= 80
    assert "/" not in shown
    assert "\\" not in shown


def test_a_name_that_is_no_unicode_is_shown(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff\xfe.wav")
    path.write_bytes(b"text, no sound " * 9)
    shown_name(path).encode()
    assert code_of(path, tmp_path / "work") == "audio.is_text"


def test_a_name_that_looks_like_an_address_is_a_name(tmp_path: Path) -> None:
    path = tmp_path / "http:" / "127.0.0.1"
    path.mkdir(parents=True)
    path = pcm_wav(path / "concat:a|b.wav", clicks(8000, seconds=9), 8000)
    assert decode(path, tmp_path / "work").info.duration == pytest.approx(9.0, abs=0.01)


@pytest.mark.parametrize("codec", ["pcm_s16le", "flac"])
def test_over_the_length_cap_by_its_own_header(tmp_path: Path, codec: str) -> None:
    path = encode(tmp_path / "a.mka", clicks(8000), codec, rate=8000)
    assert code_of(path, tmp_path / "work", DecodeLimits(max_seconds=5)) == "audio.too_long"


def test_over_the_length_cap_without_a_header(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.ul", clicks(8000), "pcm_mulaw", rate=8000, container="mulaw")
    assert code_of(path, tmp_path / "work", DecodeLimits(max_seconds=5)) == "audio.too_long"


def test_over_the_byte_and_channel_caps(tmp_path: Path) -> None:
    path = pcm_wav(tmp_path / "a.wav", np.stack([clicks(8000)] * 4), 8000)
    assert code_of(path, tmp_path / "work", DecodeLimits(max_bytes=1000)) == "audio.too_big"
    assert code_of(path, tmp_path / "work", DecodeLimits(max_channels=2)) == "audio.too_many_channels"


def silent_flac(path: Path, seconds: int, *, hide_length: bool) -> Path:
    """Hours of silence in a small file; `hide_length` zeroes the number of samples in the header."""
    minute = np.zeros((1, 60 * 8000), np.int16)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("flac", rate=8000)
        stream.codec_context.layout = "mono"
        for number in range(seconds // 60):
            frame = av.AudioFrame.from_ndarray(minute, format="s16", layout="mono")
            frame.sample_rate, frame.pts = 8000, number * minute.shape[1]
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    if hide_length:
        data = bytearray(path.read_bytes())
        data[21] &= 0xF0
        data[22:26] = bytes(4)
        path.write_bytes(data)
    return path


def test_a_decode_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    path = silent_flac(tmp_path / "bomb.flac", 12 * 3600, hide_length=False)
    assert path.stat().st_size < 12_000_000
    assert code_of(path, tmp_path / "work") == "audio.too_long"


def test_a_decode_bomb_that_hides_its_length_is_stopped_at_the_cap(tmp_path: Path) -> None:
    path = silent_flac(tmp_path / "bomb.flac", 2 * 3600, hide_length=True)
    with pytest.raises(TooLargeError) as caught:
        decode(path, tmp_path / "work", DecodeLimits(max_seconds=3600))
    assert "60" in render(caught.value.message, "en")
    assert not list((tmp_path / "work").iterdir())


def test_a_file_deleted_while_it_is_read_is_still_read(tmp_path: Path) -> None:
    path = pcm_wav(tmp_path / "a.wav", clicks(8000, seconds=60), 8000)

    def delete(stage: str, done: float, total: float) -> None:
        path.unlink(missing_ok=True)

    assert decode(path, tmp_path / "work", hook=delete).info.duration == pytest.approx(60.0, abs=0.01)


def test_a_file_that_shrinks_while_it_is_read_is_partial(tmp_path: Path) -> None:
    path = pcm_wav(tmp_path / "a.wav", clicks(8000, seconds=120), 8000)

    def shrink(stage: str, done: float, total: float) -> None:
        os.truncate(path, 500_000)

    assert decode(path, tmp_path / "work", hook=shrink).info.truncated


class FailingFile(io.FileIO):
    """A share that goes away after a while."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > 300_000:
            raise OSError(errno.ESTALE, "stale file handle")
        return super().read(-1 if size is None else size)


def test_a_share_that_goes_away_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = pcm_wav(tmp_path / "a.wav", clicks(8000, seconds=120), 8000)
    real = Path.open

    def failing(self: Path, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        return FailingFile(self) if self == path else real(self, mode, *args, **kwargs)

    monkeypatch.setattr(Path, "open", failing)
    assert code_of(path, tmp_path / "work") == "audio.unreadable"


def test_a_full_disk_is_a_storage_error_and_leaves_nothing(tmp_path: Path) -> None:
    path = pcm_wav(tmp_path / "a.wav", clicks(8000, seconds=120), 8000)
    script = f"""
        import resource, signal
        from pathlib import Path
        from qa.audio.decode import decode
        from qa.core.errors import StorageError
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
        try:
            decode(Path({str(path)!r}), Path({str(tmp_path / "work")!r}))
        except StorageError as problem:
            print(problem.message.code)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "audio.disk_full"
    assert not list((tmp_path / "work").iterdir())


def test_a_working_folder_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    path = pcm_wav(tmp_path / "a.wav", clicks(8000), 8000)
    (tmp_path / "work").write_text("a file is in the way")
    with pytest.raises(StorageError):
        decode(path, tmp_path / "work")


def test_ffmpeg_says_nothing_on_stderr(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp3", clicks(16000), "libmp3lame", rate=16000, bit_rate=32000)
    data = bytearray(path.read_bytes())
    data[9000:14000] = np.random.default_rng(0).bytes(5000)
    path.write_bytes(data)
    script = (
        f"from pathlib import Path; from qa.audio.decode import decode; decode(Path({str(path)!r}), "
        f"Path({str(tmp_path / 'work')!r}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    assert done.stderr == ""
    assert done.stdout == ""


def test_every_audio_sentence_exists_in_all_languages() -> None:
    entries = {code: texts for code, texts in catalogue().items() if code.startswith("audio.")}
    assert entries
    assert all(set(texts) == set(LOCALES) for texts in entries.values())
