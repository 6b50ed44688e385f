"""A recording of any kind, decoded once from end to end into one raw 16 kHz file per channel.

Memory stays flat however long the recording is: packets go through in blocks of two seconds and the result is
read back as memory maps.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import soundfile

from qa.audio.channels import ChannelComparison
from qa.audio.framed import FramedReader, framing_of
from qa.audio.names import shown_name
from qa.audio.packets import PacketReader, Piece
from qa.audio.probe import VOX_RATE, ProbeInfo, checked_size, describe, is_vox, opened, probe
from qa.audio.reading import Reading
from qa.audio.samples import SAMPLE_RATE, Floats, Hook, Samples, no_hook, to_int16
from qa.audio.store import ChannelWriter, open_channels
from qa.audio.timeline import Timeline, TooLongError
from qa.core.errors import BadRecordingError, TooLargeError
from qa.core.speech import AudioInfo

STAGE: Final = "decode"
VERSION: Final = 1
"""Part of the stage cache's key: raised whenever the same file would give other samples."""

_LEAST_SOUND: Final = 0.2
"""With less than this share of the time decodable a file is noise to the decoder, not a damaged recording."""


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """Caps that hold while decoding; the defaults are those of the `intake` settings."""

    max_bytes: int = 2 * 2**30
    max_seconds: float = 5 * 3600.0
    max_channels: int = 8


DEFAULT_LIMITS: Final = DecodeLimits()


@dataclass(frozen=True, slots=True)
class DecodedAudio:
    """A decoded recording: what is known of it, and its channels as memory maps on `workdir`."""

    info: AudioInfo
    channels: tuple[Samples, ...]
    workdir: Path


def reopen(info: AudioInfo, workdir: Path) -> DecodedAudio:
    """What an earlier `decode` left in `workdir`. Raises `NotFoundError` where it was cleaned away."""
    return DecodedAudio(info, open_channels(workdir, info.channels), workdir)


def decode(
    path: Path,
    workdir: Path,
    limits: DecodeLimits = DEFAULT_LIMITS,
    hook: Hook = no_hook,
) -> DecodedAudio:
    """Decode `path`, keeping every channel, with all times as in the recording.

    What cannot be decoded becomes silence and is listed in `info.damaged`. Raises `BadRecordingError` for what is
    no recording, `TooLargeError` over a cap and `StorageError` when `workdir` cannot take the result; each of them
    leaves nothing behind.
    """
    name = shown_name(path)
    if checked_size(path) > limits.max_bytes:
        raise TooLargeError("audio.too_big", name=name, limit=limits.max_bytes // 2**20)
    with _source(path) as source:
        _check_claims(source.claims, limits, name)
        info = _decode(source, name, workdir, limits, hook)
    return reopen(info, workdir)


@dataclass(slots=True)
class _Source:
    """What is decoded: its header, its pieces, and the counts that are known at the end."""

    claims: ProbeInfo
    pieces: Iterable[Piece]
    reader: PacketReader | FramedReader | None = None
    file: Reading | None = None


@contextmanager
def _source(path: Path) -> Iterator[_Source]:
    if is_vox(path):
        yield _Source(probe(path), _vox_pieces(path))
        return
    size = checked_size(path)
    with opened(path) as found:
        claims = describe(path, size, found.container, found.stream)
        framing = framing_of(found.file) if claims.container in ("amr", "aac") else None
        reader = (
            PacketReader(found.container, found.stream)
            if framing is None
            else FramedReader(found.file, framing, claims.sample_rate, claims.channels)
        )
        yield _Source(claims, reader, reader, found.file)


def _vox_pieces(path: Path) -> Iterator[Piece]:
    """Dialogic ADPCM through libsndfile; ffmpeg does not know the headerless form."""
    with soundfile.SoundFile(
        str(path), format="RAW", subtype="VOX_ADPCM", samplerate=VOX_RATE, channels=1
    ) as sound:
        while len(block := sound.read(VOX_RATE, dtype="float32", always_2d=True)):
            yield Piece(block.T, VOX_RATE)


def _check_claims(claims: ProbeInfo, limits: DecodeLimits, name: str) -> None:
    if claims.channels > limits.max_channels:
        raise TooLargeError(
            "audio.too_many_channels", name=name, channels=claims.channels, limit=limits.max_channels
        )
    if claims.declared_duration is not None and claims.declared_duration > limits.max_seconds:
        raise _too_long(name, limits)


def _too_long(name: str, limits: DecodeLimits) -> TooLargeError:
    return TooLargeError("audio.too_long", name=name, limit=limits.max_seconds / 60)


def _decode(source: _Source, name: str, workdir: Path, limits: DecodeLimits, hook: Hook) -> AudioInfo:
    claims = source.claims
    comparison = ChannelComparison(claims.channels)
    with ChannelWriter(workdir, claims.channels) as writer:

        def sink(block: Floats) -> None:
            samples = to_int16(block)
            writer.write(samples)
            comparison.add(samples)
            done = timeline.duration
            hook(STAGE, done, max(done, claims.declared_duration or 0.0))

        timeline = Timeline(claims.channels, claims.declared_duration, limits.max_seconds, sink)
        _run(source.pieces, timeline, name, limits)
        if source.file is not None:
            source.file.check(name)
        bad = (source.reader.bad if source.reader else 0) + timeline.bad_values
        _check_sound(timeline, bad, name)
        comparison.finish()
        dual_mono = comparison.dual_mono()
        kept = 1 if dual_mono else claims.channels
        writer.keep(kept)
    duration = timeline.duration
    declared = claims.declared_duration
    short = declared is not None and duration < declared - 0.5 - 0.002 * declared
    return AudioInfo(
        container=claims.container,
        codec=claims.codec,
        sample_rate=claims.sample_rate,
        channels=kept,
        source_channels=claims.channels,
        duration=duration,
        declared_duration=declared,
        damaged=tuple(timeline.damaged),
        bad_packets=bad,
        truncated=short or bool(source.reader and source.reader.cut),
        dual_mono=dual_mono,
        dead_channels=tuple(c for c in comparison.dead() if c < kept),
        notes=tuple(sorted(timeline.notes | ({"several_tracks"} if claims.tracks > 1 else set()))),
    )


def _run(pieces: Iterable[Piece], timeline: Timeline, name: str, limits: DecodeLimits) -> None:
    try:
        for piece in pieces:
            timeline.add(piece)
        timeline.finish()
    except TooLongError:
        raise _too_long(name, limits) from None
    except (av.FFmpegError, soundfile.SoundFileError, ValueError, EOFError):
        raise BadRecordingError("audio.not_audio", name=name) from None
    except MemoryError:
        raise BadRecordingError("audio.bad_header", name=name) from None
    except OSError:
        raise BadRecordingError("audio.unreadable", name=name) from None


def _check_sound(timeline: Timeline, bad: int, name: str) -> None:
    if timeline.duration < 1 / SAMPLE_RATE or timeline.sound_seconds <= 0.0:
        raise BadRecordingError("audio.too_damaged" if bad else "audio.no_sound", name=name)
    lost = sum(s.duration for s in timeline.damaged)
    if lost > (1.0 - _LEAST_SOUND) * timeline.duration:
        raise BadRecordingError("audio.too_damaged", name=name)
