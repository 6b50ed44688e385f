"""The OpenAPI document: FastAPI's own, completed with the result document and the security scheme."""

from typing import Any, Final

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from qa.api.csrf import SESSION_COOKIE
from qa.api.records import described
from qa.core.result import Result

TAGS: Final = [
    {"name": "recordings", "description": "Take recordings in, follow them, judge them again."},
    {"name": "resumable upload", "description": "tus 1.0.0, for large files and poor lines."},
    {"name": "results", "description": "What was found, with proof."},
    {"name": "audio", "description": "The sound itself and its waveform."},
    {"name": "coaching", "description": "Notices to agents, and disputes."},
    {"name": "exports", "description": "Audit exports as signed evidence packs."},
    {"name": "push", "description": "Who is told of what, by mail, webhook or chat robot."},
    {"name": "review", "description": "The queue, verdicts, finalising, sampling."},
    {"name": "people", "description": "Sign in, API tokens, accounts and teams."},
    {"name": "service", "description": "Health and figures."},
]
_DESCRIPTION: Final = (
    "Upload a call, follow its analysis, fetch what was found. Errors are RFC 9457 problem details in the "
    "language of `Accept-Language` (`zh-Hans`, `zh-Hant`, `en`)."
)


def document(app: FastAPI) -> dict[str, Any]:
    """Build the document once and keep it on the application."""
    if app.openapi_schema:
        return app.openapi_schema
    made = get_openapi(
        title="Tingjian", version=app.version, description=_DESCRIPTION, routes=app.routes, tags=TAGS
    )
    components = made.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    _, records = msgspec.json.schema_components([Result], ref_template="#/components/schemas/{name}")
    # A message gets its sentence on the way out (`qa.api.routes.results`), which the record does not have.
    records |= described()
    records["Message"]["properties"]["text"] = {"type": "string", "description": "In the reader's language."}
    for name, schema in records.items():
        schemas.setdefault(name, schema)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components["securitySchemes"] = {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "An API token, or what is in the file `token` of the home.",
        }
    }
    cookie = {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE, "description": "With X-CSRF-Token."}
    components["securitySchemes"]["session"] = cookie
    made["security"] = [{"token": []}, {"session": []}]
    app.openapi_schema = made
    return made
