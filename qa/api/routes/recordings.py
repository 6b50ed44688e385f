"""Recordings: take in, list, look up, judge again."""

from contextlib import ExitStack
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from qa.api.context import Context, ContextDep, LocaleDep, RecordingId
from qa.api.dependencies import SEEING, SeenRecording, Who, require
from qa.api.meta import OWN_FIELDS, build_meta
from qa.api.multipart import read_on_error, receive_form
from qa.api.problems import responses
from qa.api.schemas import (
    RecordingOut,
    RecordingPageOut,
    RescanOut,
    ResultHistoryOut,
    RolesIn,
    RunOut,
    UploadedOut,
    history_out,
    page_out,
    recording_out,
    run_out,
    uploaded_out,
)
from qa.core.errors import BadOptionError, ConflictError, NotFoundError
from qa.core.people import Person, Right
from qa.core.result import RunStatus
from qa.services.recordings import RecordingFilter
from qa.services.views import Accepted

PREFIX: Final = "/api/v1/recordings"
router = APIRouter(tags=["recordings"])

# PostgreSQL takes no NUL in a text, and nobody looks for control characters.
_SEEN: Final = r"^[^\x00-\x1f]+$"
_PAIR: Final = r"^[^\x00-\x1f:]{1,64}:[^\x00-\x1f]{1,1024}$"

_MULTIPART: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": "The recording."},
                        "metadata": {
                            "type": "string",
                            "description": "JSON object of plain values: attributes of the call.",
                            "example": '{"agent": "17", "team": "renewals"}',
                        },
                        "language": {"type": "string", "description": "ISO 639 code, or auto.", "example": "zh"},
                        "roles": {
                            "type": "string",
                            "description": "JSON object from speaker label to role.",
                            "example": '{"ch0": "agent", "ch1": "customer"}',
                        },
                    },
                    "additionalProperties": {"type": "string", "description": "Any further attribute."},
                }
            }
        },
    }
}


@router.post(
    PREFIX,
    status_code=201,
    response_model=UploadedOut,
    summary="Upload a recording",
    dependencies=[require(Right.UPLOAD)],
    responses={
        200: {"model": UploadedOut, "description": "The same content is here already: the first recording."},
        **responses(408, 413, 415, 503, 507),
    },
    openapi_extra=_MULTIPART,
)
async def upload(
    request: Request, response: Response, who: Who, context: ContextDep, locale: LocaleDep
) -> UploadedOut:
    """Stream a recording in as multipart/form-data. The same bytes twice are one recording."""
    intake, options = context.services.intake, context.settings.intake
    async with read_on_error(request):
        context.check_room()
        with ExitStack() as stack:
            form, spool = await receive_form(
                request,
                lambda name: stack.enter_context(intake.receive(name)),
                max_bytes=options.max_bytes,
                max_fields=options.allowed_attributes + len(OWN_FIELDS),
            )
            meta = build_meta(form.filename, form.fields, who)
            accepted = await run_in_threadpool(intake.accept, spool, meta)
    await run_in_threadpool(check_seen, context, who, accepted)
    response.headers["Location"] = f"{PREFIX}/{accepted.recording.id}"
    if accepted.duplicate:
        response.status_code = 200
    return uploaded_out(accepted.recording, locale, duplicate=accepted.duplicate)


def check_seen(context: Context, who: Person, accepted: Accepted) -> None:
    """What somebody uploads may be there already, and not theirs to see. Raises `ConflictError`."""
    if accepted.duplicate:
        try:
            context.services.recordings.get(accepted.recording.id, who=who)
        except NotFoundError:
            raise ConflictError("people.duplicate_elsewhere") from None


