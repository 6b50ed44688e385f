"""Accounts and teams, for administrators."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Request

from qa.api.context import ContextDep
from qa.api.dependencies import Who, require
from qa.api.people_schemas import (
    AccountIn,
    AccountOut,
    AccountsOut,
    EndedOut,
    InvitationIn,
    InvitedOut,
    LinkOut,
    TeamIn,
    TeamOut,
    TeamsOut,
    account_out,
    team_out,
)
from qa.api.problems import responses
from qa.core.people import Right
from qa.services.people import LinkView
from qa.services.people.accounts import Changes

PEOPLE: Final = "/api/v1/people"
TEAMS: Final = "/api/v1/teams"
router = APIRouter(tags=["people"], dependencies=[require(Right.MANAGE_PEOPLE)])

AccountId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="Id of the account.")]
TeamId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="Id of the team.")]


def link_url(request: Request, link: LinkView) -> str:
    """Where a one-time link is opened: under the address people use."""
    base: str = request.app.state.settings.server.public_url
    return (base or str(request.base_url)).rstrip("/") + link.path


@router.get(PEOPLE, summary="Everybody", responses=responses(503))
def list_people(who: Who, context: ContextDep) -> AccountsOut:
    """Every account, by login."""
    return AccountsOut(items=[account_out(view) for view in context.services.people.accounts.list(who)])


@router.post(PEOPLE, status_code=201, summary="Invite somebody", responses=responses(409, 413, 415, 503))
def invite(body: InvitationIn, request: Request, who: Who, context: ContextDep) -> InvitedOut:
    """A new account, and a link (shown this once) by which its owner sets a password."""
    view, link = context.services.people.accounts.invite(who, body.login, _changes(body))
    shown = LinkOut(url=link_url(request, link), expires_at=link.expires_at)
    return InvitedOut(account=account_out(view), link=shown)


@router.get(f"{PEOPLE}/{{account_id}}", summary="One account", responses=responses(404, 503))
def get_person(account_id: AccountId, who: Who, context: ContextDep) -> AccountOut:
    """Jobs, teams and state of one account."""
    return account_out(context.services.people.accounts.get(who, account_id))


@router.patch(
    f"{PEOPLE}/{{account_id}}", summary="Change an account", responses=responses(404, 409, 413, 415, 503)
)
def change_person(account_id: AccountId, body: AccountIn, who: Who, context: ContextDep) -> AccountOut:
    """With other jobs, or closed, the account is signed out everywhere."""
    return account_out(context.services.people.accounts.change(who, account_id, _changes(body)))


@router.post(
    f"{PEOPLE}/{{account_id}}/link",
    status_code=201,
    summary="A link to set a new password",
    responses=responses(404, 409, 503),
)
def make_link(account_id: AccountId, request: Request, who: Who, context: ContextDep) -> LinkOut:
    """Works once; earlier links of the account work no longer, and waiting after wrong passwords ends."""
    link = context.services.people.accounts.reset_link(who, account_id)
    return LinkOut(url=link_url(request, link), expires_at=link.expires_at)


@router.delete(
    f"{PEOPLE}/{{account_id}}/sessions", summary="Sign somebody out everywhere", responses=responses(404, 503)
)
def end_sessions_of(account_id: AccountId, who: Who, context: ContextDep) -> EndedOut:
    """End every session of an account."""
    return EndedOut(ended=context.services.people.accounts.end_sessions(who, account_id))


@router.get(TEAMS, summary="Every team", responses=responses(503))
def list_teams(who: Who, context: ContextDep) -> TeamsOut:
    """By name, with how many belong to it."""
    return TeamsOut(items=[team_out(view) for view in context.services.people.accounts.teams(who)])


@router.post(TEAMS, status_code=201, summary="A new team", responses=responses(409, 413, 415, 503))
def add_team(body: TeamIn, who: Who, context: ContextDep) -> TeamOut:
    """Recordings whose attribute `team` has this name are its."""
    return team_out(context.services.people.accounts.add_team(who, body.name))


@router.patch(f"{TEAMS}/{{team_id}}", summary="Rename a team", responses=responses(404, 409, 413, 415, 503))
def rename_team(team_id: TeamId, body: TeamIn, who: Who, context: ContextDep) -> TeamOut:
    """Its members then see the recordings of the new name."""
    return team_out(context.services.people.accounts.rename_team(who, team_id, body.name))


@router.delete(f"{TEAMS}/{{team_id}}", status_code=204, summary="Forget a team", responses=responses(404, 503))
def delete_team(team_id: TeamId, who: Who, context: ContextDep) -> None:
    """Its recordings stay; its members see them no longer."""
    context.services.people.accounts.delete_team(who, team_id)


def _changes(body: AccountIn) -> Changes:
    return Changes(
        name=body.name,
        email=body.email,
        jobs=body.jobs,
        teams=body.teams,
        agent=body.agent,
        locale=body.locale,
        active=body.active,
    )
