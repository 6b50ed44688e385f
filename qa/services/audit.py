"""The audit log for people: reading it, proving that nothing in it was touched, signing where it stands."""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from qa.core.base import Record
from qa.core.errors import NotFoundError, StorageError, TingjianError
from qa.core.messages import Message, message
from qa.core.people import Person, Right
from qa.db.audit import AuditLog, AuditTrail, Head, Wanted
from qa.db.engine import Database
from qa.db.ids import new_id
from qa.db.models import AuditCheckpointRow, AuditEventRow
from qa.exports.chain import checkpoint_bytes, digest_of, moment
from qa.exports.sign import SigningKey, is_signed
from qa.exports.verify import GENESIS, canonical, link
from qa.services.keys import KeyService
from qa.settings import EvidenceSettings

_STEP = 2000
"""Events held at a time while the chain is walked."""
_PAGE = 200
_FOREVER = 2**62
_WEEK_DAYS = 7

_log = structlog.get_logger(__name__)


class EventView(Record, frozen=True):
    """One event of the log."""

    seq: int
    at: datetime
    observed_at: datetime
    """What the clock said: earlier than `at` where it had gone back."""
    actor: str
    action: str
    recording_id: str | None
    details: dict[str, Any]
    hash: str


class EventPage(Record, frozen=True):
    """Some events, newest first."""

    items: tuple[EventView, ...]
    before: int | None
    """Hand this in for the next page; None where it ends."""


class CheckpointView(Record, frozen=True):
    """A signature over where the log stood."""

    tenant: str
    seq: int
    hash: str
    at: datetime
    key_id: str


class ChainReport(Record, frozen=True):
    """What came of walking the chain."""

    tenant: str
    events: int
    """Walked."""
    first: int
    last: int
    """Numbers of the first and the last of them; `last` is before `first` where there is none."""
    checkpoints: int
    """Signed checkpoints that were checked against the chain."""
    problem: Message | None
    """The first place that is not as it was recorded; None: nothing was touched."""
    notes: tuple[Message, ...] = ()
    """What could not be proven."""
    head: str = GENESIS
    """Hash of the last event."""


class Standing(Record, frozen=True):
    """How the log stands, and what it says of the last seven days."""

    now: datetime
    began: datetime | None
    """Its first event."""
    checked: EventView | None
    """When somebody last had the whole chain walked (`audit.verified`), and what came of it."""
    check_due: datetime
    """When it should be walked again."""
    signed: CheckpointView | None
    week: dict[str, int]
    """Action -> how often, for what concerns the house as a whole."""


Progress = Callable[[int, int], None]
"""Called with events done and events in all."""


