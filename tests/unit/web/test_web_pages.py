"""Pages over the real application: headers, errors, languages, forms."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from ledger_fakes import wav_bytes
from web_live import PEOPLE, add_people, web_settings

from qa.api.csrf import SESSION_COOKIE
from qa.services import IntakeMeta, open_services
from qa.services.people.sessions import Where
from qa.web.app import create_app

HTML = {"Accept": "text/html", "Accept-Language": "en"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    settings = web_settings(tmp_path_factory.mktemp("pages"))
    services = open_services(settings, migrate=True)
    add_people(services)
    made = create_app(settings, services=services)

    @made.get("/broken", include_in_schema=False)
    def broken() -> None:
        raise RuntimeError("secret of a call")

    with TestClient(made, base_url="http://localhost"):
        yield made
    services.close()


def client(app: FastAPI, job: str | None, **headers: str) -> TestClient:
    """A browser of somebody who has signed in."""
    made = TestClient(app, base_url="http://localhost", headers=HTML | headers, follow_redirects=False)
    if job:
        people = app.state.context.services.people
        made.cookies.set(
            SESSION_COOKIE, people.sessions.sign_in(PEOPLE[job][0], "correct horse battery 9", Where()).token
        )
    return made


def token(text: str) -> str:
    found = re.search(r'name="csrf" content="([^"]+)"', text)
    assert found
    return found.group(1)


def test_a_page_comes_with_a_policy_that_lets_nothing_in(app: FastAPI) -> None:
    answer = client(app, "reviewer").get("/")
    policy = answer.headers["content-security-policy"]
    assert answer.status_code == 200
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "camera=()" in answer.headers["permissions-policy"]
    assert answer.headers["cache-control"] == "no-store"


def test_who_has_not_signed_in_is_asked_to_and_comes_back(app: FastAPI) -> None:
    answer = client(app, None).get("/recordings?agent=a1")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/signin?next=/recordings%3Fagent%3Da1"


def test_the_navigation_shows_what_one_may(app: FastAPI) -> None:
    agent = client(app, "agent").get("/").text
    assert 'href="/coaching"' in agent
    assert 'href="/recordings"' not in agent
    assert 'href="/audit"' in client(app, "auditor").get("/").text


@pytest.mark.parametrize("job", list(PEOPLE))
def test_everybody_has_a_home(app: FastAPI, job: str) -> None:
    answer = client(app, job).get("/")
    assert answer.status_code == 200
    assert answer.text.count("<section") == 3


def test_what_others_wrote_is_shown_as_text(app: FastAPI) -> None:
    evil = "<img src=x onerror=alert(1)>"
    services = app.state.context.services
    meta = IntakeMeta(f"{evil}.wav", {"agent": evil, "team": f"'\"{evil}"})
    recording = services.intake.accept_stream([wav_bytes(5)], meta).recording
    browser = client(app, "compliance")
    services.search.save_view(services.people.sessions.find(browser.cookies[SESSION_COOKIE])[0], evil, "q=x")
    for path in ("/recordings", "/recordings?status=queued", f"/recordings/rows?id={recording.id}"):
        answer = browser.get(path)
        assert answer.status_code == 200
        assert "<img" not in answer.text
    assert "&lt;img" in browser.get("/recordings").text


@pytest.mark.parametrize(("language", "word"), [("en", "Home"), ("zh-CN", "首页"), ("zh-TW,zh;q=0.8", "首頁")])
def test_the_browsers_language_is_spoken(app: FastAPI, language: str, word: str) -> None:
    answer = client(app, "reviewer", **{"Accept-Language": language}).get("/")
    assert f"<h1>{word}</h1>" in answer.text


def test_language_and_theme_are_kept_and_lead_back(app: FastAPI) -> None:
    browser = client(app, "reviewer")
    page = browser.get("/recordings?agent=a1").text
    form = {"csrf": token(page), "locale": "zh-Hant", "theme": "dark", "back": "/recordings?agent=a1"}
    answer = browser.post("/preferences", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/recordings?agent=a1")
    after = browser.get("/recordings").text
    assert '<html lang="zh-Hant" data-theme="dark">' in after


def test_a_form_without_the_token_changes_nothing(app: FastAPI) -> None:
    browser = client(app, "compliance")
    browser.get("/")
    assert browser.post("/recordings/views", data={"name": "x", "query": ""}).status_code == 403
    assert browser.post("/preferences", data={"theme": "dark", "csrf": "0" * 64}).status_code == 403
    theirs = client(app, "reviewer")
    stolen = token(theirs.get("/").text)
    assert browser.post("/recordings/views", data={"name": "x", "query": "", "csrf": stolen}).status_code == 403


def test_after_a_form_nobody_is_sent_to_another_site(app: FastAPI) -> None:
    browser = client(app, "reviewer")
    form = {"csrf": token(browser.get("/").text), "theme": "light", "back": "//evil.example/"}
    assert browser.post("/preferences", data=form).headers["location"] == "/"


def test_an_unknown_address_is_a_page_with_the_navigation(app: FastAPI) -> None:
    answer = client(app, "reviewer").get("/nothing/here")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text
    assert 'href="/queue"' in answer.text


def test_a_program_still_gets_a_problem_document(app: FastAPI) -> None:
    answer = client(app, "reviewer").get("/api/v1/nothing", headers={"Accept": "application/json"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_what_nobody_expected_is_told_without_its_text(app: FastAPI) -> None:
    answer = client(app, "reviewer").get("/broken")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.headers["x-request-id"] in answer.text


def test_somebody_who_may_not_is_told_on_a_page(app: FastAPI) -> None:
    answer = client(app, "agent").get("/recordings")
    assert answer.status_code == 403
    assert "Not allowed" in answer.text


def test_a_fragment_that_fails_becomes_a_message_in_the_corner(app: FastAPI) -> None:
    headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
    answer = client(app, "agent").get("/recordings", headers=headers)
    assert answer.headers["hx-retarget"] == "#flashes"
    assert answer.text.lstrip().startswith('<div class="flash error"')


def test_a_fragment_is_the_list_without_its_frame(app: FastAPI) -> None:
    headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
    answer = client(app, "compliance").get("/recordings?status=failed", headers=headers)
    assert "<html" not in answer.text
    assert "Clear filters" in answer.text


@pytest.mark.parametrize("cursor", ["x", "1~2~3", "~", "1~99999999999999999999"])
def test_a_made_up_cursor_is_an_error_and_no_accident(app: FastAPI, cursor: str) -> None:
    assert client(app, "compliance").get("/recordings", params={"cursor": cursor}).status_code in (200, 422)


def test_hostile_search_words_are_shown_as_they_are(app: FastAPI) -> None:
    evil = '"><script>alert(1)</script>'
    answer = client(app, "compliance").get("/recordings", params={"q": evil, "agent": evil, "name": evil})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text


def test_built_files_are_kept_for_a_year_and_paths_cannot_climb(app: FastAPI) -> None:
    browser = client(app, None)
    found = re.search(r'href="(/static/app-[A-Z0-9]+\.css)"', client(app, "reviewer").get("/").text)
    assert found, "run make setup"
    assert "immutable" in browser.get(found.group(1)).headers["cache-control"]
    assert browser.get("/static/manifest.json").headers.get("cache-control") is None
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd"):
        assert browser.get(path).status_code == 404
    assert browser.get(f"/static/{Path(found.group(1)).name}x").status_code == 404
