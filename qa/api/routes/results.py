"""The result of a recording, its sentences rendered for the reader."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Response

from qa.api.context import ContextDep, LocaleDep
from qa.api.dependencies import SeenRecording, Who
from qa.api.problems import responses
from qa.api.records import with_texts
from qa.api.routes.recordings import PREFIX
from qa.core.errors import ConflictError, NotFoundError
from qa.core.result import Result

router = APIRouter(tags=["results"])


@router.get(
    f"{PREFIX}/{{recording_id}}/result",
    summary="The whole result",
    response_class=Response,
    responses={
        200: {
            "description": "The result document; every sentence has a `text` in the reader's language.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Result"}}},
        },
        **responses(404, 409, 503),
    },
)
def get_result(
    recording: SeenRecording,
    who: Who,
    context: ContextDep,
    locale: LocaleDep,
    result_id: Annotated[
        str | None, Query(pattern="^[0-9a-f]{32}$", description="An earlier result, from /results.")
    ] = None,
) -> Response:
    """The newest result, or an earlier one. 409 while there is none yet."""
    try:
        found = context.services.recordings.result(recording.id, result_id=result_id, who=who)
    except NotFoundError:
        if result_id is not None:
            raise
        code = "api.no_result" if recording.status.final else "api.not_ready"
        raise ConflictError(code, id=recording.id, status=recording.status.value) from None
    headers = {
        "Tingjian-Result": found.head.id,
        "Tingjian-Run": found.head.run_id,
        "Content-Language": locale,
        "Vary": "Accept-Language",
        "Cache-Control": "private, no-cache",
    }
    body = msgspec.json.encode(readable(found.result, locale))
    return Response(body, headers=headers, media_type="application/json")


def readable(result: Result, locale: str) -> Any:
    """The result as JSON types, with `text` beside the code and parameters of every message in it."""
    return with_texts(msgspec.to_builtins(result), locale)
