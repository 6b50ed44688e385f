"""Answers that are plain records of the services: encoded as they are, described from their own types."""

from typing import Any, Final

import msgspec
from fastapi import Response

from qa.api.problems import responses
from qa.core.base import encode
from qa.core.messages import Message
from qa.i18n import render

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


def answer(value: object, status: int = 200, *, locale: str | None = None) -> Response:
    """A record, or a sequence of records, as JSON that no cache keeps; with `locale`, messages have a `text`."""
    headers = {"Cache-Control": "no-store"}
    if locale is not None:
        value = with_texts(msgspec.to_builtins(value), locale)
        headers |= {"Content-Language": locale, "Vary": "Accept-Language"}
    return Response(encode(value), status, media_type="application/json", headers=headers)


def with_texts(value: Any, locale: str) -> Any:
    """JSON types with `text` beside the code and parameters of every message in them."""
    if isinstance(value, dict):
        if value.keys() == {"code", "params"} and isinstance(value["params"], dict):
            return {**value, "text": render(Message(value["code"], value["params"]), locale)}
        return {key: with_texts(item, locale) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [with_texts(item, locale) for item in value]
    return value


def described() -> dict[str, Any]:
    """JSON Schemas by name of all types in `SHOWN`."""
    _, schemas = msgspec.json.schema_components(SHOWN, ref_template="#/components/schemas/{name}")
    return schemas
