"""Migrations, ids and transactions on every database the ledger runs on."""

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from qa.core.errors import BadOptionError, DependencyError, StorageError
from qa.db.audit import AuditTrail
from qa.db.engine import Database
from qa.db.ids import new_id
from qa.db.migrate import current_revision, head_revision
from qa.db.models import AuditEventRow, Base


def test_migrations_make_exactly_the_tables_of_the_models(database: Database) -> None:
    assert current_revision(database) == head_revision()
    with database.read() as session:
        # The text index is an FTS5 table here and a table with a GIN index there, and so in no model.
        opts = {"compare_type": True, "include_name": lambda name, *_: not str(name).startswith("search_index")}
        context = MigrationContext.configure(session.connection(), opts=opts)
        assert compare_metadata(context, Base.metadata) == []


def test_migrating_again_or_from_many_threads_at_once_changes_nothing(empty_database_url: str) -> None:
    def migrate(_: int) -> None:
        opened = Database(empty_database_url)
        opened.migrate()
        opened.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrate, range(4)))
    opened = Database(empty_database_url)
    assert current_revision(opened) == head_revision()
    opened.close()


def test_a_schema_from_the_future_is_refused(database: Database) -> None:
    with database.write() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(BadOptionError):
        database.migrate()


def test_times_come_back_as_they_went_in_and_in_utc(database: Database) -> None:
    at = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
    with database.write() as session:
        AuditTrail(session).add("default", at, "a", "b", None)
    with database.read() as session:
        assert session.scalars(sa.select(AuditEventRow.at)).one() == at
        assert database.now(session).tzinfo is UTC


def test_an_error_rolls_everything_back(database: Database) -> None:
    def break_off() -> None:
        with database.write() as session:
            AuditTrail(session).add("default", datetime.now(UTC), "a", "b", None)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    with database.read() as session:
        assert session.scalars(sa.select(AuditEventRow)).all() == []


def _count_up(url: str, times: int) -> None:
    database = Database(url)
    for _ in range(times):
        with database.write() as session:
            value = session.execute(sa.text("SELECT value FROM counter")).scalar_one()
            session.execute(sa.text("UPDATE counter SET value = :value"), {"value": value + 1})


def test_sqlite_loses_no_update_among_six_processes(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'count.db'}"
    database = Database(url)
    with database.write() as session:
        session.execute(sa.text("CREATE TABLE counter (value INTEGER)"))
        session.execute(sa.text("INSERT INTO counter VALUES (0)"))
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_count_up, args=(url, 20)) for _ in range(6)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    with database.read() as session:
        assert session.execute(sa.text("SELECT value FROM counter")).scalar_one() == 120


def test_ids_grow_also_when_made_by_many_threads() -> None:
    with ThreadPoolExecutor(8) as pool:
        batches = list(pool.map(lambda _: [new_id() for _ in range(500)], range(8)))
    for batch in batches:
        assert batch == sorted(batch)
    everything = [one for batch in batches for one in batch]
    assert len(set(everything)) == 4000
    assert all(len(one) == 32 and one[12] == "7" for one in everything)


def test_a_database_out_of_reach_is_told_in_one_sentence() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(DependencyError):
        database.ping()


@pytest.mark.parametrize("url", ["mysql://root@localhost/x", "not a url"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(BadOptionError):
        Database(url)


def test_a_sqlite_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        Database(f"sqlite:///{tmp_path / 'file' / 'x.db'}")
