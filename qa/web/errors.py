"""Errors as pages for people and, in a fragment, as a message in the corner; programs get problem documents."""

import traceback
from pathlib import Path
from typing import Final
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.api.dependencies import identify
from qa.api.problems import request_id
from qa.core.errors import TingjianError, UnauthenticatedError
from qa.core.messages import Message as Sentence
from qa.core.messages import message
from qa.web.render import is_fragment, redirect, render

SIGN_IN: Final = "/signin"
_log = structlog.get_logger(__name__)


def wants_page(request: Request) -> bool:
    """Whether a browser asks for something to look at."""
    path = request.url.path
    if path.startswith(("/api/", "/static/")) or path in ("/healthz", "/readyz", "/metrics", "/openapi.json"):
        return False
    return "text/html" in request.headers.get("accept", "") or "hx-request" in request.headers


def install(app: FastAPI) -> None:
    """Answer errors with pages where `wants_page`, and as before elsewhere."""
    for kind in (TingjianError, HTTPException, RequestValidationError):
        before = app.exception_handlers[kind]

        async def handle(request: Request, error: Exception, before: object = before) -> Response:
            if wants_page(request):
                await _find_out_who(request)
                return error_page(request, error)
            answer: Response = await before(request, error)  # type: ignore[operator]
            return answer

        app.add_exception_handler(kind, handle)


async def _find_out_who(request: Request) -> None:
    """An address that leads nowhere met no route, and so nobody asked yet who is there."""
    if not hasattr(request.state, "who"):
        try:
            found = await run_in_threadpool(identify, request)
        except TingjianError:
            found = None
        request.state.who = found.person if found else None


def error_page(request: Request, error: Exception) -> Response:
    """What a person sees of `error`."""
    if isinstance(error, UnauthenticatedError) and request.method == "GET":
        back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        if is_fragment(request):
            return Response(status_code=204, headers={"HX-Redirect": SIGN_IN})
        return redirect(SIGN_IN if back == "/" else f"{SIGN_IN}?next={quote(back)}")
    status, told = _told(request, error)
    if is_fragment(request):
        # The place that was to be filled keeps what it shows.
        headers = {"HX-Retarget": "#flashes", "HX-Reswap": "beforeend"}
        return render(
            request,
            "errors/error.html",
            block="corner",
            status=status,
            headers=headers,
            status_code=status,
            told=told,
        )
    return render(request, "errors/error.html", status=status, status_code=status, told=told)


def _told(request: Request, error: Exception) -> tuple[int, Sentence]:
    if isinstance(error, TingjianError):
        return getattr(error, "http_status", error.status), error.message
    if isinstance(error, RequestValidationError):
        return 422, message("web.bad_address")
    if isinstance(error, HTTPException):
        known = {404: "web.no_page", 405: "web.no_page"}
        return error.status_code, message(known.get(error.status_code, "web.refused"), status=error.status_code)
    return 500, message("web.unexpected", request_id=request_id(request.scope))


class PageErrors:
    """The innermost ASGI layer: what nobody expected becomes a page, and the log gets the type and the place."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http" or not wants_page(Request(scope)):
            await self._app(scope, receive, send)
            return
        begun = False

        async def sending(event: Message) -> None:
            nonlocal begun
            begun = begun or event["type"] == "http.response.start"
            await send(event)

        try:
            await self._app(scope, receive, sending)
        except ClientDisconnect:
            raise
        except Exception as error:
            if begun:
                raise
            frames = reversed(traceback.extract_tb(error.__traceback__)[-5:])
            place = " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)
            _log.error("page failed", request_id=request_id(scope), error=type(error).__name__, place=place)
            request = Request(scope, receive)
            await error_page(request, error)(scope, receive, sending)
