"""Coaching notices: draft, edit, issue, answer, close; and whether they worked."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from qa.core.coaching import NOTICE_STEPS, NoticeState
from qa.core.errors import BadOptionError, ConflictError, ForbiddenError, NotFoundError
from qa.core.finding import Finding
from qa.core.interval import wilson
from qa.core.people import Person, Right
from qa.core.result import Result
from qa.db.audit import AuditTrail
from qa.db.coaching import Coaching, NoticeQuery
from qa.db.engine import Database
from qa.db.ids import new_id
from qa.db.models import NoticeRow, RecordingRow, ReviewRow, VerdictRow
from qa.db.recordings import Recordings
from qa.db.results import Results
from qa.i18n import label_in, text
from qa.services.coaching.access import found_notice
from qa.services.coaching.drafting import points_of
from qa.services.coaching.mapping import notice_view
from qa.services.coaching.views import EffectView, NoticePage, NoticeView, PointEdit
from qa.services.mapping import result_view
from qa.services.push import News, Outbox
from qa.settings import CoachingSettings

MAX_PAGE = 200
MAX_TEXT = 5000
MAX_TITLE = 255
_AT_A_TIME = 100
_NAMED = 3


class NoticeService:
    """All that happens to a notice. Every method checks what `who` may do and sees."""

    def __init__(self, database: Database, options: CoachingSettings) -> None:
        self._database = database
        self._options = options

    def draft(self, who: Person, recording_id: str, *, locale: str) -> NoticeView:
        """A draft about a recording, from what a reviewer confirmed in it; the open draft where there is one.

        Raises `NotFoundError`, or `ConflictError` where nothing was confirmed or nobody knows whose call it is.
        """
        who.need(Right.COACH)
        with self._database.write() as session:
            coaching, now = Coaching(session), self._database.now(session)
            recording, attributes = _recording(session, who, recording_id)
            query = NoticeQuery(states=(NoticeState.DRAFT,), recording_id=recording.id, limit=1)
            for open_draft in coaching.notices(who, query):
                return self._view(session, [open_draft], now)[0]
            review = coaching.review(who.tenant, recording.id)
            if review is None:
                raise ConflictError("coaching.nothing_confirmed")
            agent = attributes.get("agent")
            if not agent:
                raise ConflictError("coaching.no_agent", name=recording.name[:100])
            row = NoticeRow(
                id=new_id(),
                tenant=who.tenant,
                recording_id=recording.id,
                review_id=review.id,
                agent=agent,
                team=attributes.get("team"),
                state=NoticeState.DRAFT.value,
                title="",
                body=text("coaching.draft_body", locale),
                drafted_by=who.login,
                drafted_at=now,
            )
            result = _pinned(session, review)
            verdicts = coaching.verdicts(review.id)
            points = points_of(row.id, verdicts, _findings(session, verdicts, result), result)
            if all(point.good for point in points):
                raise ConflictError("coaching.nothing_confirmed")
            row.title = "、".join(dict.fromkeys(label_in(p.label, locale) for p in points if not p.good))[
                :MAX_TITLE
            ]
            coaching.add(row, *points)
            self._record(session, who, now, row, "notice.drafted")
            return self._view(session, [row], now)[0]

    def edit(
        self, who: Person, notice_id: str, *, title: str, body: str, points: Sequence[PointEdit]
    ) -> NoticeView:
        """Change a draft; points that are not named are dropped. Raises `BadOptionError` or `ConflictError`."""
        who.need(Right.COACH)
        if not 0 < len(title.strip()) <= MAX_TITLE:
            raise BadOptionError("coaching.title_needed", most=MAX_TITLE)
        if len(body) > MAX_TEXT or any(len(p.note) > MAX_TEXT or len(p.wording or "") > MAX_TEXT for p in points):
            raise BadOptionError("coaching.too_long", most=MAX_TEXT)
        with self._database.write() as session:
            coaching, now = Coaching(session), self._database.now(session)
            row = found_notice(session, who, notice_id, lock=True)
            if row.state != NoticeState.DRAFT.value:
                raise ConflictError("coaching.no_longer_a_draft")
            kept = {edit.id: edit for edit in points}
            known = coaching.points([row.id])[row.id]
            if not any(point.id in kept and not point.good for point in known):
                raise BadOptionError("coaching.point_needed")
            coaching.delete([point for point in known if point.id not in kept])
            for point in known:
                if point.id in kept:
                    point.note = kept[point.id].note.strip()
                    point.wording = kept[point.id].wording or point.wording
            row.title, row.body = title.strip(), body.strip()
            session.flush()
            return self._view(session, [row], now)[0]

    def issue(self, who: Person, notice_id: str, *, due_at: datetime | None = None) -> NoticeView:
        """Send a draft to its agent. Raises `ConflictError` before the review is finalised."""
        who.need(Right.COACH)
        with self._database.write() as session:
            coaching, now = Coaching(session), self._database.now(session)
            row = found_notice(session, who, notice_id, lock=True)
            review = coaching.review(who.tenant, row.recording_id)
            if review is None or review.status != "finalised":
                raise ConflictError("coaching.review_first")
            if due_at is not None and due_at <= now:
                raise BadOptionError("coaching.due_in_past")
            self._step(row, NoticeState.ISSUED)
            row.issued_by, row.issued_at = who.login, now
            row.due_at = due_at or now + timedelta(days=self._options.answer_days)
            self._record(session, who, now, row, "notice.issued", due=row.due_at.isoformat())
            Outbox(session, row.tenant, now).tell(news_of("notice.issued", row), agent_too=True)
            return self._view(session, [row], now)[0]

    def acknowledge(self, who: Person, notice_id: str, *, comment: str = "") -> NoticeView:
        """The agent has read it. Raises `ForbiddenError` for anybody else."""
        who.need(Right.ANSWER_NOTICE)
        if len(comment) > MAX_TEXT:
            raise BadOptionError("coaching.too_long", most=MAX_TEXT)
        with self._database.write() as session:
            now = self._database.now(session)
            row = found_notice(session, who, notice_id, lock=True)
            if row.agent != who.agent:
                raise ForbiddenError("coaching.not_yours")
            if row.state == NoticeState.DISPUTED.value:
                raise ConflictError("coaching.dispute_first")
            self._step(row, NoticeState.ACKNOWLEDGED)
            row.answered_at, row.answer = now, comment.strip() or None
            self._record(session, who, now, row, "notice.acknowledged")
            Outbox(session, row.tenant, now).tell(news_of("notice.acknowledged", row))
            return self._view(session, [row], now)[0]

    def withdraw(self, who: Person, notice_id: str, *, reason: str) -> NoticeView:
        """Take it back; it stays in the history with the reason."""
        return self._end(who, notice_id, NoticeState.WITHDRAWN, reason)

    def close(self, who: Person, notice_id: str, *, reason: str) -> NoticeView:
        """Nothing more to do about it."""
        return self._end(who, notice_id, NoticeState.CLOSED, reason)

    def get(self, who: Person, notice_id: str) -> NoticeView:
        """One notice. Raises `NotFoundError` where `who` does not see it."""
        who.need(Right.SEE_NOTICES)
        with self._database.read() as session:
            row = found_notice(session, who, notice_id)
            return self._view(session, [row], self._database.now(session))[0]

    def page(
        self,
        who: Person,
        *,
        states: Sequence[NoticeState] = (),
        agent: str | None = None,
        recording_id: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> NoticePage:
        """Notices that `who` sees, newest first; `limit` is held between 1 and 200."""
        who.need(Right.SEE_NOTICES)
        size = min(max(limit, 1), MAX_PAGE)
        with self._database.read() as session:
            query = NoticeQuery(tuple(states), agent, recording_id, cursor, size + 1)
            rows = Coaching(session).notices(who, query)
            items = self._view(session, rows[:size], self._database.now(session))
        return NoticePage(tuple(items), items[-1].id if len(rows) > size else None)

    def counts(self, who: Person) -> dict[NoticeState, int]:
        """How many notices stand where, for the board."""
        who.need(Right.SEE_NOTICES)
        with self._database.read() as session:
            counts = Coaching(session).notice_counts(who)
        return {state: counts.get(state.value, 0) for state in NoticeState}

    def effect(self, who: Person, notice_id: str) -> tuple[EffectView, ...]:
        """The rules of a notice on its agent's calls, `coaching.follow_up_days` before and after it was issued."""
        who.need(Right.COACH)
        window = timedelta(days=self._options.follow_up_days)
        with self._database.read() as session:
            coaching = Coaching(session)
            row = found_notice(session, who, notice_id)
            issued = row.issued_at
            if issued is None:
                raise ConflictError("coaching.not_issued")
            views = []
            blamed = {point.rule: point for point in coaching.points([row.id])[row.id] if not point.good}
            for rule, point in blamed.items():
                before = coaching.calls(row.tenant, row.agent, rule, issued - window, issued)
                after = coaching.calls(row.tenant, row.agent, rule, issued, issued + window)
                earlier, later = wilson(before.broken, before.judged), wilson(after.broken, after.judged)
                verdict = "better" if later[1] < earlier[0] else "worse" if later[0] > earlier[1] else "unknown"
                views.append(
                    EffectView(
                        rule,
                        dict(point.label),
                        before.judged,
                        before.broken,
                        after.judged,
                        after.broken,
                        earlier,
                        later,
                        verdict,
                    )
                )
        return tuple(views)

    def remind(self) -> int:
        """Recall notices that are due soon and have no answer; returns how many. For the sweeper."""
        with self._database.write() as session:
            now = self._database.now(session)
            rows = Coaching(session).to_remind(now + timedelta(days=self._options.remind_days), _AT_A_TIME)
            for row in rows:
                row.reminded_at = now
                Outbox(session, row.tenant, now).tell(news_of("notice.reminder", row), agent_too=True)
        return len(rows)

    def _end(self, who: Person, notice_id: str, state: NoticeState, reason: str) -> NoticeView:
        who.need(Right.COACH)
        if not 0 < len(reason.strip()) <= MAX_TEXT:
            raise BadOptionError("coaching.reason_needed", most=MAX_TEXT)
        with self._database.write() as session:
            now = self._database.now(session)
            row = found_notice(session, who, notice_id, lock=True)
            told = row.issued_at is not None
            self._step(row, state)
            row.closed_by, row.closed_at, row.close_reason = who.login, now, reason.strip()
            self._record(session, who, now, row, f"notice.{state.value}")
            if told and state is NoticeState.WITHDRAWN:
                Outbox(session, row.tenant, now).tell(news_of("notice.withdrawn", row), agent_too=True)
            return self._view(session, [row], now)[0]

    def _step(self, row: NoticeRow, to: NoticeState) -> None:
        if to not in NOTICE_STEPS[NoticeState(row.state)]:
            raise ConflictError("coaching.wrong_state", state=row.state)
        row.state = to.value

    def _view(self, session: Session, rows: Sequence[NoticeRow], now: datetime) -> list[NoticeView]:
        coaching = Coaching(session)
        points = coaching.points([row.id for row in rows])
        disputes = {row.id: coaching.disputes_of(row.id) for row in rows if row.issued_at is not None}
        rulings = coaching.rulings([one.id for found in disputes.values() for one in found])
        return [
            notice_view(row, points[row.id], disputes.get(row.id, ()), rulings, now, self._options) for row in rows
        ]

    def _record(
        self, session: Session, who: Person, now: datetime, row: NoticeRow, action: str, **details: object
    ) -> None:
        AuditTrail(session).add(row.tenant, now, who.login, action, row.recording_id, notice=row.id, **details)


