"""What headers say about the length of a recording, where ffmpeg reports the length of what is left of it."""

import struct
from pathlib import Path
from typing import Final

_UNKNOWN_SIZES: Final = (0, 0xFFFFFFFF, 0x7FFFFFFF)
"""Data sizes that writers leave in the header while they do not know the length yet."""
_LARGEST_PLAUSIBLE: Final = 0x7F000000
_MOST_CHUNKS: Final = 64


def declared_seconds(path: Path) -> float | None:
    """Length that a WAV header promises (size of `data` over bytes per second), None where it does not say."""
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return None
        byte_rate = 0
        for _ in range(_MOST_CHUNKS):
            chunk = file.read(8)
            if len(chunk) < 8:
                return None
            name, size = chunk[:4], struct.unpack("<I", chunk[4:])[0]
            if name == b"data":
                known = size not in _UNKNOWN_SIZES and size < _LARGEST_PLAUSIBLE and byte_rate > 0
                return size / byte_rate if known else None
            start = file.tell()
            if name == b"fmt ":
                fields = file.read(16)
                if len(fields) == 16:
                    byte_rate = struct.unpack("<HHIIHH", fields)[3]
            file.seek(start + size + (size & 1))
    return None


def has_mpeg_length(path: Path) -> bool:
    """Whether an MP3 carries a Xing, Info or VBRI header, and with it a length that is more than a guess."""
    with path.open("rb") as file:
        head = file.read(10)
        if head[:3] == b"ID3" and len(head) == 10:
            a, b, c, d = (x & 0x7F for x in head[6:10])
            file.seek(10 + (a << 21 | b << 14 | c << 7 | d))
        else:
            file.seek(0)
        start = file.read(4096)
    return any(mark in start for mark in (b"Xing", b"Info", b"VBRI"))
