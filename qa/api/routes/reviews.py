"""The review of one call: claims, verdicts, finalising. What people wrote comes back masked."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from qa.api.context import ContextDep, LocaleDep, RecordingId
from qa.api.dependencies import Who, require
from qa.api.problems import responses
from qa.api.records import answer, shows
from qa.core.finding import Outcome, Severity
from qa.core.people import Right
from qa.core.review import Finalised, RejectReason, Verdict, VerdictOutcome
from qa.core.roles import Role
from qa.services.review import CommentView, QueueItem, ReviewView

REVIEW: Final = "/api/v1/recordings/{recording_id}/review"
router = APIRouter(tags=["review"])

_ID = r"^[0-9a-f]{32}$"
# PostgreSQL takes no NUL in a text.
_TEXT = r"^[^\x00]*$"
_MOST_TURNS = 1_000_000
FindingId = Annotated[str, Path(pattern=_ID, description="Id of a flag, from the review.")]
VerdictId = Annotated[str, Path(pattern=_ID, description="Id of a verdict or of a flag added by hand.")]
CommentId = Annotated[str, Path(pattern=_ID, description="Id of a comment.")]
Key = Annotated[str, Path(max_length=255, pattern=_TEXT, description="Id of the item, or rule of the check.")]
Note = Annotated[str, Field(max_length=2000, pattern=_TEXT)]
_reviewers = [require(Right.REVIEW)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ReasonIn(_In):
    """Why."""

    reason: Note


class ReopenIn(ReasonIn):
    """Why a finalised call is opened again."""

    newest: Annotated[bool, Field(description="Move it to the newest result of the call.")] = False


class HandOverIn(_In):
    """Whom it goes to."""

    to: Annotated[str | None, Field(max_length=128, pattern=_TEXT, description="Login; null for everybody.")] = (
        None
    )


class VerdictIn(_In):
    """What somebody says of a flag."""

    outcome: VerdictOutcome
    reason: Annotated[RejectReason | None, Field(description="Needed to reject.")] = None
    note: Note = ""
    rule: Annotated[str | None, Field(max_length=255, description="For `changed`: the right rule.")] = None
    severity: Annotated[Severity | None, Field(description="For `changed`: the right severity.")] = None


class FlagIn(_In):
    """A flag the machine has not raised: of a rule of this call, or of a family."""

    rule: Annotated[str | None, Field(max_length=255)] = None
    family: Annotated[str | None, Field(max_length=64)] = None
    severity: Severity | None = None
    turn: Annotated[int | None, Field(ge=0, le=_MOST_TURNS, description="Empty for the call as a whole.")] = None
    char_start: Annotated[int, Field(ge=0, le=_MOST_TURNS)] = 0
    char_end: Annotated[int | None, Field(ge=0, le=_MOST_TURNS, description="End exclusive.")] = None
    note: Note = ""


class AnswerIn(_In):
    """A person's answer where the machine has none."""

    outcome: Annotated[Outcome | None, Field(description="`pass`, `fail` or `n/a`; null takes it back.")]
    points: Annotated[float | None, Field(ge=0, le=10_000, allow_inf_nan=False)] = None
    note: Note = ""


class CommentIn(_In):
    """A remark on the call, or on a flag or turn of it."""

    text: Note
    finding_id: Annotated[str | None, Field(pattern=_ID)] = None
    verdict_id: Annotated[str | None, Field(pattern=_ID)] = None
    turn: Annotated[int | None, Field(ge=0, le=_MOST_TURNS)] = None


class WordsIn(_In):
    """What was really said in a turn; masked characters stay asterisks."""

    text: Annotated[str, Field(max_length=5000, pattern=_TEXT)]


class SpeakersIn(_In):
    """Who is who."""

    roles: Annotated[
        dict[Annotated[str, Field(max_length=16)], Role] | None,
        Field(description="Speaker label -> role; null swaps agent and customer."),
    ] = None


@router.get(
    REVIEW,
    summary="A call's review",
    response_class=Response,
    responses=shows(ReviewView, 404, 409),
    dependencies=[require(Right.SEE_RECORDINGS)],
)
def get_review(recording_id: RecordingId, who: Who, context: ContextDep, locale: LocaleDep) -> Response:
    """Flags, verdicts, both scorecards, comments, corrections, versions."""
    return answer(context.services.review.closing.view(who, recording_id), locale=locale)


