"""Signing in as a browser does, and what others may try."""

import logging
import re
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest
from api_live import LiveApi, api_settings
from ledger_fakes import wav_bytes
from people_kit import HERE, PASSWORD, Browser, live_pages, make_person

from qa.api.csrf import HEADER, SEED_COOKIE, SESSION_COOKIE
from qa.core.people import Job
from qa.services.people.tokens import ensure_machine_token

SESSION = "/api/v1/session"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveApi]:
    home = tmp_path_factory.mktemp("home")
    with live_pages(home) as opened:
        for login, job in (("boss", Job.ADMINISTRATOR), ("li.jing", Job.REVIEWER)):
            make_person(opened.services.people, login, job)
        make_person(opened.services.people, "lead", Job.SUPERVISOR, teams=("south",))
        yield opened


@pytest.fixture
def browser(live: LiveApi) -> Iterator[Browser]:
    opened = Browser(live.url)
    yield opened
    opened.http.close()


def test_a_page_leads_to_the_sign_in_page_and_from_there_back(browser: Browser) -> None:
    asked = browser.http.get("/account?x=1")
    assert (asked.status_code, asked.headers["location"]) == (303, "/signin?next=/account%3Fx%3D1")
    done = browser.sign_in("boss", next="/account?x=1")
    assert (done.status_code, done.headers["location"]) == (303, "/account?x=1")
    assert browser.http.get("/account").status_code == 200


def test_the_sessions_cookie_is_read_by_no_script_and_sent_by_no_other_site(
    live: LiveApi, browser: Browser
) -> None:
    set_by = browser.sign_in("boss").headers.get_list("set-cookie")
    cookie = next(SimpleCookie(line)[SESSION_COOKIE] for line in set_by if line.startswith(SESSION_COOKIE))
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "lax"
    assert cookie["path"] == "/"
    assert not cookie["domain"]
    assert not cookie["secure"]
    assert len(cookie.value) >= 43


def test_behind_tls_the_cookie_is_secure(live: LiveApi, browser: Browser) -> None:
    fields = {"csrf": browser.token("/signin"), "login": "boss", "password": PASSWORD}
    done = browser.http.post("/signin", data=fields, headers={"X-Forwarded-Proto": "https"})
    set_by = done.headers.get_list("set-cookie")
    assert any(line.startswith(SESSION_COOKIE) and "Secure" in line for line in set_by)


def test_a_planted_session_is_not_taken_over_by_whoever_signs_in(live: LiveApi, browser: Browser) -> None:
    browser.sign_in("li.jing")
    planted = browser.session
    assert planted is not None
    victim = Browser(live.url)
    victim.http.cookies.set(SESSION_COOKIE, "x" * 43, domain="127.0.0.1")
    victim.sign_in("boss")
    assert victim.session not in (None, "x" * 43)
    invented = httpx.get(live.url + SESSION, cookies={SESSION_COOKIE: "x" * 43}, trust_env=False, timeout=60)
    assert invented.status_code == 401
    browser.http.post("/signout", data={"csrf": browser.token("/account")})
    again = httpx.get(live.url + SESSION, cookies={SESSION_COOKIE: planted}, trust_env=False, timeout=60)
    assert again.status_code == 401


def test_signing_in_again_changes_the_session_and_ends_the_one_before(live: LiveApi, browser: Browser) -> None:
    browser.sign_in("boss")
    first = browser.session
    me = browser.http.get(SESSION).json()
    body = {"login": "boss", "password": PASSWORD}
    again = browser.http.post(SESSION, json=body, headers={HEADER: me["csrf"]})
    assert again.status_code == 201
    assert browser.session != first
    old = httpx.get(live.url + SESSION, cookies={SESSION_COOKIE: first or ""}, trust_env=False, timeout=60)
    assert old.status_code == 401


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example", "//evil.example", "/\\evil.example", "\\/evil.example", "javascript:alert(1)",
     "/\tevil", "http:evil.example", "/%0d%0aSet-Cookie:x=1//", "///evil.example", " //evil.example"],
)  # fmt: skip
def test_nobody_is_sent_to_another_site_after_signing_in(live: LiveApi, browser: Browser, wanted: str) -> None:
    done = browser.sign_in("boss", next=wanted)
    assert done.status_code == 303
    location = done.headers["location"]
    assert re.fullmatch(r"/(?![/\\])[^\r\n\t\\]*", location), location
    sent_on = browser.http.get("/signin", params={"next": wanted}).headers["location"]
    assert re.fullmatch(r"/(?![/\\])[^\r\n\t\\]*", sent_on), sent_on


