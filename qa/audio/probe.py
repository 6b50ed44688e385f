"""Opening a file as sound and a quick look at what it claims to be, without decoding it."""

import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import av
import av.logging
from av.audio.stream import AudioStream
from av.container import InputContainer

from qa.audio.names import shown_name
from qa.audio.reading import Reading
from qa.audio.riff import declared_seconds, has_mpeg_length
from qa.core.base import Record
from qa.core.errors import BadRecordingError, NotFoundError

av.logging.set_level(None)  # ffmpeg's own chatter would go to stderr; what matters is raised as an error

VOX_RATE: Final = 8000
"""Hz; Dialogic VOX carries no header, and telephony cards record it at this rate."""

_RAW: Final = {
    ".al": "alaw",
    ".alaw": "alaw",
    ".pcma": "alaw",
    ".ul": "mulaw",
    ".ulaw": "mulaw",
    ".mulaw": "mulaw",
    ".pcmu": "mulaw",
    ".g722": "g722",
    ".gsm": "gsm",
}
"""Formats without a header, known by the extension alone."""

_FORMATS: Final = (
    "wav,w64,mp3,mov,mp4,m4a,3gp,matroska,webm,ogg,flac,aac,amr,amrnb,amrwb,au,aiff,caf,avi,asf,mpegts,mpeg,"
    "flv,rm,voc,ac3,eac3,wv,ape,tta,g729,g723_1,nistsphere,ircam,gsm,g722,alaw,mulaw"
)
"""What may be opened. Playlists and scripts (hls, concat, ...) are not in it: they would read other files."""

_GUESSED_LENGTH: Final = frozenset(
    {"aac", "amr", "amrnb", "amrwb", "ac3", "eac3", "mpeg", "gsm", "g722", "alaw", "mulaw"}
)
"""Containers whose length is guessed from size and bit rate: no claim that a file could fall short of."""

_RATES: Final = range(2_000, 768_001)

_ARCHIVES: Final = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!")


_LEAST_LETTERS: Final = 8


class ProbeInfo(Record, frozen=True):
    """What a file claims about its sound."""

    container: str
    codec: str
    sample_rate: int
    """Hz."""
    channels: int
    declared_duration: float | None
    """Seconds; None where the container does not say or only guesses."""
    tracks: int
    """Sound tracks in the file; the first one is analysed."""
    size: int
    """Bytes."""


def probe(path: Path) -> ProbeInfo:
    """A quick look at the header.

    Raises `BadRecordingError` with one sentence for what is no recording, `NotFoundError` for no file.
    """
    size = checked_size(path)
    if is_vox(path):
        return ProbeInfo("vox", "adpcm_oki", VOX_RATE, 1, size * 2 / VOX_RATE, 1, size)
    with opened(path) as source:
        return describe(path, size, source.container, source.stream)


def describe(path: Path, size: int, container: InputContainer, stream: AudioStream) -> ProbeInfo:
    """`ProbeInfo` of an open container."""
    context = stream.codec_context
    name = container.format.name.split(",")[0]
    return ProbeInfo(
        container=name,
        codec=context.name,
        sample_rate=context.sample_rate,
        channels=context.layout.nb_channels,
        declared_duration=_declared(path, name, container, stream),
        tracks=len(container.streams.audio),
        size=size,
    )


def checked_size(path: Path) -> int:
    """Size of a regular, non-empty file in bytes; raises the fitting error otherwise."""
    name = shown_name(path)
    try:
        found = path.stat()
    except FileNotFoundError:
        raise NotFoundError("audio.no_file", name=name) from None
    except (OSError, ValueError):
        raise BadRecordingError("audio.unreadable", name=name) from None
    if not stat.S_ISREG(found.st_mode):
        raise BadRecordingError("audio.not_a_file", name=name)
    if found.st_size == 0:
        raise BadRecordingError("audio.empty_file", name=name)
    return found.st_size


def is_vox(path: Path) -> bool:
    """Dialogic VOX: no header at all, known by its extension. Raises for text and archives of that name."""
    if path.suffix.lower() != ".vox" or _has_header(path):
        return False
    _refuse_disguised(path, shown_name(path))
    return True


