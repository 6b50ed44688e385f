"""Queries on reviews: the queue, who holds what, and what was said.

Whoever changes a review locks the recording first and the review second, as workers do when they write a result;
the queue takes both at once and passes over what somebody else is just changing. So nobody waits in a circle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, defer

from qa.core.people import Person, Reach
from qa.db.models import (
    CommentRow,
    CorrectionRow,
    FindingRow,
    ManualAnswerRow,
    RecordingRow,
    ReviewRow,
    ReviewSkipRow,
    ReviewVersionRow,
    VerdictRow,
)
from qa.db.models.review import OPEN
from qa.db.people import within_reach

# Written out, not as a parameter: only so does SQLite use the index of open reviews.
_IS_OPEN = sa.text(f"review.{OPEN}")


@dataclass(frozen=True, slots=True)
class QueueQuery:
    """What of the queue somebody is offered."""

    who: Person
    now: datetime
    team: str | None = None
    """Only this team's calls."""
    mine: bool = False
    """Only what was handed to them."""


class Reviews:
    """Reviews within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def recording(self, who: Person, recording_id: str, *, lock: bool = False) -> RecordingRow | None:
        """The recording where it is in reach."""
        wanted = sa.select(RecordingRow).where(RecordingRow.id == recording_id, within_reach(who))
        return self._session.scalars(wanted.with_for_update(of=RecordingRow) if lock else wanted).first()

    def of(self, recording_id: str, *, lock: bool = False) -> ReviewRow | None:
        """The review of a recording as it is now; to lock it, the recording has to be locked before."""
        wanted = sa.select(ReviewRow).where(ReviewRow.recording_id == recording_id)
        if lock:
            wanted = wanted.with_for_update()
        return self._session.scalars(wanted.execution_options(populate_existing=True)).first()

    def get(self, review_id: str) -> ReviewRow | None:
        """One by id."""
        return self._session.get(ReviewRow, review_id)

    def add(self, row: ReviewRow) -> None:
        """A new one."""
        self._session.add(row)
        self._session.flush()

    def remove(self, row: ReviewRow) -> None:
        """One that nobody is called for any more and nobody has worked on."""
        self._session.delete(row)
        self._session.flush()

    def offered(self, query: QueueQuery, *, limit: int, lock: bool = False) -> Sequence[ReviewRow]:
        """What waits for somebody, first what was handed to them, then by priority and age.

        With `lock` they stay locked to the end of the transaction, and what others have locked is passed over.
        """
        found: list[ReviewRow] = []
        own = ReviewRow.assigned_to == query.who.login
        for whose in (own,) if query.mine else (own, ReviewRow.assigned_to.is_(None)):
            if len(found) < limit:
                wanted = self._waiting(query, whose).limit(limit - len(found))
                if lock:
                    wanted = wanted.with_for_update(skip_locked=True, of=[RecordingRow, ReviewRow])
                found += self._session.scalars(wanted.execution_options(populate_existing=True))
        return found

    def _waiting(self, query: QueueQuery, whose: sa.ColumnElement[bool]) -> sa.Select[ReviewRow]:
        skipped = sa.select(ReviewSkipRow.review_id).where(
            ReviewSkipRow.review_id == ReviewRow.id,
            ReviewSkipRow.person == query.who.login,
            ReviewSkipRow.until > query.now,
        )
        wanted = (
            sa.select(ReviewRow)
            .join(RecordingRow, RecordingRow.id == ReviewRow.recording_id)
            .where(
                ReviewRow.tenant == query.who.tenant,
                _IS_OPEN,
                sa.or_(ReviewRow.status == "waiting", ReviewRow.claim_until <= query.now),
                whose,
                ~skipped.exists(),
                *_reach(query.who),
            )
        )
        if query.team is not None:
            wanted = wanted.where(ReviewRow.team == query.team)
        return wanted.order_by(ReviewRow.priority, ReviewRow.id)

    def held(self, who: Person, now: datetime) -> Sequence[ReviewRow]:
        """What somebody holds, the lease that ends first in front."""
        wanted = sa.select(ReviewRow).where(
            ReviewRow.tenant == who.tenant,
            _IS_OPEN,
            ReviewRow.status == "claimed",
            ReviewRow.claimed_by == who.login,
            ReviewRow.claim_until > now,
        )
        return self._session.scalars(wanted.order_by(ReviewRow.claim_until)).all()

    def listed(
        self,
        who: Person,
        now: datetime,
        *,
        team: str | None = None,
        late: bool = False,
        assigned_to: str | None = None,
        limit: int = 50,
    ) -> Sequence[ReviewRow]:
        """Open reviews in reach, held ones too, by priority; late ones by how late they are."""
        wanted = sa.select(ReviewRow).where(ReviewRow.tenant == who.tenant, _IS_OPEN, *_reach(who))
        if team is not None:
            wanted = wanted.where(ReviewRow.team == team)
        if late:
            wanted = wanted.where(ReviewRow.due_at <= now)
        if assigned_to is not None:
            wanted = wanted.where(ReviewRow.assigned_to == assigned_to)
        order = (ReviewRow.due_at,) if late else (ReviewRow.priority,)
        return self._session.scalars(wanted.order_by(*order, ReviewRow.id).limit(limit)).all()

    def counts(self, who: Person, now: datetime) -> tuple[int, int, int]:
        """Open, late and held reviews in reach; three counts, each from an index of its own."""
        held = sa.and_(
            ReviewRow.claimed_by.is_not(None), ReviewRow.claim_until > now, ReviewRow.status == "claimed"
        )
        conditions = (sa.true(), ReviewRow.due_at <= now, held)
        wanted = sa.select(sa.func.count()).where(ReviewRow.tenant == who.tenant, _IS_OPEN, *_reach(who))
        opened, late, claimed = (self._session.scalars(wanted.where(c)).one() for c in conditions)
        return opened, late, claimed

    def teams(self, who: Person) -> Sequence[tuple[str, int]]:
        """Teams with open reviews in reach, and how many."""
        wanted = (
            sa.select(ReviewRow.team, sa.func.count())
            .where(ReviewRow.tenant == who.tenant, _IS_OPEN, ReviewRow.team.is_not(None), *_reach(who))
            .group_by(ReviewRow.team)
            .order_by(ReviewRow.team)
        )
        return [(team, count) for team, count in self._session.execute(wanted) if team is not None]

    def overdue(self, now: datetime, limit: int) -> Sequence[ReviewRow]:
        """Open reviews whose time has passed and that were not raised for it yet; locked."""
        wanted = (
            sa.select(ReviewRow)
            .where(_IS_OPEN, ReviewRow.late.is_(False), ReviewRow.due_at <= now)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return self._session.scalars(wanted).all()

    def lapsed(self, now: datetime, limit: int) -> Sequence[ReviewRow]:
        """Claimed reviews whose lease is over; locked with their recordings."""
        wanted = (
            sa.select(ReviewRow)
            .join(RecordingRow, RecordingRow.id == ReviewRow.recording_id)
            .where(_IS_OPEN, ReviewRow.status == "claimed", ReviewRow.claim_until <= now)
            .limit(limit)
            .with_for_update(skip_locked=True, of=[RecordingRow, ReviewRow])
        )
        return self._session.scalars(wanted).all()

    def skip(self, review_id: str, person: str, reason: str, now: datetime, until: datetime) -> None:
        """Note that somebody passed it on."""
        self._session.merge(ReviewSkipRow(review_id=review_id, person=person, reason=reason, at=now, until=until))

    def forget_skips(self, review_id: str, person: str) -> None:
        """It may be offered to them again."""
        self._session.execute(
            sa.delete(ReviewSkipRow).where(ReviewSkipRow.review_id == review_id, ReviewSkipRow.person == person)
        )


def _reach(who: Person) -> list[sa.ColumnElement[bool]]:
    """By the copies that reviews carry; agents have no business in the queue."""
    if who.reach is Reach.ALL:
        return []
    return [ReviewRow.team.in_(who.teams)] if who.reach is Reach.TEAMS and who.teams else [sa.false()]


class Said:
    """What people said of a call, within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def verdicts(self, review_id: str) -> Sequence[VerdictRow]:
        """All of a review, oldest first."""
        wanted = sa.select(VerdictRow).where(VerdictRow.review_id == review_id)
        return self._session.scalars(wanted.order_by(VerdictRow.id)).all()

    def verdict(self, review_id: str, verdict_id: str) -> VerdictRow | None:
        """One of a review."""
        wanted = sa.select(VerdictRow).where(VerdictRow.review_id == review_id, VerdictRow.id == verdict_id)
        return self._session.scalars(wanted).first()

    def verdict_on(self, review_id: str, finding_id: str) -> VerdictRow | None:
        """That on a flag of the machine."""
        wanted = sa.select(VerdictRow).where(
            VerdictRow.review_id == review_id, VerdictRow.finding_id == finding_id
        )
        return self._session.scalars(wanted).first()

    def findings(self, result_id: str) -> Sequence[FindingRow]:
        """Findings of a result in its order."""
        wanted = sa.select(FindingRow).where(FindingRow.result_id == result_id)
        return self._session.scalars(wanted.order_by(FindingRow.position)).all()

    def answers(self, review_id: str) -> Sequence[ManualAnswerRow]:
        """All of a review."""
        wanted = sa.select(ManualAnswerRow).where(ManualAnswerRow.review_id == review_id)
        return self._session.scalars(wanted.order_by(ManualAnswerRow.kind, ManualAnswerRow.key)).all()

    def answer(self, review_id: str, kind: str, key: str) -> ManualAnswerRow | None:
        """One of a review."""
        return self._session.get(ManualAnswerRow, (review_id, kind, key))

    def comments(self, recording_id: str) -> Sequence[CommentRow]:
        """All of a recording, oldest first."""
        wanted = sa.select(CommentRow).where(CommentRow.recording_id == recording_id)
        return self._session.scalars(wanted.order_by(CommentRow.id)).all()

    def comment(self, recording_id: str, comment_id: str) -> CommentRow | None:
        """One of a recording."""
        wanted = sa.select(CommentRow).where(CommentRow.recording_id == recording_id, CommentRow.id == comment_id)
        return self._session.scalars(wanted).first()

    def corrections(self, recording_ids: Sequence[str]) -> dict[str, list[CorrectionRow]]:
        """Of several recordings, in order of time."""
        found: dict[str, list[CorrectionRow]] = {one: [] for one in recording_ids}
        wanted = sa.select(CorrectionRow).where(CorrectionRow.recording_id.in_(recording_ids))
        for row in self._session.scalars(wanted.order_by(CorrectionRow.start_ms, CorrectionRow.channel)):
            found[row.recording_id].append(row)
        return found

    def correction(self, recording_id: str, channel: int, start_ms: int) -> CorrectionRow | None:
        """That of one turn."""
        return self._session.get(CorrectionRow, (recording_id, channel, start_ms))

    def version(self, review_id: str, version: int) -> ReviewVersionRow | None:
        """One version, whole."""
        return self._session.get(ReviewVersionRow, (review_id, version))

    def versions(self, review_id: str) -> Sequence[ReviewVersionRow]:
        """All versions without their payload, newest first."""
        wanted = sa.select(ReviewVersionRow).where(ReviewVersionRow.review_id == review_id)
        wanted = wanted.options(defer(ReviewVersionRow.payload)).order_by(ReviewVersionRow.version.desc())
        return self._session.scalars(wanted).all()

    def add(self, row: VerdictRow | ManualAnswerRow | CommentRow | CorrectionRow | ReviewVersionRow) -> None:
        """Something new."""
        self._session.add(row)
        self._session.flush()

    def remove(self, row: VerdictRow | ManualAnswerRow | CommentRow | CorrectionRow) -> None:
        """Something taken back."""
        self._session.delete(row)
        self._session.flush()
