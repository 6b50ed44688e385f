"""The services on every database, with calls told as lines and a clock that is moved by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_fakes import RecordingBell
from review_kit import Calls, Clock

from qa.services import open_services
from qa.settings import Settings


@pytest.fixture
def calls(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Calls]:
    bell, clock = RecordingBell(), Clock()
    opened = open_services(Settings(home=tmp_path / "home", database_url=database_url), bell, migrate=True)
    monkeypatch.setattr(opened.database, "_clock", clock)
    yield Calls(opened, bell, clock)
    opened.close()
