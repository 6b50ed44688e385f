"""Connections and transactions, the same for SQLite and PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from qa.core.errors import BadOptionError, DependencyError, StorageError

BUSY_TIMEOUT_S = 30
"""How long a SQLite writer waits for another one."""

_WRITE = "tingjian_write"


class Database:
    """One database. `read()` and `write()` open a transaction each: commit at the end, roll back on an error."""

    def __init__(self, url: str, *, clock: Callable[[], datetime] | None = None) -> None:
        """Connect lazily to `url` (SQLAlchemy form; a bare `postgresql://` means psycopg 3)."""
        self.url = _driver_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._clock = clock
        self._engine = _sqlite_engine(self.url) if self.is_sqlite else _server_engine(self.url)
        self._readers = sessionmaker(self._engine, expire_on_commit=False)
        self._writers = sessionmaker(self._engine.execution_options(**{_WRITE: True}), expire_on_commit=False)

    @property
    def engine(self) -> Engine:
        """For migrations and tests."""
        return self._engine

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that only looks."""
        with _translated(), self._readers() as session, session.begin():
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that changes something. On SQLite it takes the write lock at once (`BEGIN IMMEDIATE`):
        one that read first and wrote later would lose updates."""
        with _translated(), self._writers() as session, session.begin():
            yield session

    def now(self, session: Session) -> datetime:
        """The time that leases are measured by: the database server's, so that hosts need not agree."""
        if self._clock is not None:
            return self._clock()
        if self.is_sqlite:
            return datetime.now(UTC)
        moment: datetime = session.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return moment.astimezone(UTC)

    def migrate(self) -> None:
        """Bring the schema to the newest version; safe when several processes start at once."""
        from qa.db.migrate import upgrade

        with _translated():
            upgrade(self)

    def ping(self) -> None:
        """Raises `DependencyError` where the database does not answer."""
        with self.read() as session:
            session.execute(sa.text("SELECT 1"))

    def forget_deleted(self) -> None:
        """Empty SQLite's write-ahead log, in which deleted rows still stand; where somebody reads, the next time.

        Nothing to do elsewhere: there it is the server's to recycle.
        """
        if not self.is_sqlite:
            return
        raw = self._engine.raw_connection()
        try:
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            raw.close()

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def forget_connections(self) -> None:
        """Drop inherited connections without closing them: to be called in a child after a fork."""
        self._engine.dispose(close=False)


def _driver_url(url: str) -> sa.URL:
    try:
        parsed = make_url(url)
    except sa.exc.ArgumentError:
        raise BadOptionError("ledger.bad_database_url") from None
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise BadOptionError("ledger.bad_database_url")
    return parsed


def _server_engine(url: sa.URL) -> Engine:
    return sa.create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 10})


class _HintingCompiler(SQLiteCompiler):
    """Passes hints of the form `INDEXED BY name` on, which SQLAlchemy leaves out for SQLite."""

    def get_from_hint_text(self, _table: object, text: str | None) -> str | None:
        """What stands after the name of a table."""
        return text


def _sqlite_engine(url: sa.URL) -> Engine:
    if url.database:
        try:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StorageError("ledger.not_writable", path=str(Path(url.database).parent)) from error
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False})
    engine.dialect.statement_compiler = _HintingCompiler

    # Imported late: it knows the tables, which are made after the engine.
    from qa.db.words import search_words

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        # The driver's own transactions begin late and silently; ours begin where we say.
        connection.isolation_level = None
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "trusted_schema = ON",
            # What is deleted is overwritten, not only let go.
            "secure_delete = ON",
        ):
            connection.execute(f"PRAGMA {pragma}")
        # Called by the triggers that keep the text index.
        connection.create_function("search_words", 2, search_words, deterministic=True)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get(_WRITE, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


@contextmanager
def _translated() -> Iterator[None]:
    """A database that cannot be reached or written is the machine's trouble, told in one sentence."""
    try:
        yield
    except OperationalError as error:
        if any(sign in str(error.orig) for sign in ("disk is full", "disk I/O error", "No space left")):
            raise StorageError("ledger.disk_full") from error
        if "readonly" in str(error.orig):
            raise StorageError("ledger.not_writable", path="database") from error
        raise DependencyError("ledger.database_unreachable") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise DependencyError("ledger.database_unreachable") from error
        raise
