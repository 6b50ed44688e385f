"""Queries on exports, and the rows they consist of."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qa.core.people import Person
from qa.db.engine import Database
from qa.db.models import (
    CheckRow,
    DisputeRow,
    ExportRow,
    FindingRow,
    HidingRow,
    NoticePointRow,
    NoticeRow,
    RecordingRow,
    ResultRow,
    ReviewRow,
    RulingRow,
    VerdictRow,
)
from qa.db.people import within_reach


@dataclass(frozen=True, slots=True)
class Scope:
    """Which calls an export is about; every given field must hold."""

    who: Person
    start: datetime
    end: datetime
    team: str | None = None
    rule: str | None = None
    review_status: str | None = None
    recordings: tuple[str, ...] = ()
    """Only these; `start` and `end` are then told by them."""


@dataclass(slots=True)
class Bundle:
    """A call and everything that was said of it."""

    recording: RecordingRow
    review: ReviewRow | None
    result_id: str
    findings: list[FindingRow] = field(default_factory=list)
    verdicts: list[VerdictRow] = field(default_factory=list)
    checks: list[CheckRow] = field(default_factory=list)
    notices: list[NoticeRow] = field(default_factory=list)
    points: list[NoticePointRow] = field(default_factory=list)
    disputes: list[DisputeRow] = field(default_factory=list)
    rulings: list[RulingRow] = field(default_factory=list)
    packs: dict[str, int] = field(default_factory=dict)
    amended: bool = False
    """People have hidden words in it by hand, or shown them again."""
    hidden: tuple[str, ...] = ()
    """Those words, to be hidden wherever somebody has repeated them; for whoever reads the result to fill in."""


@contextmanager
def frozen(database: Database) -> Iterator[Session]:
    """A transaction that sees the database as it is at its first query, however long it reads."""
    with database.read() as session:
        if not database.is_sqlite:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session


class Exports:
    """Exports within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, row: ExportRow) -> None:
        """A new one."""
        self._session.add(row)
        self._session.flush()

    def get(self, export_id: str, tenant: str | None = None, *, lock: bool = False) -> ExportRow | None:
        """One export."""
        wanted = sa.select(ExportRow).where(ExportRow.id == export_id)
        if tenant is not None:
            wanted = wanted.where(ExportRow.tenant == tenant)
        return self._session.scalars(wanted.with_for_update() if lock else wanted).first()

    def page(self, tenant: str, before: str | None, limit: int) -> Sequence[ExportRow]:
        """Newest first."""
        wanted = sa.select(ExportRow).where(ExportRow.tenant == tenant)
        if before:
            wanted = wanted.where(ExportRow.id < before)
        return self._session.scalars(wanted.order_by(ExportRow.id.desc()).limit(limit)).all()

    def waiting(self, now: datetime) -> Sequence[str]:
        """Ids of exports that nobody writes, oldest first."""
        wanted = sa.select(ExportRow.id).where(
            ExportRow.state.in_(("queued", "running")),
            sa.or_(ExportRow.lease_until.is_(None), ExportRow.lease_until <= now),
        )
        return self._session.scalars(wanted.order_by(ExportRow.id)).all()


