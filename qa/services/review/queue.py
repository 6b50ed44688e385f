"""The queue: the next call and why, claims with a lease, skipping, handing over."""

from collections.abc import Sequence
from datetime import timedelta

from msgspec.structs import replace
from sqlalchemy.orm import Session

from qa.core.errors import BadOptionError, NotFoundError
from qa.core.people import Person, Right
from qa.core.review import Act, CallFor, ReviewStatus, priority_of, step
from qa.db.models import RecordingRow, ReviewRow
from qa.db.people import Accounts
from qa.db.recordings import Recordings
from qa.db.reviews import QueueQuery, Reviews
from qa.services.people.rows import person_of
from qa.services.review.arrival import call_for, weights_of
from qa.services.review.base import ReviewBase, put_state, queue_item, state_of
from qa.services.review.views import QueueItem, QueueOverview

MAX_NOTE = 2000
"""Characters of a reason, note or comment."""
_SHOWN = 20
_SWEPT_TOGETHER = 200


def checked_note(text: str, field: str, *, needed: bool = False) -> str:
    """A person's words without control characters. Raises `BadOptionError` where they are too long or missing."""
    kept = "".join(c for c in text if c.isprintable() or c == "\n").strip()
    if len(kept) > MAX_NOTE:
        raise BadOptionError("review.too_long", field=field, limit=MAX_NOTE)
    if needed and not kept:
        raise BadOptionError("review.text_missing", field=field)
    return kept


