"""Every route, walked by every job, by nobody, and by the supervisor of another team."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_live import LiveApi, api_settings
from ledger_fakes import wav_bytes
from people_kit import HERE, PASSWORD, live_pages, make_person
from starlette.routing import Mount

from qa.api.csrf import HEADER, SESSION_COOKIE, csrf_token
from qa.api.dependencies import OPEN
from qa.core.people import MAY, Job, Right
from qa.settings import Settings
from qa.web.app import create_app

SEEING = (Right.SEE_RECORDINGS, Right.SEE_NOTICES)

TABLE: tuple[tuple[str, str, tuple[Right, ...]], ...] = (
    # methods, pattern of the path, rights of which one is needed; the first line that fits counts
    ("GET", r"/|/openapi\.json", ()),
    ("GET", r"/metrics", (Right.SETTINGS,)),
    # oneself
    ("*", r"/account.*", ()),
    ("*", r"/api/v1/(sessions|tokens)(/.*)?|/api/v1/password", ()),
    # people, settings
    ("*", r"/people.*|/api/v1/(people|teams).*", (Right.MANAGE_PEOPLE,)),
    ("*", r"/settings.*|/api/v1/push.*", (Right.SETTINGS,)),
    # taking in, judging again
    ("*", r"/upload.*|/api/v1/uploads.*", (Right.UPLOAD,)),
    ("POST", r"/api/v1/recordings", (Right.UPLOAD,)),
    ("POST", r"/api/v1/rescan", (Right.CHANGE_RULES,)),
    ("POST", r"/api/v1/recordings/\{recording_id\}/(retry|rescan)|/recordings/(retry|rescan)", (Right.RETRY,)),
    # many at once
    ("POST", r"/api/v1/bulk/count", (Right.SEE_RECORDINGS,)),
    ("POST", r"/api/v1/bulk/review|/recordings/ask", (Right.MANAGE_QUEUE,)),
    ("POST", r"/api/v1/bulk/export|/recordings/export", (Right.EXPORT,)),
    ("POST", r"/api/v1/bulk/(retry|rescan)", (Right.RETRY,)),
    # the queue, reviewing
    ("POST", r"/queue/(plans.*|\{recording_id\}/release)", (Right.MANAGE_QUEUE,)),
    ("GET POST", r"/queue.*|/api/v1/queue.*", (Right.REVIEW,)),
    ("GET", r"/api/v1/(sampling-plans|miss-estimate)", (Right.REVIEW,)),
    ("*", r"/api/v1/sampling-plans.*", (Right.MANAGE_QUEUE,)),
    ("GET", r"/api/v1/rule-precision", (Right.SEE_RULES,)),
    ("GET", r"/api/v1/recordings/\{recording_id\}/review.*", (Right.SEE_RECORDINGS,)),
    ("*", r"/api/v1/recordings/\{recording_id\}/(review/.*|roles)", (Right.REVIEW,)),
    # notices, disputes
    ("POST", r"(/api/v1)?/recordings/\{recording_id\}/notice", (Right.COACH,)),
    ("POST", r".*/acknowledge", (Right.ANSWER_NOTICE,)),
    ("POST", r".*/points/\{point_id\}/dispute|(/api/v1)?/disputes/\{dispute_id\}/further", (Right.DISPUTE,)),
    ("GET", r"/api/v1/notices/\{notice_id\}/effect", (Right.COACH,)),
    ("GET", r"/coaching.*|/disputes.*|/api/v1/(notices|disputes).*", (Right.SEE_NOTICES,)),
    ("*", r"/coaching/.*|/api/v1/notices/.*", (Right.COACH,)),
    ("POST", r".*/ruling", (Right.RULE_DISPUTE,)),
    ("POST", r".*/assign", (Right.MANAGE_QUEUE,)),
    # a call
    ("POST", r"(/api/v1)?/recordings/\{recording_id\}/reveal", (Right.REVEAL,)),
    ("GET", r"/api/v1/recordings/\{recording_id\}/hidings", (Right.SEE_RECORDINGS,)),
    ("POST", r"/api/v1/recordings/\{recording_id\}/hidings(/lift)?", (Right.REVIEW,)),
    (
        "GET",
        r"/api/v1/recordings|/api/v1/recordings/\{recording_id\}(/(result|results|events|peaks))?",
        SEEING,
    ),
    ("GET", r"/api/v1/recordings/\{recording_id\}/audio", (Right.DOWNLOAD,)),
    ("GET", r"/recordings/\{recording_id\}/judgements", (Right.SEE_RULES,)),
    ("GET", r"/recordings/\{recording_id\}.*", SEEING),
    ("GET", r"/recordings(/rows)?", (Right.SEE_RECORDINGS,)),
    ("POST", r"/recordings/views.*", (Right.SEE_RECORDINGS,)),
    ("POST", r"/recordings/\{recording_id\}/.*", (Right.REVIEW,)),
    # evidence
    ("*", r"/exports.*|/api/v1/exports.*", (Right.EXPORT,)),
    ("*", r"/audit.*|/api/v1/audit.*", (Right.SEE_AUDIT_LOG,)),
    ("*", r"/custody.*|/api/v1/custody.*", (Right.RETAIN,)),
    ("POST", r"/calibration(/\{round_id\}/(close|gold|again).*)?", (Right.MANAGE_CALIBRATION,)),
    ("*", r"/calibration.*|/api/v1/calibration.*", (Right.CALIBRATE,)),
    ("*", r"/rules.*|/api/v1/rules.*", (Right.SEE_RULES, Right.CHANGE_RULES)),
)


@dataclass(frozen=True)
class Walked:
    method: str
    path: str

    @property
    def rights(self) -> tuple[Right, ...] | None:
        for methods, pattern, rights in TABLE:
            if (methods == "*" or self.method in methods.split()) and re.fullmatch(pattern, self.path):
                return rights
        return None


def routes() -> list[Walked]:
    """Every route of API and pages, from the application itself."""
    found: list[Walked] = []

    def collect(route: Any) -> None:
        if hasattr(route, "effective_route_contexts"):
            for context in route.effective_route_contexts():
                collect(context)
        elif isinstance(route, Mount):
            assert route.path == "/static", route.path
        else:
            found.extend(
                Walked(method, route.path) for method in route.methods if method not in ("HEAD", "OPTIONS")
            )

    for route in create_app(Settings(home=Path("var"))).routes:
        collect(route)
    return sorted(set(found), key=lambda walked: (walked.path, walked.method))


CLOSED = [walked for walked in routes() if walked.path not in OPEN]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveApi]:
    home = tmp_path_factory.mktemp("home")
    with live_pages(home, settings=api_settings(home)) as opened:
        for job in Job:
            agent = "17" if job is Job.AGENT else None
            make_person(opened.services.people, f"the.{job}", job, teams=("south",), agent=agent)
        make_person(opened.services.people, "stranger", Job.SUPERVISOR, teams=("north",))
        make_person(opened.services.people, "target", Job.REVIEWER)
        yield opened


@pytest.fixture(scope="module")
def ids(live: LiveApi) -> dict[str, str]:
    files = {"file": ("a.wav", wav_bytes(1)), "metadata": (None, '{"agent": "17", "team": "south"}')}
    recording = live.http.post("/api/v1/recordings", files=files).json()["id"]
    live.work()
    people = live.http.get("/api/v1/people").json()["items"]
    target = next(item["id"] for item in people if item["login"] == "target")
    teams = live.http.get("/api/v1/teams").json()["items"]
    return {"recording_id": recording, "account_id": target, "team_id": teams[0]["id"], "act": "test"}


class Walker:
    """A browser of one person, or of nobody; signed in again where a route may have signed it out."""

    def __init__(self, live: LiveApi, login: str | None) -> None:
        self._live, self._login = live, login
        headers = {"Accept": "text/html", "Accept-Language": "en"}
        self._http = httpx.Client(base_url=live.url, headers=headers, trust_env=False, timeout=20)
        self._sign_in()

    def _sign_in(self) -> None:
        self._http.cookies.clear()
        if self._login is not None:
            token = self._live.services.people.sessions.sign_in(self._login, PASSWORD, HERE).token
            self._http.cookies.set(SESSION_COOKIE, token)
            self._http.headers[HEADER] = csrf_token(token)

    def ask(self, walked: Walked, ids: dict[str, str]) -> int | str:
        """The status, or where it leads."""
        path = re.sub(r"\{(\w+)(:\w+)?\}", lambda found: ids.get(found[1], "0" * 32), walked.path)
        if path.endswith("/events"):
            self._live.work()  # a stream ends with the work
        how: dict[str, Any] = {}
        if walked.method in ("POST", "PUT", "PATCH"):
            how = {"json": {}} if walked.path.startswith("/api/") else {"data": {"nothing": ""}}
        response = self._http.request(walked.method, path, **how)
        if re.search("session|sign|password", walked.path):
            self._sign_in()
        location = response.headers.get("location", "")
        return "/signin" if location.startswith("/signin") else response.status_code

    def close(self) -> None:
        self._http.close()


def test_every_route_stands_in_the_table() -> None:
    missing = [f"{walked.method} {walked.path}" for walked in CLOSED if walked.rights is None]
    assert missing == [], "say in TABLE who may use these"


def test_what_is_open_is_no_more_than_signing_in_and_health() -> None:
    assert {walked.path for walked in routes()} & OPEN == OPEN


@pytest.mark.slow
@pytest.mark.parametrize("job", list(Job))
def test_every_job_gets_what_the_table_says_and_nothing_else(live: LiveApi, ids: dict[str, str], job: Job) -> None:
    wrong, walker = [], Walker(live, f"the.{job}")
    for walked in CLOSED:
        rights = walked.rights or ()
        status = walker.ask(walked, ids)
        may = not rights or any(right in MAY[job] for right in rights)
        # What may not be is refused, or is not there, or is refused for its form or state before anybody is asked.
        fits = status not in (401, 403, "/signin", 500) if may else status in (403, 404, 409, 422)
        if not fits:
            wrong.append(f"{walked.method} {walked.path}: {status}, {'may' if may else 'may not'}")
    walker.close()
    assert not wrong, "\n".join(wrong)


def test_nobody_gets_anything(live: LiveApi, ids: dict[str, str]) -> None:
    wrong, walker = [], Walker(live, None)
    for walked in CLOSED:
        status = walker.ask(walked, ids)
        if status != 401 and not (status == "/signin" and walked.method == "GET"):
            wrong.append(f"{walked.method} {walked.path}: {status}")
    walker.close()
    assert not wrong, "\n".join(wrong)


def test_a_recording_of_another_team_looks_like_none(live: LiveApi, ids: dict[str, str]) -> None:
    nothing = {**ids, "recording_id": "0" * 32}
    wrong, walker = [], Walker(live, "stranger")
    for walked in CLOSED:
        if "{recording_id}" in walked.path:
            here, none = walker.ask(walked, ids), walker.ask(walked, nothing)
            if here != none or here not in (403, 404, 409, 422):
                wrong.append(f"{walked.method} {walked.path}: {here}, without any {none}")
    walker.close()
    assert not wrong, "\n".join(wrong)
