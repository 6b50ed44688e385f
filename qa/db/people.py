"""Queries on people, and which recordings are in somebody's reach."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from qa.core.coaching import SHOWN_TO_AGENT
from qa.core.people import Person, Reach
from qa.db.ids import new_id
from qa.db.models import (
    AccountRow,
    ApiTokenRow,
    AttributeRow,
    NoticeRow,
    OneTimeLinkRow,
    RecordingRow,
    SignInAttemptRow,
    SignInFailureRow,
    TeamMemberRow,
    TeamRow,
    WebSessionRow,
)


def within_reach(who: Person) -> sa.ColumnElement[bool]:
    """The condition that a `RecordingRow` is `who`'s to see; to be added to every query that shows recordings."""
    in_tenant = RecordingRow.tenant == who.tenant
    match who.reach:
        case Reach.ALL:
            return in_tenant
        case Reach.TEAMS:
            return sa.and_(in_tenant, _attribute_in("team", who.teams))
        case Reach.OWN if who.agent:
            return sa.and_(in_tenant, _attribute_in("agent", (who.agent,)), was_issued(who.agent))
        case _:
            return sa.false()


def was_issued(agent: str) -> sa.ColumnElement[bool]:
    """That a notice on the `RecordingRow` was issued to `agent`: before that, the call is not theirs."""
    return (
        sa.select(NoticeRow.id)
        .where(
            NoticeRow.recording_id == RecordingRow.id,
            NoticeRow.agent == agent,
            NoticeRow.state.in_([state.value for state in SHOWN_TO_AGENT]),
        )
        .exists()
    )


def _attribute_in(name: str, values: tuple[str, ...]) -> sa.ColumnElement[bool]:
    if not values:
        return sa.false()
    return (
        sa.select(AttributeRow.recording_id)
        .where(
            AttributeRow.recording_id == RecordingRow.id,
            AttributeRow.name == name,
            AttributeRow.value.in_(values),
        )
        .exists()
    )


class Accounts:
    """Accounts and teams within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, account: AccountRow) -> None:
        """A new account. Raises `IntegrityError` where the login is taken."""
        self._session.add(account)
        self._session.flush()

    def get(self, account_id: str, tenant: str) -> AccountRow | None:
        """One by id."""
        return self._session.scalars(
            sa.select(AccountRow).where(AccountRow.id == account_id, AccountRow.tenant == tenant)
        ).first()

    def by_login(self, login: str, tenant: str) -> AccountRow | None:
        """One by login, as normalised."""
        return self._session.scalars(
            sa.select(AccountRow).where(AccountRow.login == login, AccountRow.tenant == tenant)
        ).first()

    def by_subject(self, issuer: str, subject: str) -> AccountRow | None:
        """The one a provider vouches for."""
        return self._session.scalars(
            sa.select(AccountRow).where(AccountRow.oidc_issuer == issuer, AccountRow.oidc_subject == subject)
        ).first()

    def all(self, tenant: str, *, lock: bool = False) -> Sequence[AccountRow]:
        """Everybody by login. `lock` keeps others from changing any of them: a rule about all is at stake."""
        wanted = sa.select(AccountRow).where(AccountRow.tenant == tenant).order_by(AccountRow.login)
        return self._session.scalars(wanted.with_for_update() if lock else wanted).all()

    def teams_of(self, account_ids: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Account -> names of their teams, in order."""
        found: dict[str, list[str]] = {account_id: [] for account_id in account_ids}
        wanted = (
            sa.select(TeamMemberRow.account_id, TeamRow.name)
            .join(TeamRow, TeamRow.id == TeamMemberRow.team_id)
            .where(TeamMemberRow.account_id.in_(account_ids))
            .order_by(TeamRow.name)
        )
        for account_id, name in self._session.execute(wanted):
            found[account_id].append(name)
        return {account_id: tuple(names) for account_id, names in found.items()}

    def set_teams(self, account: AccountRow, names: Collection[str], at: datetime) -> None:
        """Make somebody a member of exactly these teams; one that does not exist yet is made."""
        self._session.execute(sa.delete(TeamMemberRow).where(TeamMemberRow.account_id == account.id))
        for name in sorted(set(names)):
            team = self.team_by_name(name, account.tenant)
            if team is None:
                team = TeamRow(id=new_id(), tenant=account.tenant, name=name, created_at=at)
                self._session.add(team)
                self._session.flush()
            self._session.add(TeamMemberRow(team_id=team.id, account_id=account.id))
        self._session.flush()

    def team(self, team_id: str, tenant: str) -> TeamRow | None:
        """One team by id."""
        return self._session.scalars(
            sa.select(TeamRow).where(TeamRow.id == team_id, TeamRow.tenant == tenant)
        ).first()

    def team_by_name(self, name: str, tenant: str) -> TeamRow | None:
        """One team by name."""
        return self._session.scalars(
            sa.select(TeamRow).where(TeamRow.name == name, TeamRow.tenant == tenant)
        ).first()

    def add_team(self, team: TeamRow) -> None:
        """A new team. Raises `IntegrityError` where the name is taken."""
        self._session.add(team)
        self._session.flush()

    def teams(self, tenant: str) -> Sequence[tuple[TeamRow, int]]:
        """Every team by name, with the number of its members."""
        wanted = (
            sa.select(TeamRow, sa.func.count(TeamMemberRow.account_id))
            .outerjoin(TeamMemberRow, TeamMemberRow.team_id == TeamRow.id)
            .where(TeamRow.tenant == tenant)
            .group_by(TeamRow.id)
            .order_by(TeamRow.name)
        )
        return [(row[0], row[1]) for row in self._session.execute(wanted)]

    def delete_team(self, team_id: str) -> None:
        """Forget a team; recordings keep its name."""
        self._session.execute(sa.delete(TeamRow).where(TeamRow.id == team_id))


