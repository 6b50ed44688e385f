"""Brings a database to the schema of this version."""

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from qa.core.errors import BadOptionError

if TYPE_CHECKING:
    from qa.db.engine import Database

# Any constant will do as long as it never changes: it keeps two starting services from migrating at once.
_ADVISORY_LOCK = 7_331_002


def upgrade(database: "Database") -> None:
    """Apply what is missing, in one transaction. Raises `BadOptionError` for a schema newer than the code."""
    config = _config()
    with database.write() as session:
        if not database.is_sqlite:
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        connection = session.connection()
        current = MigrationContext.configure(connection).get_current_revision()
        script = ScriptDirectory.from_config(config)
        if current is not None and current not in {revision.revision for revision in script.walk_revisions()}:
            raise BadOptionError("ledger.newer_schema", revision=current)
        if current != script.get_current_head():
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def current_revision(database: "Database") -> str | None:
    """The revision the database is at; None for an empty one."""
    with database.read() as session:
        return MigrationContext.configure(session.connection()).get_current_revision()


def head_revision() -> str | None:
    """The revision this code wants."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
