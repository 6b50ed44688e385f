"""Resumable uploads, the state behind a tus 1.0 endpoint: bytes in a file, the offset in the ledger."""

import asyncio
import fcntl
import hashlib
import os
from collections.abc import AsyncIterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from qa.core.errors import ConflictError, NotFoundError, StorageError, TingjianError, TooLargeError
from qa.core.people import SYSTEM, Person
from qa.db.engine import Database
from qa.db.ids import new_id
from qa.db.models import UploadRow
from qa.db.uploads import Uploads
from qa.services.intake import IntakeMeta, IntakeService
from qa.services.mapping import upload_view
from qa.services.views import Accepted, UploadView
from qa.settings import IntakeSettings
from qa.storage.base import Storage, safe_suffix
from qa.storage.disk import storage_errors
from qa.storage.local import human_bytes

_NOTE_EVERY = 8 * 2**20
"""Bytes after which progress is noted in the ledger; what came after the last note is sent again."""


class UploadService:
    """Create, append, look up, abandon."""

    def __init__(
        self, database: Database, storage: Storage, intake: IntakeService, options: IntakeSettings
    ) -> None:
        self._database = database
        self._storage = storage
        self._intake = intake
        self._options = options

    def create(self, length: int, meta: IntakeMeta) -> UploadView:
        """Raises `TooLargeError` over `intake.max_bytes`, `BadOptionError` for bad metadata."""
        if length > self._options.max_bytes:
            raise TooLargeError("ledger.too_many_bytes", limit=human_bytes(self._options.max_bytes))
        meta = self._intake.check(meta)
        with self._database.write() as session:
            uploads, now = Uploads(session), self._database.now(session)
            if uploads.open_count(meta.tenant) >= self._options.max_open_uploads:
                raise ConflictError("ledger.too_many_uploads", limit=self._options.max_open_uploads)
            row = UploadRow(
                id=new_id(),
                tenant=meta.tenant,
                name=meta.name,
                length=length,
                received=0,
                attributes=dict(meta.attributes),
                language=meta.language,
                manual_roles=dict(meta.manual_roles) if meta.manual_roles else None,
                actor=meta.actor,
                recording_id=None,
                created_at=now,
                expires_at=now + timedelta(seconds=self._options.upload_expiry_seconds),
            )
            uploads.add(row)
            with storage_errors(self._path(row)):
                self._path(row).touch(mode=0o600)
        return upload_view(row)

    def get(self, upload_id: str, *, who: Person = SYSTEM) -> UploadView:
        """Where it stands. Raises `NotFoundError` where it never was, is somebody else's, or has expired."""
        return upload_view(self._row(upload_id, who))

    async def append(
        self, upload_id: str, offset: int, chunks: AsyncIterable[bytes], *, who: Person = SYSTEM
    ) -> tuple[UploadView, Accepted | None]:
        """Append from `offset`; what arrived before a broken connection is kept. Accepts once complete.

        Raises `ConflictError` (wrong offset, or another request is writing), `TooLargeError` (past the length),
        and what `IntakeService.accept` raises; a recording that was refused takes its upload with it.
        """
        row = await asyncio.to_thread(self._row, upload_id, who)
        with self._locked(row) as file:
            row = await asyncio.to_thread(self._row, upload_id, who)
            if offset != row.received:
                raise ConflictError("ledger.wrong_offset", offset=offset, expected=row.received)
            await self._receive(row, file, chunks)
            accepted = None
            if row.received == row.length and row.recording_id is None:
                accepted = await asyncio.to_thread(self._accept, row)
        return await asyncio.to_thread(self.get, upload_id, who=who), accepted

    def abandon(self, upload_id: str, *, who: Person = SYSTEM) -> None:
        """Forget it and its bytes."""
        row = self._row(upload_id, who)
        self._forget(row)

    def expire(self) -> int:
        """Forget what was never finished in time; returns how many."""
        with self._database.read() as session:
            late = Uploads(session).expired(self._database.now(session))
        for row in late:
            self._forget(row)
        return len(late)

    async def _receive(self, row: UploadRow, file: BinaryIO, chunks: AsyncIterable[bytes]) -> None:
        # A process that died after writing and before noting it left bytes that will be sent again.
        file.truncate(row.received)
        file.seek(row.received)
        noted = row.received
        try:
            async for chunk in chunks:
                if row.received + len(chunk) > row.length:
                    raise TooLargeError("ledger.past_length", length=row.length)
                await asyncio.to_thread(self._write, file, chunk)
                row.received += len(chunk)
                if row.received - noted >= _NOTE_EVERY:
                    await asyncio.to_thread(self._note, row, file)
                    noted = row.received
        finally:
            # Also when the connection broke: cancellation must not undo what has arrived.
            await asyncio.shield(asyncio.to_thread(self._note, row, file))

    def _write(self, file: BinaryIO, chunk: bytes) -> None:
        with storage_errors(Path(str(file.name))):
            file.write(chunk)

    def _note(self, row: UploadRow, file: BinaryIO) -> None:
        with storage_errors(Path(str(file.name))):
            file.flush()
            os.fsync(file.fileno())
        with self._database.write() as session:
            Uploads(session).advance(row.id, row.received)

    def _accept(self, row: UploadRow) -> Accepted:
        path = self._path(row)
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(2**20):
                digest.update(block)
        meta = IntakeMeta(
            row.name, row.attributes, row.language, row.manual_roles, actor=row.actor, tenant=row.tenant
        )
        try:
            accepted = self._intake.accept_finished(path, digest.hexdigest(), row.length, meta)
        except TingjianError as error:
            if not error.retryable:
                self._forget(row)
            raise
        with self._database.write() as session:
            Uploads(session).complete(row.id, accepted.recording.id)
        path.unlink(missing_ok=True)
        return accepted

    def _row(self, upload_id: str, who: Person) -> UploadRow:
        with self._database.read() as session:
            row = Uploads(session).get(upload_id, who.tenant, self._database.now(session))
        # Whoever has no account is this machine, or whoever runs it.
        if row is None or (who.id and row.actor != who.login):
            raise NotFoundError("ledger.no_upload", id=upload_id[:64])
        return row

    def _forget(self, row: UploadRow) -> None:
        with self._database.write() as session:
            Uploads(session).delete(row.id)
        self._path(row).unlink(missing_ok=True)

    def _path(self, row: UploadRow) -> Path:
        return self._storage.upload_path(row.id, safe_suffix(row.name))

    @contextmanager
    def _locked(self, row: UploadRow) -> Iterator[BinaryIO]:
        """The part file, for one writer at a time across processes; a killed process gives the lock back."""
        if row.recording_id is not None:
            raise ConflictError("ledger.upload_complete")
        try:
            with self._path(row).open("r+b") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise ConflictError("ledger.upload_busy") from None
                yield file
        except FileNotFoundError:
            raise StorageError("ledger.upload_gone") from None
