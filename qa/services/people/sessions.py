"""Sign-in by password, and the sessions of browsers.

A wrong password is counted before it is looked at, so that a hundred guesses sent at once are a hundred guesses;
a right one forgets the count. Logins nobody has are counted and hashed alike: from outside they look the same.
"""

from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from math import floor
from typing import Final

import structlog
from sqlalchemy.orm import Session

from qa.core.errors import BadOptionError, NotFoundError, TooSoonError, UnauthenticatedError
from qa.core.people import Person
from qa.db.audit import AuditTrail
from qa.db.engine import Database
from qa.db.ids import new_id
from qa.db.models import AccountRow, WebSessionRow
from qa.db.people import Accounts, Attempts, Failures, Links, WebSessions
from qa.services.people.logins import normalise
from qa.services.people.passwords import Passwords, check_password
from qa.services.people.rows import person_of, session_view
from qa.services.people.secrets import digest, new_secret
from qa.services.people.views import SessionView, SignedIn
from qa.settings import PeopleSettings

_FORGET_AFTER: Final = timedelta(days=1)
_NOTE_EVERY: Final = timedelta(seconds=60)
"""How often a busy session's last sign of life is written."""
_MINUTE: Final = 60
_HOST_BITS: Final = 64
"""Of an IPv6 address whoever has one chooses these (RFC 4291, 2.5.4)."""

_log = structlog.get_logger(__name__)


class Where:
    """Where a request comes from, as far as it is kept."""

    __slots__ = ("address", "browser")

    def __init__(self, address: str = "", browser: str = "") -> None:
        self.address = address[:64]
        self.browser = "".join(c for c in browser if c.isprintable())[:200]


