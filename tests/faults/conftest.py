"""A service on a home of its own, ready to be hurt."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_harness import Service, quick_settings

from qa.services import Services, open_services
from qa.settings import Settings
from workers.doorbell import CeleryDoorbell


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return quick_settings(tmp_path / "home")


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    opened = open_services(settings, CeleryDoorbell(settings), migrate=True)
    yield opened
    opened.close()


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    running = Service(settings)
    yield running
    running.stop()
