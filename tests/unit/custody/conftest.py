"""The services on every database, with rules of retention where a test brings them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ledger_fakes import RecordingBell

from qa.services import Services, open_services
from qa.settings import CustodySettings, Settings

Open = Callable[[CustodySettings], Services]


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> Iterator[Open]:
    """Opens services on one home and database, as often as wanted."""
    opened: list[Services] = []

    def make(options: CustodySettings) -> Services:
        settings = Settings(home=tmp_path / "home", database_url=database_url, custody=options)
        opened.append(open_services(settings, RecordingBell(), migrate=True))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def services(house: Open) -> Services:
    return house(CustodySettings())
