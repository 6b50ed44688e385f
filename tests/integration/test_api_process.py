"""The real service as a process of its own, watched and limited from outside."""

import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest
from ledger_fakes import wav_bytes

from qa.services.people.tokens import ensure_machine_token

RECORDINGS = "/api/v1/recordings"
LARGE = 300 * 2**20
BLOCK = b"\0" * 2**20


@contextmanager
def service(
    home: Path, limit: Callable[[], None] | None = None, **more: str
) -> Iterator[tuple[httpx.Client, psutil.Process]]:
    environment = {
        **os.environ,
        "TINGJIAN_HOME": str(home),
        "TINGJIAN_LOCALE": "en",
        "TINGJIAN_SERVER__PORT": "0",
        "TINGJIAN_SERVER__MIN_FREE_BYTES": "0",
        **more,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "qa.api"], env=environment, stdout=subprocess.PIPE, text=True, preexec_fn=limit
    )
    assert process.stdout is not None
    try:
        url = process.stdout.readline().strip()
        headers = {"Authorization": f"Bearer {ensure_machine_token(home)}"}
        with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=120) as client:
            yield client, psutil.Process(process.pid)
    finally:
        process.terminate()
        assert process.wait(15) in (0, -signal.SIGTERM)


def body() -> Iterator[bytes]:
    yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    for _ in range(LARGE // len(BLOCK)):
        yield BLOCK
    yield b"\r\n--b--\r\n"


@pytest.mark.slow
def test_a_large_upload_costs_no_memory(tmp_path: Path) -> None:
    with service(tmp_path / "home") as (client, process):
        client.get(RECORDINGS)
        before = process.memory_info().rss
        peak, done = [before], threading.Event()

        def watch() -> None:
            while not done.wait(0.02):
                peak[0] = max(peak[0], process.memory_info().rss)

        watcher = threading.Thread(target=watch)
        watcher.start()
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        response = client.post(RECORDINGS, content=body(), headers=headers)
        done.set()
        watcher.join()
    assert response.status_code == 422
    assert peak[0] - before < 64 * 2**20


def test_a_disk_that_takes_no_more_is_one_sentence_and_harms_nothing(tmp_path: Path) -> None:
    def no_file_over_two_megabytes() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2 * 2**20, 2 * 2**20))

    with service(tmp_path / "home", no_file_over_two_megabytes) as (client, _):
        first = client.post(RECORDINGS, files={"file": ("a.wav", wav_bytes(1))})
        refused = client.post(RECORDINGS, files={"file": ("b.wav", wav_bytes(2, seconds=300))})
        assert (first.status_code, refused.status_code) == (201, 507)
        assert refused.headers["content-type"] == "application/problem+json"
        assert [item["name"] for item in client.get(RECORDINGS).json()["items"]] == ["a.wav"]
        assert client.get(first.headers["Location"] + "/audio").content == wav_bytes(1)
        assert list((tmp_path / "home" / "spool").iterdir()) == []


def test_the_log_of_the_service_hides_numbers_of_people(tmp_path: Path) -> None:
    with service(tmp_path / "home") as (client, _):
        client.post(RECORDINGS, files={"file": ("13800138000.wav", wav_bytes(1))})
    log = (tmp_path / "home" / "logs" / "api.jsonl").read_text()
    assert "intake.accepted" in log
    assert "13800138000" not in log


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"TINGJIAN_SERVER__HOST": "203.0.113.9", "TINGJIAN_SERVER__TOKEN": "long-enough-token"}, "203.0.113.9"),
        ({"TINGJIAN_SERVER__TOKEN": "short"}, "server.token"),
    ],
)
def test_what_cannot_be_served_is_one_sentence(tmp_path: Path, more: dict[str, str], said: str) -> None:
    environment = {**os.environ, "TINGJIAN_HOME": str(tmp_path), "TINGJIAN_LOCALE": "en", **more}
    ended = subprocess.run(
        [sys.executable, "-m", "qa.api"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 2
    assert said in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with service(tmp_path / "home") as (client, _):
        environment = {
            **os.environ,
            "TINGJIAN_HOME": str(tmp_path / "other"),
            "TINGJIAN_LOCALE": "en",
            "TINGJIAN_SERVER__PORT": str(client.base_url.port),
        }
        ended = subprocess.run(
            [sys.executable, "-m", "qa.api"], env=environment, capture_output=True, text=True, timeout=60
        )
    assert ended.returncode == 6
    assert "is taken by another program" in ended.stderr
