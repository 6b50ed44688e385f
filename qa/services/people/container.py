"""Builds the people services."""

from dataclasses import dataclass

from qa.db.engine import Database
from qa.services.people.accounts import AccountService
from qa.services.people.links import LinkService
from qa.services.people.oidc import OidcService
from qa.services.people.passwords import Passwords
from qa.services.people.sessions import SessionService
from qa.services.people.tokens import TokenService
from qa.settings import Settings


@dataclass(frozen=True, slots=True)
class People:
    """Everything about people."""

    accounts: AccountService
    sessions: SessionService
    links: LinkService
    tokens: TokenService
    oidc: OidcService


def open_people(database: Database, settings: Settings) -> People:
    """The people services over `database`."""
    passwords = Passwords(settings.people)
    sessions = SessionService(database, passwords, settings.people)
    return People(
        accounts=AccountService(database, settings.people),
        sessions=sessions,
        links=LinkService(database, passwords, sessions, settings.people),
        tokens=TokenService(database, settings.home, settings.server.token.get_secret_value()),
        oidc=OidcService(database, sessions, settings.oidc),
    )
