"""Taking a recording in: spool, hash, probe, then recording, run and audit event in one transaction."""

from collections.abc import AsyncIterable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from qa.db.engine import Database
from qa.services.doorbell import Doorbell
from qa.services.views import Accepted
from qa.settings import IntakeSettings
from qa.storage.base import SpoolFile, Storage


@dataclass(frozen=True, slots=True)
class IntakeMeta:
    """What comes with a recording."""

    name: str
    """File name as the sender wrote it; it is made safe before it is kept."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    language: str | None = None
    """ISO 639-1, or None to detect."""
    manual_roles: Mapping[str, str] | None = None
    actor: str = "system"
    tenant: str = "default"


class IntakeService:
    """Accepts recordings. Accepted means: it is on the disk and in the database, and will be worked on."""

    def __init__(self, database: Database, storage: Storage, doorbell: Doorbell, options: IntakeSettings) -> None:
        self._database = database
        self._storage = storage
        self._doorbell = doorbell
        self._options = options

    @contextmanager
    def receive(self) -> Iterator[SpoolFile]:
        """A capped spool file to write into, then `accept(spool, meta)`; removed at the end of the block."""
        raise NotImplementedError

    def accept(self, spooled: SpoolFile, meta: IntakeMeta) -> Accepted:
        """Accept what was received. Raises `BadRecordingError`, `BadOptionError`, `StorageError`."""
        raise NotImplementedError

    def accept_stream(self, chunks: Iterable[bytes], meta: IntakeMeta) -> Accepted:
        """Receive and accept in one call."""
        raise NotImplementedError

    async def accept_async_stream(self, chunks: AsyncIterable[bytes], meta: IntakeMeta) -> Accepted:
        """The same from an event loop; disk, probe and database work happen in a thread."""
        raise NotImplementedError

    def accept_file(self, path: Path, meta: IntakeMeta) -> Accepted:
        """Copy a file in and accept it; the file itself is left alone."""
        raise NotImplementedError
