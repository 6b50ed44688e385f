"""Resumable upload: a tus 1.0.0 endpoint over `qa.services.uploads`."""

import re
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from qa.api.context import Context, ContextDep
from qa.api.dependencies import Who, require
from qa.api.meta import attributes_as_json, build_meta
from qa.api.multipart import read_on_error
from qa.api.problems import RequestError, responses
from qa.api.routes.recordings import PREFIX as RECORDINGS
from qa.api.tus import (
    ALGORITHMS,
    EXTENSIONS,
    OFFSET_TYPE,
    PREFIX,
    VERSION,
    Checksum,
    format_metadata,
    parse_metadata,
    require_version,
    split_metadata,
    upload_headers,
    whole_number,
)
from qa.core.errors import ConflictError, NotFoundError, TooLargeError
from qa.core.people import Person, Right
from qa.services.views import Accepted, UploadView
from qa.storage.base import SpoolFile

router = APIRouter(tags=["resumable upload"], dependencies=[require(Right.UPLOAD)])

_ID: Final = re.compile(r"[0-9a-f]{32}")
_READ: Final = 2**20


def _upload_id(upload_id: Annotated[str, Path(description="Id of the upload, from Location.")]) -> str:
    if not _ID.fullmatch(upload_id):
        raise NotFoundError("api.upload_unknown", id=upload_id[:40])
    return upload_id


UploadId = Annotated[str, Depends(_upload_id)]


def _header(name: str, description: str, *, required: bool = True, example: str = "") -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": description,
        "schema": {**schema, "example": example} if example else schema,
    }


_TUS = _header("Tus-Resumable", "Version of the protocol.", example=VERSION)
_CHECKSUM = _header("Upload-Checksum", "`sha256` or `sha1` and the base64 digest of this chunk.", required=False)
_BODY = {"content": {OFFSET_TYPE: {"schema": {"type": "string", "format": "binary"}}}}


@router.options(PREFIX, status_code=204, summary="What the endpoint can do", responses=responses())
@router.options(f"{PREFIX}/{{upload_id}}", status_code=204, include_in_schema=False)
def describe(context: ContextDep) -> Response:
    """Protocol version, extensions, largest upload, checksum algorithms."""
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(context.settings.intake.max_bytes),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }
    return Response(status_code=204, headers=headers)


@router.post(
    PREFIX,
    status_code=201,
    response_class=Response,
    summary="Begin a resumable upload",
    responses={
        201: {"description": "Made; `Location` is where to send the bytes."},
        **responses(408, 409, 412, 413, 415, 460, 503, 507),
    },
    openapi_extra={
        "parameters": [
            _TUS,
            _header("Upload-Length", "Bytes of the whole recording.", example="2880044"),
            _header(
                "Upload-Metadata",
                "Pairs of name and base64 value: `filename`, attributes, and `metadata`, `roles` and `language` "
                "as in the multipart upload.",
                required=False,
                example="filename Y2FsbC53YXY=,agent MTc=",
            ),
            _CHECKSUM,
        ],
        "requestBody": {"required": False, **_BODY},
    },
)
async def create(request: Request, who: Who, context: ContextDep) -> Response:
    """Announce an upload; a body of the offset type is its first chunk."""
    async with read_on_error(request):
        require_version(request.headers)
        for unsupported in ("Upload-Defer-Length", "Upload-Concat"):
            if unsupported in request.headers:
                raise RequestError(400, "api.upload_bad_header", header=unsupported)
        length = whole_number(request.headers, "Upload-Length")
        most = context.settings.intake.max_bytes
        if length > most:
            raise TooLargeError("api.too_large", most=most)
        context.check_room(length)
        name, fields = split_metadata(parse_metadata(request.headers.get("upload-metadata", "")))
        meta = build_meta(name, fields, who)
        with_bytes = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
        if with_bytes:
            _require_offset_type(request)
        upload = await run_in_threadpool(context.services.uploads.create, length, meta)
        accepted = None
        if with_bytes:
            upload, accepted = await _append(request, who, context, upload.id, 0)
    headers = {**_after(upload, accepted), "Location": f"{PREFIX}/{upload.id}"}
    return Response(status_code=201, headers=headers)


