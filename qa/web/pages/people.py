"""My account, and the administration of people and teams."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Request, Response
from starlette.datastructures import FormData

from qa.api.context import ContextDep
from qa.api.dependencies import InBrowser, Whence, keep_session, require
from qa.api.routes.people import link_url
from qa.core.errors import BadOptionError
from qa.core.people import Job, Right
from qa.services.people import LinkView
from qa.services.people.accounts import Changes
from qa.web.acts import done
from qa.web.forms import form_of
from qa.web.reader import LOCALE_COOKIE, remember
from qa.web.render import Who, page_router, render

router = page_router()
MANAGING = [require(Right.MANAGE_PEOPLE)]
Fields = Annotated[FormData, Depends(form_of)]


@router.get("/account")
def account(request: Request, found: InBrowser, context: ContextDep) -> Response:
    """Password, language, sessions and tokens of whoever asks."""
    return _account(request, found, context)


@router.post("/account")
def change_account(request: Request, found: InBrowser, context: ContextDep, form: Fields) -> Response:
    """Name and language."""
    given = _texts(form, "name", "locale")
    context.services.people.accounts.update_self(found.person, name=given["name"], locale=given["locale"])
    response = done(request, "/account", "web_people.saved")
    if given["locale"]:
        remember(response, LOCALE_COOKIE, given["locale"], secure=request.url.scheme == "https")
    return response


@router.post("/account/password")
def change_password(
    request: Request, found: InBrowser, context: ContextDep, whence: Whence, form: Fields
) -> Response:
    """A new password; all other sessions end."""
    given = _texts(form, "old", "password", "again")
    if given["password"] != given["again"]:
        raise BadOptionError("people.passwords_differ")
    signed_in = context.services.people.sessions.change_password(
        found.person, given["old"], given["password"], whence, found.cookie or ""
    )
    response = done(request, "/account", "web_people.password_changed")
    keep_session(request, response, signed_in)
    return response


@router.post("/account/sessions/end")
def end_others(request: Request, found: InBrowser, context: ContextDep) -> Response:
    """Sign out everywhere else."""
    current = found.session.id if found.session else None
    ended = context.services.people.sessions.end(found.person, but=current)
    return done(request, "/account", "web_people.sessions_ended", count=ended)


@router.post("/account/sessions/{session_id}/end")
def end_one(session_id: str, request: Request, found: InBrowser, context: ContextDep) -> Response:
    """Sign one browser out."""
    context.services.people.sessions.end(found.person, session_id)
    return done(request, "/account", "web_people.sessions_ended", count=1)


@router.post("/account/tokens")
def make_token(request: Request, found: InBrowser, context: ContextDep, form: Fields) -> Response:
    """A new token, shown this once."""
    days = _whole(str(form.get("days", "")))
    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    made = context.services.people.tokens.make(
        found.person, str(form.get("name", "")), _jobs(form) or None, expires_at
    )
    return _account(request, found, context, secret=made.secret)


@router.post("/account/tokens/{token_id}/revoke")
def revoke_token(token_id: str, request: Request, found: InBrowser, context: ContextDep) -> Response:
    """It stops working at once."""
    context.services.people.tokens.revoke(found.person, token_id)
    return done(request, "/account", "web_people.token_revoked")


@router.get("/people", dependencies=MANAGING)
def people(request: Request, who: Who, context: ContextDep) -> Response:
    """Everybody, and every team."""
    return _people(request, who, context)


@router.post("/people", dependencies=MANAGING)
def invite(request: Request, who: Who, context: ContextDep, form: Fields) -> Response:
    """A new account; its link is shown this once."""
    view, link = context.services.people.accounts.invite(who, str(form.get("login", "")), _changes(form, new=True))
    return _people(request, who, context, link=link, link_login=view.login)


@router.post("/people/teams", dependencies=MANAGING)
def add_team(request: Request, who: Who, context: ContextDep, form: Fields) -> Response:
    """A new team."""
    team = context.services.people.accounts.add_team(who, str(form.get("name", "")))
    return done(request, "/people", "web_people.team_added", name=team.name)


@router.post("/people/teams/{team_id}", dependencies=MANAGING)
def rename_team(team_id: str, request: Request, who: Who, context: ContextDep, form: Fields) -> Response:
    """Another name."""
    team = context.services.people.accounts.rename_team(who, team_id, str(form.get("name", "")))
    return done(request, "/people", "web_people.team_renamed", name=team.name)


@router.post("/people/teams/{team_id}/delete", dependencies=MANAGING)
def delete_team(team_id: str, request: Request, who: Who, context: ContextDep) -> Response:
    """Forget a team."""
    context.services.people.accounts.delete_team(who, team_id)
    return done(request, "/people", "web_people.team_deleted")


@router.get("/people/{account_id}", dependencies=MANAGING)
def person(account_id: str, request: Request, who: Who, context: ContextDep) -> Response:
    """One account."""
    accounts = context.services.people.accounts
    view = accounts.get(who, account_id)
    return render(request, "people/person.html", person=view, teams=accounts.teams(who), jobs=list(Job))


@router.post("/people/{account_id}", dependencies=MANAGING)
def change_person(account_id: str, request: Request, who: Who, context: ContextDep, form: Fields) -> Response:
    """Everything of the form."""
    view = context.services.people.accounts.change(who, account_id, _changes(form))
    return done(request, f"/people/{account_id}", "web_people.person_saved", login=view.login)


@router.post("/people/{account_id}/link", dependencies=MANAGING)
def make_link(account_id: str, request: Request, who: Who, context: ContextDep) -> Response:
    """A link to set a new password, shown this once."""
    accounts = context.services.people.accounts
    link = accounts.reset_link(who, account_id)
    return _people(request, who, context, link=link, link_login=accounts.get(who, account_id).login)


@router.post("/people/{account_id}/sessions", dependencies=MANAGING)
def end_sessions(account_id: str, request: Request, who: Who, context: ContextDep) -> Response:
    """Sign somebody out everywhere."""
    ended = context.services.people.accounts.end_sessions(who, account_id)
    return done(request, f"/people/{account_id}", "web_people.sessions_ended", count=ended)


def _account(request: Request, found: InBrowser, context: ContextDep, *, secret: str = "") -> Response:
    services, who = context.services.people, found.person
    return render(
        request,
        "people/account.html",
        account=services.accounts.get(who, who.id),
        sessions=services.sessions.list(who),
        current=found.session.id if found.session else "",
        tokens=services.tokens.list(who),
        jobs=[job for job in Job if job in who.jobs],
        secret=secret,
    )


def _people(
    request: Request, who: Who, context: ContextDep, *, link: LinkView | None = None, link_login: str = ""
) -> Response:
    accounts = context.services.people.accounts
    return render(
        request,
        "people/people.html",
        people=accounts.list(who),
        teams=accounts.teams(who),
        jobs=list(Job),
        link=link_url(request, link) if link else "",
        link_login=link_login,
    )


def _texts(form: FormData, *names: str) -> Mapping[str, str]:
    return {name: str(form.get(name, "")) for name in names}


def _jobs(form: FormData) -> tuple[Job, ...]:
    given = {str(value) for value in form.getlist("jobs")}
    return tuple(job for job in Job if job.value in given)


def _changes(form: FormData, *, new: bool = False) -> Changes:
    given = _texts(form, "name", "email", "agent")
    return Changes(
        name=given["name"] or (str(form.get("login", "")) if new else ""),
        email=given["email"],
        jobs=_jobs(form),
        teams=[str(team) for team in form.getlist("teams") if str(team).strip()],
        agent=given["agent"],
        active=None if new else form.get("active") == "on",
    )


def _whole(typed: str) -> int | None:
    if not typed.strip():
        return None
    if not typed.isascii() or not typed.isdigit() or not 1 <= int(typed) <= 3650:
        raise BadOptionError("people.token_expiry")
    return int(typed)
