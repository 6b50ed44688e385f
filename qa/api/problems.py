"""Every error as an RFC 9457 problem document, in the reader's language.

One function, `problem`, builds all of them, so that a validation error, an unknown path and a full disk look
alike to a client: `type`, `title`, `status`, `detail`, `instance` as the RFC has them, and beside them `code`
and `params` (for programs), `request_id` (to find it in the log) and, for validation, `errors`.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from qa.api.schemas import Problem
from qa.core.errors import TingjianError, TooSoonError, UnauthenticatedError
from qa.core.messages import Message, message
from qa.i18n import catalogue, pick_locale, render

MEDIA_TYPE: Final = "application/problem+json"
_log = structlog.get_logger(__name__)


class RequestError(TingjianError):
    """A request is refused for a reason that only exists over HTTP; carries its own status and headers."""

    def __init__(
        self, http_status: int, code: str, *, headers: Mapping[str, str] | None = None, **params: object
    ) -> None:
        super().__init__(code, **params)
        self.http_status = http_status
        self.headers = dict(headers or {})


def request_id(scope: Scope) -> str:
    """The correlation id that the envelope gave to this request."""
    return str(scope.get("state", {}).get("request_id", ""))


def locale_of(scope: Scope) -> str:
    """The reader's language: `Accept-Language`, or the service's own where the header is missing."""
    for name, value in scope.get("headers", ()):
        if name == b"accept-language" and value.strip() not in (b"", b"*"):
            return pick_locale(value.decode("latin-1"))
    return str(scope.get("state", {}).get("default_locale") or pick_locale(None))


def problem(
    scope: Scope,
    status: int,
    msg: Message,
    *,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[Mapping[str, str]] = (),
) -> Response:
    """The problem document for `msg` as a response."""
    locale = locale_of(scope)
    body: dict[str, Any] = {
        "type": f"urn:tingjian:problem:{msg.code}",
        "title": _title(status, locale),
        "status": status,
        "detail": render(msg, locale),
        "instance": scope.get("path", ""),
        "code": msg.code,
        "params": msg.params,
        "request_id": request_id(scope),
    }
    if errors:
        body["errors"] = list(errors)
    own = {"Content-Language": locale, "Vary": "Accept-Language", "Cache-Control": "no-store"}
    return JSONResponse(body, status, headers={**own, **(headers or {})}, media_type=MEDIA_TYPE)


def _title(status: int, locale: str) -> str:
    code = f"api.title_{status}"
    if code in catalogue():
        return render(Message(code), locale)
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return str(status)


def error_response(scope: Scope, exc: TingjianError) -> Response:
    """The response for an error of the tree in `qa.core.errors`."""
    if isinstance(exc, RequestError):
        return problem(scope, exc.http_status, exc.message, headers=exc.headers)
    headers = {"Retry-After": "5"} if exc.retryable else {}
    if isinstance(exc, UnauthenticatedError):
        headers["WWW-Authenticate"] = "Bearer"
    elif isinstance(exc, TooSoonError):
        headers["Retry-After"] = exc.message.params.get("seconds", "60")
    return problem(scope, exc.status, exc.message, headers=headers)


def unexpected_response(scope: Scope) -> Response:
    """What is said when the service itself is at fault: only where to look."""
    return problem(scope, 500, message("api.unexpected", request_id=request_id(scope)))


async def _on_tingjian_error(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, TingjianError)  # noqa: S101 - registered for this type alone
    if exc.status >= 500 and not isinstance(exc, RequestError):
        _log.warning("request refused", code=exc.message.code, request_id=request_id(request.scope))
    return error_response(request.scope, exc)


async def _on_http_exception(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, HTTPException)  # noqa: S101 - registered for this type alone
    code = f"api.http_{exc.status_code}"
    if code not in catalogue():
        code = "api.http_other"
    params = {"path": request.url.path[:200], "method": request.method, "status": exc.status_code}
    return problem(request.scope, exc.status_code, message(code, **params), headers=exc.headers)


async def _on_validation_error(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, RequestValidationError)  # noqa: S101 - registered for this type alone
    locale = locale_of(request.scope)
    found = [_field_message(error) for error in exc.errors()[:50]]
    errors = [{"field": m.params.get("field", ""), "code": m.code, "detail": render(m, locale)} for m in found]
    return problem(request.scope, 422, found[0], errors=errors)


_RANGE_KEYS: Final = ("ge", "gt", "le", "lt", "min_length", "max_length")


def _field_message(error: Mapping[str, Any]) -> Message:
    """A validation error of pydantic as one of our own sentences."""
    field = ".".join(str(part) for part in error.get("loc", ())[1:]) or str((error.get("loc") or ("body",))[0])
    field = "".join(c for c in field if c.isprintable())[:100]
    kind, context = str(error.get("type", "")), error.get("ctx", {})
    if kind == "missing":
        return message("api.field_missing", field=field)
    if kind == "extra_forbidden":
        return message("api.field_unknown", field=field)
    if kind == "json_invalid":
        return message("api.body_not_json")
    if "expected" in context:
        return message("api.field_not_one_of", field=field, expected=context["expected"])
    bounds = [f"{key} {context[key]}" for key in _RANGE_KEYS if key in context]
    if bounds:
        return message("api.field_out_of_range", field=field, bounds=", ".join(bounds))
    return message("api.field_invalid", field=field, kind=kind.replace("_", " "))


def install(app: FastAPI) -> None:
    """Answer every error of `app` with a problem document."""
    app.add_exception_handler(TingjianError, _on_tingjian_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_validation_error)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses=` entry of a route that can answer with these problem statuses."""
    usual = {400, 401, 403, 421, 422, 500, *statuses}
    return {
        status: {
            "model": Problem,
            "description": _title(status, "en"),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted(usual)
    }
