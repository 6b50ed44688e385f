"""What the people services hand out. Secrets appear once, in what made them, and nowhere else."""

from datetime import datetime
from enum import StrEnum

from qa.core.base import Record
from qa.core.people import Job, Person


class Purpose(StrEnum):
    """What a one-time link opens."""

    FIRST_ADMINISTRATOR = "first"
    INVITATION = "invite"
    NEW_PASSWORD = "reset"  # noqa: S105 - the name of a purpose
    PROVIDER = "oidc"
    """A sign-in that is under way at an OpenID Connect provider."""


class AccountView(Record, frozen=True):
    """Somebody who can sign in."""

    id: str
    login: str
    name: str
    email: str | None
    jobs: tuple[Job, ...]
    teams: tuple[str, ...]
    agent: str | None
    locale: str | None
    active: bool
    has_password: bool
    provider: str | None
    """Issuer of the provider that vouches for them."""
    created_at: datetime
    last_seen_at: datetime | None


class TeamView(Record, frozen=True):
    """A team and how many belong to it."""

    id: str
    name: str
    members: int


class SessionView(Record, frozen=True):
    """A browser that is signed in."""

    id: str
    address: str
    browser: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


class SignedIn(Record, frozen=True):
    """A new session; `token` goes into the cookie and is kept nowhere."""

    token: str
    person: Person
    session: SessionView


class TokenView(Record, frozen=True):
    """An API token without its secret."""

    id: str
    name: str
    prefix: str
    jobs: tuple[Job, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class MadeToken(Record, frozen=True):
    """A new API token; `secret` is shown this once."""

    secret: str
    token: TokenView


class LinkView(Record, frozen=True):
    """A one-time link; `token` is shown this once, `path` is where it is opened."""

    token: str
    purpose: Purpose
    expires_at: datetime

    @property
    def path(self) -> str:
        """Below the service's address."""
        return f"/link/{self.token}"
