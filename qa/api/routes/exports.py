"""Audit exports."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from qa.api.context import ContextDep, LocaleDep
from qa.api.dependencies import Who, require
from qa.api.problems import responses
from qa.api.records import answer, shows
from qa.core.errors import ConflictError
from qa.core.people import Right
from qa.services.export import ExportPage, ExportView, Format, Wanted

router = APIRouter(prefix="/api/v1/exports", tags=["exports"], dependencies=[require(Right.EXPORT)])

_ID = r"^[0-9a-f]{32}$"
_LINE = r"^[^\x00-\x1f]+$"
ExportId = Annotated[str, Path(pattern=_ID, description="Id of the export.")]


class ExportIn(BaseModel):
    """What to export."""

    model_config = ConfigDict(extra="forbid")

    start: Annotated[datetime, Field(description="First moment of the period, with a zone.")]
    end: Annotated[datetime, Field(description="First moment after the period, with a zone.")]
    team: Annotated[str | None, Field(max_length=255, pattern=_LINE)] = None
    rule: Annotated[str | None, Field(max_length=255, pattern=_LINE)] = None
    status: Annotated[str | None, Field(max_length=16, description="Of the review; `none`: without one.")] = None
    formats: Annotated[list[Format], Field(max_length=5)] = list(Format)
    clips: bool = False
    transcripts: bool = False


@router.get("", summary="Exports", response_class=Response, responses=shows(ExportPage))
def list_exports(
    who: Who,
    context: ContextDep,
    cursor: Annotated[str | None, Query(pattern=_ID)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Newest first."""
    return answer(context.services.exports.page(who, cursor, limit))


@router.post(
    "",
    status_code=202,
    summary="Ask for an export",
    response_class=Response,
    responses=shows(ExportView, status=202),
)
def make_export(given: ExportIn, who: Who, context: ContextDep, locale: LocaleDep) -> Response:
    """It is written in the background; look at it again by its id."""
    wanted = Wanted(
        start=given.start,
        end=given.end,
        team=given.team,
        rule=given.rule,
        status=given.status,
        formats=tuple(given.formats),
        clips=given.clips,
        transcripts=given.transcripts,
        locale=locale,
    )
    return answer(context.services.exports.request(who, wanted), 202)


@router.get("/{export_id}", summary="One export", response_class=Response, responses=shows(ExportView, 404))
def get_export(export_id: ExportId, who: Who, context: ContextDep) -> Response:
    """And how far it is."""
    return answer(context.services.exports.get(who, export_id))


@router.post(
    "/{export_id}/retry", summary="Try again", response_class=Response, responses=shows(ExportView, 404, 409)
)
def retry_export(export_id: ExportId, who: Who, context: ContextDep) -> Response:
    """One that failed goes on where it stopped."""
    return answer(context.services.exports.retry(who, export_id))


@router.get(
    "/{export_id}/pack",
    summary="The evidence pack",
    response_class=FileResponse,
    responses={200: {"description": "A ZIP file.", "content": {"application/zip": {}}}, **responses(404, 409)},
)
def get_pack(export_id: ExportId, who: Who, context: ContextDep) -> FileResponse:
    """Check it with `tingjian verify`, or with the `verify.py` inside."""
    pack = context.services.exports.pack(who, export_id)
    if not pack.is_file():
        raise ConflictError("export.is_a_folder", place=pack.name)
    return FileResponse(
        pack, media_type="application/zip", filename=pack.name, headers={"Cache-Control": "no-store"}
    )