def test_what_is_typed_as_a_login_comes_back_as_text_and_breaks_no_line_of_the_log(
    live: LiveApi, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    typed = '"><script>alert(1)</script>\r\n2026 [info] signin.ok boss'
    with caplog.at_level(logging.INFO):
        page = browser.sign_in(typed)
    assert page.status_code == 401
    assert "<script>alert" not in page.text
    assert "signin.ok boss" not in caplog.text
    assert page.headers["content-security-policy"].startswith("default-src 'self'")


def test_an_unknown_login_and_a_wrong_password_look_the_same(live: LiveApi) -> None:
    answers = []
    for login in ("boss", "no-such-login"):
        with httpx.Client(
            base_url=live.url, trust_env=False, timeout=60, headers={"Accept-Language": "en"}
        ) as http:
            answer = http.post(SESSION, json={"login": login, "password": "wrong one here"})
            said = {k: v for k, v in answer.json().items() if k != "request_id"}
            headers = sorted(k for k in answer.headers if k not in ("date", "x-request-id"))
            answers.append((answer.status_code, said, headers))
    assert answers[0] == answers[1]


def test_guessing_is_slowed_down_for_any_login_alike(tmp_path: Path) -> None:
    with live_pages(tmp_path) as live:
        make_person(live.services.people, "boss", Job.ADMINISTRATOR)
        for login in ("boss", "no-such-login"):
            with httpx.Client(base_url=live.url, trust_env=False, timeout=60) as http:
                codes = [
                    http.post(SESSION, json={"login": login, "password": f"guess {n}"}).status_code
                    for n in range(7)
                ]
                right = http.post(SESSION, json={"login": login, "password": PASSWORD})
            assert codes == [401] * 5 + [429] * 2
            assert right.status_code == 429
            assert 0 < int(right.headers["Retry-After"]) <= 31


# --- forgery -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/signin", "/account", "/people/teams", "/signout", "/preferences"])
def test_a_form_without_its_token_changes_nothing(live: LiveApi, browser: Browser, path: str) -> None:
    browser.sign_in("boss")
    for data in ({}, {"csrf": ""}, {"csrf": "0" * 64}, {"csrf": "\u00e9"}):
        assert browser.http.post(path, data={"name": "forged", **data}).status_code == 403
    assert browser.http.get(SESSION).json()["login"] == "boss"


def test_the_api_asks_for_the_token_when_the_cookie_speaks(live: LiveApi, browser: Browser) -> None:
    browser.sign_in("boss")
    team = {"name": "west"}
    assert browser.http.post("/api/v1/teams", json=team).status_code == 403
    right = browser.http.get(SESSION).json()["csrf"]
    assert browser.http.post("/api/v1/teams", json=team, headers={HEADER: right}).status_code == 201
    other = Browser(live.url)
    other.sign_in("boss")
    stolen = other.http.get(SESSION).json()["csrf"]
    assert browser.http.post("/api/v1/teams", json={"name": "east"}, headers={HEADER: stolen}).status_code == 403


def test_the_token_changes_with_the_session(browser: Browser) -> None:
    before = browser.token("/signin")
    browser.sign_in("boss")
    after = browser.token("/account")
    assert before != after
    assert browser.http.post("/preferences", data={"csrf": before, "theme": "dark"}).status_code == 403
    assert browser.http.post("/preferences", data={"csrf": after, "theme": "dark"}).status_code == 303


def test_a_program_with_a_token_needs_none_and_its_cookie_counts_for_nothing(
    live: LiveApi, browser: Browser
) -> None:
    browser.sign_in("boss")
    wrong = browser.http.post("/api/v1/teams", json={"name": "t"}, headers={"Authorization": "Bearer wrong"})
    assert wrong.status_code == 401
    assert live.http.post("/api/v1/teams", json={"name": "by token"}).status_code == 201


def test_an_upload_by_cookie_carries_the_token_in_a_header(live: LiveApi, browser: Browser) -> None:
    browser.sign_in("boss")
    files = {"file": ("a.wav", wav_bytes(3))}
    assert browser.http.post("/api/v1/recordings", files=files).status_code == 403
    right = browser.http.get(SESSION).json()["csrf"]
    assert browser.http.post("/api/v1/recordings", files=files, headers={HEADER: right}).status_code == 201


def test_a_form_from_another_origin_is_refused_whatever_it_carries(live: LiveApi, browser: Browser) -> None:
    token = browser.token("/signin")
    browser.http.headers["Origin"] = "https://evil.example"
    answer = browser.http.post("/signin", data={"csrf": token, "login": "boss", "password": PASSWORD})
    assert answer.status_code == 403
    assert browser.session is None
    assert browser.http.cookies.get(SEED_COOKIE)


# --- tokens --------------------------------------------------------------------------------------------------


def test_a_token_is_made_in_the_browser_and_does_what_its_jobs_allow(live: LiveApi, browser: Browser) -> None:
    browser.sign_in("boss")
    page = browser.submit("/account/tokens", at="/account", name="import", jobs=["administrator"], days="30")
    found = re.search(r"tj_[\w-]{43}", page.text)
    assert found is not None
    assert found[0] not in browser.http.get("/account").text
    headers = {"Authorization": f"Bearer {found[0]}"}
    with httpx.Client(base_url=live.url, headers=headers, trust_env=False, timeout=60) as program:
        assert program.get("/api/v1/people").status_code == 200
        assert program.get(SESSION).json()["csrf"] is None
        # What is leaked must not be able to make itself a successor, or to change the password.
        assert program.post("/api/v1/tokens", json={"name": "heir"}).status_code == 403
        body = {"old": PASSWORD, "new": "another good phrase"}
        assert program.post("/api/v1/password", json=body).status_code == 403
        token_id = program.get("/api/v1/tokens").json()["items"][0]["id"]
        assert program.delete(f"/api/v1/tokens/{token_id}").status_code == 204
        assert program.get("/api/v1/people").status_code == 401


def test_the_machines_token_lies_in_the_home_for_its_owner_alone(live: LiveApi) -> None:
    path = live.settings.home / "token"
    assert path.stat().st_mode & 0o777 == 0o600
    headers = {"Authorization": f"Bearer {ensure_machine_token(live.settings.home)}"}
    assert httpx.get(live.url + SESSION, headers=headers, trust_env=False, timeout=60).json()["login"] == "system"


# --- people --------------------------------------------------------------------------------------------------


def test_the_first_administrator_invites_others_who_set_their_own_passwords(tmp_path: Path) -> None:
    with live_pages(tmp_path) as live:
        link = live.services.people.links.first_administrator()
        assert link is not None
        boss, guest = Browser(live.url), Browser(live.url)
        fields = {"login": "Boss", "name": "老板", "password": PASSWORD}
        assert boss.submit(link.path, again="something else", **fields).status_code == 422
        assert boss.submit(link.path, again=PASSWORD, **fields).headers["location"] == "/"
        assert guest.http.get(link.path).status_code == 404
        page = boss.submit("/people", login="li.jing", name="李静", jobs=["reviewer"])
        path = re.search(r"/link/[\w-]{43}", page.text)
        assert path is not None
        assert guest.submit(path[0], password=PASSWORD, again=PASSWORD).status_code == 303
        assert guest.http.get("/people").status_code == 403
        assert guest.http.get(SESSION).json()["jobs"] == ["reviewer"]
        accounts = boss.http.get("/api/v1/people").json()["items"]
        account_id = next(item["id"] for item in accounts if item["login"] == "li.jing")
        boss.submit(f"/people/{account_id}", name="李静", jobs=["reviewer", "auditor"], active="on")
        assert guest.http.get(SESSION).status_code == 401
        guest.sign_in("li.jing")
        boss.submit(f"/people/{account_id}", name="李静")
        assert guest.http.get("/account").status_code == 303
        assert guest.sign_in("li.jing").status_code == 401
        last = boss.submit(f"/people/{accounts[0]['id']}", name="Boss", jobs=["reviewer"], active="on")
        assert last.status_code == 409


def test_a_new_password_keeps_this_browser_and_ends_the_others(live: LiveApi) -> None:
    make_person(live.services.people, "moving", Job.REVIEWER)
    here, there = Browser(live.url), Browser(live.url)
    here.sign_in("moving")
    there.sign_in("moving")
    before = here.session
    done = here.submit(
        "/account/password",
        at="/account",
        old=PASSWORD,
        password="another good phrase",
        again="another good phrase",
    )
    assert done.status_code == 303
    assert here.session != before
    assert here.http.get("/account").status_code == 200
    assert there.http.get("/account").status_code == 303


@pytest.mark.parametrize("language", ["en", "zh-Hans", "zh-Hant"])
@pytest.mark.parametrize("path", ["/account", "/people"])
def test_the_pages_are_written_in_every_language(live: LiveApi, language: str, path: str) -> None:
    browser = Browser(live.url, language)
    browser.sign_in("boss")
    page = browser.http.get(path)
    assert page.status_code == 200
    assert f'lang="{language}"' in page.text
    assert "web_people." not in page.text
    assert "{" not in re.sub(r"<meta name=\"htmx-config\".*?>", "", page.text)


# --- reach ---------------------------------------------------------------------------------------------------


def test_a_supervisor_uploads_for_a_team_of_theirs_and_sees_no_other(live: LiveApi) -> None:
    def program(login: str) -> httpx.Client:
        who = live.services.people.sessions.sign_in(login, PASSWORD, HERE).person
        secret = live.services.people.tokens.make(who, "t").secret
        return httpx.Client(
            base_url=live.url, headers={"Authorization": f"Bearer {secret}"}, trust_env=False, timeout=60
        )

    with program("lead") as lead, program("boss") as boss:
        recordings = "/api/v1/recordings"
        mine = lead.post(recordings, files={"file": ("m.wav", wav_bytes(11))})
        assert mine.json()["attributes"]["team"] == "south"
        foreign = {"file": ("n.wav", wav_bytes(12)), "metadata": (None, '{"team": "north"}')}
        assert lead.post(recordings, files=foreign).status_code == 422
        other = boss.post(recordings, files=foreign).json()
        assert lead.post(recordings, files={"file": ("o.wav", wav_bytes(12))}).status_code == 409
        assert [item["id"] for item in lead.get(recordings).json()["items"]] == [mine.json()["id"]]
        assert lead.get(f"{recordings}/{other['id']}").status_code == 404
        assert lead.get(recordings, params={"attribute": "team:north"}).json()["items"] == []
        tus = {"Tus-Resumable": "1.0.0", "Upload-Length": "10"}
        begun = boss.post("/api/v1/uploads", headers=tus).headers["Location"]
        assert boss.head(begun, headers=tus).status_code == 200
        assert lead.head(begun, headers=tus).status_code == 404


def test_settings_of_pages_do_not_matter_to_the_api_alone(tmp_path: Path) -> None:
    from api_live import live_api

    with live_api(api_settings(tmp_path)) as live:
        make_person(live.services.people, "boss", Job.ADMINISTRATOR)
        with httpx.Client(base_url=live.url, trust_env=False, timeout=60) as http:
            me = http.post(SESSION, json={"login": "boss", "password": PASSWORD}).json()
            assert me["rights"]
            assert http.get("/api/v1/sessions").json()["items"][0]["current"] is True
            assert http.delete(SESSION).status_code == 403
            assert http.delete(SESSION, headers={HEADER: me["csrf"]}).status_code == 204
            assert http.get(SESSION).status_code == 401
