"""Personal data: showing it to those who may and say why; hiding what was missed, lifting what was wrong."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from qa.api.context import ContextDep, RecordingId
from qa.api.dependencies import Who, require
from qa.api.records import answer, shows
from qa.api.routes.recordings import PREFIX
from qa.core.hiding import HidingKind
from qa.core.people import Right
from qa.services.privacy import LONGEST_REASON, MOST_SPANS, Place, Revealed
from qa.services.review import HidingView

router = APIRouter(tags=["privacy"])


class PlaceIn(BaseModel):
    """Characters of a turn, as offsets into its text; masked text has the same offsets."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"turn": 3, "start": 9, "end": 20}]})

    turn: Annotated[int, Field(ge=0, le=10**6, description="`index` of the turn.")]
    start: Annotated[int, Field(ge=0, le=10**6)]
    end: Annotated[int, Field(ge=1, le=10**6)]


class RevealIn(BaseModel):
    """Why, and what; everything that is hidden where `spans` is left out."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"reason": "customer disputes the number we called", "spans": []}]},
    )

    reason: Annotated[str, Field(max_length=LONGEST_REASON, description="Goes into the audit log.")]
    spans: Annotated[list[PlaceIn], Field(max_length=MOST_SPANS)] = []


@router.post(
    f"{PREFIX}/{{recording_id}}/reveal",
    summary="Show personal data unmasked",
    response_class=Response,
    dependencies=[require(Right.REVEAL)],
    responses=shows(Revealed, 403, 404, 409, 422),
)
def reveal(given: RevealIn, recording_id: RecordingId, who: Who, context: ContextDep) -> Response:
    """Writes who, when, what and why into the audit log. For a while after it, the same person may also hear the
    original of this recording (`/audio?playable=true&original=true`)."""
    places = [Place(p.turn, p.start, p.end) for p in given.spans]
    return answer(context.services.privacy.reveal(who, recording_id, given.reason, places))


class HidingIn(PlaceIn):
    """Words of the reviewed result that are to be hidden."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"turn": 3, "start": 2, "end": 5, "kind": "name"}]}
    )

    kind: HidingKind
    everywhere: Annotated[bool, Field(description="Wherever else the same characters stand in the call, too.")] = (
        False
    )
    reason: Annotated[
        str, Field(max_length=LONGEST_REASON, description="Needed once the call is finalised; goes into the log.")
    ] = ""


class LiftIn(PlaceIn):
    """What is hidden and should be shown: all of each hiding that reaches into these characters."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"turn": 3, "start": 2, "end": 5, "reason": "the company's own hotline"}]},
    )

    reason: Annotated[str, Field(max_length=LONGEST_REASON, description="Goes into the audit log.")]


@router.get(
    f"{PREFIX}/{{recording_id}}/hidings",
    summary="What people hid or showed by hand",
    response_class=Response,
    dependencies=[require(Right.SEE_RECORDINGS)],
    responses=shows(HidingView, 403, 404, 409, many=True),
)
def list_hidings(recording_id: RecordingId, who: Who, context: ContextDep) -> Response:
    """Oldest first, with what became of each; never the words."""
    return answer(context.services.review.hiding.list(who, recording_id))


@router.post(
    f"{PREFIX}/{{recording_id}}/hidings",
    status_code=201,
    summary="Hide words by hand",
    response_class=Response,
    dependencies=[require(Right.REVIEW)],
    responses=shows(HidingView, 403, 404, 409, 422, many=True, status=201),
)
def hide(given: HidingIn, recording_id: RecordingId, who: Who, context: ContextDep) -> Response:
    """Hidden from now on in transcript, quotes, search, exports and sound, for everybody who does not reveal it.

    Needs no claim; a finalised call gets a new version.
    """
    return answer(context.services.review.hiding.hide(who, recording_id, **given.model_dump()), 201)


@router.post(
    f"{PREFIX}/{{recording_id}}/hidings/lift",
    summary="Lift a hiding",
    response_class=Response,
    dependencies=[require(Right.REVIEW)],
    responses=shows(HidingView, 403, 404, 409, 422, many=True),
)
def lift(given: LiftIn, recording_id: RecordingId, who: Who, context: ContextDep) -> Response:
    """One's own; anybody's and the recognisers' with the right to reveal. The reason goes into the audit log."""
    return answer(context.services.review.hiding.lift(who, recording_id, **given.model_dump()))
