"""Signing in and out, one-time links, and the way through a provider."""

from typing import Annotated

from fastapi import Form, Query, Request, Response

from qa.api.context import ContextDep
from qa.api.csrf import SESSION_COOKIE, browser_secret
from qa.api.dependencies import FoundIdentity, Whence, keep_session
from qa.core.errors import BadOptionError, ConflictError, TingjianError, TooSoonError, UnauthenticatedError
from qa.core.messages import Message
from qa.services.people import Purpose, SignedIn
from qa.web.forms import keep_seed
from qa.web.reader import local_path
from qa.web.render import open_router, redirect, render

router = open_router()
_REFUSALS = (BadOptionError, ConflictError, TooSoonError, UnauthenticatedError)
"""What the same form can be tried again after."""

Typed = Annotated[str, Form(max_length=1024)]


@router.get("/signin")
def show(
    request: Request, context: ContextDep, found: FoundIdentity, wanted: Annotated[str, Query(alias="next")] = "/"
) -> Response:
    """The form; whoever is signed in is sent on."""
    if found is not None:
        return redirect(local_path(wanted))
    return _form(request, context, wanted)


@router.post("/signin")
def sign_in(
    request: Request,
    context: ContextDep,
    whence: Whence,
    login: Typed = "",
    password: Typed = "",
    wanted: Annotated[str, Form(alias="next", max_length=2048)] = "/",
) -> Response:
    """A new session, or the form again with the reason."""
    sessions = context.services.people.sessions
    try:
        signed_in = sessions.sign_in(login, password, whence, before=request.cookies.get(SESSION_COOKIE))
    except _REFUSALS as error:
        return _form(request, context, wanted, error=error, login=login)
    return _begin(request, signed_in, local_path(wanted))


@router.post("/signout")
def sign_out(context: ContextDep, found: FoundIdentity) -> Response:
    """End the session of this browser."""
    if found is not None and found.session is not None:
        context.services.people.sessions.end(found.person, found.session.id)
    response = redirect("/signin")
    response.delete_cookie(SESSION_COOKIE)
    return response


@router.get("/oidc/start")
def to_provider(
    request: Request, context: ContextDep, whence: Whence, wanted: Annotated[str, Query(alias="next")] = "/"
) -> Response:
    """On to the provider."""
    oidc = context.services.people.oidc
    url = oidc.begin(_return_address(request), browser_secret(request), local_path(wanted), whence)
    response = redirect(url)
    keep_seed(request, response)
    return response


@router.get("/oidc/return")
def from_provider(
    request: Request,
    context: ContextDep,
    whence: Whence,
    state: Annotated[str, Query(max_length=256)] = "",
    code: Annotated[str, Query(max_length=4096)] = "",
    iss: Annotated[str | None, Query(max_length=1024)] = None,
) -> Response:
    """Back from the provider, with a code or with a refusal."""
    try:
        signed_in, wanted = context.services.people.oidc.finish(
            state, code, iss, browser_secret(request), whence, before=request.cookies.get(SESSION_COOKIE)
        )
    except TingjianError as error:
        return _form(request, context, "/", error=error)
    return _begin(request, signed_in, local_path(wanted))


@router.get("/link/{token}")
def open_link(token: str, request: Request, context: ContextDep) -> Response:
    """The form a one-time link leads to; looking at it does not use it up."""
    return _link_form(request, context, token)


@router.post("/link/{token}")
def use_link(
    token: str,
    request: Request,
    context: ContextDep,
    whence: Whence,
    password: Typed = "",
    again: Typed = "",
    login: Typed = "",
    name: Typed = "",
) -> Response:
    """Set the password (and, by the first link, make the account), and sign in."""
    links, before = context.services.people.links, request.cookies.get(SESSION_COOKIE)
    try:
        if password != again:
            raise BadOptionError("people.passwords_differ")
        if links.peek(token)[0] is Purpose.FIRST_ADMINISTRATOR:
            made = links.become_administrator(token, login, name or login, password, whence, before=before)
        else:
            made = links.set_password(token, password, whence, before=before)
    except _REFUSALS as error:
        return _link_form(request, context, token, error=error, login=login, name=name)
    return _begin(request, made, "/")


def _begin(request: Request, signed_in: SignedIn, path: str) -> Response:
    response = redirect(path)
    keep_session(request, response, signed_in)
    return response


def _form(
    request: Request, context: ContextDep, wanted: str, *, error: TingjianError | None = None, login: str = ""
) -> Response:
    oidc = context.services.people.oidc
    return render(
        request,
        "signin/signin.html",
        status=error.status if error else 200,
        told=_told(error),
        login=login[:256],
        next=local_path(wanted),
        provider=oidc.name if oidc.on else "",
    )


def _link_form(
    request: Request,
    context: ContextDep,
    token: str,
    *,
    error: TingjianError | None = None,
    login: str = "",
    name: str = "",
) -> Response:
    purpose, account = context.services.people.links.peek(token)
    return render(
        request,
        "signin/link.html",
        status=error.status if error else 200,
        told=_told(error),
        purpose=purpose.value,
        account=account,
        login=login[:256],
        name=name[:256],
    )


def _told(error: TingjianError | None) -> Message | None:
    return error.message if error else None


def _return_address(request: Request) -> str:
    base: str = request.app.state.settings.server.public_url
    return (base or str(request.base_url)).rstrip("/") + "/oidc/return"
