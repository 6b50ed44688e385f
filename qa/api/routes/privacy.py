"""Showing personal data to those who may and say why."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from qa.api.context import ContextDep, RecordingId
from qa.api.dependencies import Who, require
from qa.api.records import answer, shows
from qa.api.routes.recordings import PREFIX
from qa.core.people import Right
from qa.services.privacy import LONGEST_REASON, MOST_SPANS, Place, Revealed

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
