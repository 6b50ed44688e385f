"""From rows to what services hand out."""

from sqlalchemy.orm import Session

from qa.core.people import Job, Person
from qa.db.models import AccountRow, ApiTokenRow, WebSessionRow
from qa.db.people import Accounts
from qa.services.people.views import AccountView, SessionView, TokenView


def jobs_of(names: list[str]) -> tuple[Job, ...]:
    """Jobs in the order of the enumeration; a name that is none any more is left out."""
    return tuple(job for job in Job if job.value in names)


def person_of(
    session: Session,
    account: AccountRow,
    jobs: tuple[Job, ...] | None = None,
    teams: tuple[str, ...] | None = None,
) -> Person:
    """Whoever acts; `jobs` narrows what the account may, `teams` saves the look-up for who knows them."""
    own = jobs_of(account.jobs)
    return Person(
        id=account.id,
        login=account.login,
        name=account.name,
        jobs=frozenset(own if jobs is None else set(own) & set(jobs)),
        tenant=account.tenant,
        teams=Accounts(session).teams_of([account.id])[account.id] if teams is None else teams,
        agent=account.agent,
        locale=account.locale,
    )


def account_view(account: AccountRow, teams: tuple[str, ...]) -> AccountView:
    """An account without its secrets."""
    return AccountView(
        id=account.id,
        login=account.login,
        name=account.name,
        email=account.email,
        jobs=jobs_of(account.jobs),
        teams=teams,
        agent=account.agent,
        locale=account.locale,
        active=account.active,
        has_password=account.password_hash is not None,
        provider=account.oidc_issuer,
        created_at=account.created_at,
        last_seen_at=account.last_seen_at,
    )


def session_view(row: WebSessionRow) -> SessionView:
    """A session without its secret."""
    return SessionView(row.id, row.address, row.browser, row.created_at, row.seen_at, row.expires_at)


def token_view(row: ApiTokenRow) -> TokenView:
    """A token without its secret."""
    return TokenView(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        jobs=jobs_of(row.jobs),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
