"""Who asks, and whether they may. Every route is closed unless its path stands in `OPEN`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Response

from qa.api.context import ContextDep, RecordingId
from qa.api.csrf import SESSION_COOKIE, check_csrf
from qa.core.errors import ForbiddenError, UnauthenticatedError
from qa.core.people import Person, Right
from qa.services.people.sessions import Where
from qa.services.people.views import SessionView, SignedIn
from qa.services.views import RecordingView

HEALTH: Final = frozenset({"/healthz", "/readyz"})
"""Asked by supervisors and load balancers, also when the database is away; they show nothing of any recording."""
OPEN: Final = HEALTH | {
    "/signin",
    "/signout",
    "/oidc/start",
    "/oidc/return",
    "/link/{token}",
    "/preferences",
    "/api/v1/session",
}
"""Paths of routes that need no account: signing in, one-time links, the language of those pages.

`/api/v1/session` is open to sign in and says so itself to whoever asks without a session.
"""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks and by what: a session of a browser, or a token (`session` is None)."""

    person: Person
    session: SessionView | None = None
    cookie: str | None = None


def identify(request: Request) -> Identity | None:
    """Whoever a request comes from; None where that is nobody we know. A token counts before a cookie."""
    if _template(request) in HEALTH:
        return None
    people = request.app.state.context.services.people
    authorization = request.headers.get("authorization")
    if authorization is not None:
        scheme, _, secret = authorization.partition(" ")
        person = people.tokens.find(secret.strip()) if scheme.lower() == "bearer" else None
        return Identity(person) if person else None
    cookie = request.cookies.get(SESSION_COOKIE)
    found = people.sessions.find(cookie) if cookie else None
    return Identity(found[0], found[1], cookie) if found else None


FoundIdentity = Annotated[Identity | None, Depends(identify)]


def admit(request: Request, found: FoundIdentity) -> None:
    """Dependency of the whole application. Raises `UnauthenticatedError` unless the route is open."""
    request.state.who = found.person if found else None
    if found is None and _template(request) not in OPEN:
        raise _unknown(request)


async def guard_cookie(request: Request, found: FoundIdentity) -> None:
    """Dependency of the whole application: what a session's cookie may change needs the token against forgery."""
    if found is not None and found.session is not None:
        await check_csrf(request)


def who_asks(request: Request, found: FoundIdentity) -> Person:
    """The person behind a request. Raises `UnauthenticatedError` where nobody we know asks."""
    if found is None:
        raise _unknown(request)
    return found.person


Who = Annotated[Person, Depends(who_asks)]
"""Parameter of a route: `who: Who`."""


def in_browser(request: Request, found: FoundIdentity) -> Identity:
    """Somebody signed in with a session: for what no token may do, such as making tokens.

    Raises `UnauthenticatedError`, and `ForbiddenError` for a token.
    """
    if found is None:
        raise _unknown(request)
    if found.session is None:
        raise ForbiddenError("people.needs_session")
    return found


InBrowser = Annotated[Identity, Depends(in_browser)]


def require(*rights: Right) -> Any:
    """A dependency for `dependencies=[require(Right.X)]`; one of several rights is enough.

    Raises `ForbiddenError`.
    """
    return Depends(_asks_for(rights))


def _asks_for(rights: tuple[Right, ...]) -> Callable[[Person], None]:
    def check(who: Who) -> None:
        ask(who, *rights)

    return check


def ask(who: Person, *rights: Right) -> None:
    """Raises `ForbiddenError` where `who` has none of `rights`."""
    if not any(who.may(right) for right in rights):
        raise ForbiddenError("people.forbidden", right=rights[0].value)


def whence(request: Request) -> Where:
    """Dependency: address and browser of a request, as far as they are kept."""
    return Where(request.client.host if request.client else "", request.headers.get("user-agent", ""))


Whence = Annotated[Where, Depends(whence)]


def keep_session(request: Request, response: Response, signed_in: SignedIn) -> None:
    """Give the browser its session: no script reads it, no other site sends it with a form."""
    response.set_cookie(
        SESSION_COOKIE, signed_in.token, httponly=True, samesite="lax", secure=request.url.scheme == "https"
    )


SEEING: Final = (Right.SEE_RECORDINGS, Right.SEE_NOTICES)
"""Seeing a call: everybody with a reach; for an agent that is what was issued to them."""


def _recording(recording_id: RecordingId, context: ContextDep, who: Who) -> RecordingView:
    ask(who, *SEEING)
    return context.services.recordings.get(recording_id, who=who)


SeenRecording = Annotated[RecordingView, Depends(_recording)]
"""The recording of the path's `recording_id`, in the reach of whoever asks; else `NotFoundError`."""


def _template(request: Request) -> str:
    return str(getattr(request.scope.get("route"), "path", ""))


def _unknown(request: Request) -> UnauthenticatedError:
    code = "people.bad_token" if "authorization" in request.headers else "people.sign_in_first"
    return UnauthenticatedError(code)