class Opened(NamedTuple):
    """A container, the sound track that is analysed, and the file under both."""

    container: InputContainer
    stream: AudioStream
    file: Reading


@contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """`path` as sound, closed at the end. Raises what `probe` raises.

    The file is opened here and handed over as a file object: a name can then never be taken for a URL, and
    a file deleted meanwhile is still read to its end.
    """
    with ExitStack() as stack:
        yield _open(path, stack)


def _open(path: Path, stack: ExitStack) -> Opened:
    name = shown_name(path)
    raw = None if _has_header(path) else _RAW.get(path.suffix.lower())
    options = {"format_whitelist": _FORMATS, "protocol_whitelist": "none"}
    if raw is not None:
        _refuse_disguised(path, name)
    if raw in ("alaw", "mulaw"):
        options["sample_rate"] = "8000"
    try:
        file = Reading(stack.enter_context(path.open("rb")))
    except FileNotFoundError:
        raise NotFoundError("audio.no_file", name=name) from None
    except OSError:
        raise BadRecordingError("audio.unreadable", name=name) from None
    try:
        container = av.open(
            file, format=raw, container_options=options, buffer_size=1 << 16, metadata_errors="replace"
        )
    except (av.FFmpegError, ValueError, RuntimeError, MemoryError):
        file.check(name)
        raise BadRecordingError(_what_it_is(path), name=name) from None
    stack.enter_context(container)
    if not isinstance(container, InputContainer):
        raise TypeError("opened for reading")
    return Opened(container, _sound_track(container, name), file)


def _sound_track(container: InputContainer, name: str) -> AudioStream:
    tracks = container.streams.audio
    if not tracks:
        raise BadRecordingError("audio.no_sound_track", name=name)
    stream = tracks[0]
    if stream.codec_context is None:
        raise BadRecordingError("audio.unknown_codec", name=name)
    if stream.codec_context.layout.nb_channels < 1 or stream.codec_context.sample_rate not in _RATES:
        raise BadRecordingError("audio.bad_header", name=name)
    return stream


def _declared(path: Path, format_name: str, container: InputContainer, stream: AudioStream) -> float | None:
    """The length in seconds that the file promises, or None where there is only a guess."""
    if format_name in _GUESSED_LENGTH or (format_name == "mp3" and not has_mpeg_length(path)):
        return None
    if format_name == "wav":
        return declared_seconds(path)
    if stream.duration is not None and stream.time_base is not None:
        seconds = float(stream.duration * stream.time_base)
    elif container.duration is not None and not container.streams.video:
        seconds = container.duration / 1_000_000
    else:
        return None
    return seconds if seconds > 0 else None


def _start(path: Path, count: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(count)
    except OSError:
        return b""


def _has_header(path: Path) -> bool:
    """Whether a file with a headerless extension is a wrongly named file of another kind."""
    return _start(path, 4) in (b"RIFF", b"OggS", b"fLaC", b"caff", b".snd", b"FORM", b"RIFX", b"RF64")


def _refuse_disguised(path: Path, name: str) -> None:
    """Any bytes at all are valid in a format without a header, so text and archives are told by their look."""
    start = _start(path, 4096)
    if start.startswith(_ARCHIVES):
        raise BadRecordingError("audio.is_archive", name=name)
    # Silence in A-law is a row of the letter U: text has more letters than one.
    if len(set(start)) >= _LEAST_LETTERS and _is_text(start):
        raise BadRecordingError("audio.is_text", name=name)


def _is_text(start: bytes) -> bool:
    if not start or b"\0" in start:
        return False
    try:
        text = start.decode("utf-8")
    except UnicodeDecodeError as problem:
        if problem.start < len(start) - 4:
            return False
        text = start[: problem.start].decode("utf-8")
    return all(c.isprintable() or c in "\t\r\n\ufeff" for c in text)


def _what_it_is(path: Path) -> str:
    """The message code that tells best why a file is no recording."""
    start = _start(path, 4096)
    if start.startswith(_ARCHIVES):
        return "audio.is_archive"
    if start[4:8] == b"ftyp":
        return "audio.no_index"
    return "audio.is_text" if _is_text(start) else "audio.not_audio"