class Evidence:
    """What a snapshot consists of, read within one frozen transaction."""

    def __init__(self, session: Session, scope: Scope) -> None:
        self._session = session
        self._scope = scope

    def count(self) -> int:
        """Calls in the snapshot."""
        return self._session.scalar(sa.select(sa.func.count()).select_from(self._calls().subquery())) or 0

    def span(self) -> tuple[datetime, datetime] | None:
        """When the first and the last of the chosen recordings took place, whatever the period says."""
        times = self._session.scalars(
            sa.select(RecordingRow.called_at).where(
                within_reach(self._scope.who),
                RecordingRow.id.in_(self._scope.recordings),
                RecordingRow.result_id.is_not(None),
            )
        ).all()
        return (min(times), max(times)) if times else None

    def bundles(self, step: int) -> Iterator[list[Bundle]]:
        """All calls in order of time, `step` at a time."""
        after = -1
        while True:
            wanted = self._calls().where(RecordingRow.place > after).order_by(RecordingRow.place).limit(step)
            rows = self._session.execute(wanted).all()
            if not rows:
                return
            found = [Bundle(recording, review, result) for recording, review, result in rows]
            self._fill(found)
            after = found[-1].recording.place
            yield found
            self._session.expunge_all()

    def _calls(self) -> sa.Select[RecordingRow, ReviewRow, str]:
        scope = self._scope
        judged = sa.func.coalesce(ReviewRow.result_id, RecordingRow.result_id)
        wanted = (
            sa.select(RecordingRow, ReviewRow, judged)
            .outerjoin(ReviewRow, ReviewRow.recording_id == RecordingRow.id)
            .where(
                within_reach(scope.who),
                RecordingRow.called_at >= scope.start,
                RecordingRow.called_at < scope.end,
                RecordingRow.result_id.is_not(None),
            )
        )
        if scope.recordings:
            wanted = wanted.where(RecordingRow.id.in_(scope.recordings))
        if scope.team:
            wanted = wanted.where(RecordingRow.team == scope.team)
        if scope.review_status == "none":
            wanted = wanted.where(ReviewRow.id.is_(None))
        elif scope.review_status:
            wanted = wanted.where(ReviewRow.status == scope.review_status)
        if scope.rule:
            broken = sa.select(FindingRow.id).where(FindingRow.result_id == judged, FindingRow.rule == scope.rule)
            added = sa.select(VerdictRow.id).where(
                VerdictRow.recording_id == RecordingRow.id, VerdictRow.rule == scope.rule
            )
            wanted = wanted.where(sa.or_(broken.exists(), added.exists()))
        return wanted

    def _fill(self, bundles: list[Bundle]) -> None:
        of_recording = {one.recording.id: one for one in bundles}
        of_result = {one.result_id: one for one in bundles}
        session = self._session
        for head in session.execute(sa.select(ResultRow.id, ResultRow.packs).where(ResultRow.id.in_(of_result))):
            of_result[head.id].packs = dict(head.packs)
        amended = sa.select(HidingRow.recording_id).where(HidingRow.recording_id.in_(of_recording))
        for recording_id in session.scalars(amended.distinct()):
            of_recording[recording_id].amended = True
        findings = sa.select(FindingRow).where(FindingRow.result_id.in_(of_result), FindingRow.shadow.is_(False))
        for finding in session.scalars(findings.order_by(FindingRow.position)):
            of_result[finding.result_id].findings.append(finding)
        checks = sa.select(CheckRow).where(CheckRow.result_id.in_(of_result), CheckRow.shadow.is_(False))
        for check in session.scalars(checks.order_by(CheckRow.position)):
            of_result[check.result_id].checks.append(check)
        for verdict in session.scalars(
            sa.select(VerdictRow).where(VerdictRow.recording_id.in_(of_recording)).order_by(VerdictRow.id)
        ):
            of_recording[verdict.recording_id].verdicts.append(verdict)
        notices = {}
        for notice in session.scalars(
            sa.select(NoticeRow).where(NoticeRow.recording_id.in_(of_recording)).order_by(NoticeRow.id)
        ):
            of_recording[notice.recording_id].notices.append(notice)
            notices[notice.id] = notice
        for point in session.scalars(
            sa.select(NoticePointRow)
            .where(NoticePointRow.notice_id.in_(notices))
            .order_by(NoticePointRow.position)
        ):
            of_recording[notices[point.notice_id].recording_id].points.append(point)
        disputes = {}
        for dispute in session.scalars(
            sa.select(DisputeRow).where(DisputeRow.recording_id.in_(of_recording)).order_by(DisputeRow.id)
        ):
            of_recording[dispute.recording_id].disputes.append(dispute)
            disputes[dispute.id] = dispute
        for ruling in session.scalars(
            sa.select(RulingRow).where(RulingRow.dispute_id.in_(disputes)).order_by(RulingRow.step)
        ):
            of_recording[disputes[ruling.dispute_id].recording_id].rulings.append(ruling)
