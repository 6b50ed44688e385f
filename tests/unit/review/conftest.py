"""The services on every database, with calls told as lines and a clock that is moved by hand."""

import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from ledger_fakes import RecordingBell
from review_kit import Calls, Clock

from qa.db.engine import Database
from qa.services import open_services
from qa.settings import Settings


@pytest.fixture(scope="session")
def sqlite_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database to copy: so many tests would otherwise migrate one each."""
    path = tmp_path_factory.mktemp("model") / "model.db"
    opened = Database(f"sqlite:///{path}")
    opened.migrate()
    opened.close()
    return path


@pytest.fixture(scope="session")
def postgres_model(postgres_uri: str) -> tuple[Callable[[str], None], Callable[[str], str]]:
    """The same on PostgreSQL: how to run a statement beside all transactions, and the URL of a database."""
    admin = Database(postgres_uri).engine.execution_options(isolation_level="AUTOCOMMIT")

    def run(statement: str) -> None:
        with admin.connect() as connection:
            connection.execute(sa.text(statement))

    def url(name: str) -> str:
        return postgres_uri.replace("/postgres?", f"/{name}?")

    run("CREATE DATABASE review_model")
    opened = Database(url("review_model"))
    opened.migrate()
    opened.close()
    return run, url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated, empty database of each kind."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_model"), tmp_path / "ledger.db")
        yield f"sqlite:///{tmp_path / 'ledger.db'}"
        return
    run, url = request.getfixturevalue("postgres_model")
    name = f"t{secrets.token_hex(6)}"
    run(f"CREATE DATABASE {name} TEMPLATE review_model")
    yield url(name)
    run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def calls(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Calls]:
    bell, clock = RecordingBell(), Clock()
    opened = open_services(Settings(home=tmp_path / "home", database_url=database_url), bell, migrate=True)
    monkeypatch.setattr(opened.database, "_clock", clock)
    yield Calls(opened, bell, clock)
    opened.close()
