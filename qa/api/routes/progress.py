"""Live progress as server-sent events."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import APIRouter, Header, Response
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from qa.api.context import Context, ContextDep, LocaleDep
from qa.api.dependencies import SeenRecording, Who
from qa.api.problems import responses
from qa.api.routes.recordings import PREFIX
from qa.api.schemas import RecordingOut, recording_out
from qa.core.people import Person

router = APIRouter(tags=["recordings"])

POLL_SECONDS: Final = 0.5
"""How often the row is read. Workers write progress about once a second."""
HEARTBEAT_SECONDS: Final = 15
"""Under the usual 30 to 60 s after which proxies drop a silent connection."""
RETRY_MS: Final = 2000


@router.get(
    f"{PREFIX}/{{recording_id}}/events",
    summary="Live progress",
    response_class=EventSourceResponse,
    responses={
        200: {
            "description": "`progress` events, then one `end` event with the final status. "
            "The data of each is the recording as `GET /recordings/{id}` gives it.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        204: {"description": "Nothing more to tell: `Last-Event-ID` is the end already."},
        **responses(404, 503),
    },
)
async def events(
    recording: SeenRecording,
    who: Who,
    context: ContextDep,
    locale: LocaleDep,
    last_event_id: Annotated[str | None, Header(description="Id of the last event received.")] = None,
) -> Response:
    """Follow one recording until its run is final. Reconnecting with Last-Event-ID repeats nothing."""
    now = recording_out(recording, locale)
    if now.status.final and last_event_id == event_id(now):
        return Response(status_code=204)
    return EventSourceResponse(
        _follow(context, recording.id, who, locale, last_event_id), ping=HEARTBEAT_SECONDS, sep="\n"
    )


def event_id(state: RecordingOut) -> str:
    """Names a state, not a position, so that it still means something after the service was restarted."""
    return hashlib.sha256(state.model_dump_json().encode()).hexdigest()[:16]


def _snapshot(context: Context, recording_id: str, who: Person, locale: str) -> RecordingOut:
    return recording_out(context.services.recordings.get(recording_id, who=who), locale)


async def _follow(
    context: Context, recording_id: str, who: Person, locale: str, last_id: str | None
) -> AsyncIterator[ServerSentEvent]:
    while True:
        state = await run_in_threadpool(_snapshot, context, recording_id, who, locale)
        this_id = event_id(state)
        if this_id != last_id:
            name = "end" if state.status.final else "progress"
            yield ServerSentEvent(state.model_dump_json(), event=name, id=this_id, retry=RETRY_MS)
            last_id = this_id
        if state.status.final:
            return
        await asyncio.sleep(POLL_SECONDS)
