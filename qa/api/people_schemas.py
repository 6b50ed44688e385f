"""What goes over the wire about people; made from the views of `qa.services.people`."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from qa.core.people import Job, Person, Right
from qa.services.people import AccountView, MadeToken, SessionView, TeamView, TokenView

_ID = "019a2f3c5d7e7c0f9b1a2c3d4e5f6071"
_AT = "2026-01-05T08:30:00Z"


def _config(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [example]})


class SignInIn(BaseModel):
    """Login and password."""

    model_config = _config({"login": "li.jing", "password": "..."})

    login: Annotated[str, Field(max_length=256)]
    password: Annotated[SecretStr, Field(max_length=1024)]


class PasswordIn(BaseModel):
    """The present password and the next one."""

    model_config = _config({"old": "...", "new": "..."})

    old: Annotated[SecretStr, Field(max_length=1024)]
    new: Annotated[SecretStr, Field(max_length=1024)]


class MeOut(BaseModel):
    """Who asks, and what they may do."""

    model_config = _config(
        {
            "id": _ID,
            "login": "li.jing",
            "name": "李静",
            "jobs": ["reviewer"],
            "rights": ["review"],
            "teams": [],
            "agent": None,
            "locale": "zh-Hans",
            "csrf": None,
        }
    )

    id: Annotated[str, Field(description="Empty for the machine itself.")]
    login: str
    name: str
    jobs: list[Job]
    rights: list[Right]
    teams: list[str]
    agent: str | None
    locale: str | None
    csrf: Annotated[str | None, Field(description="For the header X-CSRF-Token of requests with the cookie.")]


class SessionOut(BaseModel):
    """A browser that is signed in."""

    model_config = _config(
        {
            "id": _ID,
            "address": "10.0.0.7",
            "browser": "Firefox",
            "created_at": _AT,
            "seen_at": _AT,
            "expires_at": _AT,
            "current": True,
        }
    )

    id: str
    address: str
    browser: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    current: bool


class SessionsOut(BaseModel):
    """Where somebody is signed in."""

    model_config = _config({"items": []})

    items: list[SessionOut]


class EndedOut(BaseModel):
    """How many sessions ended."""

    model_config = _config({"ended": 2})

    ended: int


class AccountIn(BaseModel):
    """What to change of an account; what is left out stays, an empty text empties."""

    model_config = _config({"jobs": ["supervisor"], "teams": ["renewals"]})

    name: Annotated[str | None, Field(max_length=256)] = None
    email: Annotated[str | None, Field(max_length=256)] = None
    jobs: Annotated[list[Job] | None, Field(max_length=6)] = None
    teams: Annotated[list[Annotated[str, Field(max_length=256)]] | None, Field(max_length=200)] = None
    agent: Annotated[str | None, Field(max_length=256)] = None
    locale: Annotated[str | None, Field(max_length=16)] = None
    active: bool | None = None


class InvitationIn(AccountIn):
    """A new account."""

    model_config = _config({"login": "li.jing", "name": "李静", "jobs": ["reviewer"]})

    login: Annotated[str, Field(max_length=256)]


class AccountOut(BaseModel):
    """Somebody who can sign in."""

    model_config = _config(
        {
            "id": _ID,
            "login": "li.jing",
            "name": "李静",
            "email": None,
            "jobs": ["reviewer"],
            "teams": [],
            "agent": None,
            "locale": None,
            "active": True,
            "has_password": True,
            "provider": None,
            "created_at": _AT,
            "last_seen_at": _AT,
        }
    )

    id: str
    login: str
    name: str
    email: str | None
    jobs: list[Job]
    teams: list[str]
    agent: str | None
    locale: str | None
    active: bool
    has_password: bool
    provider: Annotated[str | None, Field(description="Issuer of the provider that vouches for them.")]
    created_at: datetime
    last_seen_at: datetime | None


class AccountsOut(BaseModel):
    """Everybody, by login."""

    model_config = _config({"items": []})

    items: list[AccountOut]


class LinkOut(BaseModel):
    """A one-time link, shown this once."""

    model_config = _config({"url": "https://qa.example.org/link/...", "expires_at": _AT})

    url: str
    expires_at: datetime


class InvitedOut(BaseModel):
    """The new account and the link by which its owner sets a password."""

    model_config = ConfigDict(extra="forbid")

    account: AccountOut
    link: LinkOut


class TeamIn(BaseModel):
    """A team's name: the value of the attribute `team` on its recordings."""

    model_config = _config({"name": "renewals"})

    name: Annotated[str, Field(max_length=256)]


class TeamOut(BaseModel):
    """A team."""

    model_config = _config({"id": _ID, "name": "renewals", "members": 3})

    id: str
    name: str
    members: int


class TeamsOut(BaseModel):
    """Every team, by name."""

    model_config = _config({"items": []})

    items: list[TeamOut]


class TokenIn(BaseModel):
    """A new API token."""

    model_config = _config({"name": "nightly import", "jobs": ["supervisor"], "days": 90})

    name: Annotated[str, Field(max_length=256)]
    jobs: Annotated[list[Job] | None, Field(max_length=6, description="Some of your own; all if left out.")] = None
    days: Annotated[int | None, Field(ge=1, le=3650, description="Until it expires; never if left out.")] = None


class TokenOut(BaseModel):
    """An API token without its secret."""

    model_config = _config(
        {
            "id": _ID,
            "name": "nightly import",
            "prefix": "tj_AbCdEfG",
            "jobs": ["supervisor"],
            "created_at": _AT,
            "expires_at": None,
            "revoked_at": None,
            "last_used_at": None,
        }
    )

    id: str
    name: str
    prefix: str
    jobs: list[Job]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class TokensOut(BaseModel):
    """One's own tokens, newest first."""

    model_config = _config({"items": []})

    items: list[TokenOut]


class MadeTokenOut(TokenOut):
    """A new token; `secret` is shown this once."""

    secret: str


def me_out(who: Person, csrf: str | None) -> MeOut:
    """Whoever asks."""
    return MeOut(
        id=who.id,
        login=who.login,
        name=who.name,
        jobs=[job for job in Job if job in who.jobs],
        rights=[right for right in Right if right in who.rights],
        teams=list(who.teams),
        agent=who.agent,
        locale=who.locale,
        csrf=csrf,
    )


def session_out(view: SessionView, current: str | None) -> SessionOut:
    """A session for the wire."""
    return SessionOut(
        id=view.id,
        address=view.address,
        browser=view.browser,
        created_at=view.created_at,
        seen_at=view.seen_at,
        expires_at=view.expires_at,
        current=view.id == current,
    )


def account_out(view: AccountView) -> AccountOut:
    """An account for the wire."""
    return AccountOut.model_validate(view, from_attributes=True)


def team_out(view: TeamView) -> TeamOut:
    """A team for the wire."""
    return TeamOut.model_validate(view, from_attributes=True)


def token_out(view: TokenView) -> TokenOut:
    """A token for the wire."""
    return TokenOut.model_validate(view, from_attributes=True)


def made_token_out(made: MadeToken) -> MadeTokenOut:
    """A new token for the wire."""
    return MadeTokenOut(**token_out(made.token).model_dump(), secret=made.secret)
