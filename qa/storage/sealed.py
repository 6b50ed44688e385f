"""Files encrypted in chunks, so that they are read as a stream and from anywhere.

A file is a header (magic, random prefix) and chunks of 64 KiB, each AES-256-GCM under the nonce prefix + number.
Authenticated with a chunk are what the file is (its label), its number, and whether it is the last. So a chunk
that was changed, swapped with another, taken from another file or cut off is found, and none is ever handed out.
"""

import io
import os
from collections.abc import Callable
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from typing_extensions import Buffer, override

from qa.core.errors import StorageError

KEY_BYTES: Final = 32
CHUNK: Final = 64 * 1024
_MAGIC: Final = b"TJSEAL1\n"
_PREFIX: Final = 8
_TAG: Final = 16
_HEADER: Final = len(_MAGIC) + _PREFIX
_WHOLE: Final = CHUNK + _TAG


class SealBrokenError(StorageError):
    """The key does not fit, or the bytes are not those that were sealed."""

    @classmethod
    def of(cls, label: str) -> "SealBrokenError":
        """What is told of a file."""
        return cls("custody.sound_changed", file=label[:12])


def new_key() -> bytes:
    """A random data key."""
    return AESGCM.generate_key(KEY_BYTES * 8)


def is_sealed(file: BinaryIO) -> bool:
    """Whether an open file looks like a sealed one; it is left at its start."""
    file.seek(0)
    start = file.read(len(_MAGIC))
    file.seek(0)
    return start == _MAGIC


def seal(source: BinaryIO, write: Callable[[bytes], None], key: bytes, label: str) -> None:
    """Encrypt all of `source`. `label` says what it is and has to be given again for reading."""
    cipher, prefix = AESGCM(key), os.urandom(_PREFIX)
    write(_MAGIC + prefix)
    chunk, number = source.read(CHUNK), 0
    while True:
        # One chunk ahead: the last one is marked as such.
        following = source.read(CHUNK) if len(chunk) == CHUNK else b""
        last = not following
        write(cipher.encrypt(_nonce(prefix, number), chunk, _about(label, number, last=last)))
        if last:
            return
        chunk, number = following, number + 1


def unsealed(file: BinaryIO, key: bytes, label: str) -> BinaryIO:
    """The plain bytes of a sealed file as a seekable stream; closing it closes `file`.

    Raises `SealBrokenError`, here where key, label or length do not fit and while reading where a chunk does not.
    """
    return io.BufferedReader(_Unsealed(file, key, label), CHUNK)


class _Unsealed(io.RawIOBase):
    """One chunk is held at a time."""

    def __init__(self, file: BinaryIO, key: bytes, label: str) -> None:
        self._file = file
        self._cipher = AESGCM(key)
        self._label = label
        header = file.read(_HEADER)
        body = file.seek(0, io.SEEK_END) - _HEADER
        self._chunks = -(-body // _WHOLE)
        self._size = body - self._chunks * _TAG
        if header[: len(_MAGIC)] != _MAGIC or body < _TAG or self._size < 0:
            raise SealBrokenError.of(label)
        self._prefix = header[len(_MAGIC) :]
        self._at = 0
        self._number, self._chunk = -1, b""
        # The last chunk alone knows where the file ends.
        self._load(self._chunks - 1)

    @override
    def readable(self) -> bool:
        return True

    @override
    def seekable(self) -> bool:
        return True

    @override
    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("before the start of the file")
        self._at = base + offset
        return self._at

    @override
    def tell(self) -> int:
        return self._at

    @override
    def readinto(self, buffer: Buffer, /) -> int:
        room = memoryview(buffer).cast("B")
        if self._at >= self._size or not len(room):
            return 0
        number, start = divmod(self._at, CHUNK)
        if number != self._number:
            self._load(number)
        part = self._chunk[start : start + len(room)]
        room[: len(part)] = part
        self._at += len(part)
        return len(part)

    @override
    def close(self) -> None:
        self._file.close()
        super().close()

    def _load(self, number: int) -> None:
        self._file.seek(_HEADER + number * _WHOLE)
        about = _about(self._label, number, last=number == self._chunks - 1)
        try:
            self._chunk = self._cipher.decrypt(_nonce(self._prefix, number), self._file.read(_WHOLE), about)
        except (InvalidTag, ValueError):
            raise SealBrokenError.of(self._label) from None
        self._number = number


def _nonce(prefix: bytes, number: int) -> bytes:
    return prefix + number.to_bytes(4, "big")


def _about(label: str, number: int, *, last: bool) -> bytes:
    return b"%s\0%d\0%d" % (label.encode(), number, last)
