"""Coaching notices and disputes."""

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from qa.api.context import ContextDep, LocaleDep, RecordingId
from qa.api.dependencies import Who
from qa.api.records import answer, shows
from qa.core.coaching import DisputeState, NoticeState, Ruling
from qa.core.finding import Severity
from qa.services.coaching.views import DisputePage, DisputeView, EffectView, NoticePage, NoticeView, PointEdit

PREFIX: Final = "/api/v1"
router = APIRouter(prefix=PREFIX, tags=["coaching"])

_ID = r"^[0-9a-f]{32}$"
NoticeId = Annotated[str, Path(pattern=_ID, description="Id of the notice.")]
DisputeId = Annotated[str, Path(pattern=_ID, description="Id of the dispute.")]
PointId = Annotated[str, Path(pattern=_ID, description="Id of the point of the notice.")]
Cursor = Annotated[str | None, Query(pattern=_ID, description="`next_cursor` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=200, description="Most entries of a page.")]
# PostgreSQL takes no NUL in a text.
Text = Annotated[str, Field(max_length=5000, pattern=r"^[^\x00]*$")]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PointIn(_In):
    """A point that stays in a draft."""

    id: Annotated[str, Field(pattern=_ID)]
    note: Text = ""
    wording: Text | None = None


class NoticeIn(_In):
    """How a draft is to read."""

    title: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00]*$")]
    body: Text = ""
    points: Annotated[list[PointIn], Field(min_length=1, max_length=200)]


class IssueIn(_In):
    """When an answer is due; empty for the usual time."""

    due_at: Annotated[datetime | None, Field(description="With a zone.")] = None


class WordsIn(_In):
    """What somebody says."""

    text: Text = ""


class RulingIn(_In):
    """A decision and its reason."""

    outcome: Ruling
    reason: Text
    severity: Annotated[Severity | None, Field(description="For `changed`: lower than now.")] = None


class AssignIn(_In):
    """Who is to rule."""

    login: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00]*$")]