class QueueService(ReviewBase):
    """Who reviews what. All need `Right.REVIEW`; a call is held by one person at a time, by a lease."""

    def next(self, who: Person, team: str | None = None) -> QueueItem | None:
        """Claim the most useful call for `who` and say why: what was handed to them first, then by priority.

        None where nothing waits. What others hold or are just taking is passed over, never waited for.
        """
        who.need(Right.REVIEW)
        with self._database.write() as session:
            now = self._database.now(session)
            found = Reviews(session).offered(QueueQuery(who, now, team), limit=1, lock=True)
            if not found:
                return None
            recording = self._recording(session, who, found[0].recording_id)
            return self._claim(session, who, recording, found[0])

    def peek(self, who: Person, team: str | None = None) -> QueueItem | None:
        """What `next` would give right now, without claiming it: for a page that wants to fetch it early."""
        who.need(Right.REVIEW)
        with self._database.read() as session:
            now = self._database.now(session)
            found = Reviews(session).offered(QueueQuery(who, now, team), limit=1)
            return self._items(session, found)[0] if found else None

    def claim(self, who: Person, recording_id: str) -> QueueItem:
        """Claim one call, or make one's own lease longer; opens a review where nobody was called for.

        Raises `NotFoundError`, or `ConflictError` where somebody else holds it, it was handed to somebody else, it
        is finalised, or the call has no result yet.
        """
        who.need(Right.REVIEW)
        with self._database.write() as session:
            recording = self._recording(session, who, recording_id, lock=True)
            review = Reviews(session).of(recording_id, lock=True)
            if review is None:
                result = self._result(session, recording, recording.result_id)
                now = self._database.now(session)
                review = call_for(session, recording, CallFor.ASKED, now, self._options, result)
            return self._claim(session, who, recording, review)

    def extend(self, who: Person, recording_id: str) -> QueueItem:
        """The heartbeat of an open page: the lease starts anew. Raises `ConflictError` where it was lost."""
        with self._database.write() as session:
            _, review, _ = self._held(session, who, recording_id)
            return self._items(session, [review])[0]

    def release(self, who: Person, recording_id: str) -> QueueItem:
        """Give it back, drafts kept. Whoever manages the queue may give back what others hold."""
        return self._act(who, recording_id, Act.RELEASE)

    def skip(self, who: Person, recording_id: str, reason: str) -> QueueItem:
        """Pass it on with a reason; it is not offered to them again for `review.skip_hours`."""
        note = checked_note(reason, "reason", needed=True)
        return self._act(who, recording_id, Act.SKIP, skipped=note)

    def hand_over(self, who: Person, recording_id: str, to: str | None) -> QueueItem:
        """Hand it to somebody by login, who must be allowed to review it; None gives it to everybody again.

        Raises `NotFoundError` for a person who is not there, `BadOptionError` for one who may not review the call.
        """
        return self._act(who, recording_id, Act.HAND_OVER, to=to)

    def overview(self, who: Person, team: str | None = None) -> QueueOverview:
        """The queue on one page."""
        who.need(Right.REVIEW)
        with self._database.read() as session:
            reviews, now = Reviews(session), self._database.now(session)
            opened, late, held = reviews.counts(who, now)
            query = QueueQuery(who, now, team)
            return QueueOverview(
                open=opened,
                late=late,
                held=held,
                mine=self._items(session, reviews.held(who, now)),
                handed=self._items(session, reviews.offered(QueueQuery(who, now, team, mine=True), limit=_SHOWN)),
                overdue=self._items(session, reviews.listed(who, now, team=team, late=True, limit=_SHOWN)),
                upcoming=self._items(session, reviews.offered(query, limit=_SHOWN)),
                teams=dict(reviews.teams(who)),
            )

    def listed(
        self, who: Person, *, team: str | None = None, late: bool = False, to: str | None = None, limit: int = 50
    ) -> tuple[QueueItem, ...]:
        """Open calls in reach by priority, held ones too: of a team, late ones, or handed to somebody."""
        who.need(Right.REVIEW)
        with self._database.read() as session:
            now = self._database.now(session)
            size = min(max(limit, 1), 200)
            rows = Reviews(session).listed(who, now, team=team, late=late, assigned_to=to, limit=size)
            return self._items(session, rows)

    def sweep(self) -> int:
        """Raise the priority of what has become late; returns how many. Run by the sweeper.

        What nobody holds any more is noted as waiting, so that lists of recordings say so; `next` knows anyway.
        """
        with self._database.write() as session:
            now = self._database.now(session)
            lapsed = Reviews(session).lapsed(now, _SWEPT_TOGETHER)
            recordings = Recordings(session).many([row.recording_id for row in lapsed])
            for row in lapsed:
                state = replace(state_of(row), status=ReviewStatus.WAITING, claim_until=None)
                put_state(recordings[row.recording_id], row, state, now)
            rows = Reviews(session).overdue(now, _SWEPT_TOGETHER)
            for row in rows:
                reasons = {CallFor(code): count for code, count in row.reasons.items()}
                row.late = True
                row.priority = priority_of(reasons, weights_of(self._options), late=True)
            return len(rows)

    def _claim(self, session: Session, who: Person, recording: RecordingRow, review: ReviewRow) -> QueueItem:
        now = self._database.now(session)
        before = state_of(review)
        state = step(before, Act.CLAIM, who.login, now, until=self._lease_end(now))
        put_state(recording, review, state, now)
        Reviews(session).forget_skips(review.id, who.login)
        if before.holder(now) != who.login:
            self._note(session, who, review.recording_id, now, "claimed", reason=review.reason)
        return self._items(session, [review])[0]

    def _act(
        self, who: Person, recording_id: str, act: Act, *, to: str | None = None, skipped: str | None = None
    ) -> QueueItem:
        who.need(Right.REVIEW)
        with self._database.write() as session:
            recording, review = self._locked(session, who, recording_id)
            now = self._database.now(session)
            before = state_of(review)
            to = self._receiver(session, who, recording_id, to) if to is not None else None
            state = step(before, act, who.login, now, to=to, leading=who.may(Right.MANAGE_QUEUE))
            put_state(recording, review, state, now)
            if skipped is not None:
                until = now + timedelta(hours=self._options.skip_hours)
                Reviews(session).skip(review.id, who.login, skipped, now, until)
            if to is not None:
                Reviews(session).forget_skips(review.id, to)
            verb = {Act.RELEASE: "released", Act.SKIP: "skipped", Act.HAND_OVER: "handed_over"}[act]
            details = {"to": to} if act is Act.HAND_OVER else {}
            self._note(session, who, recording_id, now, verb, **details, held_by=before.holder(now))
            return self._items(session, [review])[0]

    def _receiver(self, session: Session, who: Person, recording_id: str, login: str) -> str:
        account = Accounts(session).by_login(login.strip().lower(), who.tenant)
        if account is None or not account.active:
            raise NotFoundError("review.no_person", login=login[:64])
        person = person_of(session, account)
        if not person.may(Right.REVIEW) or Reviews(session).recording(person, recording_id) is None:
            raise BadOptionError("review.may_not_review", login=account.login)
        return account.login

    def _items(self, session: Session, rows: Sequence[ReviewRow]) -> tuple[QueueItem, ...]:
        now = self._database.now(session)
        recordings = Recordings(session).many([row.recording_id for row in rows])
        return tuple(queue_item(row, recordings[row.recording_id], now) for row in rows)
