"""From an open container to pieces of sound with times, bad packets included as what they are: lost time.

Written as our own loop over packets, because the ready-made ones stop at the first damaged packet and say
nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, cast

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.codec.context import CodecContext
from av.container import InputContainer
from av.packet import Packet

from qa.audio.samples import Floats

_BYTE_CLOCK: Final = frozenset({"mp3", "aac"})
"""Containers without time stamps: what the demuxer reports is a count of packets, so bytes that were skipped
have to be turned into time here."""

_BETTER_DECODER: Final = {"amrnb": "libopencore_amrnb", "amrwb": "libopencore_amrwb"}
"""ffmpeg's own AMR decoders give up on comfort-noise (DTX) frames, which real calls are full of."""

_MOST_READ_ERRORS: Final = 64
_MOST_SILENT_PACKETS: Final = 20_000
"""In a row without one sample: then the rest is taken as lost rather than searched for ever."""

_SCALE: Final = {"u8": 128.0, "s16": 32768.0, "s32": 2147483648.0, "flt": 1.0, "dbl": 1.0}


@dataclass(frozen=True, slots=True)
class Piece:
    """Some sound, or, with `samples` None, something that could not be decoded."""

    samples: Floats | None
    rate: int = 0
    at: float | None = None
    """Start in seconds from the start of the recording; None where the format has no time stamps."""
    until: float | None = None
    """For a loss: where the lost sound ends, as far as known."""


class PacketReader:
    """Iterates over the pieces of one sound track.

    `bad` counts packets that could not be decoded, `cut` says that reading ended before the file did.
    """

    def __init__(self, container: InputContainer, stream: AudioStream) -> None:
        self.bad = 0
        self.cut = False
        self._container = container
        self._stream = stream
        self._decoder = _decoder(stream)
        # The stubs promise numbers where ffmpeg may have none.
        start = cast("int | None", container.start_time)
        self._origin = None if start is None else start / 1_000_000
        self._by_bytes = container.format.name in _BYTE_CLOCK
        self._shift = 0.0
        self._good_bytes = 0
        self._good_seconds = 0.0
        self._stamped = False
        self._next_byte: int | None = None

    def __iter__(self) -> Iterator[Piece]:
        without_sound = 0
        for packet in self._packets():
            size = packet.size
            self._notice_skipped(packet)
            try:
                frames = packet.decode() if self._decoder is None else self._decoder.decode(packet)
            except av.FFmpegError:
                self.bad += 1
                yield self._lost(packet)
                frames = []
            else:
                self._learn(packet)
            without_sound = 0 if frames else without_sound + 1
            if without_sound > _MOST_SILENT_PACKETS:
                self.cut = True
                return
            for frame in frames:
                if frame.samples:
                    yield self._piece(frame, flushed=size == 0)

    def _packets(self) -> "Iterator[Packet[AudioStream]]":
        """Packets, going on after errors of the demuxer as long as that leads anywhere."""
        errors = 0
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.FFmpegError:
                self.bad += 1
                errors += 1
                if errors > _MOST_READ_ERRORS:
                    self.cut = True
                    return
                packets = self._container.demux(self._stream)
                continue
            yield packet

    def _piece(self, frame: AudioFrame, *, flushed: bool) -> Piece:
        at = None
        if frame.pts is not None and self._stream.time_base is not None:
            self._stamped = True
            at = self._time(float(frame.pts * self._stream.time_base))
        elif self._stamped and not flushed and self._stream.codec_context.name == "flac":
            # Frames found inside a damaged stretch carry no number: nobody can say when they were.
            self.bad += 1
            return Piece(None)
        return Piece(as_floats(frame), frame.sample_rate, at)

    def _time(self, seconds: float) -> float:
        if self._origin is None:
            self._origin = seconds
        return seconds - self._origin + self._shift

    def _notice_skipped(self, packet: "Packet[AudioStream]") -> None:
        """Bytes that the demuxer jumped over to find the next packet are lost time as well."""
        if not self._by_bytes or packet.pos is None or not packet.size:
            return
        if self._next_byte is not None and packet.pos > self._next_byte and packet.duration:
            length = float(packet.duration * packet.time_base)
            self._shift += self._frames_in(packet.pos - self._next_byte, length) * length
        self._next_byte = packet.pos + packet.size

    def _frames_in(self, size: int, length: float) -> int:
        """How many packets of `length` seconds `size` bytes hold on average."""
        if not self._good_seconds:
            return 0
        return round(size / (self._good_bytes / self._good_seconds) / length)

    def _learn(self, packet: "Packet[AudioStream]") -> None:
        if self._by_bytes and packet.duration:
            self._good_bytes += packet.size
            self._good_seconds += float(packet.duration * packet.time_base)

    def _lost(self, packet: "Packet[AudioStream]") -> Piece:
        """What is lost with a packet; its bytes tell the time where the format has no time stamps."""
        if packet.pts is None or not packet.duration:
            return Piece(None)
        start = self._time(float(packet.pts * packet.time_base))
        length = float(packet.duration * packet.time_base)
        if self._by_bytes:
            frames = max(1, self._frames_in(packet.size, length))
            self._shift += (frames - 1) * length
            length *= frames
        return Piece(None, until=start + length)


def _decoder(stream: AudioStream) -> AudioCodecContext | None:
    """A decoder of our own choice, or None for the stream's."""
    better = _BETTER_DECODER.get(stream.codec_context.name)
    if better is None or better not in av.codecs_available:
        # Without the checksum a damaged FLAC frame comes out as loud noise.
        stream.codec_context.options = {"err_detect": "crccheck"}
        stream.codec_context.thread_count = 1
        return None
    decoder = CodecContext.create(better, "r")
    if not isinstance(decoder, AudioCodecContext):
        return None
    decoder.sample_rate = stream.codec_context.sample_rate
    decoder.layout = stream.codec_context.layout
    return decoder


def as_floats(frame: AudioFrame) -> Floats:
    """A frame as (channels, samples) floats, full scale at 1.0. Raises `ValueError` for unknown sample formats."""
    kind = frame.format.name.removesuffix("p")
    if kind not in _SCALE:
        raise ValueError(kind)
    array = frame.to_ndarray()
    if not frame.format.is_planar:
        array = array.reshape(-1, frame.layout.nb_channels).T
    floats = array.astype(np.float32)
    if kind == "u8":
        floats -= np.float32(128.0)
    if _SCALE[kind] != 1.0:
        floats *= np.float32(1.0 / _SCALE[kind])
    return floats
