"""Forms: the token that proves a form is ours, and messages that survive a redirect.

The token is an HMAC over the browser's own cookies (its session, and before signing in a random seed), made with
a key that never leaves the service: another site can neither read nor guess it, and it changes with the session.
"""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec
from fastapi import Request, Response
from starlette.datastructures import FormData

from qa.core.errors import ForbiddenError, StorageError
from qa.core.messages import Message, message
from qa.i18n import catalogue

FIELD: Final = "csrf"
HEADER: Final = "x-csrf-token"
SEED_COOKIE: Final = "tj_seed"
SESSION_COOKIE: Final = "tj_session"
FLASH_COOKIE: Final = "tj_flash"
_FLASH_BYTES: Final = 2048
_SAFE: Final = ("GET", "HEAD", "OPTIONS")


def csrf_token(request: Request) -> str:
    """The token of this browser; the response must carry the seed along (`keep_seed`)."""
    seed = request.cookies.get(SEED_COOKIE, "")
    if len(seed) < 32:
        seed = getattr(request.state, "seed", "") or secrets.token_hex(16)
        request.state.seed = seed
    session = request.cookies.get(SESSION_COOKIE, "")
    key = _key(request.app.state.settings.home)
    return hmac.new(key, f"{seed}|{session}".encode(), hashlib.sha256).hexdigest()


def keep_seed(request: Request, response: Response) -> None:
    """Give a new browser its seed; to be called on every page that was rendered."""
    seed = getattr(request.state, "seed", "")
    if seed:
        secure = request.url.scheme == "https"
        response.set_cookie(SEED_COOKIE, seed, httponly=True, samesite="lax", secure=secure)


async def check_csrf(request: Request) -> None:
    """Dependency of every router with pages. Raises `ForbiddenError` for a changing request without the token."""
    if request.method in _SAFE:
        return
    given = request.headers.get(HEADER, "")
    if not given and "form" in request.headers.get("content-type", ""):
        given = str((await request.form()).get(FIELD, ""))
    if SEED_COOKIE not in request.cookies or not hmac.compare_digest(given.encode(), csrf_token(request).encode()):
        raise ForbiddenError("web.form_expired")


async def form_of(request: Request) -> FormData:
    """Dependency: the fields of a form."""
    return await request.form()


def flash(response: Response, code: str, kind: str = "done", **params: object) -> None:
    """Say a sentence on the page that comes next. `kind` is done, info or error."""
    body = msgspec.json.encode([kind, message(code, **params)])
    value = base64.urlsafe_b64encode(body).decode()
    response.set_cookie(FLASH_COOKIE, value, max_age=60, httponly=True, samesite="lax")


def flashes(request: Request) -> list[tuple[str, Message]]:
    """What `flash` left for this page."""
    value = request.cookies.get(FLASH_COOKIE, "")
    if not value or len(value) > _FLASH_BYTES:
        return []
    try:
        kind, told = msgspec.json.decode(base64.urlsafe_b64decode(value), type=tuple[str, Message])
    except (msgspec.MsgspecError, binascii.Error, ValueError):
        return []
    # A cookie is anybody's to write: only sentences that we have.
    return [(kind, told)] if told.code in catalogue() and kind in ("done", "info", "error") else []


@lru_cache(maxsize=4)
def _key(home: Path) -> bytes:
    path = home / "pages.key"
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    made = secrets.token_bytes(32)
    try:
        home.mkdir(parents=True, exist_ok=True)
        # Linked into place: of two processes that start at once, both use the key of the first.
        fresh = home / f".pages.key.{os.getpid()}.{secrets.token_hex(4)}"
        fresh.touch(mode=0o600)
        fresh.write_bytes(made)
        try:
            os.link(fresh, path)
        except FileExistsError:
            made = path.read_bytes()
        finally:
            fresh.unlink()
    except OSError as error:
        raise StorageError("api.disk_not_writable", error=error.strerror or "?") from error
    return made
