"""Legal holds, retention, deletion on request and its certificates."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from qa.api.context import ContextDep
from qa.api.dependencies import Who, require
from qa.api.records import answer, shows
from qa.core.custody import Selection
from qa.core.people import Right
from qa.services.custody import Certificate, DeletionView, Forecast, HoldView
from qa.services.custody.service import LONGEST_REASON

router = APIRouter(prefix="/api/v1/custody", tags=["custody"], dependencies=[require(Right.RETAIN)])

_ID = r"^[0-9a-f]{32}$"
HoldId = Annotated[str, Path(pattern=_ID, description="Id of the hold.")]
DeletionId = Annotated[str, Path(pattern=_ID, description="Id of the deletion.")]
Reason = Annotated[str, Field(max_length=LONGEST_REASON, description="Kept for good.")]
Line = Annotated[str, Field(max_length=1024, pattern=r"^[^\x00-\x1f]*$")]


class SelectionIn(BaseModel):
    """Recordings by id or by what they have; every given field must hold, and at least one is given."""

    model_config = ConfigDict(extra="forbid")

    recording_id: Annotated[str | None, Field(pattern=_ID)] = None
    attributes: Annotated[dict[Line, Line], Field(max_length=20)] = {}
    called_from: datetime | None = None
    called_before: datetime | None = None
    disputed: bool | None = None
    open_review: bool | None = None

    def selection(self) -> Selection:
        """As the services take it."""
        return Selection(**self.model_dump())


class HoldIn(BaseModel):
    """What to protect, and why."""

    model_config = ConfigDict(extra="forbid")

    selection: SelectionIn
    reason: Reason


class ReasonIn(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason


class DeletionIn(BaseModel):
    """What to delete, on whose word, and why."""

    model_config = ConfigDict(extra="forbid")

    selection: SelectionIn
    on_word_of: Annotated[str, Field(max_length=255, description="Stands in the certificate.")]
    reason: Reason


@router.get("/holds", summary="Legal holds", response_class=Response, responses=shows(HoldView, many=True))
def list_holds(who: Who, context: ContextDep, released: bool = True) -> Response:
    """Newest first."""
    return answer(context.services.custody.holds(who, released=released))


@router.post(
    "/holds",
    status_code=201,
    summary="Place a legal hold",
    response_class=Response,
    responses=shows(HoldView, 404, status=201),
)
def place_hold(given: HoldIn, who: Who, context: ContextDep) -> Response:
    """Until it is released nothing it covers is deleted, nor what comes in later and fits."""
    return answer(context.services.custody.hold(who, given.selection.selection(), given.reason), 201)


@router.post(
    "/holds/{hold_id}/release",
    summary="Release a legal hold",
    response_class=Response,
    responses=shows(HoldView, 404, 409),
)
def release_hold(hold_id: HoldId, given: ReasonIn, who: Who, context: ContextDep) -> Response:
    """With a reason."""
    return answer(context.services.custody.release(who, hold_id, given.reason))


@router.get("/due", summary="What retention would delete", response_class=Response, responses=shows(Forecast))
def list_due(
    who: Who, context: ContextDep, days: Annotated[int, Query(ge=0, le=3650, description="Looks ahead.")] = 0
) -> Response:
    """Nothing is deleted by asking."""
    return answer(context.services.custody.due(who, days))


@router.post("/preview", summary="What would be deleted", response_class=Response, responses=shows(Forecast))
def preview(given: SelectionIn, who: Who, context: ContextDep) -> Response:
    """Nothing is deleted by asking."""
    return answer(context.services.custody.preview(who, given.selection()))


@router.get("/deletions", summary="Deletions", response_class=Response, responses=shows(DeletionView, many=True))
def list_deletions(
    who: Who,
    context: ContextDep,
    before: Annotated[str | None, Query(pattern=_ID, description="Id of the last one of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Newest first."""
    return answer(context.services.custody.deletions(who, before, limit))


@router.post(
    "/deletions",
    status_code=201,
    summary="Delete for good",
    response_class=Response,
    responses=shows(DeletionView, 404, 409, 503, status=201),
)
def delete(given: DeletionIn, who: Who, context: ContextDep) -> Response:
    """409 where a hold protects one of them or one is being analysed or exported; then nothing is deleted."""
    custody = context.services.custody
    return answer(custody.delete(who, given.selection.selection(), given.on_word_of, given.reason), 201)


@router.get(
    "/deletions/{deletion_id}/certificate",
    summary="Certificate of deletion",
    response_class=Response,
    responses=shows(Certificate, 404, 409),
)
def get_certificate(deletion_id: DeletionId, who: Who, context: ContextDep) -> Response:
    """Signed with Ed25519 over the canonical JSON (RFC 8785) of `certificate`."""
    made = answer(context.services.custody.certificate(who, deletion_id))
    made.headers["Content-Disposition"] = f'attachment; filename="deletion-{deletion_id}.json"'
    return made
