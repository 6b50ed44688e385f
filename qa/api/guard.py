"""What comes in at all, before any route sees the request; who asks is found out by `qa.api.dependencies`.

A page of another site can send requests with the cookies of ours, or have its own name resolve here (DNS
rebinding). So the Host header must be one of ours, a changing request must not come from a foreign origin, and
bodies sent to the API must declare a type that no plain form can send. Forms of our own pages carry a token.
"""

import asyncio
import ipaddress
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.api.problems import RequestError, error_response
from qa.core.errors import BadOptionError
from qa.settings import ServerSettings

MAX_DOCUMENT_BYTES: Final = 2**20
"""Largest JSON body: role maps and filters are a few kilobytes."""
LEAST_TOKEN: Final = 16
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_SAFE: Final = ("GET", "HEAD", "OPTIONS")
_TYPES: Final = ("application/json",)
_PAGE_TYPES: Final = (*_TYPES, "application/x-www-form-urlencoded", "multipart/form-data")
"""Forms of our own pages carry a token of their own (`qa.web.forms`), which a foreign form cannot have."""
_API: Final = "/api/"
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


def is_loopback(host: str) -> bool:
    """Whether listening on `host` keeps the service on this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_exposure(server: ServerSettings) -> None:
    """Raises `BadOptionError` where the operator's token could be guessed."""
    token = server.token.get_secret_value()
    if token and len(token) < LEAST_TOKEN:
        raise BadOptionError("api.token_too_short", least=LEAST_TOKEN)


class Guard:
    """ASGI layer that refuses what should not come in.

    `upload_paths` take large bodies and check those themselves; one that ends in `/` stands for all below it.
    """

    def __init__(self, app: ASGIApp, *, server: ServerSettings, upload_paths: Sequence[str]) -> None:
        self._app = app
        self._idle = server.body_idle_seconds
        self._uploads = tuple(upload_paths)
        self._hosts = {host.lower() for host in (*_LOOPBACK, server.host.strip("[]"), *server.allowed_hosts)}
        self._hosts.add(urlsplit(server.public_url).hostname or "localhost")
        # Listening on every address under names nobody listed: a rebound name has no cookie and no token.
        self._any_host = server.host in ("0.0.0.0", "::") and not server.allowed_hosts  # noqa: S104

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        try:
            self._admit(scope)
        except RequestError as refused:
            await error_response(scope, refused)(scope, receive, send)
            return
        await self._app(scope, _impatient(receive, self._idle), send)

    def _admit(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._any_host and _host_name(host) not in self._hosts:
            raise RequestError(421, "api.wrong_host", host=host[:100])
        if scope["method"] not in _SAFE:
            self._check_origin(headers, host)
        if not self._takes_upload(scope["path"]):
            _check_document(scope["method"], headers, _TYPES if scope["path"].startswith("/api/") else _PAGE_TYPES)

    def _takes_upload(self, path: str) -> bool:
        return any(path.startswith(known) if known.endswith("/") else path == known for known in self._uploads)

    def _check_origin(self, headers: Headers, host: str) -> None:
        origin = headers.get("origin")
        if origin is None:
            # Browsers since 2020 send one of the two with every cross-site request; programs send neither.
            if headers.get("sec-fetch-site", "none") in ("cross-site", "same-site"):
                raise RequestError(403, "api.foreign_origin", origin="?")
            return
        if urlsplit(origin).netloc.lower() != host.lower():
            raise RequestError(403, "api.foreign_origin", origin=origin[:100])


def _host_name(host: str) -> str:
    """`host` of a Host header without its port, lower case; empty where it is malformed."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _check_document(method: str, headers: Headers, types: Sequence[str]) -> None:
    if "transfer-encoding" in headers and "content-length" not in headers:
        raise RequestError(411, "api.length_needed")
    length = headers.get("content-length", "0")
    if not length.isascii() or not length.isdigit():
        raise RequestError(400, "api.length_needed")
    if int(length) > MAX_DOCUMENT_BYTES:
        raise RequestError(413, "api.body_too_large", most=MAX_DOCUMENT_BYTES)
    given = headers.get("content-type", "").split(";")[0].strip().lower()
    if method not in _SAFE and int(length) > 0 and given not in types:
        raise RequestError(415, "api.wrong_type", given=given[:60] or "?", wanted=types[0])


def _impatient(receive: Receive, seconds: float) -> Receive:
    """`receive` that gives up on a body of which nothing arrives for `seconds`."""
    complete = False

    async def receiving() -> Message:
        nonlocal complete
        if complete:
            return await receive()
        try:
            async with asyncio.timeout(seconds):
                event = await receive()
        except TimeoutError:
            complete = True
            raise HTTPException(408, headers={"Connection": "close"}) from None
        complete = event["type"] != "http.request" or not event.get("more_body", False)
        return event

    return receiving
