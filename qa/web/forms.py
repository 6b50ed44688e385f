"""Forms, and messages that survive a redirect. What proves that a form is ours is `qa.api.csrf`."""

import base64
import binascii
from typing import Final

import msgspec
from fastapi import Request, Response
from starlette.datastructures import FormData

from qa.api.csrf import FIELD, HEADER, check_csrf, csrf_token, keep_seed
from qa.core.messages import Message, message
from qa.i18n import catalogue

FLASH_COOKIE: Final = "tj_flash"
_FLASH_BYTES: Final = 2048
__all__ = [
    "FIELD",
    "FLASH_COOKIE",
    "HEADER",
    "check_csrf",
    "csrf_token",
    "flash",
    "flashes",
    "form_of",
    "keep_seed",
]


async def form_of(request: Request) -> FormData:
    """Dependency: the fields of a form."""
    return await request.form()


def flash(response: Response, code: str, kind: str = "done", /, **params: object) -> None:
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
