"""Disputes: raised by the agent, ruled by somebody who has not judged before, and what a ruling changes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from msgspec.structs import replace
from sqlalchemy.orm import Session

from qa.core.coaching import DisputeState, NoticeState, Ruling
from qa.core.errors import BadOptionError, ConflictError, ForbiddenError, NotFoundError
from qa.core.finding import Severity
from qa.core.people import Person, Right
from qa.db.audit import AuditTrail
from qa.db.coaching import Coaching
from qa.db.engine import Database
from qa.db.ids import new_id
from qa.db.models import DisputeRow, NoticeRow, RulingRow
from qa.services.coaching.access import found_dispute, found_notice
from qa.services.coaching.mapping import dispute_view
from qa.services.coaching.notices import MAX_PAGE, MAX_TEXT, news_of
from qa.services.coaching.views import DisputePage, DisputeView
from qa.services.push import Outbox
from qa.settings import CoachingSettings

_AT_A_TIME = 100


class Judge(Protocol):
    """The part of the review service that a ruling needs."""

    def judged_by(self, session: Session, review_id: str, verdict_id: str, before: datetime) -> Sequence[str]:
        """Logins of those who gave the verdict or finalised the review up to some moment."""
        ...

    def revise(
        self,
        session: Session,
        who: Person,
        review_id: str,
        verdict_id: str,
        *,
        severity: Severity | None,
        reason: str,
    ) -> tuple[float | None, float | None]:
        """A new version of the review in which the verdict is rejected (`severity` None) or has that severity;
        the human score before and after."""
        ...


class DisputeService:
    """All that happens to a dispute. Every method checks what `who` may do and sees."""

    def __init__(self, database: Database, judge: Judge, options: CoachingSettings) -> None:
        self._database = database
        self._judge = judge
        self._options = options

    def raise_dispute(self, who: Person, notice_id: str, point_id: str, *, words: str) -> DisputeView:
        """Object to one point of a notice. Raises `ConflictError` where it is too late or was done before."""
        who.need(Right.DISPUTE)
        said = _said(words)
        with self._database.write() as session:
            coaching, now = Coaching(session), self._database.now(session)
            notice = found_notice(session, who, notice_id, lock=True)
            if notice.agent != who.agent:
                raise ForbiddenError("coaching.not_yours")
            point = next((one for one in coaching.points([notice.id])[notice.id] if one.id == point_id), None)
            if point is None or point.good or point.verdict_id is None:
                raise NotFoundError("coaching.no_point", id=point_id[:40])
            if coaching.dispute_of(point.id) is not None:
                raise ConflictError("coaching.disputed_before")
            if notice.state not in _DISPUTABLE or notice.issued_at is None:
                raise ConflictError("coaching.wrong_state", state=notice.state)
            if now > notice.issued_at + timedelta(days=self._options.dispute_days):
                raise ConflictError("coaching.too_late", days=self._options.dispute_days)
            row = DisputeRow(
                id=new_id(),
                tenant=who.tenant,
                recording_id=notice.recording_id,
                review_id=notice.review_id,
                notice_id=notice.id,
                point_id=point.id,
                verdict_id=point.verdict_id,
                agent=notice.agent,
                team=notice.team,
                state=DisputeState.OPEN.value,
                step=1,
                words=said,
                raised_by=who.login,
                raised_at=now,
                deadline=now + timedelta(days=self._options.ruling_days),
            )
            coaching.add(row)
            notice.state = NoticeState.DISPUTED.value
            self._tell(session, who, now, row, notice, "dispute.raised")
            return self._view(session, row, now)

    def take_further(self, who: Person, dispute_id: str, *, words: str) -> DisputeView:
        """The agent does not accept a ruling. Raises `ConflictError` where it is final or too late."""
        who.need(Right.DISPUTE)
        said = _said(words)
        with self._database.write() as session:
            now = self._database.now(session)
            row = found_dispute(session, who, dispute_id, lock=True)
            if row.agent != who.agent:
                raise ForbiddenError("coaching.not_yours")
            if row.state != DisputeState.RULED.value:
                raise ConflictError("coaching.dispute_state", state=row.state)
            if now > row.deadline:
                raise ConflictError("coaching.too_late", days=self._options.dispute_days)
            notice = found_notice(session, who, row.notice_id, lock=True)
            row.state, row.step, row.words = DisputeState.OPEN.value, row.step + 1, said
            row.deadline = now + timedelta(days=self._options.ruling_days)
            row.assigned_to = row.reminded_at = None
            notice.state = NoticeState.DISPUTED.value
            self._tell(session, who, now, row, notice, "dispute.raised")
            return self._view(session, row, now)

    def assign(self, who: Person, dispute_id: str, login: str) -> DisputeView:
        """Give an open dispute to somebody who has not judged it before."""
        who.need(Right.MANAGE_QUEUE)
        with self._database.write() as session:
            now = self._database.now(session)
            row = self._open(session, who, dispute_id)
            if login in self._judged_by(session, row):
                raise ConflictError("coaching.judged_before", who=login)
            row.assigned_to = login
            AuditTrail(session).add(
                row.tenant, now, who.login, "dispute.assigned", row.recording_id, dispute=row.id, to=login
            )
            return self._view(session, row, now)

    def rule(
        self, who: Person, dispute_id: str, outcome: Ruling, *, reason: str, severity: Severity | None = None
    ) -> DisputeView:
        """Decide the present step. Raises `ForbiddenError` where `who` judged before, `ConflictError` where it is
        not open, `BadOptionError` without a reason or, for `changed`, without a lower severity."""
        who.need(Right.RULE_DISPUTE)
        why = _said(reason)
        with self._database.write() as session:
            coaching, now = Coaching(session), self._database.now(session)
            row = self._open(session, who, dispute_id)
            if who.login in self._judged_by(session, row) or who.agent == row.agent:
                raise ForbiddenError("coaching.judged_before", who=who.login)
            if row.assigned_to not in (None, who.login):
                raise ConflictError("coaching.assigned_to_other", who=row.assigned_to)
            before, after = self._apply(session, who, row, outcome, severity, why)
            ruling = RulingRow(
                id=new_id(),
                dispute_id=row.id,
                step=row.step,
                words=row.words,
                outcome=outcome.value,
                reason=why,
                ruled_by=who.login,
                ruled_at=now,
                score_before=before,
                score_after=after,
            )
            coaching.add(ruling)
            final = outcome is Ruling.OVERTURNED or row.step >= self._options.dispute_steps
            row.state = (DisputeState.FINAL if final else DisputeState.RULED).value
            row.deadline = now if final else now + timedelta(days=self._options.dispute_days)
            notice = found_notice(session, who, row.notice_id, lock=True)
            self._settle(session, notice, now)
            self._tell(session, who, now, row, notice, "dispute.ruled", outcome=outcome.value)
            return self._view(session, row, now)

    def get(self, who: Person, dispute_id: str) -> DisputeView:
        """One dispute. Raises `NotFoundError` where `who` does not see it."""
        who.need(Right.SEE_NOTICES)
        with self._database.read() as session:
            row = found_dispute(session, who, dispute_id)
            return self._view(session, row, self._database.now(session))

    def page(
        self, who: Person, *, states: Sequence[DisputeState] = (), cursor: str | None = None, limit: int = 50
    ) -> DisputePage:
        """Disputes that `who` sees, newest first."""
        who.need(Right.SEE_NOTICES)
        size = min(max(limit, 1), MAX_PAGE)
        with self._database.read() as session:
            rows = Coaching(session).disputes(who, tuple(states), cursor, size + 1)
            items = self._views(session, rows[:size], self._database.now(session))
        return DisputePage(tuple(items), items[-1].id if len(rows) > size else None)

    def expire(self) -> int:
        """Make rulings final that were not taken further in time, and tell of disputes that wait too long.

        A dispute that nobody rules stays open: the agent does not lose by our delay. For the sweeper.
        """
        with self._database.write() as session:
            coaching, now = Coaching(session), self._database.now(session)
            rows = coaching.overdue(now, _AT_A_TIME)
            for row in rows:
                notice = session.get(NoticeRow, row.notice_id)
                if notice is None:
                    continue
                if row.state == DisputeState.RULED.value:
                    row.state = DisputeState.FINAL.value
                    session.flush()
                    self._settle(session, notice, now)
                    AuditTrail(session).add(
                        row.tenant, now, "system", "dispute.final", row.recording_id, dispute=row.id
                    )
                else:
                    row.reminded_at = now
                    Outbox(session, row.tenant, now).tell(
                        news_of("dispute.late", notice, due=row.deadline, path=f"/disputes/{row.id}")
                    )
        return len(rows)

    def _apply(
        self,
        session: Session,
        who: Person,
        row: DisputeRow,
        outcome: Ruling,
        severity: Severity | None,
        reason: str,
    ) -> tuple[float | None, float | None]:
        verdict = Coaching(session).verdict(row.verdict_id)
        if outcome is Ruling.UPHELD or verdict is None:
            review = Coaching(session).review(row.tenant, row.recording_id)
            score = review.human_score if review else None
            return score, score
        if outcome is Ruling.CHANGED:
            if severity is None or severity.rank >= Severity(verdict.severity).rank:
                raise BadOptionError("coaching.lower_severity_needed", now=verdict.severity)
        else:
            severity = None
        return self._judge.revise(
            session, who, row.review_id, row.verdict_id, severity=severity, reason=f"dispute {row.id}: {reason}"
        )

    def _settle(self, session: Session, notice: NoticeRow, now: datetime) -> None:
        """Where the notice goes once none of its disputes is open: back to its agent, or away when no point is
        left."""
        coaching = Coaching(session)
        session.flush()
        disputes = coaching.disputes_of(notice.id)
        if notice.state != NoticeState.DISPUTED.value or any(
            one.state == DisputeState.OPEN.value for one in disputes
        ):
            return
        rulings = coaching.rulings([one.id for one in disputes])
        gone = {
            one.point_id for one in disputes if any(r.outcome == Ruling.OVERTURNED.value for r in rulings[one.id])
        }
        left = [
            point for point in coaching.points([notice.id])[notice.id] if not point.good and point.id not in gone
        ]
        if left:
            answered = notice.answered_at is not None
            notice.state = (NoticeState.ACKNOWLEDGED if answered else NoticeState.ISSUED).value
        else:
            notice.state, notice.closed_at, notice.closed_by = NoticeState.WITHDRAWN.value, now, "system"

    def _open(self, session: Session, who: Person, dispute_id: str) -> DisputeRow:
        row = found_dispute(session, who, dispute_id, lock=True)
        if row.state != DisputeState.OPEN.value:
            raise ConflictError("coaching.dispute_state", state=row.state)
        return row

    def _judged_by(self, session: Session, row: DisputeRow) -> tuple[str, ...]:
        """Whoever gave the verdict, finalised the review, issued the notice or ruled at an earlier step."""
        notice = session.get_one(NoticeRow, row.notice_id)
        names = [one.ruled_by for one in Coaching(session).rulings([row.id])[row.id]]
        if notice.issued_by and notice.issued_at:
            judges = self._judge.judged_by(session, row.review_id, row.verdict_id, notice.issued_at)
            names = [*judges, notice.issued_by, *names]
        return tuple(dict.fromkeys(names))

    def _view(self, session: Session, row: DisputeRow, now: datetime) -> DisputeView:
        return replace(self._views(session, [row], now)[0], judged_by=self._judged_by(session, row))

    def _views(self, session: Session, rows: Sequence[DisputeRow], now: datetime) -> list[DisputeView]:
        coaching, steps = Coaching(session), self._options.dispute_steps
        rulings = coaching.rulings([row.id for row in rows])
        points = coaching.points(list({row.notice_id for row in rows}))
        views = []
        for row in rows:
            notice = session.get_one(NoticeRow, row.notice_id)
            point = next(one for one in points[row.notice_id] if one.id == row.point_id)
            views.append(dispute_view(row, notice, point, rulings[row.id], now, steps))
        return views

    def _tell(
        self,
        session: Session,
        who: Person,
        now: datetime,
        row: DisputeRow,
        notice: NoticeRow,
        event: str,
        outcome: str = "",
    ) -> None:
        said = {"outcome": outcome} if outcome else {}
        AuditTrail(session).add(
            row.tenant, now, who.login, event, row.recording_id, dispute=row.id, step=row.step, **said
        )
        news = news_of(event, notice, outcome=outcome, due=row.deadline, path=f"/disputes/{row.id}")
        Outbox(session, row.tenant, now).tell(news, agent_too=event == "dispute.ruled")


_DISPUTABLE = (NoticeState.ISSUED.value, NoticeState.ACKNOWLEDGED.value, NoticeState.DISPUTED.value)


def _said(words: str) -> str:
    said = words.strip()
    if not 0 < len(said) <= MAX_TEXT:
        raise BadOptionError("coaching.reason_needed", most=MAX_TEXT)
    return said
