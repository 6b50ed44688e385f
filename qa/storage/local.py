"""A folder on the local disk. Every file appears whole or not at all: temporary name, fsync, rename."""

import fcntl
import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from qa.core.errors import StorageError, TooLargeError
from qa.storage.base import safe_suffix
from qa.storage.disk import storage_errors
from qa.storage.scratch import remove_unused

_SHA256 = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,100}")


_JUST_MADE_S = 5.0
"""Between a file and its lock lie microseconds; so long nobody takes it for a dead one."""


class LocalSpoolFile:
    """See `qa.storage.base.SpoolFile`."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._path = path
        self._max = max_bytes
        self._hash = hashlib.sha256()
        self._size = 0
        with storage_errors(path):
            self._file = path.open("xb")
            # The kernel unlocks it when its owner dies: what a killed process left is known at once.
            fcntl.flock(self._file, fcntl.LOCK_EX)

    @property
    def path(self) -> Path:
        """Where the bytes lie."""
        return self._path

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._size

    @property
    def sha256(self) -> str:
        """Hash so far."""
        return self._hash.hexdigest()

    def write(self, chunk: bytes) -> None:
        """Append and hash."""
        if self._size + len(chunk) > self._max:
            raise TooLargeError("ledger.too_many_bytes", limit=human_bytes(self._max))
        with storage_errors(self._path):
            self._file.write(chunk)
        self._hash.update(chunk)
        self._size += len(chunk)

    def flush(self) -> None:
        """To the disk."""
        with storage_errors(self._path):
            self._file.flush()
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Give the handle back; a full disk was told by `write` or `flush` already."""
        try:
            self._file.close()
        except OSError:
            # Closing flushes what a failed write left in the buffer and fails the same way again.
            return


class LocalStorage:
    """See `qa.storage.base.Storage`. Below `home`: spool, uploads, audio/ab/<sha256>, artefacts/ab/<sha256>."""

    def __init__(self, home: Path) -> None:
        self._spool = home / "spool"
        self._uploads = home / "uploads"
        self._audio = home / "audio"
        self._artefacts = home / "artefacts"
        # The pipeline's working folders; it makes them itself.
        self._scratch = home / "scratch"
        for folder in (self._spool, self._uploads, self._audio, self._artefacts):
            with storage_errors(folder):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    @contextmanager
    def spool(self, max_bytes: int, suffix: str = "") -> Iterator[LocalSpoolFile]:
        """A new spool file, removed at the end unless `keep_audio` moved it."""
        incoming = LocalSpoolFile(self._spool / f"{secrets.token_hex(16)}{suffix}", max_bytes)
        try:
            yield incoming
        finally:
            incoming.close()
            incoming.path.unlink(missing_ok=True)

    def keep_audio(self, spooled: Path, sha256: str, suffix: str) -> None:
        """Move into place; the caller has flushed it."""
        target = self._audio_file(sha256, suffix)
        with storage_errors(target):
            target.parent.mkdir(mode=0o700, exist_ok=True)
            spooled.replace(target)
            _sync_folder(target.parent)

    def has_audio(self, sha256: str, suffix: str) -> bool:
        """Whether the bytes are there."""
        return self._audio_file(sha256, suffix).is_file()

    def audio_path(self, sha256: str, suffix: str) -> Path:
        """Path of the bytes."""
        path = self._audio_file(sha256, suffix)
        if not path.is_file():
            raise StorageError("ledger.audio_gone", sha256=sha256[:12])
        return path

    def expected_audio_path(self, sha256: str, suffix: str) -> Path:
        """Path of the bytes, there or not."""
        return self._audio_file(sha256, suffix)

    def delete_audio(self, sha256: str, suffix: str) -> None:
        """Remove."""
        with storage_errors(self._audio):
            self._audio_file(sha256, suffix).unlink(missing_ok=True)

    def put_artefact(self, sha256: str, name: str, data: bytes) -> None:
        """Atomic write."""
        write_atomically(self._artefact_file(sha256, name), data)

    def get_artefact(self, sha256: str, name: str) -> bytes | None:
        """Read, or None."""
        try:
            return self._artefact_file(sha256, name).read_bytes()
        except FileNotFoundError:
            return None

    def delete_artefacts(self, sha256: str) -> int:
        """Remove them and their folder."""
        folder = self._artefacts / _checked(sha256)[:2] / sha256
        with storage_errors(folder):
            found = list(folder.glob("*"))
            for path in found:
                path.unlink(missing_ok=True)
            if folder.exists():
                folder.rmdir()
        return len(found)

    def upload_path(self, upload_id: str, suffix: str) -> Path:
        """Where a resumable upload grows."""
        if not _NAME.fullmatch(upload_id + suffix):
            raise ValueError("not an upload id")
        return self._uploads / f"{upload_id}{suffix}"

    def clean(self) -> int:
        """Remove what killed processes left; returns how many files and folders."""
        removed = remove_unused(self._scratch)
        for path in list(self._spool.glob("*")):
            # One that has no lock yet may be a moment old.
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime >= _JUST_MADE_S and _unused(path):
                    path.unlink()
                    removed += 1
        return removed

    def _audio_file(self, sha256: str, suffix: str) -> Path:
        if suffix != safe_suffix(f"name{suffix}"):
            raise ValueError("not a safe extension")
        return self._audio / _checked(sha256)[:2] / f"{sha256}{suffix}"

    def _artefact_file(self, sha256: str, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError("not an artefact name")
        return self._artefacts / _checked(sha256)[:2] / sha256 / name


def _unused(path: Path) -> bool:
    """Whether nobody holds a spool file."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that readers see the old bytes or the new, never a part, even across a power cut."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with part.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)


def human_bytes(count: int) -> str:
    """A size as people write it, in binary units."""
    size = float(count)
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"


def _checked(sha256: str) -> str:
    if not _SHA256.fullmatch(sha256):
        raise ValueError("not a SHA-256 in hex")
    return sha256


def _sync_folder(folder: Path) -> None:
    """A rename is on the disk only once its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
