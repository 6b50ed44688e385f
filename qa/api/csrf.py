"""The proof that a changing request comes from a page of ours: an HMAC under the browser's own secret cookie.

Another site can make a browser send the cookie but cannot read it, so it cannot make the token; and the token
changes with the session. Before signing in, a random seed takes the session's place.
"""

import hashlib
import hmac
import secrets
from typing import Final

from fastapi import Request, Response

from qa.core.errors import ForbiddenError

FIELD: Final = "csrf"
"""Name of the hidden field of a form."""
HEADER: Final = "x-csrf-token"
"""Name of the header scripts send."""
SESSION_COOKIE: Final = "tingjian_session"
SEED_COOKIE: Final = "tingjian_seed"
SAFE: Final = ("GET", "HEAD", "OPTIONS")
_LEAST: Final = 32


def browser_secret(request: Request) -> str:
    """What only this browser holds: its session, or the seed it was or will be given (`keep_seed`)."""
    held = request.cookies.get(SESSION_COOKIE) or request.cookies.get(SEED_COOKIE, "")
    if len(held) >= _LEAST:
        return held
    made: str = getattr(request.state, "seed", "") or secrets.token_urlsafe(32)
    request.state.seed = made
    return made


def csrf_token(source: Request | str) -> str:
    """The token of a browser, or of a session's secret; the response must carry a new seed along (`keep_seed`)."""
    secret = source if isinstance(source, str) else browser_secret(source)
    return hmac.new(secret.encode(), b"tingjian csrf", hashlib.sha256).hexdigest()


def keep_seed(request: Request, response: Response) -> None:
    """Give a new browser its seed; to be called on every page that was rendered."""
    if seed := getattr(request.state, "seed", ""):
        secure = request.url.scheme == "https"
        response.set_cookie(SEED_COOKIE, seed, httponly=True, samesite="lax", secure=secure)


async def check_csrf(request: Request) -> None:
    """Dependency. Raises `ForbiddenError` for a changing request without the token.

    A request with an Authorization header is let through: no other site can send one, and the cookie then counts
    for nothing.
    """
    if request.method in SAFE or "authorization" in request.headers:
        return
    given = request.headers.get(HEADER, "")
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if not given and kind in ("application/x-www-form-urlencoded", "multipart/form-data") and _small(request):
        given = str((await request.form()).get(FIELD, ""))
    if not hmac.compare_digest(given.encode("utf-8", "replace"), csrf_token(request).encode()):
        raise ForbiddenError("web.form_expired")


def _small(request: Request) -> bool:
    # Uploads of recordings are read as they come, and carry the token in the header.
    return not request.url.path.startswith("/api/")
