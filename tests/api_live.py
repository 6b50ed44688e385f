"""The real application under a real server on a free port; only the models are replaced, by `ledger_fakes`."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from ledger_fakes import FakePipeline, RecordingBell

from qa.api.app import create_app
from qa.api.client import Client
from qa.api.server import address, bind
from qa.services import Services, open_services
from qa.services.people.tokens import ensure_machine_token
from qa.services.work import Worker
from qa.settings import PeopleSettings, Settings

CHEAP = PeopleSettings(argon2_memory_kib=8192, argon2_passes=1, argon2_lanes=1, attempts_per_minute=10_000)
"""Hashing that costs a test next to nothing."""


@dataclass
class LiveApi:
    """A service that answers at `url`."""

    url: str
    settings: Settings
    services: Services
    bell: RecordingBell
    pipeline: FakePipeline
    server: uvicorn.Server
    thread: threading.Thread
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.url, headers=self.headers, trust_env=False, timeout=60)

    @property
    def headers(self) -> dict[str, str]:
        """Of a program on this machine: the machine's own token."""
        return {"Accept-Language": "en", "Authorization": f"Bearer {ensure_machine_token(self.settings.home)}"}

    def client(self) -> Client:
        """A client of its own connection."""
        return Client(self.url, home=self.settings.home)

    @property
    def alive(self) -> bool:
        """Whether the server still runs."""
        return self.thread.is_alive()

    def stop(self) -> None:
        """What SIGTERM does."""
        self.server.should_exit = True
        self.thread.join(10)

    def work(self) -> None:
        """Do everything that was rung for."""
        worker = Worker(
            self.services.database, self.services.vault, self.bell, self.settings.ledger, self.pipeline
        )
        while self.bell.rings:
            queue, run_id = self.bell.rings.pop(0)
            worker.work(queue, run_id)


def api_settings(home: Path, database_url: str = "", **server: Any) -> Settings:
    """Settings that leave the machine's own alone."""
    intake = server.pop("intake", {})
    return Settings(
        home=home,
        database_url=database_url,
        intake=intake,
        people=CHEAP,
        server={"min_free_bytes": 0, **server},
    )


@contextmanager
def live_api(settings: Settings) -> Iterator[LiveApi]:
    """Start the service in a thread; stop it and close everything afterwards."""
    bell = RecordingBell(length=0)
    services = open_services(settings, bell, migrate=True)
    app = create_app(settings, services=services, doorbell=bell)
    bound = bind("127.0.0.1", 0)
    config = uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    live = LiveApi(address(bound), settings, services, bell, FakePipeline(), server, thread)
    try:
        live.http.get("/healthz")
        yield live
    finally:
        live.http.close()
        live.stop()
        bound.close()
        services.close()
