"""AMR and ADTS files, cut into frames here instead of by ffmpeg.

Both are plain rows of frames without time stamps, each saying its own size. After damage ffmpeg takes the next
bytes for a size and goes on reading nonsense, in AMR for the rest of the file, so that everything later is heard
seconds off. Here a frame counts only if a row of plausible ones follows it, and skipped bytes become lost time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import av
from av.audio.codeccontext import AudioCodecContext
from av.codec.context import CodecContext
from av.packet import Packet

from qa.audio.packets import Piece, as_floats
from qa.audio.reading import Reading

_CHUNK: Final = 1 << 18
_LOOKAHEAD: Final = 1 << 15
"""Bytes kept in hand so that a row of frames can be judged; the longest ADTS frame has 8191."""

_MOST_SKIPPED: Final = 1 << 22
"""Bytes searched for the next frame before the rest is given up: 18 minutes of AMR, seconds of computing."""
_ROW_IN_STEP: Final = 2
"""Plausible frames in a row, this one and the next, that are enough as long as nothing was skipped."""

_AMR_NB_BYTES: Final = (13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1)
_AMR_WB_BYTES: Final = (18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1)
"""Size of a stored frame by its type, header byte included, 0 for types that do not exist (RFC 4867, 5.3)."""
_AMR_RESERVED: Final = 0x83
"""Bits of the frame header that are always zero (RFC 4867, 5.3)."""
_AMR_GOOD: Final = 0x04
"""The quality bit. A frame without it is damaged, and zeros must not pass for a row of frames."""
_AMR_NO_DATA: Final = 15
_ADTS_RATES: Final = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
"""Sampling rates by index (ISO/IEC 14496-3, table 1.18)."""


@dataclass(frozen=True, slots=True)
class Framing:
    """How a kind of file is cut into frames."""

    header: int
    """Bytes before the first frame."""
    decoder: str
    row: int
    """Plausible frames in a row that prove a place to be the start of one after damage; by chance one byte in 13
    looks like the header of an AMR frame, one place in 6,000 like that of an ADTS frame."""
    size: Callable[[bytes, int], int]
    """Bytes of the frame at an offset, 0 where none can be."""
    seconds: Callable[[bytes, int], float]
    """Length of the frame at an offset."""


def _amr_size(table: tuple[int, ...]) -> Callable[[bytes, int], int]:
    def size(data: bytes, at: int) -> int:
        head = data[at]
        kind = head >> 3 & 15
        if head & _AMR_RESERVED or not (head & _AMR_GOOD or kind == _AMR_NO_DATA):
            return 0
        return table[kind]

    return size


def _adts_size(data: bytes, at: int) -> int:
    if len(data) - at < 7 or data[at] != 0xFF or data[at + 1] & 0xF6 != 0xF0:
        return 0
    if data[at + 2] >> 2 & 15 >= len(_ADTS_RATES):
        return 0
    size = (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
    return size if size > 7 else 0


def _adts_seconds(data: bytes, at: int) -> float:
    blocks = (data[at + 6] & 3) + 1
    return 1024 * blocks / _ADTS_RATES[data[at + 2] >> 2 & 15]


def framing_of(file: Reading) -> Framing | None:
    """The framing of a file, None for any other kind or where this build has no decoder for it."""
    file.seek(0, 0)
    framing = _framing(file.read(16))
    return framing if framing is not None and framing.decoder in av.codecs_available else None


def _framing(start: bytes) -> Framing | None:
    if start.startswith(b"#!AMR-WB\n"):
        return Framing(9, "libopencore_amrwb", 6, _amr_size(_AMR_WB_BYTES), lambda _data, _at: 0.02)
    if start.startswith(b"#!AMR\n"):
        return Framing(6, "libopencore_amrnb", 6, _amr_size(_AMR_NB_BYTES), lambda _data, _at: 0.02)
    if _adts_size(start, 0):
        return Framing(0, "aac", 3, _adts_size, _adts_seconds)
    return None


class FramedReader:
    """Iterates over the pieces of a framed file, like `PacketReader`."""

    def __init__(self, file: Reading, framing: Framing, rate: int, channels: int) -> None:
        self.bad = 0
        self.cut = False
        self._file = file
        self._framing = framing
        self._decoder = _decoder(framing.decoder, rate, channels)
        self._bytes = 0
        self._seconds = 0.0
        self._lost = 0.0
        self._last = 0.02

    def __iter__(self) -> Iterator[Piece]:
        self._file.seek(self._framing.header, 0)
        data, at, ended = b"", 0, False
        skipped = 0
        while True:
            while not ended and len(data) - at < _LOOKAHEAD:
                more = self._file.read(_CHUNK)
                ended = not more
                data, at = data[at:] + more, 0
            if at >= len(data):
                break
            size = self._start(data, at, self._framing.row if skipped else _ROW_IN_STEP, ended=ended)
            if not size:
                skipped += 1
                at += 1
                if skipped > _MOST_SKIPPED:
                    self.cut = True
                    break
                continue
            if skipped:
                yield self._skip(skipped)
                skipped = 0
            yield from self._frame(data, at, size)
            at += size
        if skipped and skipped * self._seconds > self._bytes * self._last:  # less is a tag or a cut last frame
            yield self._skip(skipped)
        yield from self._decoded(None, self._now)

    @property
    def _now(self) -> float:
        return self._seconds + self._lost

    def _start(self, data: bytes, at: int, row: int, *, ended: bool) -> int:
        """Size of the frame at `at` if a row of frames begins there or the file ends with it, otherwise 0."""
        first = self._framing.size(data, at)
        place = at
        for _ in range(row):
            if place >= len(data) and ended:
                break
            size = self._framing.size(data, place)
            if not size:
                return 0
            place += size
        return first if at + first <= len(data) else 0

    def _skip(self, count: int) -> Piece:
        """Turn skipped bytes into lost time, in whole frames of the average size so far."""
        self.bad += 1
        if self._bytes:
            frames = max(1, round(count * self._seconds / self._bytes / self._last))
            self._lost += frames * self._last
        return Piece(None, until=self._now)

    def _frame(self, data: bytes, at: int, size: int) -> Iterator[Piece]:
        start = self._now
        self._last = self._framing.seconds(data, at)
        self._bytes += size
        self._seconds += self._last
        yield from self._decoded(data[at : at + size], start)

    def _decoded(self, frame: bytes | None, start: float) -> Iterator[Piece]:
        try:
            frames = self._decoder.decode(None if frame is None else Packet(frame))
        except av.FFmpegError:
            self.bad += 1
            yield Piece(None, until=self._now)
            return
        for found in frames:
            if found.samples:
                yield Piece(as_floats(found), found.sample_rate, start)
                start += found.samples / found.sample_rate


def _decoder(name: str, rate: int, channels: int) -> AudioCodecContext:
    decoder = CodecContext.create(name, "r")
    if not isinstance(decoder, AudioCodecContext):
        raise TypeError(name)
    decoder.sample_rate = rate
    decoder.layout = "mono" if channels == 1 else "stereo"
    return decoder