@router.post(
    f"{REVIEW}/claim",
    summary="Claim a call",
    response_class=Response,
    responses=shows(QueueItem, 404, 409),
    dependencies=_reviewers,
)
def claim(recording_id: RecordingId, who: Who, context: ContextDep) -> Response:
    """Take this very call; opens a review where nobody was called for."""
    return answer(context.services.review.queue.claim(who, recording_id))


@router.post(
    f"{REVIEW}/extend",
    summary="Keep a claim",
    response_class=Response,
    responses=shows(QueueItem, 404, 409),
    dependencies=_reviewers,
)
def extend(recording_id: RecordingId, who: Who, context: ContextDep) -> Response:
    """The lease starts anew; to be sent now and then while the call is open."""
    return answer(context.services.review.queue.extend(who, recording_id))


@router.post(
    f"{REVIEW}/release",
    summary="Give a call back",
    response_class=Response,
    responses=shows(QueueItem, 404, 409),
    dependencies=_reviewers,
)
def release(recording_id: RecordingId, who: Who, context: ContextDep) -> Response:
    """Drafts are kept. Supervisors can give back what others hold."""
    return answer(context.services.review.queue.release(who, recording_id))


@router.post(
    f"{REVIEW}/skip",
    summary="Skip a call",
    response_class=Response,
    responses=shows(QueueItem, 404, 409),
    dependencies=_reviewers,
)
def skip(recording_id: RecordingId, given: ReasonIn, who: Who, context: ContextDep) -> Response:
    """With a reason; it is not offered to you again for a while."""
    return answer(context.services.review.queue.skip(who, recording_id, given.reason))


@router.post(
    f"{REVIEW}/hand-over",
    summary="Hand a call over",
    response_class=Response,
    responses=shows(QueueItem, 404, 409),
    dependencies=_reviewers,
)
def hand_over(recording_id: RecordingId, given: HandOverIn, who: Who, context: ContextDep) -> Response:
    """To a person, who is offered it first and alone; or back to everybody."""
    return answer(context.services.review.queue.hand_over(who, recording_id, given.to))


@router.put(
    f"{REVIEW}/flags/{{finding_id}}",
    summary="Judge a flag",
    response_class=Response,
    responses=shows(Verdict, 404, 409),
    dependencies=_reviewers,
)
def judge(
    recording_id: RecordingId, finding_id: FindingId, given: VerdictIn, who: Who, context: ContextDep
) -> Response:
    """Confirm it, reject it with a reason, or change its rule or severity."""
    return answer(
        context.services.review.desk.judge(
            who,
            recording_id,
            finding_id,
            given.outcome,
            reason=given.reason,
            note=given.note,
            rule=given.rule,
            severity=given.severity,
        )
    )


@router.post(
    f"{REVIEW}/flags",
    status_code=201,
    summary="Add a flag",
    response_class=Response,
    responses=shows(Verdict, 404, 409, status=201),
    dependencies=_reviewers,
)
def add_flag(recording_id: RecordingId, given: FlagIn, who: Who, context: ContextDep) -> Response:
    """What the machine has not heard: times and quote come from the characters of the turn."""
    made = context.services.review.desk.add_flag(who, recording_id, **given.model_dump())
    return answer(made, 201)


@router.delete(
    f"{REVIEW}/verdicts/{{verdict_id}}",
    status_code=204,
    summary="Take a verdict back",
    response_class=Response,
    responses=responses(404, 409),
    dependencies=_reviewers,
)
def withdraw(recording_id: RecordingId, verdict_id: VerdictId, who: Who, context: ContextDep) -> Response:
    """A verdict on a flag, or a flag added by hand."""
    context.services.review.desk.withdraw(who, recording_id, verdict_id)
    return Response(status_code=204)


@router.put(
    f"{REVIEW}/items/{{key}}",
    status_code=204,
    summary="Answer an item of the scorecard",
    response_class=Response,
    responses=responses(404, 409),
    dependencies=_reviewers,
)
def answer_item(recording_id: RecordingId, key: Key, given: AnswerIn, who: Who, context: ContextDep) -> Response:
    """Manual items and those that are unknown."""
    context.services.review.desk.answer(
        who, recording_id, "item", key, given.outcome, points=given.points, note=given.note
    )
    return Response(status_code=204)