@router.get("/notices", summary="Coaching notices", response_class=Response, responses=shows(NoticePage))
def list_notices(
    who: Who,
    context: ContextDep,
    state: Annotated[list[NoticeState] | None, Query(description="Only these states.")] = None,
    agent: Annotated[str | None, Query(max_length=1024, pattern=r"^[^\x00]*$")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """Those you see, newest first: agents their own once issued, supervisors their teams'."""
    found = context.services.notices.page(who, states=state or (), agent=agent, cursor=cursor, limit=limit)
    return answer(found)


@router.post(
    "/recordings/{recording_id}/notice",
    status_code=201,
    summary="Draft a notice",
    response_class=Response,
    responses=shows(NoticeView, 404, 409, status=201),
)
def draft_notice(recording_id: RecordingId, who: Who, context: ContextDep, locale: LocaleDep) -> Response:
    """From what was confirmed in the recording's review; the open draft where there is one."""
    return answer(context.services.notices.draft(who, recording_id, locale=locale), 201)


@router.get(
    "/notices/{notice_id}", summary="One notice", response_class=Response, responses=shows(NoticeView, 404)
)
def get_notice(notice_id: NoticeId, who: Who, context: ContextDep) -> Response:
    """With its points and what became of disputes about them."""
    return answer(context.services.notices.get(who, notice_id))


@router.put(
    "/notices/{notice_id}", summary="Edit a draft", response_class=Response, responses=shows(NoticeView, 404, 409)
)
def edit_notice(notice_id: NoticeId, given: NoticeIn, who: Who, context: ContextDep) -> Response:
    """Points that are not named are dropped."""
    points = [PointEdit(point.id, point.note, point.wording) for point in given.points]
    return answer(context.services.notices.edit(who, notice_id, title=given.title, body=given.body, points=points))


@router.post(
    "/notices/{notice_id}/issue",
    summary="Issue a draft",
    response_class=Response,
    responses=shows(NoticeView, 404, 409),
)
def issue_notice(notice_id: NoticeId, given: IssueIn, who: Who, context: ContextDep) -> Response:
    """To its agent, who is told by whatever is configured."""
    return answer(context.services.notices.issue(who, notice_id, due_at=_aware(given.due_at)))


@router.post(
    "/notices/{notice_id}/acknowledge",
    summary="Acknowledge a notice",
    response_class=Response,
    responses=shows(NoticeView, 404, 409),
)
def acknowledge_notice(notice_id: NoticeId, given: WordsIn, who: Who, context: ContextDep) -> Response:
    """By the agent it was issued to, with a comment."""
    return answer(context.services.notices.acknowledge(who, notice_id, comment=given.text))


@router.post(
    "/notices/{notice_id}/withdraw",
    summary="Withdraw a notice",
    response_class=Response,
    responses=shows(NoticeView, 404, 409),
)
def withdraw_notice(notice_id: NoticeId, given: WordsIn, who: Who, context: ContextDep) -> Response:
    """With the reason."""
    return answer(context.services.notices.withdraw(who, notice_id, reason=given.text))


@router.post(
    "/notices/{notice_id}/close",
    summary="Close a notice",
    response_class=Response,
    responses=shows(NoticeView, 404, 409),
)
def close_notice(notice_id: NoticeId, given: WordsIn, who: Who, context: ContextDep) -> Response:
    """Nothing more is to be done about it."""
    return answer(context.services.notices.close(who, notice_id, reason=given.text))


@router.get(
    "/notices/{notice_id}/effect",
    summary="Whether a notice worked",
    response_class=Response,
    responses=shows(EffectView, 404, 409, many=True),
)
def effect_of_notice(notice_id: NoticeId, who: Who, context: ContextDep) -> Response:
    """The same rules on the same agent's calls before and after it was issued."""
    return answer(context.services.notices.effect(who, notice_id))


@router.post(
    "/notices/{notice_id}/points/{point_id}/dispute",
    status_code=201,
    summary="Dispute a point",
    response_class=Response,
    responses=shows(DisputeView, 404, 409, status=201),
)
def dispute_point(
    notice_id: NoticeId, point_id: PointId, given: WordsIn, who: Who, context: ContextDep
) -> Response:
    """By the agent, within the time that is set."""
    return answer(context.services.disputes.raise_dispute(who, notice_id, point_id, words=given.text), 201)


@router.get("/disputes", summary="Disputes", response_class=Response, responses=shows(DisputePage))
def list_disputes(
    who: Who,
    context: ContextDep,
    state: Annotated[list[DisputeState] | None, Query(description="Only these states.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """Those you see, newest first."""
    return answer(context.services.disputes.page(who, states=state or (), cursor=cursor, limit=limit))


@router.get(
    "/disputes/{dispute_id}", summary="One dispute", response_class=Response, responses=shows(DisputeView, 404)
)
def get_dispute(dispute_id: DisputeId, who: Who, context: ContextDep) -> Response:
    """With every ruling so far."""
    return answer(context.services.disputes.get(who, dispute_id))


@router.post(
    "/disputes/{dispute_id}/ruling",
    summary="Rule a dispute",
    response_class=Response,
    responses=shows(DisputeView, 404, 409),
)
def rule_dispute(dispute_id: DisputeId, given: RulingIn, who: Who, context: ContextDep) -> Response:
    """By somebody who has not judged before. What it changes is a new version of the review."""
    return answer(
        context.services.disputes.rule(
            who, dispute_id, given.outcome, reason=given.reason, severity=given.severity
        )
    )


@router.post(
    "/disputes/{dispute_id}/further",
    summary="Take a dispute further",
    response_class=Response,
    responses=shows(DisputeView, 404, 409),
)
def further_dispute(dispute_id: DisputeId, given: WordsIn, who: Who, context: ContextDep) -> Response:
    """The agent does not accept the ruling."""
    return answer(context.services.disputes.take_further(who, dispute_id, words=given.text))


@router.post(
    "/disputes/{dispute_id}/assign",
    summary="Assign a dispute",
    response_class=Response,
    responses=shows(DisputeView, 404, 409),
)
def assign_dispute(dispute_id: DisputeId, given: AssignIn, who: Who, context: ContextDep) -> Response:
    """To somebody who has not judged before."""
    return answer(context.services.disputes.assign(who, dispute_id, given.login))


def _aware(at: datetime | None) -> datetime | None:
    return at.astimezone() if at is not None and at.tzinfo is None else at
