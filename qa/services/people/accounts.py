"""Accounts and teams as administrators manage them, and what everybody may change about themselves."""

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qa.core.errors import BadOptionError, ConflictError, NotFoundError
from qa.core.people import Job, Person, Right
from qa.db.audit import AuditTrail
from qa.db.engine import Database
from qa.db.ids import new_id
from qa.db.models import AccountRow, TeamRow
from qa.db.people import Accounts, Failures, WebSessions
from qa.i18n import LOCALES
from qa.services.people.links import add_link
from qa.services.people.logins import check_login, check_text, normalise
from qa.services.people.rows import account_view, jobs_of
from qa.services.people.secrets import digest
from qa.services.people.views import AccountView, LinkView, Purpose, TeamView
from qa.settings import PeopleSettings

_LONGEST_EMAIL: Final = 254
"""RFC 5321, 4.5.3.1.3, less the angle brackets."""


class Changes:
    """What to change of an account; None leaves a field as it is, an empty text empties it."""

    def __init__(
        self,
        *,
        name: str | None = None,
        email: str | None = None,
        jobs: Collection[Job] | None = None,
        teams: Collection[str] | None = None,
        agent: str | None = None,
        locale: str | None = None,
        active: bool | None = None,
    ) -> None:
        self.name = None if name is None else check_text("name", name)
        self.email = None if email is None else _check_email(email)
        self.jobs = None if jobs is None else [job.value for job in Job if job in jobs]
        self.teams = None if teams is None else [check_text("team", team) for team in teams]
        self.agent = None if agent is None else (check_text("agent", agent) if agent.strip() else "")
        self.locale = None if locale is None else _check_locale(locale)
        self.active = active


