"""Queries on notices and disputes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qa.core.coaching import SHOWN_TO_AGENT, DisputeState, NoticeState
from qa.core.people import Person, Reach
from qa.db.models import (
    AttributeRow,
    CheckRow,
    DisputeRow,
    FindingRow,
    NoticePointRow,
    NoticeRow,
    RecordingRow,
    ReviewRow,
    RulingRow,
    VerdictRow,
)


@dataclass(frozen=True, slots=True)
class NoticeQuery:
    """What to list; every given field must hold."""

    states: Collection[NoticeState] = ()
    agent: str | None = None
    recording_id: str | None = None
    before: str | None = None
    """Only notices with a smaller id: the key of keyset paging."""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Calls:
    """How often a rule was applied to an agent's calls, and in how many it was broken."""

    judged: int
    broken: int


class Coaching:
    """Notices and disputes within one transaction, as far as `who` sees them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, *rows: NoticeRow | NoticePointRow | DisputeRow | RulingRow) -> None:
        """New rows, in the order given."""
        for row in rows:
            self._session.add(row)
            self._session.flush()

    def delete(self, rows: Sequence[NoticePointRow]) -> None:
        """Points of a draft that is written anew."""
        for row in rows:
            self._session.delete(row)
        self._session.flush()

    def review(self, tenant: str, recording_id: str) -> ReviewRow | None:
        """The review of a recording."""
        return self._session.scalars(
            sa.select(ReviewRow).where(ReviewRow.tenant == tenant, ReviewRow.recording_id == recording_id)
        ).first()

    def verdicts(self, review_id: str) -> Sequence[VerdictRow]:
        """What a person said of each flag, in the order of the call."""
        wanted = sa.select(VerdictRow).where(VerdictRow.review_id == review_id)
        return self._session.scalars(wanted.order_by(VerdictRow.start_s, VerdictRow.id)).all()

    def verdict(self, verdict_id: str) -> VerdictRow | None:
        """One verdict."""
        return self._session.get(VerdictRow, verdict_id)

    def positions(self, finding_ids: Collection[str]) -> dict[str, tuple[str, int]]:
        """Finding id -> its result and its position in there."""
        wanted = sa.select(FindingRow.id, FindingRow.result_id, FindingRow.position).where(
            FindingRow.id.in_(list(finding_ids))
        )
        return {row.id: (row.result_id, row.position) for row in self._session.execute(wanted)}

    def attributes(self, recording_id: str) -> dict[str, str]:
        """The recording's metadata."""
        wanted = sa.select(AttributeRow).where(AttributeRow.recording_id == recording_id)
        return {row.name: row.value for row in self._session.scalars(wanted)}

    def notice(self, who: Person, notice_id: str, *, lock: bool = False) -> NoticeRow | None:
        """One notice, where `who` sees it."""
        wanted = sa.select(NoticeRow).where(NoticeRow.id == notice_id, *_seen(who, NoticeRow))
        return self._session.scalars(wanted.with_for_update() if lock else wanted).first()

    def notices(self, who: Person, query: NoticeQuery) -> Sequence[NoticeRow]:
        """Newest first."""
        wanted = sa.select(NoticeRow).where(*_seen(who, NoticeRow))
        if query.states:
            wanted = wanted.where(NoticeRow.state.in_([state.value for state in query.states]))
        if query.agent:
            wanted = wanted.where(NoticeRow.agent == query.agent)
        if query.recording_id:
            wanted = wanted.where(NoticeRow.recording_id == query.recording_id)
        if query.before:
            wanted = wanted.where(NoticeRow.id < query.before)
        return self._session.scalars(wanted.order_by(NoticeRow.id.desc()).limit(query.limit)).all()

    def notice_counts(self, who: Person) -> dict[str, int]:
        """State -> how many."""
        wanted = sa.select(NoticeRow.state, sa.func.count()).where(*_seen(who, NoticeRow))
        found = self._session.execute(wanted.group_by(NoticeRow.state))
        return {state: count for state, count in found}  # noqa: C416 - a row is no tuple to the type checker

    def points(self, notice_ids: Collection[str]) -> dict[str, list[NoticePointRow]]:
        """Notice id -> its points in order."""
        found: dict[str, list[NoticePointRow]] = {one: [] for one in notice_ids}
        wanted = sa.select(NoticePointRow).where(NoticePointRow.notice_id.in_(list(notice_ids)))
        for row in self._session.scalars(wanted.order_by(NoticePointRow.position)):
            found[row.notice_id].append(row)
        return found

    def to_remind(self, before: datetime, limit: int) -> Sequence[NoticeRow]:
        """Unanswered notices due before then of which nobody was reminded."""
        wanted = sa.select(NoticeRow).where(
            NoticeRow.state == NoticeState.ISSUED.value,
            NoticeRow.due_at <= before,
            NoticeRow.reminded_at.is_(None),
        )
        return self._session.scalars(wanted.order_by(NoticeRow.id).limit(limit).with_for_update()).all()

    def dispute(self, who: Person, dispute_id: str, *, lock: bool = False) -> DisputeRow | None:
        """One dispute, where `who` sees it."""
        wanted = sa.select(DisputeRow).where(DisputeRow.id == dispute_id, *_seen(who, DisputeRow))
        return self._session.scalars(wanted.with_for_update() if lock else wanted).first()

    def dispute_of(self, point_id: str) -> DisputeRow | None:
        """The dispute about a point."""
        return self._session.scalars(sa.select(DisputeRow).where(DisputeRow.point_id == point_id)).first()

    def disputes(
        self, who: Person, states: Collection[DisputeState], before: str | None, limit: int
    ) -> Sequence[DisputeRow]:
        """The most pressing first among open ones, otherwise newest first."""
        wanted = sa.select(DisputeRow).where(*_seen(who, DisputeRow))
        if states:
            wanted = wanted.where(DisputeRow.state.in_([state.value for state in states]))
        if before:
            wanted = wanted.where(DisputeRow.id < before)
        return self._session.scalars(wanted.order_by(DisputeRow.id.desc()).limit(limit)).all()

    def disputes_of(self, notice_id: str) -> Sequence[DisputeRow]:
        """All disputes about points of a notice."""
        return self._session.scalars(sa.select(DisputeRow).where(DisputeRow.notice_id == notice_id)).all()

    def rulings(self, dispute_ids: Collection[str]) -> dict[str, list[RulingRow]]:
        """Dispute id -> its rulings in order."""
        found: dict[str, list[RulingRow]] = {one: [] for one in dispute_ids}
        wanted = sa.select(RulingRow).where(RulingRow.dispute_id.in_(list(dispute_ids)))
        for row in self._session.scalars(wanted.order_by(RulingRow.step)):
            found[row.dispute_id].append(row)
        return found

    def overdue(self, now: datetime, limit: int) -> Sequence[DisputeRow]:
        """Disputes whose deadline has passed: open ones nobody was reminded of, and ruled ones."""
        wanted = sa.select(DisputeRow).where(
            DisputeRow.deadline <= now,
            sa.or_(
                sa.and_(DisputeRow.state == DisputeState.OPEN.value, DisputeRow.reminded_at.is_(None)),
                DisputeRow.state == DisputeState.RULED.value,
            ),
        )
        return self._session.scalars(wanted.order_by(DisputeRow.id).limit(limit).with_for_update()).all()

    def calls(self, tenant: str, agent: str, rule: str, start: datetime, end: datetime) -> Calls:
        """Of an agent's calls between two moments: those the rule was applied to, and those that broke it.

        A term has no check of its own: there every analysed call counts as judged. What a reviewer rejected is
        not counted as broken.
        """
        calls = (
            sa.select(RecordingRow.id, RecordingRow.result_id)
            .where(
                RecordingRow.tenant == tenant,
                RecordingRow.agent == agent,
                RecordingRow.called_at >= start,
                RecordingRow.called_at < end,
                RecordingRow.status == "done",
            )
            .subquery()
        )
        outcome = sa.select(CheckRow.outcome).where(CheckRow.result_id == calls.c.result_id, CheckRow.rule == rule)
        skipped = outcome.where(CheckRow.outcome.not_in(("pass", "fail"))).exists()
        rejected = (
            sa.select(VerdictRow.id)
            .where(VerdictRow.finding_id == FindingRow.id, VerdictRow.outcome == "rejected")
            .exists()
        )
        broken = (
            sa.select(FindingRow.id)
            .where(
                FindingRow.result_id == calls.c.result_id,
                FindingRow.rule == rule,
                FindingRow.shadow.is_(False),
                ~rejected,
            )
            .exists()
        )
        wanted = sa.select(
            sa.func.count(), sa.func.coalesce(sa.func.sum(sa.case((broken, 1), else_=0)), 0)
        ).select_from(calls)
        judged, failed = self._session.execute(wanted.where(~skipped)).one()
        return Calls(int(judged), int(failed))


def _seen(who: Person, table: type[NoticeRow] | type[DisputeRow]) -> list[sa.ColumnElement[bool]]:
    """Reach: agents see their own once issued, supervisors their teams'."""
    conditions: list[sa.ColumnElement[bool]] = [table.tenant == who.tenant]
    match who.reach:
        case Reach.ALL:
            pass
        case Reach.TEAMS:
            conditions.append(table.team.in_(who.teams))
        case Reach.OWN:
            conditions.append(table.agent == (who.agent or ""))
            if table is NoticeRow:
                conditions.append(NoticeRow.state.in_([state.value for state in SHOWN_TO_AGENT]))
        case Reach.NONE:
            conditions.append(sa.false())
    return conditions