def source_of(address: str) -> str:
    """Whose attempts count together: an IPv4 address, the network of an IPv6 one, or what else an address says."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return f"{IPv6Address(int(found) >> _HOST_BITS << _HOST_BITS)}/{128 - _HOST_BITS}"


class SessionService:
    """Signs people in and out."""

    def __init__(self, database: Database, passwords: Passwords, options: PeopleSettings) -> None:
        self._database = database
        self._passwords = passwords
        self._options = options

    def check_rate(self, address: str) -> None:
        """Count one attempt from an address. Raises `TooSoonError` over `people.attempts_per_minute`.

        The count is in the database: it holds for all processes, and starting again forgets nothing. The minute
        before counts by the share of it that is less than a minute ago. What is refused is looked up and not
        written, so that a flood of attempts does not keep others from writing.
        """
        source = source_of(address)
        with self._database.read() as session:
            minute, most = self._left(session, source)
            full = Attempts(session).of(source, minute) >= most
        if not full:
            with self._database.write() as session:
                minute, most = self._left(session, source)
                full = not Attempts(session).add(source, minute, most)
        if full:
            raise TooSoonError("people.too_many_attempts", seconds=_MINUTE)

    def _left(self, session: Session, source: str) -> tuple[int, int]:
        """The present minute, and how many attempts it may have."""
        minute, second = divmod(self._database.now(session).timestamp(), _MINUTE)
        still = Attempts(session).of(source, int(minute) - 1) * (1 - second / _MINUTE)
        return int(minute), floor(self._options.attempts_per_minute - still)

    def sign_in(
        self, login: str, password: str, where: Where, *, before: str | None = None, tenant: str = "default"
    ) -> SignedIn:
        """A new session; the one whose token is `before` ends, so that a planted cookie is worth nothing.

        Raises `UnauthenticatedError` (one sentence for every reason) and `TooSoonError`.
        """
        self.check_rate(where.address)
        login = normalise(login)
        key = digest(login)
        account = self._count(login, key, tenant)
        right = self._passwords.matches(account.password_hash if account else None, password)
        if account is None or not right or not account.active:
            self._note_failure(account, where, tenant)
            raise UnauthenticatedError("people.wrong_password")
        renewed = None
        if self._passwords.outdated(account.password_hash or ""):
            renewed = self._passwords.hash(password)
        with self._database.write() as session:
            row = Accounts(session).get(account.id, tenant)
            if row is None or not row.active or row.password_hash != account.password_hash:
                raise UnauthenticatedError("people.wrong_password")
            if renewed is not None:
                row.password_hash = renewed
            Failures(session).forget(tenant, key)
            return self.open(session, row, where, before=before, by="password")

    def open(
        self, session: Session, account: AccountRow, where: Where, *, before: str | None, by: str
    ) -> SignedIn:
        """A session for somebody who has shown who they are, within the caller's transaction."""
        now, sessions = self._database.now(session), WebSessions(session)
        sessions.end_late(now, now - timedelta(seconds=self._options.session_idle_seconds))
        Failures(session).forget_before(now - _FORGET_AFTER)
        Attempts(session).forget_before(int(now.timestamp() // _MINUTE) - 1)
        Links(session).forget_late(now)
        if before is not None and (old := sessions.by_hash(digest(before))) is not None:
            sessions.end(old[0].account_id, only=old[0].id)
        token = new_secret()
        row = WebSessionRow(
            id=new_id(),
            account_id=account.id,
            token_hash=digest(token),
            address=where.address,
            browser=where.browser,
            created_at=now,
            seen_at=now,
            expires_at=now + timedelta(seconds=self._options.session_seconds),
        )
        sessions.add(row)
        account.last_seen_at = now
        details = {"by": by, "session": row.id}
        AuditTrail(session).add(account.tenant, now, account.login, "signin.ok", None, **details)
        return SignedIn(token, person_of(session, account), session_view(row))

    def find(self, token: str) -> tuple[Person, SessionView] | None:
        """Whose session this is; None where it is nobody's or has ended."""
        with self._database.read() as session:
            now = self._database.now(session)
            found = WebSessions(session).by_hash(digest(token))
            if found is None or not found[1].active or self._is_over(found[0], now):
                return None
            row, account = found
            person, view = person_of(session, account), session_view(row)
        if now - view.seen_at >= _NOTE_EVERY:
            self._note_life(digest(token))
        return person, view

    def list(self, who: Person) -> tuple[SessionView, ...]:
        """Where somebody is signed in."""
        with self._database.read() as session:
            now = self._database.now(session)
            rows = WebSessions(session).of_account(who.id)
            return tuple(session_view(row) for row in rows if not self._is_over(row, now))

    def end(self, who: Person, session_id: str | None = None, *, but: str | None = None) -> int:
        """End one of one's own sessions, or all (`but` one). Raises `NotFoundError` for somebody else's."""
        with self._database.write() as session:
            ended = WebSessions(session).end(who.id, only=session_id, but=but)
            if session_id is not None and not ended:
                raise NotFoundError("people.no_session")
            now = self._database.now(session)
            AuditTrail(session).add(who.tenant, now, who.login, "session.ended", None, sessions=ended)
        return ended

    def change_password(self, who: Person, old: str, new: str, where: Where, token: str) -> SignedIn:
        """Set a new password of one's own; every session ends, and a new one begins.

        Raises `UnauthenticatedError` where `old` is wrong, `BadOptionError` where `new` breaks a rule.
        """
        self.check_rate(where.address)
        with self._database.read() as session:
            account = Accounts(session).get(who.id, who.tenant)
        if account is None or not account.active or account.password_hash is None:
            raise BadOptionError("people.no_password")
        if not self._passwords.matches(account.password_hash, old):
            raise BadOptionError("people.wrong_old_password")
        check_password(new, account.login)
        hashed = self._passwords.hash(new)
        with self._database.write() as session:
            row = Accounts(session).get(who.id, who.tenant)
            if row is None or not row.active:
                raise UnauthenticatedError("people.sign_in_first")
            row.password_hash = hashed
            ended = WebSessions(session).end(row.id)
            now = self._database.now(session)
            AuditTrail(session).add(
                who.tenant, now, who.login, "people.changed", None, account=row.id, changed=["password"]
            )
            AuditTrail(session).add(who.tenant, now, who.login, "session.ended", None, sessions=ended)
            return self.open(session, row, where, before=token, by="new password")

    def _count(self, login: str, key: str, tenant: str) -> AccountRow | None:
        options = self._options
        with self._database.write() as session:
            now, account = self._database.now(session), Accounts(session).by_login(login, tenant)
            row = Failures(session).locked(tenant, key)
            if row.locked_until is not None and row.locked_until > now:
                wait = int((row.locked_until - now).total_seconds()) + 1
                raise TooSoonError("people.locked", seconds=wait)
            if now - row.at > _FORGET_AFTER:
                row.failures = 0
            row.failures, row.at = row.failures + 1, now
            beyond = row.failures - options.attempts_before_wait
            if beyond >= 0:
                wait_s = min(options.first_wait_seconds * 2.0 ** min(beyond, 32), options.longest_wait_seconds)
                row.locked_until = now + timedelta(seconds=wait_s)
                if account is not None:
                    details = {"seconds": int(wait_s), "failures": row.failures}
                    AuditTrail(session).add(tenant, now, account.login, "signin.locked", None, **details)
        return account

    def _note_failure(self, account: AccountRow | None, where: Where, tenant: str) -> None:
        # What was typed is not written down for a login nobody has: it may be a password in the wrong field.
        actor = account.login if account else "unknown"
        with self._database.write() as session:
            now = self._database.now(session)
            AuditTrail(session).add(tenant, now, actor, "signin.failed", None)
        _log.info("signin.failed", account=account.id if account else None, address=where.address)

    def _note_life(self, token_hash: str) -> None:
        with self._database.write() as session:
            found = WebSessions(session).by_hash(token_hash)
            if found is not None:
                found[0].seen_at = found[1].last_seen_at = self._database.now(session)

    def _is_over(self, row: WebSessionRow, now: datetime) -> bool:
        idle = timedelta(seconds=self._options.session_idle_seconds)
        return row.expires_at <= now or row.seen_at + idle <= now
