"""What all review services share: who may, which rows, locked in which order, and what is written down."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from qa.core.errors import ConflictError, NotFoundError
from qa.core.people import Person, Right
from qa.core.result import Result
from qa.core.review import Act, CallFor, ReviewState, ReviewStatus, step
from qa.db.audit import AuditTrail
from qa.db.engine import Database
from qa.db.models import RecordingRow, ReviewRow
from qa.db.results import Results
from qa.db.reviews import Reviews
from qa.services.mapping import result_view
from qa.services.review.views import QueueItem
from qa.settings import ReviewSettings
from qa.text.masking import mask


def state_of(row: ReviewRow) -> ReviewState:
    """What decides who may do what."""
    return ReviewState(ReviewStatus(row.status), row.claimed_by, row.claim_until, row.assigned_to, row.version)


def put_state(recording: RecordingRow, row: ReviewRow, state: ReviewState, now: datetime) -> None:
    """Write a state into its row, and the copy that lists of recordings filter by."""
    if state.status is ReviewStatus.CLAIMED and row.claimed_by != state.claimed_by:
        row.claimed_at = now
    row.status = recording.review_status = state.status.value
    row.claimed_by = state.claimed_by
    row.claim_until = state.claim_until
    row.assigned_to = state.assigned_to
    row.version = state.version


def queue_item(row: ReviewRow, recording: RecordingRow, now: datetime) -> QueueItem:
    """A line of the queue."""
    holder = state_of(row).holder(now)
    lapsed = row.status == ReviewStatus.CLAIMED and holder is None
    return QueueItem(
        recording_id=row.recording_id,
        name=mask(recording.name),
        agent=row.agent,
        team=row.team,
        duration=recording.duration,
        status=ReviewStatus.WAITING if lapsed else ReviewStatus(row.status),
        reason=CallFor(row.reason),
        reasons={CallFor(code): count for code, count in row.reasons.items()},
        priority=row.priority,
        machine_score=row.machine_score,
        created_at=row.created_at,
        due_at=row.due_at,
        late=row.due_at <= now,
        assigned_to=row.assigned_to,
        claimed_by=holder,
        claim_until=row.claim_until if holder else None,
    )


class ReviewBase:
    """A service over reviews. Ids out of reach look like ids that do not exist."""

    def __init__(self, database: Database, options: ReviewSettings) -> None:
        self._database = database
        self._options = options

    def _lease_end(self, now: datetime) -> datetime:
        return now + timedelta(seconds=self._options.lease_seconds)

    def _recording(self, session: Session, who: Person, recording_id: str, *, lock: bool = False) -> RecordingRow:
        found = Reviews(session).recording(who, recording_id, lock=lock)
        if found is None:
            raise NotFoundError("ledger.no_recording", id=recording_id[:64])
        return found

    def _locked(self, session: Session, who: Person, recording_id: str) -> tuple[RecordingRow, ReviewRow]:
        """Recording and review, locked in this order. Raises `NotFoundError`."""
        recording = self._recording(session, who, recording_id, lock=True)
        review = Reviews(session).of(recording_id, lock=True)
        if review is None:
            raise NotFoundError("review.none")
        return recording, review

    def _held(self, session: Session, who: Person, recording_id: str) -> tuple[RecordingRow, ReviewRow, datetime]:
        """The same for somebody who works on it, which makes their lease longer; and the time it is.

        Raises `ForbiddenError`, `NotFoundError`, or `ConflictError` where they do not hold it.
        """
        who.need(Right.REVIEW)
        recording, review = self._locked(session, who, recording_id)
        now = self._database.now(session)
        state = step(state_of(review), Act.WORK, who.login, now, until=self._lease_end(now))
        put_state(recording, review, state, now)
        return recording, review, now

    def _result(self, session: Session, recording: RecordingRow, result_id: str | None) -> Result:
        row = Results(session).get(recording.id, result_id) if result_id else None
        if row is None:
            raise ConflictError("ledger.no_result", status=recording.status)
        return result_view(row).result

    def _note(
        self, session: Session, who: Person, recording_id: str | None, now: datetime, verb: str, **details: object
    ) -> None:
        """Write down in the audit log that `who` did it. Codes and ids only, never words."""
        AuditTrail(session).add(who.tenant, now, who.login, f"review.{verb}", recording_id, **details)