class Failures:
    """Wrong passwords in a row, by hashed login."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def locked(self, tenant: str, login_hash: str) -> SignInFailureRow:
        """The row of a login, made where there is none, and held until the transaction ends."""
        values: Mapping[str, object] = {
            "tenant": tenant,
            "login_hash": login_hash,
            "failures": 0,
            "at": datetime.fromtimestamp(0).astimezone(),
        }
        dialect = postgresql if self._session.get_bind().dialect.name == "postgresql" else sqlite
        self._session.execute(dialect.insert(SignInFailureRow).values(**values).on_conflict_do_nothing())
        wanted = sa.select(SignInFailureRow).where(
            SignInFailureRow.tenant == tenant, SignInFailureRow.login_hash == login_hash
        )
        return self._session.scalars(wanted.with_for_update()).one()

    def forget(self, tenant: str, login_hash: str) -> None:
        """After a right password, or a new one."""
        self._session.execute(
            sa.delete(SignInFailureRow).where(
                SignInFailureRow.tenant == tenant, SignInFailureRow.login_hash == login_hash
            )
        )

    def forget_before(self, at: datetime) -> None:
        """Those nobody tried since."""
        self._session.execute(sa.delete(SignInFailureRow).where(SignInFailureRow.at < at))


class Attempts:
    """Attempts to sign in by address and minute."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, address: str, minute: int) -> int:
        """How many there were in a minute."""
        return self._session.scalar(sa.select(SignInAttemptRow.attempts).where(*_at(address, minute))) or 0

    def add(self, address: str, minute: int, most: int) -> bool:
        """Count one more unless there are `most`; whether it was counted. Atomic among all processes."""
        dialect = postgresql if self._session.get_bind().dialect.name == "postgresql" else sqlite
        one = dialect.insert(SignInAttemptRow).values(minute=minute, address=address, attempts=1)
        counted = one.on_conflict_do_update(
            index_elements=[SignInAttemptRow.minute, SignInAttemptRow.address],
            set_={"attempts": SignInAttemptRow.attempts + 1},
            where=SignInAttemptRow.attempts < most,
        ).returning(SignInAttemptRow.attempts)
        return most > 0 and self._session.scalars(counted).first() is not None

    def forget_before(self, minute: int) -> None:
        """Those that count for nothing any more."""
        self._session.execute(sa.delete(SignInAttemptRow).where(SignInAttemptRow.minute < minute))


