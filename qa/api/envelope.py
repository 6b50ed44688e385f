"""What every request is wrapped in: a correlation id, security headers, counting, and the last safety net."""

import re
import time
import traceback
import uuid
from pathlib import Path
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.api.problems import unexpected_response

SECURITY_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
}
_GIVEN_ID = re.compile(r"^[A-Za-z0-9\-]{8,64}$")
_log = structlog.get_logger(__name__)


class RequestMetrics:
    """Counts of one application, in a registry of its own so that two applications can live in one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "tingjian_http_requests",
            "Requests by route and status.",
            ("method", "route", "status"),
            registry=registry,
        )
        self.seconds = Histogram(
            "tingjian_http_request_seconds", "Time until the answer began.", ("method", "route"), registry=registry
        )


class Envelope:
    """The outermost ASGI layer. Nothing that is raised inside leaves it: the client gets a problem document with
    the correlation id, the log gets the type and the place, never the exception's text, which may quote a call."""

    def __init__(self, app: ASGIApp, *, metrics: RequestMetrics, default_locale: str = "") -> None:
        self._app = app
        self._metrics = metrics
        self._default_locale = default_locale

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _GIVEN_ID.match(given) else uuid.uuid4().hex
        state = scope.setdefault("state", {})
        state["request_id"], state["default_locale"] = request_id, self._default_locale
        started, begun = time.perf_counter(), False

        async def sending(event: Message) -> None:
            nonlocal begun
            if event["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=event)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                headers["X-Request-ID"] = request_id
                self._count(scope, int(event["status"]), time.perf_counter() - started)
            await send(event)

        try:
            await self._app(scope, receive, sending)
        except ClientDisconnect:
            _log.info("client went away", request_id=request_id)
        except Exception as error:
            frames = reversed(traceback.extract_tb(error.__traceback__)[-5:])
            place = " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)
            _log.error("unexpected error", request_id=request_id, error=type(error).__name__, place=place)
            if not begun:
                await unexpected_response(scope)(scope, receive, sending)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        # The route's template, not the path: identifiers must not become labels.
        route = getattr(scope.get("route"), "path", "unmatched")
        self._metrics.requests.labels(scope["method"], route, str(status)).inc()
        self._metrics.seconds.labels(scope["method"], route).observe(seconds)