class AuditService:
    """The log of one installation."""

    def __init__(self, database: Database, keys: KeyService, options: EvidenceSettings, home: Path) -> None:
        self._database = database
        self._keys = keys
        self._options = options
        self._file = options.checkpoint_file or home / "audit" / "checkpoints.jsonl"

    def page(self, who: Person, wanted: Wanted, before: int | None = None, limit: int = 50) -> EventPage:
        """A page of the log, newest first. Raises `ForbiddenError`."""
        who.need(Right.SEE_AUDIT_LOG)
        limit = max(1, min(limit, _PAGE))
        with self._database.read() as session:
            rows = AuditLog(session).page(who.tenant, wanted, before, limit + 1)
        items = tuple(_view(row) for row in rows[:limit])
        return EventPage(items, items[-1].seq if len(rows) > limit else None)

    def last_checkpoint(self, who: Person) -> CheckpointView | None:
        """The newest signature over the log. Raises `ForbiddenError`."""
        who.need(Right.SEE_AUDIT_LOG)
        with self._database.read() as session:
            row = AuditLog(session).last_checkpoint(who.tenant)
        return _checkpoint_view(row) if row else None

    def check(self, who: Person) -> ChainReport:
        """Walk the whole chain as `verify` does, and write down who did and what came of it."""
        who.need(Right.SEE_AUDIT_LOG)
        report = self.verify(who.tenant)
        problem = report.problem.code if report.problem else None
        with self._database.write() as session:
            now = self._database.now(session)
            told = {"events": report.events, "last": report.last, "problem": problem}
            AuditTrail(session).add(who.tenant, now, who.login, "audit.verified", None, **told)
        return report

    def standing(self, who: Person) -> Standing:
        """When the log was last proven and signed, and what happened to the house of late."""
        who.need(Right.SEE_AUDIT_LOG)
        with self._database.read() as session:
            log, now = AuditLog(session), self._database.now(session)
            began = log.stretch(who.tenant, 0, 1)
            checked = log.last_of_house(who.tenant, "audit.verified")
            signed = log.last_checkpoint(who.tenant)
            counts = log.house(who.tenant, now - timedelta(days=_WEEK_DAYS))
        return Standing(
            now=now,
            began=began[0]["at"] if began else None,
            checked=_view(checked) if checked else None,
            check_due=(checked.at if checked else began[0]["at"] if began else now)
            + timedelta(days=self._options.verify_days),
            signed=_checkpoint_view(signed) if signed else None,
            week=counts,
        )

    def head(self, tenant: str = "default") -> Head:
        """Where the log stands now."""
        with self._database.read() as session:
            return AuditLog(session).head(tenant)

    def walk(self, tenant: str, after: int = 0, last: int | None = None) -> Iterator[dict[str, Any]]:
        """Events in order with all their fields, from the one after number `after` up to `last` or the end.

        Reads in short transactions: what is in the log does not change under it.
        """
        end = self.head(tenant).seq if last is None else last
        while after < end:
            with self._database.read() as session:
                rows = AuditLog(session).stretch(tenant, after, min(_STEP, end - after))
            for row in rows:
                if row["seq"] > end:
                    return
                yield dict(row)
            if not rows:
                return
            after = rows[-1]["seq"]

    def first_since(self, tenant: str, since: datetime) -> int:
        """Number of the first event at or after a time."""
        with self._database.read() as session:
            return AuditLog(session).first_since(tenant, since)

    def checkpoint(self, tenant: str = "default", key: SigningKey | None = None) -> CheckpointView:
        """Sign where the log stands, in the database and in the file beside it; nothing new: the last one again.

        Raises `NotFoundError` where the log is empty, and what `KeyService.current` and writing can raise.
        """
        key = key or self._keys.current()
        with self._database.write() as session:
            log, head = AuditLog(session), AuditTrail(session).head(tenant)
            if head.at is None or not head.seq:
                raise NotFoundError("evidence.empty_log", tenant=tenant)
            last = log.last_checkpoint(tenant)
            if last is not None and (last.seq, last.hash, last.key_id) == (head.seq, head.hash, key.id):
                return _checkpoint_view(last)
            now = max(head.at, self._database.now(session))
            signature = key.sign(checkpoint_bytes(tenant, head.seq, head.hash, now, key.id)).hex()
            row = AuditCheckpointRow(
                id=new_id(),
                tenant=tenant,
                seq=head.seq,
                hash=head.hash,
                at=now,
                key_id=key.id,
                signature=signature,
            )
            log.add_checkpoint(row)
            # Before the commit: a checkpoint in the file that the database lost says the truth all the same.
            self._append(row)
            return _checkpoint_view(row)

    def checkpoint_due(self) -> int:
        """Checkpoints for every log that has grown since one older than `checkpoint_hours`; returns how many."""
        with self._database.read() as session:
            log, now = AuditLog(session), self._database.now(session)
            oldest = now - timedelta(hours=self._options.checkpoint_hours)
            due = []
            for tenant in log.tenants():
                last, head = log.last_checkpoint(tenant), log.head(tenant)
                if head.seq and (last is None or (last.at <= oldest and last.seq < head.seq)):
                    due.append(tenant)
        made = 0
        for tenant in due:
            try:
                one = self.checkpoint(tenant)
            except TingjianError as error:
                # A key or a disk that is not as it should be must not keep the sweeper from its other work.
                _log.error("audit.no_checkpoint", tenant=tenant, error=error.message.code)
                continue
            made += 1
            _log.info("audit.checkpoint", tenant=tenant, seq=one.seq)
        return made

    def rotate_key(
        self, actor: str, tenant: str = "default", *, lost: bool = False, old: Path | None = None
    ) -> tuple[str, str]:
        """Change the signing key and write it into the log, with a checkpoint by the new key after it; returns the
        numbers of the old and the new key. Raises what `KeyService.rotate` raises."""
        before, after = self._keys.rotate(lost=lost, old=old)
        with self._database.write() as session:
            now = self._database.now(session)
            said = {"old": before, "new": after, "lost": lost}
            AuditTrail(session).add(tenant, now, actor, "keys.rotated", None, **said)
        self.checkpoint(tenant)
        return before, after

    def verify(
        self, tenant: str = "default", since: datetime | None = None, progress: Progress | None = None
    ) -> ChainReport:
        """Walk the chain and hold it against every signed checkpoint; stops at the first place that is wrong.

        With `since`, what came before is taken as it stands. Constant memory. Raises `NotFoundError` for a tenant
        without a log.
        """
        with self._database.read() as session:
            log = AuditLog(session)
            head = log.head(tenant)
            after = log.first_since(tenant, since) - 1 if since else 0
            before = log.stretch(tenant, after - 1, 1) if after > 0 else []
            rows = log.checkpoints(tenant)
            empty = not log.stretch(tenant, 0, 1)
        notes = [message("evidence.chain_since", seq=after + 1)] if after else []
        kept, problem = self._kept(tenant, rows, notes)
        if empty and not kept and problem is None:
            raise NotFoundError("evidence.empty_log", tenant=tenant)
        if not kept:
            notes.append(message("evidence.no_checkpoint"))
        at_hand = before and before[0]["seq"] == after
        walker = _Walker(
            after, before[0]["hash"] if at_hand else GENESIS, [one for one in kept if one.seq > after]
        )
        # Every event there is, also beyond where the head says the chain ends.
        for event in self.walk(tenant, after, _FOREVER) if problem is None else ():
            problem = walker.step(event)
            if problem is not None:
                break
            if progress and walker.seq % _STEP == 0:
                progress(walker.seq - after, head.seq - after)
        return ChainReport(
            tenant=tenant,
            events=walker.seq - after,
            first=after + 1,
            last=walker.seq,
            checkpoints=walker.checkpoints,
            problem=problem or walker.end(head),
            notes=tuple(notes),
            head=walker.hash,
        )

    def _kept(
        self, tenant: str, rows: Sequence[AuditCheckpointRow], notes: list[Message]
    ) -> tuple[Sequence[CheckpointView], Message | None]:
        """Checkpoints of database and file, each once, and the first whose signature is wrong."""
        public = {one.id: one.public_key for one in self._keys.list()}
        signed = [(_checkpoint_view(row), row.signature) for row in rows]
        signed += [one for one in self._from_file(notes) if one[0].tenant == tenant]
        # The copies of one checkpoint are one, unless either of them was changed.
        for one, signature in dict.fromkeys(signed):
            about = {"seq": one.seq, "at": moment(one.at), "key": one.key_id[:16]}
            if one.key_id not in public:
                return (), message("evidence.checkpoint_foreign", **about)
            said = checkpoint_bytes(tenant, one.seq, one.hash, one.at, one.key_id)
            if not is_signed(public[one.key_id], said, signature):
                return (), message("evidence.checkpoint_forged", **about)
        return list(dict.fromkeys(one for one, _ in signed)), None

    def _from_file(self, notes: list[Message]) -> Iterator[tuple[CheckpointView, str]]:
        try:
            lines = self._file.read_bytes().splitlines()
        except FileNotFoundError:
            return
        except OSError as error:
            raise StorageError("evidence.cannot_read", file=self._file, reason=error.strerror) from error
        for number, line in enumerate(lines, 1):
            try:
                told = json.loads(line)
                at = datetime.strptime(told["at"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
                view = CheckpointView(
                    str(told["tenant"]), int(told["seq"]), str(told["hash"]), at, str(told["key_id"])
                )
                yield view, str(told["signature"])
            except (ValueError, TypeError, KeyError, RecursionError):
                # Also what is left of a line that was being written when the machine went down.
                notes.append(message("evidence.checkpoint_line", file=self._file, line=number))

    def _append(self, row: AuditCheckpointRow) -> None:
        told = {"format": "tingjian-checkpoint", "tenant": row.tenant, "seq": row.seq, "hash": row.hash}
        told |= {"at": moment(row.at), "key_id": row.key_id, "signature": row.signature}
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._file.open("a+b") as out:
                out.seek(max(0, out.seek(0, os.SEEK_END) - 1))
                torn = out.read(1) not in (b"", b"\n")
                out.write(b"\n" * torn + canonical(told) + b"\n")
                out.flush()
                os.fsync(out.fileno())
        except OSError as error:
            raise StorageError("evidence.cannot_write", file=self._file, reason=error.strerror) from error


class _Walker:
    """Goes along the chain event by event."""

    def __init__(self, seq: int, last: str, kept: Sequence[CheckpointView]) -> None:
        self.seq, self.hash = seq, last
        self.checkpoints = 0
        self._at: datetime | None = None
        self._kept: dict[int, list[CheckpointView]] = {}
        for one in kept:
            self._kept.setdefault(one.seq, []).append(one)

    def step(self, event: Mapping[str, Any]) -> Message | None:
        """Take the next event; what is wrong with it, if anything is."""
        about = {"seq": event["seq"], "at": moment(event["at"]), "action": event["action"]}
        if event["seq"] != self.seq + 1:
            return message("evidence.chain_gap", seq=self.seq + 1, found=event["seq"])
        following = link(event["previous_hash"], digest_of(event))
        if event["hash"] != following:
            return message("evidence.chain_changed", **about)
        if event["previous_hash"] != self.hash:
            return message("evidence.chain_broken", **about)
        if self._at is not None and event["at"] < self._at:
            return message("evidence.chain_time", **about)
        self.seq, self.hash, self._at = event["seq"], following, event["at"]
        for one in self._kept.get(self.seq, ()):
            self.checkpoints += 1
            if one.hash != self.hash:
                return message("evidence.chain_rewritten", seq=self.seq, at=moment(one.at))
        return None

    def end(self, head: Head) -> Message | None:
        """What is wrong with this being the end."""
        newest = max(self._kept, default=0)
        if newest > self.seq:
            return message("evidence.chain_cut", seq=self.seq, signed=newest, at=moment(self._kept[newest][0].at))
        if (head.seq, head.hash) != (self.seq, self.hash):
            return message("evidence.chain_head", seq=self.seq, head=head.seq)
        return None


def _view(row: AuditEventRow) -> EventView:
    return EventView(
        seq=row.seq,
        at=row.at,
        observed_at=row.observed_at,
        actor=row.actor,
        action=row.action,
        recording_id=row.recording_id,
        details=row.details,
        hash=row.hash,
    )


def _checkpoint_view(row: AuditCheckpointRow) -> CheckpointView:
    return CheckpointView(row.tenant, row.seq, row.hash, row.at, row.key_id)
