"""A disk that is really full: what was accepted stays, what is refused leaves nothing."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from ledger_fakes import FakePipeline, RecordingBell, wav_bytes
from sqlalchemy import text

from qa.core.errors import StorageError
from qa.core.result import RunStatus
from qa.services import IntakeMeta, open_services
from qa.services.doorbell import Queue
from qa.services.work import Worker
from qa.settings import LedgerSettings, Settings

pytestmark = pytest.mark.faults


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Three megabytes, no more."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("a small disk can only be mounted by root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(path: Path) -> None:
    """Write until nothing more fits."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * 4096):
            continue


def test_uploads_and_runs_meet_a_full_disk_and_go_on_once_there_is_room(small_disk: Path) -> None:
    options = LedgerSettings(retry_seconds=0)
    services = open_services(Settings(home=small_disk, ledger=options), migrate=True)
    kept = services.intake.accept_stream([wav_bytes(1)], IntakeMeta("kept.wav")).recording
    with pytest.raises(StorageError) as caught:
        services.intake.accept_stream([wav_bytes(2, seconds=600)], IntakeMeta("big.wav"))
    assert caught.value.message.code == "ledger.disk_full"
    assert list((small_disk / "spool").iterdir()) == []
    assert services.recordings.open_sound(kept.id).read() == wav_bytes(1)

    ballast = small_disk / "ballast"
    fill(ballast)
    worker = Worker(services.database, services.vault, RecordingBell(), options, FakePipeline())
    with pytest.raises(StorageError):
        services.intake.accept_stream([wav_bytes(3)], IntakeMeta("late.wav"))
    with suppress(StorageError):
        worker.work(Queue.SPEECH, kept.run.id)
    assert services.recordings.get(kept.id).status in (RunStatus.QUEUED, RunStatus.RUNNING)

    ballast.unlink()
    with services.database.write() as session:
        session.execute(text("UPDATE run SET lease_until = NULL, lease_owner = 'gone' WHERE status = 'running'"))
    services.analysis.sweep()
    worker.work(Queue.SPEECH, kept.run.id)
    assert services.recordings.get(kept.id).status is RunStatus.DONE
    assert len(services.recordings.results(kept.id)) == 1
    services.close()
