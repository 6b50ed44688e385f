"""The file as ffmpeg reads it: errors of the disk are kept for us instead of printed."""

from contextlib import suppress
from io import BufferedReader

from qa.core.errors import BadRecordingError


class Reading:
    """A read-only file object for PyAV, which prints and drops exceptions that come out of one.

    A failed read looks like the end of the file to ffmpeg; `check` afterwards tells the two apart.
    """

    def __init__(self, file: BufferedReader) -> None:
        self._file = file
        self._failed = False

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; empty at the end and after a failure."""
        try:
            return self._file.read(size)
        except OSError:
            self._failed = True
            return b""

    def seek(self, offset: int, whence: int) -> int:
        """The new position, or -1 where there is none (damaged headers point before the start)."""
        with suppress(OSError, ValueError, OverflowError):
            return self._file.seek(offset, whence)
        return -1

    def tell(self) -> int:
        """The position."""
        return self._file.tell()

    def check(self, name: str) -> None:
        """Raise `BadRecordingError` if a read failed."""
        if self._failed:
            raise BadRecordingError("audio.unreadable", name=name)