def _title(labels: Sequence[str], locale: str) -> str:
    """The first few things a notice is about, and how many there are."""
    names = list(dict.fromkeys(labels))
    named = text("coaching.and", locale).join(names[:_NAMED])
    if len(names) > _NAMED:
        named = text("coaching.title_more", locale, named=named, n=len(names))
    return (named or text("coaching.title_plain", locale))[:MAX_TITLE]


def news_of(event: str, row: NoticeRow, *, outcome: str = "", due: datetime | None = None, path: str = "") -> News:
    """The few facts of a notice that leave the house."""
    when = due or row.due_at
    return News(
        event,
        path or f"/coaching/{row.id}",
        agent=row.agent,
        team=row.team or "",
        title=row.title,
        due=when.isoformat() if when else "",
        outcome=outcome,
    )


def _recording(session: Session, who: Person, recording_id: str) -> tuple[RecordingRow, dict[str, str]]:
    recording = Recordings(session).get(recording_id, who.tenant, lock=True)
    attributes = Coaching(session).attributes(recording.id) if recording else {}
    if recording is None or not who.sees(agent=attributes.get("agent"), team=attributes.get("team")):
        raise NotFoundError("ledger.no_recording", id=recording_id[:64])
    return recording, attributes


def _pinned(session: Session, review: ReviewRow) -> Result:
    row = Results(session).get(review.recording_id, review.result_id)
    if row is None:
        raise ConflictError("coaching.nothing_confirmed")
    return result_view(row).result


def _findings(session: Session, verdicts: Sequence[VerdictRow], result: Result) -> dict[str, Finding]:
    found = result.analysis.findings if result.analysis else ()
    positions = Coaching(session).positions([one.finding_id for one in verdicts if one.finding_id])
    return {one: found[position] for one, (_, position) in positions.items() if position < len(found)}
