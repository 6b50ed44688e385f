"""The services on every database, with a bell that remembers."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ledger_fakes import FakePipeline, RecordingBell

from qa.db.engine import Database
from qa.services import Services, open_services
from qa.services.work import Worker
from qa.settings import LedgerSettings, Settings


@pytest.fixture
def bell() -> RecordingBell:
    return RecordingBell()


@pytest.fixture
def services(tmp_path: Path, database_url: str, bell: RecordingBell) -> Iterator[Services]:
    settings = Settings(
        home=tmp_path / "home",
        database_url=database_url,
        ledger=LedgerSettings(lease_seconds=60, heartbeat_seconds=0.05, max_attempts=3, retry_seconds=0.0),
    )
    opened = open_services(settings, bell, migrate=True)
    yield opened
    opened.close()


@pytest.fixture
def make_worker(services: Services, bell: RecordingBell) -> Callable[..., Worker]:
    def make(pipeline: FakePipeline, batch: int = 1, database: Database | None = None) -> Worker:
        return Worker(
            database or services.database, services.vault, bell, services.settings.ledger, pipeline, batch
        )

    return make
