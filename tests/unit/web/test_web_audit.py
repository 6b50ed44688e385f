"""The page of the audit log, over the real application."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient
from web_live import PEOPLE, ROOT, add_people, web_settings

from qa.api.csrf import SESSION_COOKIE
from qa.db.audit import AuditTrail
from qa.i18n import catalogue
from qa.services import open_services
from qa.services.people.sessions import Where
from qa.web.app import create_app


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    settings = web_settings(tmp_path_factory.mktemp("audit"))
    services = open_services(settings, migrate=True)
    add_people(services)
    with services.database.write() as session:
        trail = AuditTrail(session)
        for number in range(60):
            trail.add("default", datetime.now(UTC), "robot", "review.verdict", f"{number:032x}", why="<b>", n=[1])
        trail.add("default", datetime(2020, 1, 1, tzinfo=UTC), "robot", "made.up", None)
    made = create_app(settings, services=services)
    with TestClient(made, base_url="http://localhost"):
        yield made
    services.close()


def client(app: FastAPI, job: str) -> TestClient:
    headers = {"Accept": "text/html", "Accept-Language": "en"}
    made = TestClient(app, base_url="http://localhost", headers=headers, follow_redirects=False)
    people = app.state.context.services.people
    made.cookies.set(
        SESSION_COOKIE, people.sessions.sign_in(PEOPLE[job][0], "correct horse battery 9", Where()).token
    )
    return made


def test_an_auditor_reads_the_log_page_by_page(app: FastAPI) -> None:
    auditor = client(app, "auditor")
    first = auditor.get("/audit").text
    assert "Verdict" in first
    assert "made.up" in first
    assert "clock went back" in first
    assert "&lt;b&gt;" in first
    older = re.search(r'href="\?([^"]+)"', first)
    assert older is not None
    second = auditor.get("/audit?" + older.group(1).replace("&amp;", "&"))
    assert second.status_code == 200
    assert "Verdict" in second.text


def test_filters_narrow_it_down_and_rubbish_in_them_does_no_harm(app: FastAPI) -> None:
    auditor = client(app, "auditor")
    assert auditor.get("/audit?actor=robot&action=made.up").text.count("<tr>") == 2
    assert "Nothing of that kind" in auditor.get("/audit?until=1999-12-31").text
    assert auditor.get("/audit?since=rubbish&until=9999-99-99&action=%25&actor=%00x").status_code in (200, 422)
    assert auditor.get("/audit?before=rubbish").status_code == 422


def test_checking_says_what_came_of_it(app: FastAPI) -> None:
    auditor, services = client(app, "auditor"), app.state.context.services
    services.audit.checkpoint()
    page = auditor.get("/audit").text
    assert "Signed up to event" in page
    token = re.search(r'name="csrf" content="([^"]+)"', page)
    assert token is not None
    assert "untouched" in auditor.post("/audit/check", data={"csrf": token.group(1)}).text
    with services.database.write() as session:
        session.execute(sa.text("DROP TRIGGER audit_event_no_update"))
        session.execute(sa.text("UPDATE audit_event SET actor = 'x' WHERE action = 'made.up'"))
    assert "was changed after it was written" in auditor.post("/audit/check", data={"csrf": token.group(1)}).text


@pytest.mark.parametrize("job", ["agent", "reviewer", "supervisor"])
def test_who_may_not_read_the_log_does_not_see_it(app: FastAPI, job: str) -> None:
    browser = client(app, job)
    assert browser.get("/audit").status_code == 403
    token = re.search(r'name="csrf" content="([^"]+)"', browser.get("/").text)
    assert token is not None
    assert browser.post("/audit/check", data={"csrf": token.group(1)}).status_code == 403


def test_whatever_is_written_into_the_log_has_a_name_in_it() -> None:
    """Every action that stands as a literal where something is added to the trail."""
    written = set()
    for path in (ROOT / "qa" / "services").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            literals = [
                one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)
            ]
            if node.func.attr == "_note":
                written |= {f"review.{verb}" for verb in literals}
            elif node.func.attr in ("add", "_record"):
                written |= {text for text in literals if re.fullmatch(r"[a-z]+\.[a-z_]+", text)}
    assert len(written) > 30
    assert sorted(one for one in written if f"audit.action_{one.replace('.', '__')}" not in catalogue()) == []