class AccountService:
    """Everything here but `update_self` asks for `Right.MANAGE_PEOPLE`."""

    def __init__(self, database: Database, options: PeopleSettings) -> None:
        self._database = database
        self._options = options

    def list(self, who: Person) -> tuple[AccountView, ...]:
        """Everybody, by login."""
        who.need(Right.MANAGE_PEOPLE)
        with self._database.read() as session:
            accounts = Accounts(session)
            rows = accounts.all(who.tenant)
            teams = accounts.teams_of([row.id for row in rows])
            return tuple(account_view(row, teams[row.id]) for row in rows)

    def get(self, who: Person, account_id: str) -> AccountView:
        """One account; one's own without any right. Raises `NotFoundError`."""
        if account_id != who.id:
            who.need(Right.MANAGE_PEOPLE)
        with self._database.read() as session:
            return _view(session, _found(session, account_id, who))

    def by_login(self, who: Person, login: str) -> AccountView:
        """One account by its login. Raises `NotFoundError`."""
        who.need(Right.MANAGE_PEOPLE)
        with self._database.read() as session:
            row = Accounts(session).by_login(normalise(login), who.tenant)
            if row is None:
                raise NotFoundError("people.no_login", login="".join(c for c in login[:64] if c.isprintable()))
            return _view(session, row)

    def invite(self, who: Person, login: str, changes: Changes) -> tuple[AccountView, LinkView]:
        """A new account, and the link by which its owner sets a password.

        Raises `BadOptionError`, and `ConflictError` where the login is taken.
        """
        who.need(Right.MANAGE_PEOPLE)
        login = check_login(login)
        try:
            with self._database.write() as session:
                now = self._database.now(session)
                row = AccountRow(
                    id=new_id(), tenant=who.tenant, login=login, name=login, jobs=[], active=True, created_at=now
                )
                Accounts(session).add(row)
                self._apply(session, row, changes)
                AuditTrail(session).add(
                    who.tenant, now, who.login, "people.added", None, account=row.id, jobs=row.jobs
                )
                link = add_link(
                    session, self._database, Purpose.INVITATION, row.id, self._options.link_seconds, who.tenant
                )
                return _view(session, row), link
        except IntegrityError:
            raise ConflictError("people.login_taken", login=login) from None

    def change(self, who: Person, account_id: str, changes: Changes) -> AccountView:
        """Change an account. With other jobs or no activity its sessions end: what was allowed then is not now.

        Raises `ConflictError` where no active administrator would remain.
        """
        who.need(Right.MANAGE_PEOPLE)
        with self._database.write() as session:
            # All accounts are held, so that two administrators cannot demote each other at the same moment.
            everybody = Accounts(session).all(who.tenant, lock=True)
            row = _found(session, account_id, who)
            was = (list(row.jobs), row.active)
            changed = self._apply(session, row, changes)
            if _is_administrator(*was) and not any(_is_administrator(r.jobs, r.active) for r in everybody):
                raise ConflictError("people.last_administrator")
            if was != (row.jobs, row.active):
                self._end_sessions(session, who, row)
            if changed:
                now = self._database.now(session)
                AuditTrail(session).add(
                    who.tenant,
                    now,
                    who.login,
                    "people.changed",
                    None,
                    account=row.id,
                    changed=changed,
                    jobs=row.jobs,
                    active=row.active,
                )
            return _view(session, row)

    def reset_link(self, who: Person, account_id: str) -> LinkView:
        """A link by which somebody sets a new password; also the way out of waiting after wrong ones."""
        who.need(Right.MANAGE_PEOPLE)
        with self._database.write() as session:
            row = _found(session, account_id, who)
            if not row.active:
                raise ConflictError("people.inactive", login=row.login)
            Failures(session).forget(row.tenant, digest(row.login))
            now = self._database.now(session)
            AuditTrail(session).add(who.tenant, now, who.login, "people.link_made", None, account=row.id)
            purpose = Purpose.NEW_PASSWORD if row.password_hash else Purpose.INVITATION
            return add_link(session, self._database, purpose, row.id, self._options.link_seconds, who.tenant)

    def end_sessions(self, who: Person, account_id: str) -> int:
        """Sign somebody out everywhere."""
        who.need(Right.MANAGE_PEOPLE)
        with self._database.write() as session:
            return self._end_sessions(session, who, _found(session, account_id, who))

    def update_self(self, who: Person, *, name: str | None = None, locale: str | None = None) -> AccountView:
        """What everybody may change about themselves."""
        changes = Changes(name=name, locale=locale)
        with self._database.write() as session:
            row = _found(session, who.id, who)
            if changed := self._apply(session, row, changes):
                now = self._database.now(session)
                AuditTrail(session).add(
                    who.tenant, now, who.login, "people.changed", None, account=row.id, changed=changed
                )
            return _view(session, row)

    def teams(self, who: Person) -> tuple[TeamView, ...]:
        """Every team, by name."""
        who.need(Right.MANAGE_PEOPLE)
        with self._database.read() as session:
            return tuple(
                TeamView(row.id, row.name, members) for row, members in Accounts(session).teams(who.tenant)
            )

    def add_team(self, who: Person, name: str) -> TeamView:
        """A new team; recordings whose attribute `team` is this name are its. Raises `ConflictError`."""
        who.need(Right.MANAGE_PEOPLE)
        name = check_text("team", name)
        try:
            with self._database.write() as session:
                now = self._database.now(session)
                row = TeamRow(id=new_id(), tenant=who.tenant, name=name, created_at=now)
                Accounts(session).add_team(row)
                AuditTrail(session).add(
                    who.tenant,
                    now,
                    who.login,
                    "people.changed",
                    None,
                    team=row.id,
                    name=name,
                    changed=["team added"],
                )
                return TeamView(row.id, name, 0)
        except IntegrityError:
            raise ConflictError("people.team_taken", name=name) from None

    def rename_team(self, who: Person, team_id: str, name: str) -> TeamView:
        """Another name, and with it other recordings. Raises `ConflictError` where it is taken."""
        who.need(Right.MANAGE_PEOPLE)
        name = check_text("team", name)
        try:
            with self._database.write() as session:
                row = _found_team(session, team_id, who)
                row.name = name
                session.flush()
                now = self._database.now(session)
                AuditTrail(session).add(
                    who.tenant, now, who.login, "people.changed", None, team=row.id,
                    changed=["team renamed"],
                )  # fmt: skip
                members = {found.id: count for found, count in Accounts(session).teams(who.tenant)}
                return TeamView(row.id, name, members[row.id])
        except IntegrityError:
            raise ConflictError("people.team_taken", name=name) from None

    def delete_team(self, who: Person, team_id: str) -> None:
        """Forget a team; its members see its recordings no longer."""
        who.need(Right.MANAGE_PEOPLE)
        with self._database.write() as session:
            row = _found_team(session, team_id, who)
            now = self._database.now(session)
            AuditTrail(session).add(
                who.tenant, now, who.login, "people.changed", None, team=row.id,
                changed=["team deleted"],
            )  # fmt: skip
            Accounts(session).delete_team(row.id)

    def _apply(self, session: Session, row: AccountRow, changes: Changes) -> Sequence[str]:
        changed = []
        for field in ("name", "email", "agent", "locale", "jobs", "active"):
            wanted = getattr(changes, field)
            wanted = None if wanted == "" else wanted
            if getattr(changes, field) is not None and getattr(row, field) != wanted:
                setattr(row, field, wanted)
                changed.append(field)
        if changes.teams is not None:
            accounts = Accounts(session)
            if set(accounts.teams_of([row.id])[row.id]) != set(changes.teams):
                accounts.set_teams(row, changes.teams, self._database.now(session))
                changed.append("teams")
        session.flush()
        return changed

    def _end_sessions(self, session: Session, who: Person, row: AccountRow) -> int:
        ended = WebSessions(session).end(row.id)
        if ended:
            now = self._database.now(session)
            AuditTrail(session).add(
                who.tenant, now, who.login, "session.ended", None, account=row.id, sessions=ended
            )
        return ended


def _is_administrator(jobs: list[str], active: bool) -> bool:
    return active and Job.ADMINISTRATOR in jobs_of(jobs)


def _view(session: Session, row: AccountRow) -> AccountView:
    return account_view(row, Accounts(session).teams_of([row.id])[row.id])


def _found(session: Session, account_id: str, who: Person) -> AccountRow:
    row = Accounts(session).get(account_id, who.tenant)
    if row is None:
        raise NotFoundError("people.no_account", id=account_id[:40])
    return row


def _found_team(session: Session, team_id: str, who: Person) -> TeamRow:
    row = Accounts(session).team(team_id, who.tenant)
    if row is None:
        raise NotFoundError("people.no_team", id=team_id[:40])
    return row


def _check_email(typed: str) -> str:
    email = typed.strip()
    if not email:
        return ""
    name, at, host = email.rpartition("@")
    if not (name and at and host) or len(email) > _LONGEST_EMAIL or any(c.isspace() for c in email):
        raise BadOptionError("people.bad_email")
    if not email.isprintable():
        raise BadOptionError("people.bad_email")
    return email


def _check_locale(typed: str) -> str:
    if typed and typed not in LOCALES:
        raise BadOptionError("people.bad_locale", allowed=", ".join(LOCALES))
    return typed
