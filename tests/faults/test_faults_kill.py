"""kill -9 of anything, at any moment: every accepted recording ends with exactly one result, as if undisturbed."""

import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa
from ledger_fakes import FakePipeline, wav_bytes, write_wav

from qa.core.result import RunStatus
from qa.db.models import ResultRow
from qa.pipeline.context import RecordingInput
from qa.services import IntakeMeta, Services, open_services
from qa.settings import IntakeSettings, LedgerSettings, Settings
from workers.doorbell import CeleryDoorbell
from workers.environment import child_environment

pytestmark = [pytest.mark.faults, pytest.mark.slow]

HERE = Path(__file__).parent
PATIENCE_S = 120.0


class Service:
    """`tingjian up` with fake models, in a process group of its own."""

    def __init__(self, settings: Settings, watch: Path | None = None) -> None:
        self.settings = settings
        self.watch = watch
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = child_environment(self.settings)
        environment["PYTHONPATH"] = os.pathsep.join([str(HERE), str(HERE.parent)])
        arguments = [sys.executable, str(HERE / "fault_up.py"), *([str(self.watch)] if self.watch else [])]
        self.process = subprocess.Popen(arguments, env=environment, start_new_session=True)

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

    def speech(self) -> list[psutil.Process]:
        """Parent and pool process of the speech worker."""
        return self.find(lambda line: "celery" in line and "-Q speech" in line)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path / "home",
        intake=IntakeSettings(settle_seconds=0.3),
        ledger=LedgerSettings(
            lease_seconds=3, heartbeat_seconds=0.5, sweep_seconds=0.5, max_attempts=50, retry_seconds=0.1
        ),
    )


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


def wait_until(happened: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
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
        source = RecordingInput(services.recordings.audio_path(recording_id), view.sha256, view.name)
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


def test_the_speech_worker_killed_at_five_random_moments(services: Services, service: Service) -> None:
    seed = random.SystemRandom().randrange(10**6)
    chance = random.Random(seed)
    logging.getLogger(__name__).warning("seed %d", seed)
    service.start()
    ids = accept(services, 14)
    for round_ in range(5):
        wait_until(lambda: services.recordings.counts().running > 0, "a run at work")
        time.sleep(chance.uniform(0, 0.8))
        victims = service.speech()
        # Sometimes the whole worker, sometimes only the process that does the work.
        kill(victims if round_ % 2 else victims[-1:])
    wait_until(lambda: all_done(services), "every run finished")
    one_true_result_each(services, ids)


def test_the_broker_killed_while_work_waits_and_again_while_none_does(
    services: Services, service: Service
) -> None:
    service.start()
    ids = accept(services, 4)
    wait_until(lambda: services.recordings.counts().running > 0, "a run at work")
    kill(service.find(lambda line: "valkey-server" in line))
    wait_until(lambda: all_done(services), "every run finished")
    kill(service.find(lambda line: "valkey-server" in line))
    more = [
        services.intake.accept_stream([wav_bytes(seed)], IntakeMeta(f"{seed}.wav")).recording.id
        for seed in (100, 101)
    ]
    wait_until(lambda: all_done(services), "workers hear the bell again")
    one_true_result_each(services, ids + more)


def test_everything_killed_at_once_and_started_again(services: Services, service: Service) -> None:
    service.start()
    ids = accept(services, 5)
    wait_until(lambda: services.recordings.counts().done > 0, "the first run finished")
    family = service.family()
    kill(family)
    assert service.process is not None
    service.process.wait(10)
    psutil.wait_procs(family, timeout=10)
    service.start()
    wait_until(lambda: all_done(services), "every run finished")
    one_true_result_each(services, ids)


def test_a_killed_supervisor_leaves_no_orphan(services: Services, service: Service) -> None:
    service.start()
    wait_until(lambda: len(service.speech()) > 1, "the speech worker's pool")
    family = service.family()
    assert len(family) >= 6, [process.name() for process in family]
    assert service.process is not None
    service.process.kill()
    service.process.wait(10)
    _, alive = psutil.wait_procs(family, timeout=10)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []


def test_a_stop_in_the_middle_loses_nothing_and_counts_no_attempt(services: Services, service: Service) -> None:
    service.start()
    ids = accept(services, 3)
    wait_until(lambda: services.recordings.counts().running > 0, "a run at work")
    family = service.family()
    began = time.monotonic()
    service.stop()
    assert time.monotonic() - began < 10, "everything is down within ten seconds"
    assert service.process is not None
    assert service.process.returncode == 0
    _, alive = psutil.wait_procs(family, timeout=5)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
    assert services.recordings.counts().running == 0
    service.start()
    wait_until(lambda: all_done(services), "every run finished")
    one_true_result_each(services, ids)
    assert {services.recordings.get(recording_id).run.attempts for recording_id in ids} == {1}


def test_a_second_instance_on_the_same_home_is_refused(service: Service, settings: Settings) -> None:
    from qa.core.errors import ConflictError
    from workers.supervisor import Supervisor

    service.start()
    wait_until(lambda: len(service.speech()) > 0, "the first instance")
    with pytest.raises(ConflictError):
        Supervisor(settings).run(api=False)


def test_a_watched_folder_is_taken_in_through_a_running_service(
    services: Services, settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    service = Service(settings, folder)
    service.start()
    try:
        data = wav_bytes(7)
        growing = folder / "slow.wav"
        with growing.open("wb") as out:
            for start in range(0, len(data), 20_000):
                out.write(data[start : start + 20_000])
                out.flush()
                threading.Event().wait(0.1)
        write_wav(folder / "whole.wav", 8)
        wait_until(lambda: services.recordings.counts().done == 2, "both taken in and done")
        assert {item.sha256 for item in services.recordings.list().items} == {
            sha256(wav_bytes(seed)).hexdigest() for seed in (7, 8)
        }
    finally:
        service.stop()


def test_signals_are_given_back(settings: Settings) -> None:
    before = signal.getsignal(signal.SIGTERM)
    from workers.supervisor import Supervisor

    supervisor = Supervisor(settings, celery_app="fault_worker_app")
    supervisor.stop()
    assert supervisor.run(api=False) == 0
    assert signal.getsignal(signal.SIGTERM) == before
