"""The sound: original bytes or a browser's version of them, by ranges; and the waveform."""

import mimetypes
from typing import BinaryIO, Final

from fastapi import APIRouter, Request, Response

from qa.api.context import ContextDep, RecordingId
from qa.api.problems import responses
from qa.api.ranges import file_response
from qa.api.routes.recordings import PREFIX

router = APIRouter(tags=["audio"])

_FALLBACK: Final = "application/octet-stream"


@router.get(
    f"{PREFIX}/{{recording_id}}/audio",
    response_class=Response,
    summary="The sound",
    responses={
        200: {
            "description": "All of it.",
            "content": {"audio/*": {"schema": {"type": "string", "format": "binary"}}},
        },
        206: {
            "description": "The bytes asked for.",
            "content": {"audio/*": {"schema": {"type": "string", "format": "binary"}}},
        },
        304: {"description": "Unchanged."},
        **responses(404, 416, 503, 507),
    },
)
@router.head(f"{PREFIX}/{{recording_id}}/audio", response_class=Response, include_in_schema=False)
def get_audio(
    request: Request,
    recording_id: RecordingId,
    context: ContextDep,
) -> Response:
    """The recording as it was uploaded, with byte ranges."""
    view = context.services.recordings.get(recording_id)
    opened: BinaryIO = context.services.recordings.audio_path(recording_id).open("rb")
    return file_response(
        opened,
        view.size,
        request.headers,
        method=request.method,
        etag=view.sha256,
        media_type=_media_type(view.name),
        headers={"Content-Disposition": "inline"},
    )


def _media_type(name: str) -> str:
    """An audio type by the name's extension; anything else is served as plain bytes, never as a page."""
    guessed, _ = mimetypes.guess_type(name)
    return guessed if guessed and guessed.startswith("audio/") else _FALLBACK
