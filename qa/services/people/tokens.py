"""API tokens: programs that act for a person, and this machine's own token."""

import contextlib
import hmac
import os
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from qa.core.errors import BadOptionError, ForbiddenError, NotFoundError, StorageError
from qa.core.people import SYSTEM, Job, Person, Right
from qa.db.audit import AuditTrail
from qa.db.engine import Database
from qa.db.ids import new_id
from qa.db.models import ApiTokenRow
from qa.db.people import Accounts, ApiTokens
from qa.services.people.logins import check_text
from qa.services.people.rows import jobs_of, person_of, token_view
from qa.services.people.secrets import SHOWN, TOKEN_MARK, digest, new_secret
from qa.services.people.views import MadeToken, TokenView

MACHINE_TOKEN: Final = "token"  # noqa: S105 - the name of a file
SERVER: Final = Person("", "server-token", "server.token", frozenset({Job.ADMINISTRATOR}))
"""Whoever holds `server.token`."""
_NOTE_EVERY: Final = timedelta(seconds=60)


class TokenService:
    """Makes, lists, revokes and recognises API tokens."""

    def __init__(self, database: Database, home: Path, server_token: str = "") -> None:
        self._database = database
        self._home = home
        self._server_token = server_token

    def make(
        self,
        who: Person,
        name: str,
        jobs: tuple[Job, ...] | None = None,
        expires_at: datetime | None = None,
        *,
        actor: str | None = None,
    ) -> MadeToken:
        """A token of one's own, with some of one's own jobs (None: all). Raises `BadOptionError`."""
        name = check_text("name", name)
        wanted = frozenset(who.jobs if jobs is None else jobs)
        if not wanted or not wanted <= who.jobs:
            raise BadOptionError("people.token_jobs", jobs=", ".join(job for job in Job if job in who.jobs))
        secret = TOKEN_MARK + new_secret()
        with self._database.write() as session:
            now = self._database.now(session)
            if expires_at is not None and expires_at <= now:
                raise BadOptionError("people.token_expiry")
            row = ApiTokenRow(
                id=new_id(),
                account_id=who.id,
                name=name,
                prefix=secret[:SHOWN],
                token_hash=digest(secret),
                jobs=[job.value for job in Job if job in wanted],
                created_at=now,
                expires_at=expires_at,
            )
            ApiTokens(session).add(row)
            AuditTrail(session).add(
                who.tenant, now, actor or who.login, "token.made", None, token=row.id, jobs=row.jobs
            )
            return MadeToken(secret, token_view(row))

    def make_for(
        self,
        who: Person,
        account_id: str,
        name: str,
        jobs: tuple[Job, ...] | None = None,
        expires_at: datetime | None = None,
    ) -> MadeToken:
        """A token for somebody else's account, by whoever manages people. Raises `NotFoundError`."""
        if not who.may(Right.MANAGE_PEOPLE):
            raise ForbiddenError("people.forbidden", right=Right.MANAGE_PEOPLE.value)
        with self._database.read() as session:
            account = Accounts(session).get(account_id, who.tenant)
            if account is None or not account.active:
                raise NotFoundError("people.no_account", id=account_id[:40])
            person = person_of(session, account)
        return self.make(person, name, jobs, expires_at, actor=who.login)

    def list(self, who: Person) -> tuple[TokenView, ...]:
        """One's own tokens, newest first, revoked ones too."""
        with self._database.read() as session:
            return tuple(token_view(row) for row in ApiTokens(session).of_account(who.id))

    def revoke(self, who: Person, token_id: str) -> None:
        """End one of one's own tokens; again changes nothing. Raises `NotFoundError`."""
        with self._database.write() as session:
            row = next((row for row in ApiTokens(session).of_account(who.id) if row.id == token_id), None)
            if row is None:
                raise NotFoundError("people.no_token")
            if row.revoked_at is None:
                row.revoked_at = now = self._database.now(session)
                AuditTrail(session).add(who.tenant, now, who.login, "token.revoked", None, token=row.id)

    def find(self, secret: str) -> Person | None:
        """Who a Bearer token stands for: this machine, the operator's token, or a person's; None for nobody."""
        given = secret.encode("utf-8", "surrogatepass")
        machine = read_machine_token(self._home)
        if machine and hmac.compare_digest(given, machine.encode()):
            return SYSTEM
        if self._server_token and hmac.compare_digest(given, self._server_token.encode()):
            return SERVER
        if not secret.startswith(TOKEN_MARK):
            return None
        with self._database.read() as session:
            found = ApiTokens(session).by_hash(digest(secret))
            if found is None:
                return None
            row, account = found
            now = self._database.now(session)
            over = row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now)
            if over or not account.active:
                return None
            person = person_of(session, account, jobs_of(row.jobs))
        if row.last_used_at is None or now - row.last_used_at >= _NOTE_EVERY:
            self._note_use(row.token_hash)
        return person

    def _note_use(self, token_hash: str) -> None:
        with self._database.write() as session:
            found = ApiTokens(session).by_hash(token_hash)
            if found is not None:
                found[0].last_used_at = self._database.now(session)


def ensure_machine_token(home: Path) -> str:
    """The token by which programs of this user on this machine act as the machine: `home/token`, made once.

    Raises `StorageError` where the file cannot be written, or where others can read it.
    """
    path = home / MACHINE_TOKEN
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.exists():
            if path.stat().st_mode & 0o077:
                path.unlink()  # others may have read it: a new one
            elif token := read_machine_token(home):
                return token
        # Complete before it has its name, so that nobody reads half of it.
        handle, temporary = tempfile.mkstemp(dir=home, prefix=".token-")
        try:
            with os.fdopen(handle, "w") as file:
                file.write(new_secret())
            with contextlib.suppress(FileExistsError):
                os.link(temporary, path)
        finally:
            Path(temporary).unlink()
    except OSError as error:
        raise StorageError("people.token_file", path=str(path), reason=error.strerror) from error
    return read_machine_token(home)


def read_machine_token(home: Path) -> str:
    """What is in `home/token`; empty where there is none or it is not ours to read."""
    try:
        return (home / MACHINE_TOKEN).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
