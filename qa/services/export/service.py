"""Exports: asked for, written, fetched."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import structlog
from msgspec.structs import replace
from sqlalchemy.orm import Session

from qa.core.base import decode, encode
from qa.core.errors import BadOptionError, ConflictError, NotFoundError, TingjianError
from qa.core.people import Person, Right
from qa.core.review import ReviewStatus
from qa.db.audit import AuditTrail
from qa.db.engine import Database
from qa.db.exports import Evidence, Exports, Scope
from qa.db.ids import new_id
from qa.db.models import ExportRow
from qa.exports.formats import read_rows, write_csv, write_parquet, write_xlsx
from qa.exports.formats.report import write_pdf
from qa.exports.manifest import About, PackWriter, Rule
from qa.exports.timestamp import request_stamp
from qa.i18n import LOCALES
from qa.services.audit import AuditService
from qa.services.export.attachments import Attachments
from qa.services.export.freeze import Frozen, freeze, frozen_before
from qa.services.export.report import Findings, reports
from qa.services.export.rows import REFERS, TABLES
from qa.services.export.views import ExportPage, ExportState, ExportView, Format, Wanted
from qa.services.keys import KeyService
from qa.services.mapping import reason_row, reason_view
from qa.services.privacy import PrivacyService
from qa.services.recordings import RecordingService
from qa.services.review.plans import PlanService
from qa.settings import EvidenceSettings

MAX_PAGE: Final = 200
_LEASE: Final = timedelta(seconds=120)
_SOURCE: Final = ".rows"
_WITHHELD: Final = ("signin.", "session.", "token.", "people.")
_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(9000, 1, 1, tzinfo=UTC)
_STATUSES: Final = (*(status.value for status in ReviewStatus), "none")

_log = structlog.get_logger(__name__)


class ExportService:
    """Everything about audit exports. Every method checks what `who` may do; a pack holds what they see."""

    def __init__(
        self,
        database: Database,
        home: Path,
        keys: KeyService,
        audit: AuditService,
        recordings: RecordingService,
        privacy: PrivacyService,
        plans: PlanService,
        options: EvidenceSettings,
    ) -> None:
        self.folder = home / "exports"
        self._database = database
        self._keys = keys
        self._audit = audit
        self._recordings = recordings
        self._privacy = privacy
        self._plans = plans
        self._options = options

    def request_chosen(self, who: Person, wanted: Wanted) -> ExportView:
        """Write down that the calls in `wanted.recordings` are wanted; their own times make its period.

        What is out of reach or not analysed is left out: `total` says how many are in it. Raises what `request`
        does.
        """
        who.need(Right.EXPORT)
        with self._database.read() as session:
            span = Evidence(session, _scope(who, wanted)).span()
        if span is None:
            raise BadOptionError("export.chosen_empty")
        return self.request(who, replace(wanted, start=span[0], end=span[1] + timedelta(microseconds=1)))

    def request(self, who: Person, wanted: Wanted) -> ExportView:
        """Write down what is wanted. Raises `BadOptionError` for a period that is empty, turned round or lies in
        the future, and `EnvironmentProblemError` where nothing could sign it."""
        who.need(Right.EXPORT)
        if wanted.start.tzinfo is None or wanted.end.tzinfo is None or wanted.start >= wanted.end:
            raise BadOptionError("export.period_turned")
        wanted = replace(wanted, start=_within(wanted.start), end=_within(wanted.end))
        if wanted.status is not None and wanted.status not in _STATUSES:
            raise BadOptionError("export.bad_status", given=wanted.status[:40], known=", ".join(_STATUSES))
        if wanted.locale not in LOCALES:
            raise BadOptionError("export.bad_locale", given=wanted.locale[:20], known=", ".join(LOCALES))
        self._keys.current()
        with self._database.write() as session:
            now = self._database.now(session)
            if wanted.start > now:
                raise BadOptionError("export.period_in_future")
            total = Evidence(session, _scope(who, wanted)).count()
            if total == 0:
                raise BadOptionError("export.period_empty")
            row = ExportRow(
                id=new_id(),
                tenant=who.tenant,
                wanted=_plain(wanted),
                asker=_plain(who),
                state=ExportState.QUEUED.value,
                stage="freeze",
                done=0,
                total=total,
                counts={},
                by=who.login,
                created_at=now,
            )
            Exports(session).add(row)
            asked: dict[str, object] = {
                "start": wanted.start.isoformat(),
                "end": wanted.end.isoformat(),
                "calls": total,
            }
            if wanted.recordings:
                asked["chosen"] = len(wanted.recordings)
                asked["chosen_sha256"] = sha256("\n".join(sorted(wanted.recordings)).encode()).hexdigest()
            self._record(session, row, now, "export.requested", who.login, **asked)
            return _view(row)

    def page(self, who: Person, cursor: str | None = None, limit: int = 50) -> ExportPage:
        """All exports, newest first."""
        who.need(Right.EXPORT)
        size = min(max(limit, 1), MAX_PAGE)
        with self._database.read() as session:
            rows = Exports(session).page(who.tenant, cursor, size + 1)
            items = tuple(_view(row) for row in rows[:size])
        return ExportPage(items, items[-1].id if len(rows) > size else None)

    def get(self, who: Person, export_id: str) -> ExportView:
        """One export."""
        who.need(Right.EXPORT)
        with self._database.read() as session:
            return _view(_found(session, export_id, who.tenant))

    def pack(self, who: Person, export_id: str) -> Path:
        """Where a finished pack lies; written into the audit log. Raises `ConflictError` before it is done."""
        who.need(Right.EXPORT)
        with self._database.write() as session:
            row = _found(session, export_id, who.tenant)
            place = self.folder / row.file if row.file else None
            if row.state != ExportState.DONE.value or place is None:
                raise ConflictError("export.not_done")
            if not place.exists():
                raise NotFoundError("export.pack_gone", name=row.file)
            self._record(session, row, self._database.now(session), "export.fetched", who.login)
            return place

    def retry(self, who: Person, export_id: str) -> ExportView:
        """Go on with one that failed, from where it stopped."""
        who.need(Right.EXPORT)
        with self._database.write() as session:
            row = _found(session, export_id, who.tenant, lock=True)
            if row.state != ExportState.FAILED.value:
                raise ConflictError("export.not_failed")
            row.state, row.reason, row.lease_until = ExportState.QUEUED.value, None, None
            return _view(row)

    def waiting(self) -> Sequence[str]:
        """Ids of exports that nobody writes at the moment."""
        with self._database.read() as session:
            return Exports(session).waiting(self._database.now(session))

    def write(
        self, export_id: str, progress: Callable[[str, int, int], None] = lambda _stage, _done, _total: None
    ) -> ExportView | None:
        """Write one export; None where somebody else does. Call it in a process of its own: it takes its time.

        What went wrong is kept with the export, and raised.
        """
        row = self._claim(export_id)
        if row is None:
            return None
        try:
            return self._write(row, progress)
        except TingjianError as error:
            self._fail(export_id, error)
            raise

    def _write(self, row: ExportRow, progress: Callable[[str, int, int], None]) -> ExportView:
        wanted, who = decode(encode(row.wanted), Wanted), decode(encode(row.asker), Person)
        days = f"{wanted.start:%Y%m%d}-{wanted.last:%Y%m%d}"
        name = f"audit-{days}-{row.id[-8:]}{'.zip' if wanted.as_zip else ''}"
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = self._keys.current()

        def report(stage: str, done: int, total: int) -> None:
            self._renew(row.id, stage, done, total)
            progress(stage, done, total)

        source = self.folder / f".{row.id}{_SOURCE}"
        source.mkdir(exist_ok=True, mode=0o700)
        found = frozen_before(source)
        if found is None:
            self._audit.checkpoint(row.tenant, key)
            head = self._audit.head(row.tenant).seq
            found = freeze(self._database, _scope(who, wanted), source, head, lambda d, t: report("freeze", d, t))
        rules = tuple(Rule(one["rule"], one["version"]) for one in read_rows(source / "rules.jsonl"))
        about = About(
            tenant=row.tenant,
            by=row.by,
            created=found.at,
            rules=rules,
            versions={"tingjian": version("tingjian"), "packs": found.packs},
            snapshot={"export": row.id, "at": found.at.isoformat(), "wanted": row.wanted},
            counts=found.counts,
        )
        with PackWriter(self.folder / name, about, resume=True) as pack:
            missing = self._fill(pack, source, wanted, who, found, row, report)
            if missing:
                pack.add_bytes("missing.json", encode(sorted(set(missing))))
            first = self._audit.first_since(row.tenant, wanted.start)
            report("sign", 0, 1)
            calls = {call["recording_id"] for call in read_rows(source / "calls.jsonl")}
            events = self._audit.walk(row.tenant, max(0, first - 1), found.head)
            pack.add_events(events, partial(_concerns, calls))
            url = self._options.timestamp_url
            stamp = (lambda data: request_stamp(url, data, self._options.timestamp_seconds)) if url else None
            digest = pack.close(key, self._keys.statements(), stamp, as_zip=wanted.as_zip)
        shutil.rmtree(source, ignore_errors=True)
        return self._finish(row.id, name, digest, found)

    def _fill(
        self,
        pack: PackWriter,
        source: Path,
        wanted: Wanted,
        who: Person,
        found: Frozen,
        row: ExportRow,
        report: Callable[[str, int, int], None],
    ) -> list[str]:
        for table, columns in TABLES.items():
            lines, count = source / f"{table}.jsonl", found.counts[table]
            # The canonical rows are in every pack: it is these that can be verified one by one.
            _once(pack, f"rows/{table}.jsonl", partial(shutil.copyfile, lines))
            pack.add_file(f"rows/{table}.jsonl", count, REFERS[table])
            for kind in wanted.formats:
                name = f"rows/{table}.{kind.value}"
                if kind in _WRITERS:
                    report(kind.value, 0, count)
                    step = partial(_step, report, kind.value, count)
                    more = {"title": table} if kind is Format.XLSX else {}
                    _once(pack, name, partial(_WRITERS[kind], lines, columns=columns, progress=step, **more))
                    pack.add_file(name, count, REFERS[table] if kind is Format.CSV else None)
        if Format.PDF in wanted.formats:
            estimate = self._plans.miss_estimate(who, wanted.start) if who.may(Right.REVIEW) else None
            parts = reports(row.id, row.by, wanted, found, estimate, Findings(source))
            for number, one in enumerate(parts):
                report("pdf", number, 0)
                name = "report.pdf" if number == 0 else f"report-{number + 1:03}.pdf"
                _once(pack, name, partial(write_pdf, one))
                pack.add_file(name)
        going = Attachments(self._database, self._recordings, self._privacy, who, source)
        if wanted.transcripts:
            for name in going.transcripts(pack.path, lambda n: report("transcripts", n, found.counts["calls"])):
                pack.add_file(name)
        if wanted.clips:
            for name in going.clips(pack.path, lambda n: report("clips", n, found.counts["findings"])):
                pack.add_file(name)
        pack.add_recordings(
            {"id": call["recording_id"], "sha256": call["sha256"]} | self._size(call["recording_id"])
            for call in read_rows(source / "calls.jsonl")
        )
        return going.missing

    def _size(self, recording_id: str) -> dict[str, int]:
        try:
            return {"size": self._recordings.get(recording_id).size}
        except NotFoundError:
            return {}

    def _claim(self, export_id: str) -> ExportRow | None:
        with self._database.write() as session:
            now = self._database.now(session)
            row = Exports(session).get(export_id, lock=True)
            if row is None:
                raise NotFoundError("export.none", id=export_id[:40])
            held = row.lease_until is not None and row.lease_until > now
            if row.state not in (ExportState.QUEUED, ExportState.RUNNING) or held:
                return None
            row.state, row.lease_until = ExportState.RUNNING.value, now + _LEASE
            session.flush()
            session.expunge(row)
            return row

    def _renew(self, export_id: str, stage: str, done: int, total: int) -> None:
        with self._database.write() as session:
            row = Exports(session).get(export_id, lock=True)
            if row is not None:
                row.stage, row.done, row.total = stage, done, total
                row.lease_until = self._database.now(session) + _LEASE

    def _finish(self, export_id: str, name: str, digest: str, found: Frozen) -> ExportView:
        with self._database.write() as session:
            row = Exports(session).get(export_id, lock=True)
            if row is None:
                raise NotFoundError("export.none", id=export_id[:40])
            now = self._database.now(session)
            row.state, row.stage, row.lease_until = ExportState.DONE.value, "done", None
            row.file, row.digest, row.counts = name, digest, found.counts
            row.snapshot_at, row.finished_at = found.at, now
            self._record(session, row, now, "export.made", row.by, digest=digest, **found.counts)
            return _view(row)

    def _fail(self, export_id: str, error: TingjianError) -> None:
        _log.warning("export.failed", export=export_id, reason=error.message.code)
        with self._database.write() as session:
            row = Exports(session).get(export_id, lock=True)
            if row is not None:
                row.state, row.lease_until = ExportState.FAILED.value, None
                row.reason = reason_row(error.message)
                self._record(
                    session, row, self._database.now(session), "export.failed", row.by, reason=error.message.code
                )

    def _record(
        self, session: Session, row: ExportRow, now: datetime, action: str, login: str, **details: object
    ) -> None:
        AuditTrail(session).add(row.tenant, now, login, action, None, export=row.id, **details)


_WRITERS: Final[dict[Format, Callable[..., int]]] = {
    Format.CSV: write_csv,
    Format.XLSX: write_xlsx,
    Format.PARQUET: write_parquet,
}


def _concerns(calls: set[str], event: Mapping[str, Any]) -> bool:
    """Whether an event is told in full; other calls and sign-ins are withheld, which leaves the chain whole."""
    recording = event["recording_id"]
    return recording in calls if recording else not str(event["action"]).startswith(_WITHHELD)


def _step(report: Callable[[str, int, int], None], stage: str, total: int, done: int) -> None:
    report(stage, done, total)


def _once(pack: PackWriter, name: str, write: Callable[[Path], object]) -> None:
    """Write a file of the pack unless an earlier attempt did; under another name until it is whole."""
    place = pack.path(name)
    if not place.exists():
        part = place.with_name(f".{place.name}.part")
        write(part)
        part.rename(place)


def _scope(who: Person, wanted: Wanted) -> Scope:
    return Scope(who, wanted.start, wanted.end, wanted.team, wanted.rule, wanted.status, wanted.recordings)


def _found(session: Session, export_id: str, tenant: str, *, lock: bool = False) -> ExportRow:
    row = Exports(session).get(export_id, tenant, lock=lock)
    if row is None:
        raise NotFoundError("export.none", id=export_id[:40])
    return row


def _plain(record: Wanted | Person) -> dict[str, Any]:
    return decode(encode(record), dict)


def _view(row: ExportRow) -> ExportView:
    wanted = decode(encode(row.wanted), Wanted)
    return ExportView(
        id=row.id,
        wanted=replace(wanted, recordings=()),
        chosen=len(wanted.recordings),
        state=ExportState(row.state),
        stage=row.stage,
        done=row.done,
        total=row.total,
        snapshot_at=row.snapshot_at,
        counts=dict(row.counts),
        file=row.file,
        digest=row.digest,
        reason=reason_view(row.reason),
        by=row.by,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )


def _within(moment: datetime) -> datetime:
    """A moment that every time zone can tell: the ends of the calendar are no limit at all."""
    return min(max(moment, _FIRST), _LAST)
