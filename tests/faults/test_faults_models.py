"""The same with the real models: what was interrupted five times says exactly what was never interrupted."""

import logging
import random
import time
from pathlib import Path

import msgspec
import pytest
from ledger_harness import Service, all_done, kill, wait_until

from qa.core.result import Result, RunStatus
from qa.services import IntakeMeta, Services, open_services
from qa.settings import LedgerSettings, Settings
from workers.doorbell import CeleryDoorbell

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.models]

SAMPLES = Path(__file__).parents[2] / "samples"
CALLS = ("call04_rude_agent", "call03_angry_complaint")
PATIENCE_S = 500.0


def _accept(services: Services) -> list[str]:
    found = [next((SAMPLES / call).glob("*.flac")) for call in CALLS]
    return [services.intake.accept_file(path, IntakeMeta(path.name)).recording.id for path in found]


def _results(services: Services, ids: list[str]) -> list[Result]:
    """Everything but what the work cost, and the last digit of where each voice lies.

    Those come from sums of float32 that threads take in varying order, and are kept to four decimals; whatever
    follows from them (segments, roles, turns, findings) has to be equal.
    """
    for recording_id in ids:
        assert services.recordings.get(recording_id).status is RunStatus.DONE
        assert len(services.recordings.results(recording_id)) == 1
    return [_comparable(services.recordings.result(recording_id).result) for recording_id in ids]


def _comparable(result: Result) -> Result:
    voices = result.diarization and msgspec.structs.replace(result.diarization, voices=())
    return msgspec.structs.replace(result, timings=(), diarization=voices)


def _analysed(home: Path, kills: int, chance: random.Random) -> list[Result]:
    settings = Settings(home=home, ledger=LedgerSettings(sweep_seconds=1.0, retry_seconds=0.5))
    services = open_services(settings, CeleryDoorbell(settings), migrate=True)
    service = Service(settings, celery_app="workers.app")
    service.start()
    try:
        ids = _accept(services)
        for _ in range(kills):
            wait_until(lambda: services.recordings.counts().running > 0, "a run at work", PATIENCE_S)
            time.sleep(chance.uniform(0.5, 8))
            if all_done(services):
                break
            kill(service.speech())
        wait_until(lambda: all_done(services), "every run finished", PATIENCE_S)
        return _results(services, ids)
    finally:
        service.stop()
        services.close()


@pytest.mark.timeout(1800)
def test_real_calls_interrupted_five_times_have_the_results_of_calls_left_alone(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    logging.getLogger(__name__).warning("seed %d", seed)
    disturbed = _analysed(tmp_path / "disturbed", 5, random.Random(seed))
    assert disturbed == _analysed(tmp_path / "left_alone", 0, random.Random(seed))
    assert all(result.transcript is not None and result.transcript.turns for result in disturbed)
