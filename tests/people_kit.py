"""People for tests: accounts with a password, a provider, and browsers that remember what they were given."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import api_live
import httpx
from api_live import LiveApi, api_settings, live_api

from qa.core.people import SYSTEM, Job
from qa.db.engine import Database
from qa.services.people import People, open_people
from qa.services.people.accounts import Changes
from qa.services.people.sessions import Where
from qa.settings import Settings
from qa.web.app import create_app as create_pages

PASSWORD = "correct horse battery"
HERE = Where("192.0.2.1", "Test/1.0")


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, **how: float) -> None:
        self.at += timedelta(**how)


def make_person(
    people: People,
    login: str,
    *jobs: Job,
    teams: tuple[str, ...] = (),
    agent: str | None = None,
    password: str = PASSWORD,
) -> str:
    """An account that can sign in; returns its id."""
    view, link = people.accounts.invite(SYSTEM, login, Changes(jobs=jobs, teams=teams, agent=agent))
    people.links.set_password(link.token, password, HERE)
    return view.id


class Browser:
    """Fills forms in as a person does: the page first, then the form with its token."""

    def __init__(self, url: str, language: str = "en") -> None:
        headers = {"Accept": "text/html", "Accept-Language": language, "Origin": url}
        self.http = httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=60)

    def token(self, path: str) -> str:
        page = self.http.get(path)
        found = re.search(r'name="csrf" value="(\w+)"', page.text)
        assert found is not None, page.text[:500]
        return found[1]

    def submit(self, path: str, at: str | None = None, **fields: str | list[str]) -> httpx.Response:
        data = {"csrf": self.token(at or path), **fields}
        return self.http.post(path, data=data)

    def sign_in(self, login: str, password: str = PASSWORD, **fields: str) -> httpx.Response:
        return self.submit("/signin", login=login, password=password, **fields)

    @property
    def session(self) -> str | None:
        return self.http.cookies.get("tingjian_session")


@contextmanager
def live_pages(home: Path, database_url: str = "", settings: Settings | None = None) -> Iterator[LiveApi]:
    """API and pages under a real server."""
    made, api_live.create_app = api_live.create_app, create_pages
    try:
        with live_api(settings or api_settings(home, database_url)) as live:
            yield live
    finally:
        api_live.create_app = made


def people_over(database: Database, settings: Settings) -> People:
    """The services alone."""
    return open_people(database, settings)