def _at(address: str, minute: int) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return SignInAttemptRow.minute == minute, SignInAttemptRow.address == address


class WebSessions:
    """Signed-in browsers within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, row: WebSessionRow) -> None:
        """A new session."""
        self._session.add(row)
        self._session.flush()

    def by_hash(self, token_hash: str) -> tuple[WebSessionRow, AccountRow] | None:
        """A session and whose it is."""
        found = self._session.execute(
            sa.select(WebSessionRow, AccountRow)
            .join(AccountRow, AccountRow.id == WebSessionRow.account_id)
            .where(WebSessionRow.token_hash == token_hash)
        ).first()
        return (found[0], found[1]) if found else None

    def of_account(self, account_id: str) -> Sequence[WebSessionRow]:
        """Somebody's sessions, newest first."""
        wanted = sa.select(WebSessionRow).where(WebSessionRow.account_id == account_id)
        return self._session.scalars(wanted.order_by(WebSessionRow.id.desc())).all()

    def end(self, account_id: str, *, only: str | None = None, but: str | None = None) -> int:
        """Delete somebody's sessions: all, `only` one, or all `but` one. Returns how many ended."""
        gone = sa.delete(WebSessionRow).where(WebSessionRow.account_id == account_id)
        if only is not None:
            gone = gone.where(WebSessionRow.id == only)
        if but is not None:
            gone = gone.where(WebSessionRow.id != but)
        result = self._session.execute(gone)
        return int(getattr(result, "rowcount", 0))

    def end_late(self, now: datetime, idle_since: datetime) -> None:
        """Delete what has run out."""
        self._session.execute(
            sa.delete(WebSessionRow).where(
                sa.or_(WebSessionRow.expires_at <= now, WebSessionRow.seen_at <= idle_since)
            )
        )


class ApiTokens:
    """API tokens within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, row: ApiTokenRow) -> None:
        """A new token."""
        self._session.add(row)
        self._session.flush()

    def by_hash(self, token_hash: str) -> tuple[ApiTokenRow, AccountRow] | None:
        """A token and whose it is."""
        found = self._session.execute(
            sa.select(ApiTokenRow, AccountRow)
            .join(AccountRow, AccountRow.id == ApiTokenRow.account_id)
            .where(ApiTokenRow.token_hash == token_hash)
        ).first()
        return (found[0], found[1]) if found else None

    def of_account(self, account_id: str) -> Sequence[ApiTokenRow]:
        """Somebody's tokens, newest first."""
        wanted = sa.select(ApiTokenRow).where(ApiTokenRow.account_id == account_id)
        return self._session.scalars(wanted.order_by(ApiTokenRow.id.desc())).all()


class Links:
    """One-time links within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, row: OneTimeLinkRow) -> None:
        """A new link."""
        self._session.add(row)
        self._session.flush()

    def usable(self, token_hash: str, now: datetime, *, lock: bool = False) -> OneTimeLinkRow | None:
        """A link that was not used and has not run out. `lock` holds it, so that it is used once."""
        wanted = sa.select(OneTimeLinkRow).where(
            OneTimeLinkRow.token_hash == token_hash,
            OneTimeLinkRow.used_at.is_(None),
            OneTimeLinkRow.expires_at > now,
        )
        return self._session.scalars(wanted.with_for_update() if lock else wanted).first()

    def withdraw(self, tenant: str, purposes: Collection[str], account_id: str | None) -> None:
        """Delete unused links of these purposes for an account (None: those for nobody yet)."""
        whose = (
            OneTimeLinkRow.account_id.is_(None) if account_id is None else OneTimeLinkRow.account_id == account_id
        )
        self._session.execute(
            sa.delete(OneTimeLinkRow).where(
                OneTimeLinkRow.tenant == tenant, OneTimeLinkRow.purpose.in_(purposes), whose
            )
        )

    def forget_late(self, now: datetime) -> None:
        """Delete what has run out."""
        self._session.execute(sa.delete(OneTimeLinkRow).where(OneTimeLinkRow.expires_at <= now))
