"""Legal holds, what retention would delete, and deletion on request."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa

from qa.core.base import decode, encode
from qa.core.custody import Selection
from qa.core.errors import BadOptionError, ConflictError, InputError, NotFoundError
from qa.core.people import SYSTEM, Person, Right
from qa.db.audit import AuditTrail
from qa.db.custody import Class, Condition, Custody, due_under, fits, held_by
from qa.db.engine import Database
from qa.db.ids import new_id
from qa.db.models import DeletionRow, ExportRow, HoldRow, RecordingRow
from qa.services.custody.deleting import Deleter, covers
from qa.services.custody.views import Certificate, DeletionView, DueView, Forecast, HoldView, Outlook
from qa.settings import CustodySettings
from qa.text.masking import mask_fragment

LONGEST_REASON: Final = 500
MOST_AT_ONCE: Final = 5000
"""Recordings of one deletion: its certificate names each."""
_SHOWN: Final = 200
_BATCH: Final = 200
_UNDER_WAY: Final = ("queued", "running")


class CustodyService:
    """Everything here needs `Right.RETAIN`; without it every method raises `ForbiddenError`."""

    def __init__(self, database: Database, deleter: Deleter, options: CustodySettings) -> None:
        self._database = database
        self._deleter = deleter
        self._hold_days = options.hold_review_days
        self._classes = [
            Class(
                rule.name,
                Selection(attributes=rule.attributes, disputed=rule.disputed, open_review=rule.open_review),
                rule.days,
            )
            for rule in options.retention
        ]

    @property
    def classes(self) -> Sequence[Class]:
        """The classes of retention, the first that fits counts."""
        return self._classes

    def holds(self, who: Person, *, released: bool = True) -> tuple[HoldView, ...]:
        """Holds, newest first."""
        who.need(Right.RETAIN)
        with self._database.read() as session:
            custody = Custody(session)
            return tuple(
                self._hold_view(custody, who, row) for row in custody.holds(who.tenant, released=released)
            )

    def hold(self, who: Person, selection: Selection, reason: str) -> HoldView:
        """Protect recordings, and whatever comes in later and fits. Raises `BadOptionError` for a hold on nothing,
        `NotFoundError` for an unknown recording."""
        who.need(Right.RETAIN)
        said = _said(reason)
        _check(selection)
        with self._database.write() as session:
            custody, now = Custody(session), self._database.now(session)
            if selection.recording_id and not custody.recordings(who, fits(selection), 1):
                raise NotFoundError("ledger.no_recording", id=selection.recording_id[:64])
            row = HoldRow(
                id=new_id(),
                tenant=who.tenant,
                selection=_plain(selection),
                reason=said,
                placed_by=who.login,
                placed_at=now,
            )
            custody.add(row)
            trail = AuditTrail(session)
            trail.add(who.tenant, now, who.login, "custody.held", selection.recording_id, hold=row.id)
            return self._hold_view(custody, who, row)

    def release(self, who: Person, hold_id: str, reason: str) -> HoldView:
        """End a hold. Raises `NotFoundError`, and `ConflictError` where it has ended."""
        who.need(Right.RETAIN)
        said = _said(reason)
        with self._database.write() as session:
            custody, now = Custody(session), self._database.now(session)
            row = custody.hold(who.tenant, hold_id)
            if row is None:
                raise NotFoundError("custody.no_hold", id=hold_id[:64])
            if row.released_at is not None:
                raise ConflictError("custody.released_already", id=row.id, by=row.released_by)
            row.released_by, row.released_at, row.release_reason = who.login, now, said
            recording = _selection(row).recording_id
            AuditTrail(session).add(who.tenant, now, who.login, "custody.released", recording, hold=row.id)
            return self._hold_view(custody, who, row)

    def due(self, who: Person, days: int = 0) -> Forecast:
        """What retention would delete by `days` from now. Changes nothing."""
        who.need(Right.RETAIN)
        with self._database.read() as session:
            custody = Custody(session)
            now = self._database.now(session)
            at = now + timedelta(days=days)
            holds = custody.holds(who.tenant, released=False)
            held = held_by([_selection(row) for row in holds])
            going = kept = 0
            items: list[DueView] = []
            for place, one in enumerate(self._classes):
                condition = due_under(self._classes, place, at)
                if condition is None:
                    continue
                kept += custody.count(who, sa.and_(condition, held))
                going += custody.count(who, sa.and_(condition, sa.not_(held)))
                rows = custody.recordings(who, condition, _SHOWN)
                items += self._views(custody, who, rows, holds, one)
        items.sort(key=lambda item: item.called_at)
        return Forecast(at, going, kept, tuple(items[:_SHOWN]), len(items) > _SHOWN or going + kept > len(items))

    def outlook(self, who: Person, days: int) -> Outlook:
        """What goes within so many days, and how many holds should be looked at again. Counts only."""
        who.need(Right.RETAIN)
        with self._database.read() as session:
            custody, now = Custody(session), self._database.now(session)
            holds = custody.holds(who.tenant, released=False)
            held, at = held_by([_selection(row) for row in holds]), now + timedelta(days=days)
            due = [due_under(self._classes, place, at) for place in range(len(self._classes))]
            going = sum(custody.count(who, sa.and_(one, sa.not_(held))) for one in due if one is not None)
        old = now - timedelta(days=self._hold_days)
        return Outlook(going, sum(row.placed_at < old for row in holds))

    def preview(self, who: Person, selection: Selection) -> Forecast:
        """What `delete` would delete. Changes nothing."""
        who.need(Right.RETAIN)
        _check(selection)
        with self._database.read() as session:
            custody = Custody(session)
            now = self._database.now(session)
            holds = custody.holds(who.tenant, released=False)
            held = held_by([_selection(row) for row in holds])
            kept = custody.count(who, sa.and_(fits(selection), held))
            going = custody.count(who, sa.and_(fits(selection), sa.not_(held)))
            items = self._views(custody, who, custody.recordings(who, fits(selection), _SHOWN), holds, None)
        return Forecast(now, going, kept, tuple(items), going + kept > len(items))

    def delete(self, who: Person, selection: Selection, on_word_of: str, reason: str) -> DeletionView:
        """Delete recordings for good and sign a certificate.

        Raises `ConflictError` where a hold protects one of them or one is being analysed or exported: then nothing
        is deleted. `EnvironmentProblemError` where nothing could sign the certificate.
        """
        who.need(Right.RETAIN)
        said, word = _said(reason), _said(on_word_of, "on_word_of", 255)
        _check(selection)
        self._deleter.ready()
        with self._database.write() as session:
            custody = Custody(session)
            rows = custody.recordings(who, fits(selection), MOST_AT_ONCE + 1)
            if not rows:
                raise NotFoundError("custody.nothing_fits")
            if len(rows) > MOST_AT_ONCE:
                raise InputError("custody.too_many", limit=MOST_AT_ONCE)
            self._refuse(custody, who, selection, rows)
            begun = self._deleter.begin(
                session, who, rows, basis="request", rule=None, on_word_of=word, reason=said
            )
        self._deleter.finish(begun)
        return self.get(who, begun)

    def get(self, who: Person, deletion_id: str) -> DeletionView:
        """One deletion."""
        who.need(Right.RETAIN)
        with self._database.read() as session:
            custody = Custody(session)
            row = _found(custody, who, deletion_id)
            return _view(row, custody.counts([row.id]).get(row.id, 0))

    def deletions(self, who: Person, before: str | None = None, limit: int = 50) -> tuple[DeletionView, ...]:
        """Newest first."""
        who.need(Right.RETAIN)
        with self._database.read() as session:
            custody = Custody(session)
            rows = custody.deletions(who.tenant, min(max(limit, 1), _SHOWN), before)
            counts = custody.counts([row.id for row in rows])
            return tuple(_view(row, counts.get(row.id, 0)) for row in rows)

    def certificate(self, who: Person, deletion_id: str) -> Certificate:
        """The signed proof. Raises `ConflictError` before the deletion is finished."""
        who.need(Right.RETAIN)
        with self._database.read() as session:
            row = _found(Custody(session), who, deletion_id)
        if row.certificate is None:
            raise ConflictError("custody.not_finished", id=row.id)
        return decode(row.certificate, Certificate)

    def resume(self) -> int:
        """Finish deletions that were cut off; returns how many were looked at."""
        with self._database.read() as session:
            begun = Custody(session).begun()
        for deletion_id in begun:
            self._deleter.finish(deletion_id)
        return len(begun)

    def sweep(self) -> int:
        """Delete what is due under the rules of retention; returns how many recordings."""
        if all(one.days is None for one in self._classes):
            return 0
        with self._database.read() as session:
            tenants = session.scalars(sa.select(RecordingRow.tenant).distinct()).all()
        deleted = 0
        for tenant in tenants:
            who = Person(SYSTEM.id, SYSTEM.login, SYSTEM.name, SYSTEM.jobs, tenant)
            for place, one in enumerate(self._classes):
                while count := self._sweep(who, place, one):
                    deleted += count
        return deleted

    def _sweep(self, who: Person, place: int, one: Class) -> int:
        with self._database.write() as session:
            custody, now = Custody(session), self._database.now(session)
            due = due_under(self._classes, place, now)
            if due is None:
                return 0
            held = held_by([_selection(row) for row in custody.holds(who.tenant, released=False)])
            rows = self._free(custody, who, sa.and_(due, sa.not_(held)))
            if not rows:
                return 0
            self._deleter.ready()
            rule = f"custody.retention: {one.name}"
            begun = self._deleter.begin(
                session, who, rows, basis="retention", rule=one.name, on_word_of=rule, reason=f"{one.days} d"
            )
        self._deleter.finish(begun)
        return len(rows)

    def _free(self, custody: Custody, who: Person, condition: Condition) -> list[RecordingRow]:
        """The first that nobody works on."""
        exports = custody.exports(who.tenant, _UNDER_WAY)
        after = -1
        while rows := custody.recordings(who, condition, _BATCH, after):
            busy = custody.at_work([row.id for row in rows])
            free = [row for row in rows if row.id not in busy and not _exported(row, exports)]
            if free:
                return free
            after = rows[-1].place
        return []

    def _refuse(self, custody: Custody, who: Person, selection: Selection, rows: Sequence[RecordingRow]) -> None:
        for hold in custody.holds(who.tenant, released=False):
            count = custody.count(who, sa.and_(fits(selection), fits(_selection(hold))))
            if count:
                raise ConflictError("custody.held", count=count, hold=hold.id, by=hold.placed_by)
        busy = custody.at_work([row.id for row in rows])
        if busy:
            raise ConflictError("custody.being_analysed", count=len(busy), id=min(busy))
        exports = custody.exports(who.tenant, _UNDER_WAY)
        for row in rows:
            if (export := _exported(row, exports)) is not None:
                raise ConflictError("custody.being_exported", id=row.id, export=export.id)

    def _views(
        self,
        custody: Custody,
        who: Person,
        rows: Sequence[RecordingRow],
        holds: Sequence[HoldRow],
        one: Class | None,
    ) -> list[DueView]:
        ids = [row.id for row in rows]
        busy = custody.at_work(ids)
        exports = custody.exports(who.tenant, _UNDER_WAY)
        among = RecordingRow.id.in_(ids)
        protects = {
            hold.id: {row.id for row in custody.recordings(who, sa.and_(among, fits(_selection(hold))), len(ids))}
            for hold in (holds if ids else ())
        }
        return [
            DueView(
                recording_id=row.id,
                name=mask_fragment(row.name),
                called_at=row.called_at,
                rule=one.name if one else None,
                due_at=row.called_at + timedelta(days=one.days) if one and one.days else None,
                held_by=tuple(hold for hold, covered in protects.items() if row.id in covered),
                at_work=row.id in busy or _exported(row, exports) is not None,
            )
            for row in rows
        ]

    def _hold_view(self, custody: Custody, who: Person, row: HoldRow) -> HoldView:
        selection = _selection(row)
        return HoldView(
            id=row.id,
            selection=selection,
            covers=custody.count(who, fits(selection)) if row.released_at is None else 0,
            reason=row.reason,
            placed_by=row.placed_by,
            placed_at=row.placed_at,
            released_by=row.released_by,
            released_at=row.released_at,
            release_reason=row.release_reason,
        )


def _said(text: str, field: str = "reason", longest: int = LONGEST_REASON) -> str:
    said = " ".join(text.split())
    if not said or len(said) > longest or not said.isprintable():
        raise BadOptionError("custody.not_said", field=field, limit=longest)
    return said


def _check(selection: Selection) -> None:
    if selection.empty:
        raise BadOptionError("custody.selects_everything")
    for at in (selection.called_from, selection.called_before):
        if at is not None and at.tzinfo is None:
            raise BadOptionError("custody.bad_moment")


def _exported(row: RecordingRow, exports: Sequence[ExportRow]) -> ExportRow | None:
    return next((export for export in exports if covers(export, row)), None)


def _found(custody: Custody, who: Person, deletion_id: str) -> DeletionRow:
    row = custody.deletion(deletion_id, who.tenant)
    if row is None:
        raise NotFoundError("custody.no_certificate", id=deletion_id[:64])
    return row


def _selection(row: HoldRow) -> Selection:
    return decode(encode(row.selection), Selection)


def _plain(selection: Selection) -> dict[str, Any]:
    return decode(encode(selection), dict[str, Any])


def _view(row: DeletionRow, recordings: int) -> DeletionView:
    return DeletionView(
        id=row.id,
        state=row.state,
        basis=row.basis,
        rule=row.rule,
        on_word_of=row.on_word_of,
        reason=row.reason,
        begun_by=row.begun_by,
        begun_at=row.begun_at,
        done_at=row.done_at,
        recordings=recordings,
    )
