"""A new result: does it call for a person, and what becomes of a review that is already there?"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from qa.core.finding import Severity
from qa.core.result import Result, RunStatus
from qa.core.review import CallFor, ReviewStatus, priority_of
from qa.db.audit import AuditTrail
from qa.db.ids import new_id
from qa.db.models import RecordingRow, ReviewRow
from qa.db.recordings import Recordings
from qa.db.reviews import Reviews, Said
from qa.services.review.carry import carry_over
from qa.services.review.sampling import draw_on_arrival
from qa.settings import ReviewSettings


def arrived(
    session: Session,
    recording: RecordingRow,
    result_id: str,
    result: Result,
    now: datetime,
    options: ReviewSettings,
) -> None:
    """To be called in the transaction that wrote `result`, which is the recording's newest, with its lock held.

    A finalised review stays as it is. An open one moves to the new result with its verdicts; it goes where nobody
    is called for any more and nobody has said anything. Where there is none, one comes into being when something
    calls for a person.
    """
    review = Reviews(session).of(recording.id, lock=True)
    if review is not None and review.status == ReviewStatus.FINALISED:
        return
    attributes = Recordings(session).attributes([recording.id])[recording.id]
    sampled = draw_on_arrival(session, recording, result, attributes, now)
    reasons = reasons_in(result, options) | ({CallFor.SAMPLING: 1} if sampled else {})
    if review is None:
        if reasons:
            Reviews(session).add(new_review(recording, result_id, result, reasons, attributes, now, options))
        return
    kept = {CallFor(code): n for code, n in review.reasons.items() if CallFor(code).by_people}
    reasons |= kept
    untouched = review.status == ReviewStatus.WAITING and review.version == 0 and review.assigned_to is None
    if not reasons and untouched and not _worked_on(session, review):
        Reviews(session).remove(review)
        recording.review_status = None
        return
    moved = carry_over(session, review, result_id, result)
    review.result_id = result_id
    review.machine_score = _score(result)
    put_reasons(review, reasons or {CallFor(review.reason): 1}, options)
    review.agent, review.team = attributes.get("agent"), attributes.get("team")
    AuditTrail(session).add(
        recording.tenant, now, "worker", "review.moved", recording.id, result=result_id, **moved
    )


def call_for(
    session: Session,
    recording: RecordingRow,
    reason: CallFor,
    now: datetime,
    options: ReviewSettings,
    result: Result,
) -> ReviewRow:
    """Put a recording that has a result into the queue for one more reason; its review, made where there is none.

    The recording has to be locked.
    """
    review = Reviews(session).of(recording.id, lock=True)
    if review is None:
        attributes = Recordings(session).attributes([recording.id])[recording.id]
        reasons = reasons_in(result, options) | {reason: 1}
        review = new_review(recording, recording.result_id or "", result, reasons, attributes, now, options)
        Reviews(session).add(review)
    elif review.status != ReviewStatus.FINALISED:
        add_reason(review, reason, options)
    return review


def add_reason(row: ReviewRow, reason: CallFor, options: ReviewSettings) -> None:
    """One more reason for a review that is open."""
    put_reasons(row, {CallFor(code): count for code, count in row.reasons.items()} | {reason: 1}, options)


def reasons_in(result: Result, options: ReviewSettings) -> dict[CallFor, int]:
    """What in a result calls for a person, with the number of flags behind it. Rules on trial call nobody."""
    if result.status is not RunStatus.DONE or result.analysis is None:
        return {}
    findings = [f for f in result.analysis.findings if not f.shadow]
    counts = {
        CallFor.CRITICAL: sum(f.severity is Severity.CRITICAL for f in findings),
        CallFor.WARNING: sum(f.severity is Severity.WARNING for f in findings),
        CallFor.LOW_CONFIDENCE: sum(
            f.severity.rank >= Severity.NOTICE.rank and f.confidence < options.low_confidence for f in findings
        ),
        CallFor.ROLES_UNCERTAIN: int(result.transcript is not None and not result.transcript.roles_certain),
    }
    return {reason: count for reason, count in counts.items() if count}


def new_review(
    recording: RecordingRow,
    result_id: str,
    result: Result,
    reasons: Mapping[CallFor, int],
    attributes: Mapping[str, str],
    now: datetime,
    options: ReviewSettings,
) -> ReviewRow:
    """A review that waits."""
    row = ReviewRow(
        id=new_id(),
        tenant=recording.tenant,
        recording_id=recording.id,
        result_id=result_id,
        status=ReviewStatus.WAITING.value,
        agent=attributes.get("agent"),
        team=attributes.get("team"),
        machine_score=_score(result),
        version=0,
        late=False,
        created_at=now,
    )
    put_reasons(row, reasons, options)
    recording.review_status = row.status
    return row


def put_reasons(row: ReviewRow, reasons: Mapping[CallFor, int], options: ReviewSettings) -> None:
    """Why a person is called for; priority and due date follow from it."""
    weights = weights_of(options)
    row.reason = max(reasons, key=lambda r: weights[r]).value
    row.reasons = {r.value: reasons[r] for r in sorted(reasons, key=lambda r: -weights[r])}
    row.priority = priority_of(reasons, weights, late=row.late)
    row.due_at = row.created_at + timedelta(hours=min(_hours(r, options) for r in reasons))


def weights_of(options: ReviewSettings) -> dict[CallFor, int]:
    """The weight of each reason."""
    return {reason: int(getattr(options, f"weight_{reason.value}")) for reason in CallFor}


def _hours(reason: CallFor, options: ReviewSettings) -> float:
    if reason in (CallFor.DISPUTE, CallFor.CRITICAL):
        return options.hours_urgent
    return options.hours_sampling if reason in (CallFor.SAMPLING, CallFor.LOW_CONFIDENCE) else options.hours_usual


def _score(result: Result) -> float | None:
    card = result.analysis.scorecard if result.analysis else None
    return card.score if card else None


def _worked_on(session: Session, review: ReviewRow) -> bool:
    said = Said(session)
    return bool(said.verdicts(review.id) or said.answers(review.id) or said.comments(review.recording_id))
