"""The sound: original bytes or a browser's version of them, by ranges; and the waveform."""

import mimetypes
import os
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from qa.api.context import ContextDep
from qa.api.dependencies import SeenRecording, Who
from qa.api.derived import PLAYABLE_TYPE, Maker
from qa.api.problems import responses
from qa.api.ranges import file_response
from qa.api.routes.recordings import PREFIX
from qa.api.schemas import PeaksOut
from qa.audio.peaks import POINTS_PER_SECOND
from qa.core.errors import BadOptionError, ConflictError
from qa.core.people import Right

router = APIRouter(tags=["audio"])

_FALLBACK: Final = "application/octet-stream"
_SOUND: Final = {"audio/*": {"schema": {"type": "string", "format": "binary"}}}


@router.get(
    f"{PREFIX}/{{recording_id}}/audio",
    response_class=Response,
    summary="The sound",
    responses={
        200: {"description": "All of it.", "content": _SOUND},
        206: {"description": "The bytes asked for.", "content": _SOUND},
        304: {"description": "Unchanged."},
        **responses(403, 404, 409, 413, 416, 503, 507),
    },
)
@router.head(f"{PREFIX}/{{recording_id}}/audio", response_class=Response, include_in_schema=False)
async def get_audio(
    request: Request,
    view: SeenRecording,
    who: Who,
    context: ContextDep,
    playable: Annotated[
        bool,
        Query(
            description="As FLAC that every browser plays, personal data hidden; times are those of the analysis."
        ),
    ] = False,
    original: Annotated[
        bool, Query(description="Nothing hidden in it: for those who may, after `/reveal` with a reason.")
    ] = False,
) -> Response:
    """A version for browsers with personal data hidden, or, by the right to download, the file as it was uploaded.

    With byte ranges. Handing out what is not hidden is written into the audit log.
    """
    privacy = context.services.privacy
    first = request.method == "GET" and request.headers.get("range", "bytes=0-").startswith("bytes=0-")
    if playable:
        hidden = None if original else await run_in_threadpool(privacy.hidden, who, view.id)
        if hidden is None:
            if not original and not who.may(Right.REVEAL):
                raise ConflictError("privacy.not_analysed")
            await run_in_threadpool(partial(privacy.open_original, who, view.id, download=False, first=first))
        opened, etag = await _maker(request).playable(view, hidden or ())
        kind = PLAYABLE_TYPE
    else:
        await run_in_threadpool(partial(privacy.open_original, who, view.id, download=True, first=first))
        opened, etag = await run_in_threadpool(context.services.recordings.open_sound, view.id), view.sha256
        kind = _media_type(view.name)
    return file_response(
        opened,
        opened.seek(0, os.SEEK_END),
        request.headers,
        method=request.method,
        etag=etag,
        media_type=kind,
        headers={"Content-Disposition": "inline"},
    )


def _maker(request: Request) -> Maker:
    maker: Maker = request.app.state.maker
    return maker


def _media_type(name: str) -> str:
    """An audio type by the name's extension; anything else is served as plain bytes, never as a page."""
    guessed, _ = mimetypes.guess_type(name)
    return guessed if guessed and guessed.startswith("audio/") else _FALLBACK


@router.get(f"{PREFIX}/{{recording_id}}/peaks", summary="The waveform", responses=responses(404, 413, 503, 507))
async def get_peaks(
    request: Request,
    view: SeenRecording,
    per_second: Annotated[
        int, Query(ge=1, le=POINTS_PER_SECOND, description=f"Points per second; divides {POINTS_PER_SECOND}.")
    ] = POINTS_PER_SECOND,
) -> PeaksOut:
    """Minimum and maximum per small stretch of time and channel, made once and kept."""
    if POINTS_PER_SECOND % per_second:
        fitting = ", ".join(str(n) for n in range(1, POINTS_PER_SECOND + 1) if POINTS_PER_SECOND % n == 0)
        raise BadOptionError("api.field_not_one_of", field="per_second", expected=fitting)
    outline = (await _maker(request).peaks(view)).coarser(POINTS_PER_SECOND // per_second)
    return PeaksOut(
        points_per_second=outline.points_per_second,
        points=outline.points,
        channels=[outline.pairs(number).ravel().tolist() for number in range(len(outline.channels))],
    )
