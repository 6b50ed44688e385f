"""Answers that are plain records of the services: encoded as they are, described from their own types."""

from typing import Any, Final

import msgspec
from fastapi import Response

from qa.api.problems import responses
from qa.core.base import encode

SHOWN: Final[list[Any]] = []
"""Types that routes answer with; `qa.api.openapi` describes them."""


def shows(kind: Any, *statuses: int, many: bool = False, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """The `responses=` entry of a route that answers with a `kind` (a list of them where `many`)."""
    if kind not in SHOWN:
        SHOWN.append(kind)
    schema: dict[str, Any] = {"$ref": f"#/components/schemas/{kind.__name__}"}
    if many:
        schema = {"type": "array", "items": schema}
    told = {"description": (kind.__doc__ or kind.__name__).split("\n")[0]}
    return {status: {**told, "content": {"application/json": {"schema": schema}}}, **responses(*statuses)}


def answer(value: object, status: int = 200) -> Response:
    """A record, or a sequence of records, as JSON that no cache keeps."""
    return Response(encode(value), status, media_type="application/json", headers={"Cache-Control": "no-store"})


def described() -> dict[str, Any]:
    """JSON Schemas by name of all types in `SHOWN`."""
    _, schemas = msgspec.json.schema_components(SHOWN, ref_template="#/components/schemas/{name}")
    return schemas