@router.put(
    f"{REVIEW}/checks/{{key}}",
    status_code=204,
    summary="Answer a check",
    response_class=Response,
    responses=responses(404, 409),
    dependencies=_reviewers,
)
def answer_check(recording_id: RecordingId, key: Key, given: AnswerIn, who: Who, context: ContextDep) -> Response:
    """One the machine does not know."""
    context.services.review.desk.answer(
        who, recording_id, "check", key, given.outcome, points=given.points, note=given.note
    )
    return Response(status_code=204)


@router.post(
    f"{REVIEW}/comments",
    status_code=201,
    summary="Comment",
    response_class=Response,
    responses=shows(CommentView, 404, 409, status=201),
    dependencies=_reviewers,
)
def comment(recording_id: RecordingId, given: CommentIn, who: Who, context: ContextDep) -> Response:
    """On the call, a flag or a turn; needs no claim."""
    made = context.services.review.desk.comment(who, recording_id, **given.model_dump())
    return answer(made, 201)


@router.delete(
    f"{REVIEW}/comments/{{comment_id}}",
    status_code=204,
    summary="Delete a comment",
    response_class=Response,
    responses=responses(404, 409),
    dependencies=_reviewers,
)
def delete_comment(recording_id: RecordingId, comment_id: CommentId, who: Who, context: ContextDep) -> Response:
    """Your own, before the call is finalised."""
    context.services.review.desk.delete_comment(who, recording_id, comment_id)
    return Response(status_code=204)


@router.put(
    f"{REVIEW}/turns/{{turn}}",
    status_code=202,
    summary="Correct the words of a turn",
    response_class=Response,
    responses=shows(ReviewView, 404, 409, status=202),
    dependencies=_reviewers,
)
def correct_words(
    recording_id: RecordingId,
    turn: Annotated[int, Path(ge=0, le=_MOST_TURNS)],
    given: WordsIn,
    who: Who,
    context: ContextDep,
    locale: LocaleDep,
) -> Response:
    """The rules judge again, then the review moves to the new result; the recogniser's words are kept."""
    context.services.review.words.correct(who, recording_id, turn, given.text)
    return answer(context.services.review.closing.view(who, recording_id), 202, locale=locale)


@router.put(
    f"{REVIEW}/roles",
    status_code=202,
    summary="Say who is who",
    response_class=Response,
    responses=shows(ReviewView, 404, 409, status=202),
    dependencies=_reviewers,
)
def set_speakers(
    recording_id: RecordingId, given: SpeakersIn, who: Who, context: ContextDep, locale: LocaleDep
) -> Response:
    """The rules judge again, then the review moves to the new result."""
    roles = {label: role.value for label, role in given.roles.items()} if given.roles else None
    context.services.review.words.set_roles(who, recording_id, roles)
    return answer(context.services.review.closing.view(who, recording_id), 202, locale=locale)


@router.post(
    f"{REVIEW}/finalise",
    summary="Finalise",
    response_class=Response,
    responses=shows(ReviewView, 404, 409),
    dependencies=_reviewers,
)
def finalise(recording_id: RecordingId, who: Who, context: ContextDep, locale: LocaleDep) -> Response:
    """Make a version of it: from now on a change needs a reason."""
    return answer(context.services.review.closing.finalise(who, recording_id), locale=locale)


@router.post(
    f"{REVIEW}/reopen",
    summary="Reopen",
    response_class=Response,
    responses=shows(ReviewView, 404, 409),
    dependencies=_reviewers,
)
def reopen(
    recording_id: RecordingId, given: ReopenIn, who: Who, context: ContextDep, locale: LocaleDep
) -> Response:
    """With a reason; the version that was finalised stays."""
    found = context.services.review.closing.reopen(who, recording_id, given.reason, newest=given.newest)
    return answer(found, locale=locale)


@router.get(
    f"{REVIEW}/versions/{{version}}",
    summary="A finalised version",
    response_class=Response,
    responses=shows(Finalised, 404, 409),
    dependencies=[require(Right.SEE_RECORDINGS)],
)
def get_version(
    recording_id: RecordingId,
    version: Annotated[int, Path(ge=1, le=_MOST_TURNS)],
    who: Who,
    context: ContextDep,
    locale: LocaleDep,
) -> Response:
    """Everything it rests on."""
    return answer(context.services.review.closing.version(who, recording_id, version), locale=locale)
