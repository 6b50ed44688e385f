"""The real broker, prefork workers and supervisor, undisturbed and hurt once; `make faults` hurts them more."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_harness import Service, accept, all_done, kill, one_true_result_each, quick_settings, wait_until

from qa.services import open_services
from qa.services.doorbell import Queue
from workers.doorbell import CeleryDoorbell

pytestmark = pytest.mark.slow


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    running = Service(quick_settings(tmp_path / "home"))
    yield running
    running.stop()


def test_every_recording_gets_one_result_although_worker_and_broker_are_killed_and_bells_ring_twice(
    service: Service,
) -> None:
    bell = CeleryDoorbell(service.settings)
    services = open_services(service.settings, bell, migrate=True)
    ids = accept(services, 2)
    assert bell.waiting(Queue.SPEECH) is None, "the broker does not run yet, and nobody minds"
    service.start()
    wait_until(lambda: services.recordings.counts().running > 0, "the sweeper rings for what was never rung")
    for recording_id in ids:
        bell.ring(Queue.SPEECH, services.recordings.get(recording_id).run.id)
    kill(service.speech())
    wait_until(lambda: all_done(services), "the worker came back")
    kill(service.broker())
    ids += [view.id for view in [services.recordings.get(i) for i in accept(services, 3)] if view.id not in ids]
    wait_until(lambda: all_done(services), "the workers hear the new broker")
    one_true_result_each(services, ids)
    assert len(ids) == 3
    rescan = services.analysis.rescan(ids[0])
    wait_until(lambda: all_done(services), "the light worker judged again")
    assert services.recordings.get(ids[0]).run.id == rescan.id
    assert len(services.recordings.results(ids[0])) == 2
    services.close()
