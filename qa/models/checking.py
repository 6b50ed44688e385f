"""Whether the bytes are the promised ones, and a marker so that they need not be hashed at every start.

The marker remembers the size, times and inode of every file at the moment its hash was right. While these stand
still the file is not hashed again (145 MB at every start would be felt); as soon as one differs, it is.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from qa.core.base import Record, decode, encode
from qa.core.errors import ModelError
from qa.models.manifest import Artefact

MARKER: Final = ".verified.json"


class FileMark(Record, frozen=True):
    """What a file looked like when its hash was right."""

    sha256: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


class Marker(Record, frozen=True):
    """Kept beside the files of an artefact."""

    artefact: Artefact
    files: dict[str, FileMark]


def check(wanted: Artefact, folder: Path, progress: Callable[[float], None] = lambda _done: None) -> Marker:
    """Hash every file and tell `progress` the bytes done; raises `ModelError` naming a missing or wrong file."""
    known = read_marker(folder)
    marks: dict[str, FileMark] = {}
    done = 0.0
    for file in wanted.files:
        path = folder / file.name
        if not path.is_file():
            raise ModelError("models.missing", name=wanted.name, file=file.name)
        stat = path.stat()
        found = sha256(path)
        promised = file.sha256 or (known.files[file.name].sha256 if known and file.name in known.files else found)
        if found != promised:
            raise ModelError("models.damaged", name=wanted.name, file=str(path), promised=promised, found=found)
        marks[file.name] = FileMark(found, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
        done += stat.st_size
        progress(done)
    return Marker(wanted, marks)


def sha256(path: Path) -> str:
    """SHA-256 of a file in hex."""
    with path.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def untouched(wanted: Artefact, folder: Path) -> bool:
    """True where every file stands as it stood when its hash was right."""
    marker = read_marker(folder)
    if marker is None:
        return False
    for file in wanted.files:
        mark = marker.files.get(file.name)
        if mark is None or (file.sha256 and mark.sha256 != file.sha256):
            return False
        try:
            stat = (folder / file.name).stat()
        except OSError:
            return False
        now = (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
        if now != (mark.size, mark.mtime_ns, mark.ctime_ns, mark.inode):
            return False
    return True


def read_marker(folder: Path) -> Marker | None:
    """The marker of a folder; None where there is none or it cannot be read, which only costs a hash."""
    try:
        return decode((folder / MARKER).read_bytes(), Marker)
    except (OSError, msgspec.DecodeError):
        return None


def write_marker(folder: Path, marker: Marker) -> None:
    """Put the marker in place whole or not at all."""
    scratch = folder / f"{MARKER}.{os.getpid()}"
    scratch.write_bytes(encode(marker))
    scratch.replace(folder / MARKER)
