"""The real pages under a real server, with people of every job and calls whose results are those of the samples.

The four sample calls were analysed once with the real models; `tests/browser/results.json.gz` holds what came of
it. Write it again after a change to results:

    tingjian scan samples/*/*.flac --json results.json
    python tests/web_live.py results.json
"""

import gzip
import json
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import msgspec
import uvicorn
from api_live import CHEAP
from fastapi import FastAPI
from fastapi.testclient import TestClient
from ledger_fakes import FakePipeline, RecordingBell, wav_bytes

from qa.api.csrf import HEADER, SESSION_COOKIE, csrf_token
from qa.api.server import address, bind
from qa.core.messages import message
from qa.core.people import SYSTEM, Job
from qa.core.result import Result
from qa.pipeline.context import Phase, Progress, RecordingInput, RunFailure, StageCache
from qa.services import IntakeMeta, Services, open_services
from qa.services.doorbell import Queue
from qa.services.people.accounts import Changes
from qa.services.people.sessions import Where
from qa.services.work import Worker
from qa.settings import Settings
from qa.web.app import create_app

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "browser" / "results.json.gz"
PASSWORD = "correct horse battery 9"
EAST, SOUTH = "华东一组", "华南二组"
PEOPLE = {
    "administrator": ("ada", "安达", Job.ADMINISTRATOR, (), None),
    "compliance": ("chen", "陈晓", Job.COMPLIANCE, (), None),
    "supervisor": ("lin", "林峰", Job.SUPERVISOR, (EAST,), None),
    "reviewer": ("wang", "王敏", Job.REVIEWER, (), None),
    "agent": ("lijing", "李静", Job.AGENT, (EAST,), "李静"),
    "auditor": ("zhao", "赵磊", Job.AUDITOR, (), None),
}
"""Job -> login, name, job, teams, agent."""
AGENTS = (("李静", EAST), ("周涛", EAST), ("吴倩", SOUTH), ("郑凯", SOUTH))


@cache
def sample_results() -> tuple[Result, ...]:
    """What the real pipeline made of the samples."""
    return msgspec.json.decode(gzip.decompress(RESULTS.read_bytes()), type=tuple[Result, ...])


class SamplePipeline:
    """Knows the samples by their content; every other recording is given the result of one of them."""

    def run(
        self, inputs: Sequence[RecordingInput], cache: StageCache, progress: Progress, phase: Phase
    ) -> list[Result | RunFailure]:
        return [self._one(index, source, progress) for index, source in enumerate(inputs)]

    def _one(self, index: int, source: RecordingInput, progress: Progress) -> Result | RunFailure:
        if "broken" in source.name:
            return RunFailure(message("audio.no_sound", name=source.name), "decode", retryable=False)
        for stage in ("decode", "transcribe", "rules"):
            progress(index, stage, 1.0, 1.0)
        results = sample_results()
        own = next((result for result in results if result.sha256 == source.sha256), None)
        model = own or results[int(source.sha256, 16) % len(results)]
        return msgspec.structs.replace(
            model, sha256=source.sha256, name=source.name, attributes=dict(source.attributes)
        )


@dataclass
class LiveWeb:
    """A service with pages at `url`."""

    url: str
    settings: Settings
    services: Services
    bell: RecordingBell
    server: uvicorn.Server
    thread: threading.Thread

    def work(self) -> None:
        """Do everything that was rung for."""
        worker = Worker(
            self.services.database, self.services.vault, self.bell, self.settings.ledger, SamplePipeline()
        )
        while self.bell.rings:
            queue, run_id = self.bell.rings.pop(0)
            worker.work(queue, run_id)

    def judged(self, name: str, seed: int, outcome: Callable[[RecordingInput], Result]) -> str:
        """A recording of no words whose result is made up; its id."""
        services = self.services
        recording = services.intake.accept_stream([wav_bytes(seed)], IntakeMeta(name)).recording
        pipeline = FakePipeline(outcome=outcome)
        worker = Worker(services.database, services.vault, RecordingBell(), services.settings.ledger, pipeline)
        worker.work(Queue.SPEECH, recording.run.id)
        return recording.id

    def session(self, job: str) -> str:
        """The cookie of a new session of the person with this job."""
        login = PEOPLE[job][0]
        return self.services.people.sessions.sign_in(login, PASSWORD, Where("127.0.0.1", "test")).token


@contextmanager
def live_web(settings: Settings) -> Iterator[LiveWeb]:
    """Start the pages in a thread; stop them and close everything afterwards."""
    bell = RecordingBell(length=0)
    services = open_services(settings, bell, migrate=True)
    app = create_app(settings, services=services, doorbell=bell)
    bound = bind("127.0.0.1", 0)
    config = uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    try:
        yield LiveWeb(address(bound), settings, services, bell, server, thread)
    finally:
        server.should_exit = True
        thread.join(10)
        bound.close()
        services.close()


def web_settings(home: Path, database_url: str = "") -> Settings:
    """Settings that leave the machine's own alone."""
    return Settings(home=home, database_url=database_url, people=CHEAP, server={"min_free_bytes": 0})


def add_people(services: Services) -> None:
    """Teams and one person of every job."""
    for team in (EAST, SOUTH):
        services.people.accounts.add_team(SYSTEM, team)
    for login, name, job, teams, agent in PEOPLE.values():
        changes = Changes(name=name, jobs=[job], teams=teams, agent=agent)
        _, link = services.people.accounts.invite(SYSTEM, login, changes)
        services.people.links.set_password(link.token, PASSWORD, Where("127.0.0.1", "test"))


def add_samples(services: Services) -> list[str]:
    """The four samples, taken in as they would be by an upload."""
    now = datetime.now(UTC)
    ids = []
    for number, path in enumerate(sorted((ROOT / "samples").glob("*/*.flac"))):
        agent, team = AGENTS[number % len(AGENTS)]
        called_at = (now - timedelta(hours=3 * number + 1)).isoformat(timespec="seconds")
        attributes = {"agent": agent, "team": team, "called_at": called_at}
        ids.append(services.intake.accept_file(path, IntakeMeta(path.name, attributes)).recording.id)
    return ids


def add_more(services: Services, count: int) -> None:
    """Further recordings, so that lists have something to list."""
    now = datetime.now(UTC)
    for number in range(count):
        agent, team = AGENTS[(number * 7) % len(AGENTS)]
        called_at = (now - timedelta(hours=5 * number + 2, minutes=number * 13)).isoformat(timespec="seconds")
        meta = IntakeMeta(
            f"{'broken-' if number % 17 == 5 else ''}2026-{number:04d}-{8000 + number}.wav",
            {"agent": agent, "team": team, "called_at": called_at},
        )
        services.intake.accept_stream([wav_bytes(1000 + number)], meta)


if __name__ == "__main__":
    found = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["recordings"]
    kept = [entry["result"] | {"timings": []} for entry in found]
    body = json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()
    RESULTS.write_bytes(gzip.compress(body, 9, mtime=0))


def client(app: FastAPI, job: str) -> TestClient:
    """A browser in which one of `PEOPLE` is signed in, without a server."""
    headers = {"Accept": "text/html", "Accept-Language": "en"}
    made = TestClient(app, base_url="http://localhost", headers=headers, follow_redirects=False)
    people = app.state.context.services.people
    token = people.sessions.sign_in(PEOPLE[job][0], "correct horse battery 9", Where()).token
    made.cookies.set(SESSION_COOKIE, token)
    made.headers[HEADER] = csrf_token(token)
    return made
