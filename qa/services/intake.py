"""Taking a recording in: spool, hash, probe, then recording, run and audit event in one transaction."""

import asyncio
from collections.abc import AsyncIterable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qa.audio.probe import ProbeInfo, probe
from qa.core.errors import BadRecordingError, NotFoundError, TooLargeError
from qa.core.result import RunStatus
from qa.db.audit import AuditTrail
from qa.db.engine import Database
from qa.db.ids import new_id
from qa.db.models import RecordingRow, RunRow
from qa.db.recordings import Recordings
from qa.db.runs import Runs
from qa.services.custody.vault import Vault
from qa.services.doorbell import Doorbell, Queue
from qa.services.indexing import describe
from qa.services.mapping import recording_view
from qa.services.metadata import (
    attributes_from_name,
    checked_attributes,
    checked_language,
    checked_roles,
    name_pattern,
    safe_name,
    with_known_industry,
)
from qa.services.views import Accepted
from qa.settings import IntakeSettings
from qa.storage.base import SpoolFile, Storage, safe_suffix

_BLOCK = 2**20
"""Bytes handed to a thread at a time: small enough for memory, large enough not to be all hand-overs."""

_log = structlog.get_logger(__name__)


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

    def __init__(
        self,
        database: Database,
        storage: Storage,
        vault: Vault,
        doorbell: Doorbell,
        options: IntakeSettings,
        time_zone: str = "UTC",
    ) -> None:
        """`time_zone` is that of call times in metadata which name none."""
        self._zone = ZoneInfo(time_zone)
        self._database = database
        self._storage = storage
        self._vault = vault
        self._doorbell = doorbell
        self._options = options
        self._pattern = name_pattern(options.filename_pattern)

    def check(self, meta: IntakeMeta) -> IntakeMeta:
        """The metadata as it will be kept. Raises `BadOptionError` that names the field at fault."""
        name = safe_name(meta.name)
        attributes = {**attributes_from_name(self._pattern, name), **meta.attributes}
        return IntakeMeta(
            name=name,
            attributes=with_known_industry(checked_attributes(attributes, self._options.allowed_attributes)),
            language=checked_language(meta.language),
            manual_roles=checked_roles(meta.manual_roles) if meta.manual_roles else None,
            actor=meta.actor,
            tenant=meta.tenant,
        )

    @contextmanager
    def receive(self, name: str = "") -> Iterator[SpoolFile]:
        """A capped spool file to write into, then `accept(spool, meta)`; removed at the end of the block.

        `name` as in the metadata: some formats are told by their extension alone.
        """
        with self._storage.spool(self._options.max_bytes, safe_suffix(safe_name(name))) as spooled:
            yield spooled

    def accept(self, spooled: SpoolFile, meta: IntakeMeta) -> Accepted:
        """Accept what was received. Raises `BadRecordingError`, `BadOptionError`, `StorageError`."""
        spooled.flush()
        return self.accept_finished(spooled.path, spooled.sha256, spooled.size, meta)

    def accept_finished(self, path: Path, sha256: str, size: int, meta: IntakeMeta) -> Accepted:
        """Accept a file of ours that is complete and on the disk; it is moved into the store."""
        meta = self.check(meta)
        first = self._first_with(meta.tenant, sha256, path)
        if first is not None:
            return first
        info = self._probed(path, meta.name)
        try:
            accepted = self._write(path, sha256, size, meta, info)
        except IntegrityError:
            # Another upload of the same bytes was quicker; then its recording is the first.
            first = self._first_with(meta.tenant, sha256, path)
            if first is None:
                raise
            return first
        self._doorbell.ring(Queue.SPEECH, accepted.recording.run.id)
        _log.info("intake.accepted", recording=accepted.recording.id, size=size)
        return accepted

    def accept_stream(self, chunks: Iterable[bytes], meta: IntakeMeta) -> Accepted:
        """Receive and accept in one call."""
        meta = self.check(meta)
        with self.receive(meta.name) as spooled:
            for chunk in chunks:
                spooled.write(chunk)
            return self.accept(spooled, meta)

    async def accept_async_stream(self, chunks: AsyncIterable[bytes], meta: IntakeMeta) -> Accepted:
        """The same from an event loop; disk, probe and database work happen in a thread."""
        meta = self.check(meta)
        with self.receive(meta.name) as spooled:
            waiting = bytearray()
            async for chunk in chunks:
                waiting += chunk
                if len(waiting) >= _BLOCK:
                    await asyncio.to_thread(spooled.write, bytes(waiting))
                    waiting.clear()
            if waiting:
                await asyncio.to_thread(spooled.write, bytes(waiting))
            return await asyncio.to_thread(self.accept, spooled, meta)

    def accept_file(self, path: Path, meta: IntakeMeta) -> Accepted:
        """Copy a file in and accept it; the file itself is left alone."""
        try:
            with path.open("rb") as file:
                return self.accept_stream(iter(lambda: file.read(_BLOCK), b""), meta)
        except FileNotFoundError:
            raise NotFoundError("ledger.no_file", name=safe_name(path.name)) from None
        except OSError:
            raise BadRecordingError("ledger.unreadable", name=safe_name(path.name)) from None

    def add_attributes(
        self, recording_id: str, attributes: Mapping[str, str], *, actor: str = "system", tenant: str = "default"
    ) -> dict[str, str]:
        """Add metadata fields that the recording does not have yet; none is overwritten. Returns all of them.

        Raises `NotFoundError` and `BadOptionError`. Rules that look at metadata see it with the next scan.
        """
        checked = with_known_industry(checked_attributes(attributes, self._options.allowed_attributes))
        with self._database.write() as session:
            recordings = Recordings(session)
            recording = recordings.get(recording_id, tenant, lock=True)
            if recording is None:
                raise NotFoundError("ledger.no_recording", id=recording_id[:64])
            known = recordings.attributes([recording_id])[recording_id]
            fresh = {name: value for name, value in checked.items() if name not in known}
            checked_attributes({**known, **fresh}, self._options.allowed_attributes)
            if fresh:
                recordings.add_attributes(recording_id, fresh)
                describe(session, recording, {**known, **fresh}, self._zone)
                now = self._database.now(session)
                fields = ", ".join(sorted(fresh))
                AuditTrail(session).add(tenant, now, actor, "recording.described", recording_id, fields=fields)
        return dict(sorted({**known, **fresh}.items()))

    def _first_with(self, tenant: str, sha256: str, path: Path) -> Accepted | None:
        with self._database.read() as session:
            first = Recordings(session).by_content(tenant, sha256)
            if first is None:
                return None
            view = recording_view(Recordings(session).bundles([first])[0])
            suffix = first.suffix
        if not self._storage.has_audio(sha256, suffix):
            # Somebody emptied the store; here are the same bytes again.
            with self._vault.sealing(path, sha256, suffix) as sealed, self._database.write() as session:
                self._vault.keep(session, sealed, self._database.now(session))
        return Accepted(view, duplicate=True)

    def _probed(self, path: Path, name: str) -> ProbeInfo:
        try:
            info = probe(path)
        except BadRecordingError as error:
            # The sentence names the file as its sender knows it, not as we spooled it.
            raise BadRecordingError(error.message.code, **{**error.message.params, "name": name}) from None
        limits = self._options
        if info.declared_duration is not None and info.declared_duration > limits.max_seconds:
            raise TooLargeError("ledger.too_long", name=name, hours=limits.max_seconds / 3600)
        if info.channels > limits.max_channels:
            raise BadRecordingError(
                "ledger.too_many_channels", name=name, channels=info.channels, limit=limits.max_channels
            )
        return info

    def _write(self, path: Path, sha256: str, size: int, meta: IntakeMeta, info: ProbeInfo) -> Accepted:
        suffix = safe_suffix(meta.name)
        with self._vault.sealing(path, sha256, suffix) as sealed, self._database.write() as session:
            now = self._database.now(session)
            recording = RecordingRow(
                id=new_id(),
                tenant=meta.tenant,
                sha256=sha256,
                name=meta.name,
                suffix=suffix,
                size=size,
                duration=info.declared_duration,
                language=meta.language,
                manual_roles=dict(meta.manual_roles) if meta.manual_roles else None,
                status=RunStatus.QUEUED.value,
                run_id="",
                result_id=None,
                created_at=now,
            )
            Recordings(session).add(recording, meta.attributes)
            describe(session, recording, meta.attributes, self._zone)
            add_run(session, recording, "first", Queue.SPEECH, self._database)
            AuditTrail(session).add(
                meta.tenant, now, meta.actor, "recording.accepted", recording.id, sha256=sha256, size=size
            )
            # Last, while the unique row keeps others of the same content waiting: a commit that fails leaves
            # at worst a file that nothing points to, and the same upload again puts it to use.
            self._vault.keep(session, sealed, now)
            session.flush()
            session.refresh(recording)
            view = recording_view(Recordings(session).bundles([recording])[0])
        return Accepted(view, duplicate=False)


def add_run(session: Session, recording: RecordingRow, kind: str, queue: Queue, database: Database) -> RunRow:
    """A waiting run that becomes the recording's newest."""
    now = database.now(session)
    run = RunRow(
        id=new_id(),
        recording_id=recording.id,
        kind=kind,
        queue=queue.value,
        status=RunStatus.QUEUED.value,
        attempts=0,
        rung_at=now,
        done=0.0,
        total=0.0,
        created_at=now,
    )
    Runs(session).add(run)
    return run
