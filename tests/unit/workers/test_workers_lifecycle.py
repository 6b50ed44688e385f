"""A worker process builds its pipeline late, and says why where it cannot."""

from pathlib import Path

import pytest
from ledger_fakes import FakePipeline, wav_bytes

from qa.core.errors import ModelError
from qa.core.result import RunStatus
from qa.services import IntakeMeta, open_services
from qa.services.doorbell import Queue
from qa.services.work import PipelineLike
from qa.settings import LedgerSettings, Settings
from workers.lifecycle import WorkerProcess


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", ledger=LedgerSettings(max_attempts=1))


def test_a_pipeline_that_cannot_be_built_is_the_runs_reason(settings: Settings) -> None:
    def broken(_: Settings) -> PipelineLike:
        raise ModelError("models.missing", name="whisper-base")

    services = open_services(settings, migrate=True)
    recording = services.intake.accept_stream([wav_bytes()], IntakeMeta("a.wav")).recording
    WorkerProcess(settings, broken).worker().work(Queue.SPEECH, recording.run.id)
    view = services.recordings.get(recording.id)
    assert view.status is RunStatus.FAILED
    assert view.run.reason is not None
    assert view.run.reason.code == "models.missing"


def test_the_pipeline_is_built_once_and_only_when_needed(settings: Settings) -> None:
    built = []

    def build(_: Settings) -> PipelineLike:
        built.append(FakePipeline())
        return built[-1]

    services = open_services(settings, migrate=True)
    runs = [
        services.intake.accept_stream([wav_bytes(i)], IntakeMeta(f"{i}.wav")).recording.run.id for i in range(2)
    ]
    process = WorkerProcess(settings, build)
    assert process.worker() is process.worker()
    assert built == []
    for run_id in runs:
        process.worker().work(Queue.SPEECH, run_id)
    assert len(built) == 1
