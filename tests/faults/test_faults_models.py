"""The same with the real models, over HTTP: what was hurt says exactly what was never hurt."""

import base64
import logging
import random
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import msgspec
import pytest
import sqlalchemy as sa
from ledger_harness import Service, all_done, kill, wait_until

from qa.api.client import Client
from qa.core.result import Result, RunStatus
from qa.db.models import ResultRow
from qa.services import Services, open_services
from qa.services.people.tokens import ensure_machine_token
from qa.settings import LedgerSettings, ServerSettings, Settings

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.models, pytest.mark.timeout(1800)]

SAMPLES = Path(__file__).parents[2] / "samples"
CALLS = ("call02_forbidden_promise", "call03_angry_complaint", "call04_rude_agent")
"""The second is mono, so that diarisation is among what is interrupted."""
RECORDINGS, UPLOADS = "/api/v1/recordings", "/api/v1/uploads"
TUS = {"Tus-Resumable": "1.0.0"}
PATIENCE_S = 600.0


@dataclass
class Running:
    """A whole service, a client of it, and the ledger behind it."""

    service: Service
    services: Services
    client: Client
    http: httpx.Client

    def upload(self, path: Path) -> str:
        return self.client.upload(path).id

    def wait(self, for_what: str, *, running: bool = False) -> None:
        if running:
            wait_until(lambda: self.services.recordings.counts().running > 0, for_what, PATIENCE_S)
        else:
            wait_until(lambda: all_done(self.services), for_what, PATIENCE_S)

    def restart(self) -> None:
        self.service.kill_everything()
        self.service.start()
        wait_until(self.client.ready, "the API answers again")

    def results(self) -> dict[str, Result]:
        """By name, everything but what the work cost; each recording has one and no more."""
        found = {}
        for recording in self.client.recordings().items:
            assert recording.status is RunStatus.DONE
            assert len(self.services.recordings.results(recording.id)) == 1
            result = self.client.result(recording.id)
            found[recording.name] = msgspec.structs.replace(result, timings=())
        with self.services.database.read() as session:
            count = session.execute(sa.select(sa.func.count()).select_from(ResultRow)).scalar_one()
        assert count == len(found)
        return found


@contextmanager
def running(home: Path) -> Iterator[Running]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    ledger = LedgerSettings(sweep_seconds=1.0, retry_seconds=0.5)
    settings = Settings(home=home, ledger=ledger, server=ServerSettings(port=port))
    services = open_services(settings, migrate=True)
    service = Service(settings, celery_app="workers.app", api=True)
    service.start()
    try:
        url = f"http://127.0.0.1:{port}"
        headers = {"Authorization": f"Bearer {ensure_machine_token(home)}"}
        with (
            Client(url, home=home) as client,
            httpx.Client(base_url=url, headers=headers, trust_env=False) as http,
        ):
            wait_until(client.ready, "the API answers")
            yield Running(service, services, client, http)
    finally:
        service.stop()
        services.close()


@pytest.fixture(scope="module")
def recordings() -> list[Path]:
    return [next((SAMPLES / call).glob("*.flac")) for call in CALLS]


@pytest.fixture(scope="module")
def left_alone(tmp_path_factory: pytest.TempPathFactory, recordings: list[Path]) -> dict[str, Result]:
    """What comes of the recordings where nothing happens to anybody."""
    with running(tmp_path_factory.mktemp("left_alone") / "home") as undisturbed:
        for path in recordings:
            undisturbed.upload(path)
        undisturbed.wait("every run finished")
        results = undisturbed.results()
    assert sorted(results) == sorted(path.name for path in recordings)
    assert all(result.transcript is not None and result.transcript.turns for result in results.values())
    assert any(result.diarization is not None for result in results.values())
    return results


@pytest.fixture
def chance() -> random.Random:
    seed = random.SystemRandom().randrange(10**6)
    logging.getLogger(__name__).warning("seed %d", seed)
    return random.Random(seed)