@router.head(
    f"{PREFIX}/{{upload_id}}",
    response_class=Response,
    summary="How far an upload got",
    responses={200: {"description": "`Upload-Offset` is the next byte wanted."}, **responses(404, 412, 503)},
    openapi_extra={"parameters": [_TUS]},
)
async def stand(request: Request, upload_id: UploadId, who: Who, context: ContextDep) -> Response:
    """Offset and length; once accepted, `Tingjian-Recording` names the recording."""
    require_version(request.headers)
    uploads = context.services.uploads
    upload = await run_in_threadpool(uploads.get, upload_id, who=who)
    if upload.offset == upload.length and upload.recording_id is None:
        # All bytes came but the service stopped before it could take them in. A client that reads this offset
        # believes it has finished, so it is finished here.
        upload, _ = await uploads.append(upload_id, upload.offset, _nothing(), who=who)
    told = {"filename": upload.name, "metadata": attributes_as_json(upload.attributes)}
    headers = {"Upload-Length": str(upload.length), "Upload-Metadata": format_metadata(told)}
    return Response(headers={**upload_headers(upload), **headers})


@router.patch(
    f"{PREFIX}/{{upload_id}}",
    status_code=204,
    response_class=Response,
    summary="Send the next bytes",
    responses={
        204: {"description": "Received; `Tingjian-Recording` names the recording once it is complete."},
        **responses(404, 408, 409, 412, 413, 415, 460, 503, 507),
    },
    openapi_extra={
        "parameters": [_TUS, _header("Upload-Offset", "Where these bytes begin.", example="0"), _CHECKSUM],
        "requestBody": {"required": True, **_BODY},
    },
)
async def append(request: Request, upload_id: UploadId, who: Who, context: ContextDep) -> Response:
    """Append a chunk. One request writes at a time; with a checksum, all of the chunk counts or nothing."""
    async with read_on_error(request):
        require_version(request.headers)
        _require_offset_type(request)
        offset = whole_number(request.headers, "Upload-Offset")
        upload, accepted = await _append(request, who, context, upload_id, offset)
    return Response(status_code=204, headers=_after(upload, accepted))


@router.delete(
    f"{PREFIX}/{{upload_id}}",
    status_code=204,
    response_class=Response,
    summary="Give an upload up",
    responses={204: {"description": "Gone."}, **responses(404, 409, 412, 503)},
    openapi_extra={"parameters": [_TUS]},
)
def abandon(request: Request, upload_id: UploadId, who: Who, context: ContextDep) -> Response:
    """Forget the upload and its bytes; a recording it already became stays."""
    require_version(request.headers)
    context.services.uploads.abandon(upload_id, who=who)
    return Response(status_code=204)


def _require_offset_type(request: Request) -> None:
    given = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if given != OFFSET_TYPE:
        raise RequestError(415, "api.wrong_type", given=given[:60] or "?", wanted=OFFSET_TYPE)


async def _append(
    request: Request, who: Person, context: Context, upload_id: str, offset: int
) -> tuple[UploadView, Accepted | None]:
    uploads, announced = context.services.uploads, request.headers.get("upload-checksum")
    if announced is None:
        return await uploads.append(upload_id, offset, request.stream(), who=who)
    checksum = Checksum(announced)
    upload = await run_in_threadpool(uploads.get, upload_id, who=who)
    if offset != upload.offset:
        raise ConflictError("api.upload_offset", id=upload_id, expected=upload.offset, given=offset)
    room = upload.length - offset
    # Appended bytes count at once, so a chunk that must match a checksum waits in the spool until it does.
    with context.services.storage.spool(room) as spool:
        async for chunk in request.stream():
            if spool.size + len(chunk) > room:
                raise TooLargeError("api.upload_overflow", id=upload_id, length=upload.length)
            checksum.update(chunk)
            await run_in_threadpool(spool.write, chunk)
        checksum.verify()
        await run_in_threadpool(spool.flush)
        return await uploads.append(upload_id, offset, _chunks(spool), who=who)


async def _nothing() -> AsyncIterator[bytes]:
    yield b""


async def _chunks(spool: SpoolFile) -> AsyncIterator[bytes]:
    opened = await run_in_threadpool(spool.path.open, "rb")
    with opened:
        while chunk := await run_in_threadpool(opened.read, _READ):
            yield chunk


def _after(upload: UploadView, accepted: Accepted | None) -> dict[str, str]:
    headers = upload_headers(upload)
    if accepted is not None:
        headers["Content-Location"] = f"{RECORDINGS}/{accepted.recording.id}"
        headers["Tingjian-Recording"] = accepted.recording.id
        headers["Tingjian-Duplicate"] = "true" if accepted.duplicate else "false"
    return headers
