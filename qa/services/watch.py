"""Takes in what is dropped into a folder, once it is complete."""

import errno
import fcntl
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import structlog

from qa.audio.names import shown_name
from qa.core.base import Record, decode, encode
from qa.core.errors import StorageError, TingjianError
from qa.core.messages import Message
from qa.services.intake import IntakeMeta, IntakeService
from qa.services.metadata import SIDECAR_SUFFIX, read_sidecar, sidecar_of
from qa.settings import IntakeSettings
from qa.storage.local import write_atomically

_LOOK_SECONDS = 1.0
_PARTIAL = (".part", ".partial", ".tmp", ".crdownload", ".filepart", ".!ut")
"""What copying programs call a file they have not finished."""

_log = structlog.get_logger(__name__)


class Shape(Record, frozen=True):
    """What tells that a file has changed."""

    size: int
    changed_ns: int
    inode: int
    sidecar: tuple[int, int] | None
    """Size and time of the file with metadata beside it."""


@dataclass(slots=True)
class _Seen:
    shape: Shape
    since: float
    settled: bool = False
    """Taken in, or refused: either way done with until it changes."""
    noted: bool = False
    """That it is settled was written down."""
    told: Message | None = None
    """Why it was refused, as somebody was told."""


class FolderWatcher:
    """Looks at a folder again and again. What is taken in is left where it lies.

    It may be restarted at any time: `state` remembers what is done with, and without it everything that was
    taken in before is found to be a duplicate by its content.
    """

    def __init__(
        self,
        folder: Path,
        intake: IntakeService,
        options: IntakeSettings,
        *,
        state: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
        tell: Callable[[str, Message], None] = lambda _name, _why: None,
    ) -> None:
        """`tell` is given each file that is refused, and why."""
        self._folder = folder
        self._intake = intake
        self._settle = options.settle_seconds
        self._clock = clock
        self._tell = tell
        self._state = state
        self._seen = self._remembered()

    def run(self, stop: threading.Event) -> None:
        """Look until `stop` is set."""
        while not stop.is_set():
            try:
                self.look()
            except OSError as error:
                _log.warning("watch.folder_unreadable", folder=str(self._folder), error=str(error))
            stop.wait(min(_LOOK_SECONDS, max(self._settle / 2, 0.05)))

    def look(self) -> int:
        """One look; returns how many files were taken in. Raises `OSError` where the folder cannot be listed."""
        now, taken, present = self._clock(), 0, set()
        for path, shape in self._candidates():
            present.add(path)
            seen = self._seen.get(path)
            if seen is None or seen.shape != shape:
                self._seen[path] = _Seen(shape, since=now)
            elif not seen.settled and shape.size > 0 and now - seen.since >= self._settle:
                if being_written(path):
                    continue
                seen.settled = True
                taken += self._take(path, seen)
        gone = self._seen.keys() - present
        for path in gone:
            del self._seen[path]
        if gone or any(seen.settled and not seen.noted for seen in self._seen.values()):
            self._remember()
        return taken

    def _remembered(self) -> dict[Path, _Seen]:
        try:
            kept = decode(self._state.read_bytes(), dict[str, Shape]) if self._state else {}
        except (OSError, msgspec.MsgspecError):
            return {}
        return {self._folder / name: _Seen(shape, 0.0, settled=True, noted=True) for name, shape in kept.items()}

    def _remember(self) -> None:
        settled = {path: seen for path, seen in self._seen.items() if seen.settled}
        if self._state is not None:
            shapes = {str(path.relative_to(self._folder)): seen.shape for path, seen in settled.items()}
            try:
                write_atomically(self._state, encode(shapes))
            except StorageError as error:
                _log.warning("watch.not_remembered", code=error.message.code)
        for seen in settled.values():
            seen.noted = True

    def _candidates(self) -> Iterator[tuple[Path, Shape]]:
        for path in sorted(self._folder.rglob("*")):
            hidden = any(part.startswith(".") for part in path.relative_to(self._folder).parts)
            if hidden or path.suffix.lower() in (SIDECAR_SUFFIX, *_PARTIAL) or path.name.endswith("~"):
                continue
            try:
                found = path.stat()
                if stat.S_ISREG(found.st_mode):
                    yield path, Shape(found.st_size, found.st_mtime_ns, found.st_ino, _sidecar_shape(path))
            except OSError:
                # It vanished while we looked.
                continue

    def _take(self, path: Path, seen: _Seen) -> int:
        name = str(path.relative_to(self._folder))
        try:
            meta = _meta(path)
            accepted = self._intake.accept_file(path, meta)
        except TingjianError as error:
            # Told once, then left until the file changes; a full disk or a lost database is asked again.
            seen.settled = not error.retryable
            seen.since = self._clock()
            if seen.told != error.message:
                self._tell(shown_name(path), error.message)
                seen.told = error.message
            _log.warning("watch.refused", file=name, code=error.message.code, again=error.retryable)
            return 0
        if accepted.duplicate:
            # A sidecar that came after its recording still has something to say.
            self._intake.add_attributes(accepted.recording.id, meta.attributes, actor=meta.actor)
            _log.info("watch.duplicate", file=name, recording=accepted.recording.id)
            return 0
        _log.info("watch.taken", file=name, recording=accepted.recording.id)
        return 1


def being_written(path: Path) -> bool:
    """Whether a program on this machine has the file open for writing, however long it pauses.

    Linux grants a read lease only where nobody has (fcntl(2), F_SETLEASE). Where it has no leases to give, as on
    network folders, the answer is no, and the time since the last change has to do.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(file)
    return False


def _meta(path: Path) -> IntakeMeta:
    sidecar = sidecar_of(path)
    attributes = read_sidecar(sidecar) if sidecar else {}
    language = attributes.pop("language", None)
    return IntakeMeta(path.name, attributes, language, actor="watch")


def _sidecar_shape(path: Path) -> tuple[int, int] | None:
    sidecar = sidecar_of(path)
    if sidecar is None:
        return None
    found = sidecar.stat()
    return found.st_size, found.st_mtime_ns
