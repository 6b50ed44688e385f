"""Signing in and out, and one's own sessions."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response

from qa.api.context import ContextDep
from qa.api.csrf import SESSION_COOKIE, csrf_token
from qa.api.dependencies import FoundIdentity, InBrowser, Whence, Who, keep_session
from qa.api.people_schemas import EndedOut, MeOut, PasswordIn, SessionsOut, SignInIn, me_out, session_out
from qa.api.problems import responses

SESSION: Final = "/api/v1/session"
SESSIONS: Final = "/api/v1/sessions"
router = APIRouter(tags=["people"])


@router.post(SESSION, status_code=201, summary="Sign in", responses=responses(413, 415, 429, 503))
def sign_in(body: SignInIn, request: Request, response: Response, context: ContextDep, whence: Whence) -> MeOut:
    """Give the cookie of a new session; one the browser held before ends."""
    signed_in = context.services.people.sessions.sign_in(
        body.login, body.password.get_secret_value(), whence, before=request.cookies.get(SESSION_COOKIE)
    )
    keep_session(request, response, signed_in)
    return me_out(signed_in.person, csrf_token(signed_in.token))


@router.get(SESSION, summary="Who asks", responses=responses(503))
def who_am_i(request: Request, who: Who, found: FoundIdentity) -> MeOut:
    """Name, jobs and rights of whoever asks; by cookie also the token that changing requests need."""
    in_browser = found is not None and found.cookie is not None
    return me_out(who, csrf_token(request.cookies[SESSION_COOKIE]) if in_browser else None)


@router.delete(SESSION, status_code=204, summary="Sign out", responses=responses(503))
def sign_out(response: Response, found: InBrowser, context: ContextDep) -> None:
    """End the session of the cookie."""
    if found.session is not None:
        context.services.people.sessions.end(found.person, found.session.id)
    response.delete_cookie(SESSION_COOKIE)


@router.get(SESSIONS, summary="Where you are signed in", responses=responses(503))
def list_sessions(found: FoundIdentity, who: Who, context: ContextDep) -> SessionsOut:
    """One's own sessions, newest first."""
    current = found.session.id if found is not None and found.session is not None else None
    return SessionsOut(items=[session_out(v, current) for v in context.services.people.sessions.list(who)])


@router.delete(SESSIONS, summary="Sign out everywhere else", responses=responses(503))
def end_sessions(found: InBrowser, context: ContextDep) -> EndedOut:
    """End one's own sessions but the present one."""
    assert found.session is not None  # noqa: S101 - what `InBrowser` promises
    return EndedOut(ended=context.services.people.sessions.end(found.person, but=found.session.id))


@router.delete(
    f"{SESSIONS}/{{session_id}}",
    status_code=204,
    summary="End one of your sessions",
    responses=responses(404, 503),
)
def end_session(session_id: Annotated[str, Path(max_length=64)], found: InBrowser, context: ContextDep) -> None:
    """Sign one browser out."""
    context.services.people.sessions.end(found.person, session_id)


@router.post("/api/v1/password", summary="Set a new password of your own", responses=responses(413, 415, 429, 503))
def change_password(
    body: PasswordIn, request: Request, response: Response, found: InBrowser, context: ContextDep, whence: Whence
) -> MeOut:
    """Every session ends, and the one of this answer's cookie begins."""
    signed_in = context.services.people.sessions.change_password(
        found.person, body.old.get_secret_value(), body.new.get_secret_value(), whence, found.cookie or ""
    )
    keep_session(request, response, signed_in)
    return me_out(signed_in.person, csrf_token(signed_in.token))
