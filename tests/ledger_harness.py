"""Runs the real supervisor, broker and workers over a fake pipeline, and looks into what became of recordings."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import sqlalchemy as sa
from ledger_fakes import FakePipeline, wav_bytes

from qa.core.result import RunStatus
from qa.db.models import ResultRow
from qa.pipeline.context import RecordingInput
from qa.services import IntakeMeta, Services
from qa.settings import IntakeSettings, LedgerSettings, Settings
from workers.environment import child_environment

HERE = Path(__file__).parent
PATIENCE_S = 120.0


class Service:
    """`tingjian up`, without the API and with fake models unless told otherwise."""

    def __init__(
        self,
        settings: Settings,
        watch: Path | None = None,
        celery_app: str = "ledger_worker_app",
        *,
        api: bool = False,
    ) -> None:
        self.settings = settings
        self.watch = watch
        self.celery_app = celery_app
        self.api = api
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = child_environment(self.settings)
        inherited = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = os.pathsep.join([str(HERE), *([inherited] if inherited else [])])
        arguments = [
            sys.executable,
            str(HERE / "ledger_up.py"),
            self.celery_app,
            *(["--api"] if self.api else []),
            *(["--watch", str(self.watch)] if self.watch else []),
        ]
        self.process = subprocess.Popen(arguments, env=environment, start_new_session=True)

    def kill_everything(self) -> None:
        """SIGKILL to the supervisor and all below it at once; returns when they are gone."""
        family = self.family()
        kill(family)
        assert self.process is not None
        self.process.wait(10)
        psutil.wait_procs(family, timeout=10)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)

    def family(self) -> list[psutil.Process]:
        """The supervisor and everything below it."""
        assert self.process is not None
        top = psutil.Process(self.process.pid)
        return [top, *top.children(recursive=True)]

    def find(self, wanted: Callable[[str], bool]) -> list[psutil.Process]:
        found = []
        for process in self.family():
            try:
                if wanted(" ".join(process.cmdline())):
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def broker(self) -> list[psutil.Process]:
        return self.find(lambda line: "valkey-server" in line)

    def speech(self) -> list[psutil.Process]:
        """Parent and pool process of the speech worker."""
        return self.find(lambda line: "celery" in line and "-Q speech" in line)


def quick_settings(home: Path) -> Settings:
    """Leases and sweeps short enough that a test sees them end."""
    return Settings(
        home=home,
        intake=IntakeSettings(settle_seconds=0.3),
        ledger=LedgerSettings(
            lease_seconds=3, heartbeat_seconds=0.5, sweep_seconds=0.5, max_attempts=50, retry_seconds=0.1
        ),
    )


def wait_until(happened: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    end = time.monotonic() + patience_s
    while not happened():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.02)


def accept(services: Services, count: int) -> list[str]:
    return [
        services.intake.accept_stream([wav_bytes(seed)], IntakeMeta(f"{seed}.wav")).recording.id
        for seed in range(count)
    ]


def all_done(services: Services) -> bool:
    counts = services.recordings.counts()
    return counts.queued == counts.running == 0


def one_true_result_each(services: Services, ids: list[str]) -> None:
    pipeline = FakePipeline()
    for recording_id in ids:
        view = services.recordings.get(recording_id)
        assert view.status is RunStatus.DONE
        assert len(services.recordings.results(recording_id)) == 1
        source = RecordingInput(Path(view.name), view.sha256, view.name)
        assert services.recordings.result(recording_id).result == pipeline.result(source)
    with services.database.read() as session:
        count = session.execute(sa.select(sa.func.count()).select_from(ResultRow)).scalar_one()
    assert count == len(ids)


def kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
