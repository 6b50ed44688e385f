"""One-time links: the first administrator, invitations, new passwords."""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qa.core.errors import ConflictError, NotFoundError
from qa.core.people import Job
from qa.db.audit import AuditTrail
from qa.db.engine import Database
from qa.db.ids import new_id
from qa.db.models import AccountRow, OneTimeLinkRow
from qa.db.people import Accounts, Failures, Links, WebSessions
from qa.services.people.logins import check_login, check_text
from qa.services.people.passwords import Passwords, check_password
from qa.services.people.rows import account_view
from qa.services.people.secrets import digest, new_secret
from qa.services.people.sessions import SessionService, Where
from qa.services.people.views import AccountView, LinkView, Purpose, SignedIn
from qa.settings import PeopleSettings

SETTING_A_PASSWORD: Final = (Purpose.INVITATION, Purpose.NEW_PASSWORD)


def add_link(
    session: Session,
    database: Database,
    purpose: Purpose,
    account_id: str | None,
    seconds: float,
    tenant: str = "default",
    **payload: Any,
) -> LinkView:
    """A new link within the caller's transaction. For an account, and for the first administrator, the newest
    link is the only one that works."""
    now, token = database.now(session), new_secret()
    links = Links(session)
    if purpose is not Purpose.PROVIDER:
        links.withdraw(tenant, [p.value for p in Purpose if p is not Purpose.PROVIDER], account_id)
    expires_at = now + timedelta(seconds=seconds)
    links.add(
        OneTimeLinkRow(
            id=new_id(),
            tenant=tenant,
            purpose=purpose.value,
            account_id=account_id,
            token_hash=digest(token),
            payload=payload,
            created_at=now,
            expires_at=expires_at,
            used_at=None,
        )
    )
    return LinkView(token, purpose, expires_at)


class LinkService:
    """Opens one-time links."""

    def __init__(
        self, database: Database, passwords: Passwords, sessions: SessionService, options: PeopleSettings
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._sessions = sessions
        self._options = options

    def first_administrator(self, tenant: str = "default") -> LinkView | None:
        """A link by which the first administrator makes an account; None where an active one can sign in."""
        with self._database.write() as session:
            if _has_administrator(session, tenant):
                return None
            seconds = self._options.link_seconds
            return add_link(session, self._database, Purpose.FIRST_ADMINISTRATOR, None, seconds, tenant)

    def peek(self, token: str) -> tuple[Purpose, AccountView | None]:
        """What a link opens, and for whom. Raises `NotFoundError` where it was used, has run out, or never was."""
        with self._database.read() as session:
            row = Links(session).usable(digest(token), self._database.now(session))
            if row is None or row.purpose == Purpose.PROVIDER:
                raise NotFoundError("people.no_link")
            account = Accounts(session).get(row.account_id, row.tenant) if row.account_id else None
            if (row.account_id is None) != (row.purpose == Purpose.FIRST_ADMINISTRATOR):
                raise NotFoundError("people.no_link")
            return Purpose(row.purpose), account_view(account, ()) if account else None

    def set_password(self, token: str, password: str, where: Where, *, before: str | None = None) -> SignedIn:
        """Use an invitation or reset: the password is set, all sessions end, waiting ends, and one begins.

        Raises `NotFoundError` and `BadOptionError`; a password that breaks a rule leaves the link as it is.
        """
        self._sessions.check_rate(where.address)
        purpose, view = self.peek(token)
        if view is None or purpose not in SETTING_A_PASSWORD:
            raise NotFoundError("people.no_link")
        check_password(password, view.login)
        hashed = self._passwords.hash(password)
        with self._database.write() as session:
            row = self._use(session, token)
            account = Accounts(session).get(row.account_id or "", row.tenant)
            if account is None or not account.active:
                raise NotFoundError("people.no_link")
            account.password_hash = hashed
            WebSessions(session).end(account.id)
            Failures(session).forget(account.tenant, digest(account.login))
            now = self._database.now(session)
            AuditTrail(session).add(
                account.tenant,
                now,
                account.login,
                "people.changed",
                None,
                account=account.id,
                changed=["password"],
            )
            return self._sessions.open(session, account, where, before=before, by=purpose.value)

    def become_administrator(
        self, token: str, login: str, name: str, password: str, where: Where, *, before: str | None = None
    ) -> SignedIn:
        """Use the first link: the account is made and signed in.

        Raises `NotFoundError`, `BadOptionError`, and `ConflictError` where there is an administrator by now.
        """
        self._sessions.check_rate(where.address)
        purpose, _ = self.peek(token)
        if purpose is not Purpose.FIRST_ADMINISTRATOR:
            raise NotFoundError("people.no_link")
        login, name = check_login(login), check_text("name", name)
        check_password(password, login)
        hashed = self._passwords.hash(password)
        try:
            with self._database.write() as session:
                row = self._use(session, token)
                if _has_administrator(session, row.tenant):
                    raise ConflictError("people.administrator_exists")
                now = self._database.now(session)
                account = AccountRow(
                    id=new_id(),
                    tenant=row.tenant,
                    login=login,
                    name=name,
                    email=None,
                    password_hash=hashed,
                    jobs=[Job.ADMINISTRATOR.value],
                    active=True,
                    created_at=now,
                )
                Accounts(session).add(account)
                jobs = account.jobs
                AuditTrail(session).add(
                    row.tenant, now, login, "people.added", None, account=account.id, jobs=jobs
                )
                return self._sessions.open(session, account, where, before=before, by=purpose.value)
        except IntegrityError:
            raise ConflictError("people.login_taken", login=login) from None

    def _use(self, session: Session, token: str) -> OneTimeLinkRow:
        now = self._database.now(session)
        row = Links(session).usable(digest(token), now, lock=True)
        if row is None:
            raise NotFoundError("people.no_link")
        row.used_at = now
        return row


def _has_administrator(session: Session, tenant: str) -> bool:
    """Whether an active administrator can sign in: has a password, or a provider that vouches."""
    return any(
        row.active and Job.ADMINISTRATOR.value in row.jobs and (row.password_hash or row.oidc_subject)
        for row in Accounts(session).all(tenant, lock=True)
    )
