"""Asking for a review of many calls at once: by one person, or by whoever works on the queue of their team."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import islice

from sqlalchemy.orm import Session

from qa.core.base import Record
from qa.core.errors import BadOptionError, NotFoundError
from qa.core.people import Person, Reach, Right
from qa.core.review import Act, CallFor, ReviewStatus, step
from qa.db.ids import new_id
from qa.db.models import CommentRow, RecordingRow, ReviewRow
from qa.db.people import Accounts
from qa.db.reviews import Reviews, Said
from qa.services.people.rows import person_of
from qa.services.review.arrival import add_reason, call_for
from qa.services.review.base import ReviewBase, put_state, state_of
from qa.services.review.queue import checked_note
from qa.text.masking import mask

_AT_ONCE = 50
"""Calls of one transaction: with SQLite nobody else writes meanwhile."""


class AskOutcome(StrEnum):
    """What became of one call."""

    ASKED = "asked"
    ALREADY = "already"
    """It waits for exactly that already."""
    HELD = "held"
    """Somebody is reviewing it now: left as it is."""
    FINALISED = "finalised"
    """Reviewed to the end: left as it is, to be reopened with a reason where that is meant."""
    NOT_ANALYSED = "not_analysed"
    NOT_THEIRS = "not_theirs"
    """The receiver may not see it."""
    UNKNOWN = "unknown"
    """No call of that id in the reach of who asks."""


class Asked(Record, frozen=True):
    """One call and what became of it."""

    recording_id: str
    outcome: AskOutcome
    name: str | None = None
    """Masked; None for a call that is unknown."""
    person: str | None = None
    """Who holds or has finalised it."""


class Receiver(Record, frozen=True):
    """Somebody who can be asked."""

    login: str
    name: str


class AskingService(ReviewBase):
    """Needs `Right.MANAGE_QUEUE`."""

    def receivers(self, who: Person) -> tuple[Receiver, ...]:
        """Everybody who may review calls that `who` sees, by login."""
        who.need(Right.MANAGE_QUEUE)
        with self._database.read() as session:
            people = Accounts(session)
            rows = [row for row in people.all(who.tenant) if row.active]
            teams = people.teams_of([row.id for row in rows])
            able = [row for row in rows if _able(who, person_of(session, row, teams=teams[row.id]))]
        return tuple(Receiver(row.login, row.name) for row in able)

    def ask(self, who: Person, recording_ids: Sequence[str], to: str | None, reason: str) -> tuple[Asked, ...]:
        """Put calls into the queue, for `to` (a login) or for everybody who reviews the call's team.

        The reason is kept as a comment to each call. What somebody holds or has finalised stays as it is and is
        told. Raises `NotFoundError` for a person who is not there, `BadOptionError` for one who may not review,
        or without a reason.
        """
        who.need(Right.MANAGE_QUEUE)
        said = checked_note(reason, "reason", needed=True)
        told: list[Asked] = []
        wanted = iter(dict.fromkeys(recording_ids))
        while some := sorted(islice(wanted, _AT_ONCE)):
            with self._database.write() as session:
                receiver = self._receiver(session, who, to) if to else None
                told += self._ask(session, who, some, receiver, said)
        return tuple(told)

    def _receiver(self, session: Session, who: Person, login: str) -> Person:
        account = Accounts(session).by_login(login.strip().lower(), who.tenant)
        if account is None or not account.active:
            raise NotFoundError("review.no_person", login=login[:64])
        person = person_of(session, account)
        if not _able(who, person):
            raise BadOptionError("review.may_not_review", login=account.login)
        return person

    def _ask(
        self, session: Session, who: Person, some: Sequence[str], to: Person | None, reason: str
    ) -> Iterator[Asked]:
        now = self._database.now(session)
        reviews = Reviews(session)
        for recording_id in some:
            recording = reviews.recording(who, recording_id, lock=True)
            if recording is None:
                yield Asked(recording_id, AskOutcome.UNKNOWN)
                continue
            review = reviews.of(recording_id, lock=True)
            outcome, person = _outcome(session, recording, review, to, now)
            if outcome is AskOutcome.ASKED:
                self._put(session, who, recording, review, to, reason, now)
            yield Asked(recording_id, outcome, mask(recording.name), person)

    def _put(
        self,
        session: Session,
        who: Person,
        recording: RecordingRow,
        review: ReviewRow | None,
        to: Person | None,
        reason: str,
        now: datetime,
    ) -> None:
        if review is None:
            result = self._result(session, recording, recording.result_id)
            review = call_for(session, recording, CallFor.ASKED, now, self._options, result)
        else:
            add_reason(review, CallFor.ASKED, self._options)
        login = to.login if to else None
        state = step(state_of(review), Act.HAND_OVER, who.login, now, to=login, leading=True)
        put_state(recording, review, state, now)
        if login is not None:
            Reviews(session).forget_skips(review.id, login)
        comment = CommentRow(
            id=new_id(),
            tenant=who.tenant,
            recording_id=recording.id,
            text=reason,
            version=review.version,
            person=who.login,
            at=now,
        )
        Said(session).add(comment)
        self._note(session, who, recording.id, now, "asked", to=login, comment=comment.id)


def _outcome(
    session: Session, recording: RecordingRow, review: ReviewRow | None, to: Person | None, now: datetime
) -> tuple[AskOutcome, str | None]:
    if recording.result_id is None:
        return AskOutcome.NOT_ANALYSED, None
    if review is not None:
        if review.status == ReviewStatus.FINALISED:
            return AskOutcome.FINALISED, review.finalised_by
        if holder := state_of(review).holder(now):
            return AskOutcome.HELD, holder
    if to is not None and Reviews(session).recording(to, recording.id) is None:
        return AskOutcome.NOT_THEIRS, None
    if review is not None and CallFor.ASKED.value in review.reasons:
        same = review.assigned_to == (to.login if to else None)
        return (AskOutcome.ALREADY if same else AskOutcome.ASKED), None
    return AskOutcome.ASKED, None


def _able(who: Person, other: Person) -> bool:
    """Whether `other` reviews and sees any of what `who` sees."""
    if not other.may(Right.REVIEW):
        return False
    if other.reach is Reach.ALL or who.reach is Reach.ALL:
        return other.reach in (Reach.ALL, Reach.TEAMS)
    return bool(set(other.teams) & set(who.teams))