@router.get(
    PREFIX,
    summary="List recordings, newest first",
    dependencies=[require(*SEEING)],
    responses=responses(503),
)
def list_recordings(
    who: Who,
    context: ContextDep,
    locale: LocaleDep,
    cursor: Annotated[
        str | None, Query(pattern=r"^[A-Za-z0-9_\-=.:]{1,200}$", description="`next_cursor` of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    status: Annotated[RunStatus | None, Query(description="Only this status.")] = None,
    name: Annotated[str | None, Query(pattern=_SEEN, max_length=200, description="Part of the file name.")] = None,
    attribute: Annotated[
        list[Annotated[str, Field(pattern=_PAIR)]] | None,
        Query(max_length=16, description="`name:value`, exact; may be given several times."),
    ] = None,
) -> RecordingPageOut:
    """One page; every given filter must hold."""
    wanted = RecordingFilter(status=status, name_contains=name or None, attributes=_attributes(attribute or []))
    return page_out(context.services.recordings.list(wanted, cursor=cursor, limit=limit, who=who), locale)


def _attributes(given: list[str]) -> dict[str, str]:
    return {name.strip(): value.strip() for name, _, value in (item.partition(":") for item in given)}


@router.get(
    f"{PREFIX}/{{recording_id}}", summary="One recording and where it stands", responses=responses(404, 503)
)
def get_recording(recording: SeenRecording, locale: LocaleDep) -> RecordingOut:
    """The recording with its newest run: status, stage and progress as of now."""
    return recording_out(recording, locale)


@router.get(f"{PREFIX}/{{recording_id}}/results", summary="History of results", responses=responses(404, 503))
def list_results(recording: SeenRecording, context: ContextDep) -> ResultHistoryOut:
    """Every result, newest first, with the pack versions that judged."""
    return history_out(context.services.recordings.results(recording.id))


@router.post(
    f"{PREFIX}/{{recording_id}}/retry",
    status_code=202,
    summary="Try a failed recording again",
    dependencies=[require(Right.RETRY)],
    responses=responses(404, 409, 503),
)
def retry(recording: SeenRecording, who: Who, context: ContextDep, locale: LocaleDep) -> RunOut:
    """A new run; it goes on at the stage that failed."""
    return run_out(context.services.analysis.retry(recording.id, actor=who.login), locale)


@router.post(
    f"{PREFIX}/{{recording_id}}/rescan",
    status_code=202,
    summary="Judge again by the present rules",
    dependencies=[require(Right.RETRY)],
    responses=responses(404, 409, 422, 503),
)
def rescan(recording: SeenRecording, who: Who, context: ContextDep, locale: LocaleDep) -> RunOut:
    """A new run of the text stages alone; earlier results are kept. 422 where the packs on disk cannot be used."""
    context.services.rules.need_usable()
    return run_out(context.services.analysis.rescan(recording.id, actor=who.login), locale)


@router.post(
    "/api/v1/rescan",
    status_code=202,
    summary="Judge everything again by the present rules",
    dependencies=[require(Right.CHANGE_RULES)],
    responses=responses(422, 503),
)
def rescan_all(who: Who, context: ContextDep) -> RescanOut:
    """Queue a rescan of every recording that has been analysed; those under way are left to finish.

    422 where the packs on disk cannot be used.
    """
    context.services.rules.need_usable()
    return RescanOut(queued=context.services.analysis.rescan_all(actor=who.login))


@router.patch(
    f"{PREFIX}/{{recording_id}}/roles",
    status_code=202,
    summary="Say who is agent and who is customer",
    dependencies=[require(Right.REVIEW)],
    responses=responses(404, 409, 413, 415, 503),
)
def set_roles(
    recording_id: RecordingId, body: RolesIn, who: Who, context: ContextDep, locale: LocaleDep
) -> RunOut:
    """Store the roles and run the text stages again."""
    if body.swap == bool(body.roles):
        raise BadOptionError("api.roles_empty")
    roles = None if body.swap else {label: role.value for label, role in body.roles.items()}
    recording = context.services.recordings.get(recording_id, who=who)
    return run_out(context.services.analysis.set_roles(recording.id, roles, actor=who.login), locale)