def test_real_calls_whose_worker_is_killed_at_five_random_moments(
    tmp_path: Path, recordings: list[Path], left_alone: dict[str, Result], chance: random.Random
) -> None:
    with running(tmp_path / "home") as hurt:
        for path in recordings:
            hurt.upload(path)
        for _ in range(5):
            hurt.wait("a run at work", running=True)
            time.sleep(chance.uniform(0.5, 8))
            kill(hurt.service.speech())
        hurt.wait("every run finished")
        assert hurt.results() == left_alone
        wait_until(lambda: not list((tmp_path / "home" / "scratch").iterdir()), "no working folder is left")


def test_real_calls_whose_broker_is_killed(
    tmp_path: Path, recordings: list[Path], left_alone: dict[str, Result], chance: random.Random
) -> None:
    with running(tmp_path / "home") as hurt:
        for path in recordings[:2]:
            hurt.upload(path)
        hurt.wait("a run at work", running=True)
        time.sleep(chance.uniform(0.5, 8))
        kill(hurt.service.broker())
        hurt.upload(recordings[2])
        hurt.wait("every run finished")
        assert hurt.results() == left_alone


def test_real_calls_when_everything_is_killed_at_once_while_they_are_uploaded_and_worked_on(
    tmp_path: Path, recordings: list[Path], left_alone: dict[str, Result], chance: random.Random
) -> None:
    at_work, in_one_request, by_tus = recordings
    with running(tmp_path / "home") as hurt:
        hurt.upload(at_work)
        hurt.wait("a run at work", running=True)
        time.sleep(chance.uniform(0.5, 8))
        data = by_tus.read_bytes()
        half = len(data) // 2
        upload = begin_tus(hurt, by_tus)
        assert send_tus(hurt, upload, 0, data[:half]) == half
        with pytest.raises(httpx.TransportError):
            send_half(hurt, in_one_request)
        hurt.service.start()
        wait_until(hurt.client.ready, "the API answers again")
        accepted = [item.name for item in hurt.client.recordings().items]
        assert accepted == [at_work.name], "what was not there whole was not accepted"
        hurt.upload(in_one_request)
        confirmed = hurt.http.head(upload, headers=TUS).raise_for_status().headers["Upload-Offset"]
        assert int(confirmed) == half, "what was confirmed is not sent twice"
        assert send_tus(hurt, upload, half, data[half:]) == len(data)
        time.sleep(chance.uniform(0.5, 8))
        hurt.restart()
        hurt.wait("every run finished")
        assert all(hurt.client.upload(path).duplicate for path in recordings)
        assert hurt.results() == left_alone


def send_half(hurt: Running, path: Path) -> None:
    """An upload in one request, half-way through which everything dies."""
    data = path.read_bytes()

    def body() -> Iterator[bytes]:
        yield f'--b\r\nContent-Disposition: form-data; name="file"; filename="{path.name}"\r\n\r\n'.encode()
        yield data[: len(data) // 2]
        hurt.service.kill_everything()
        yield data[len(data) // 2 :] + b"\r\n--b--\r\n"

    hurt.http.post(RECORDINGS, content=body(), headers={"Content-Type": "multipart/form-data; boundary=b"})


def begin_tus(hurt: Running, path: Path) -> str:
    """A resumable upload of which nothing has been sent; returns its address."""
    name = base64.b64encode(path.name.encode()).decode()
    headers = {**TUS, "Upload-Length": str(path.stat().st_size), "Upload-Metadata": f"filename {name}"}
    return hurt.http.post(UPLOADS, headers=headers).raise_for_status().headers["Location"]


def send_tus(hurt: Running, upload: str, offset: int, data: bytes) -> int:
    headers = {**TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset)}
    sent = hurt.http.patch(upload, content=data, headers=headers).raise_for_status()
    return int(sent.headers["Upload-Offset"])
