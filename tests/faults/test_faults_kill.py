"""kill -9 of anything, at any moment: every accepted recording ends with exactly one result, as if undisturbed."""

import logging
import random
import signal
import threading
import time
from hashlib import sha256
from pathlib import Path

import psutil
import pytest
from ledger_fakes import wav_bytes, write_wav
from ledger_harness import Service, accept, all_done, kill, one_true_result_each, wait_until

from qa.core.errors import ConflictError
from qa.services import IntakeMeta, Services
from qa.settings import Settings
from workers.supervisor import Supervisor

pytestmark = [pytest.mark.faults, pytest.mark.slow]


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
    kill(service.broker())
    wait_until(lambda: all_done(services), "every run finished")
    kill(service.broker())
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
    service.kill_everything()
    service.start()
    wait_until(lambda: all_done(services), "every run finished")
    one_true_result_each(services, ids)


def test_a_killed_supervisor_leaves_no_orphan(services: Services, service: Service) -> None:
    service.start()
    wait_until(lambda: len(service.family()) >= 6, "supervisor, broker, two workers and their pools")
    family = service.family()
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
    supervisor = Supervisor(settings, celery_app="ledger_worker_app")
    supervisor.stop()
    assert supervisor.run(api=False) == 0
    assert signal.getsignal(signal.SIGTERM) == before
