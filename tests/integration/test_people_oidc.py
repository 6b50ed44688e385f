"""Signing in through a real provider on loopback, and everything that may be wrong with what it sends."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_live import LiveApi, api_settings
from joserfc.jwk import RSAKey
from people_kit import Browser, live_pages, make_person
from people_provider import CLIENT, SECRET, Provider, provider, shared_secret

from qa.core.people import Job
from qa.settings import OidcSettings


@pytest.fixture
def idp() -> Iterator[Provider]:
    with provider() as made:
        made.claims = {"sub": "s-1", "preferred_username": "Li.Jing", "name": "李静", "groups": ["qa-lead"]}
        yield made


@pytest.fixture
def live(idp: Provider, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[LiveApi]:
    more: dict[str, Any] = getattr(request, "param", {})
    oidc = OidcSettings(
        issuer=idp.issuer,
        client_id=CLIENT,
        client_secret=SECRET,
        jobs_claim="groups",
        jobs_map={"qa-lead": Job.SUPERVISOR, "qa-admin": Job.ADMINISTRATOR},
        teams_claim="teams",
        agent_claim="number",
        **more,
    )
    with live_pages(tmp_path, settings=api_settings(tmp_path).model_copy(update={"oidc": oidc})) as opened:
        yield opened


def go(browser: Browser, wanted: str = "/recordings") -> Any:
    """To the provider and back; the last answer."""
    there = browser.http.get("/oidc/start", params={"next": wanted})
    assert there.status_code == 303, there.text
    back = browser.http.get(there.headers["location"])
    return browser.http.get(back.headers["location"])


def test_whoever_the_provider_vouches_for_gets_an_account_with_its_jobs_and_teams(
    live: LiveApi, idp: Provider
) -> None:
    idp.claims |= {"teams": ["south"], "number": 17}
    browser = Browser(live.url)
    done = go(browser)
    assert (done.status_code, done.headers["location"]) == (303, "/recordings")
    me = browser.http.get("/api/v1/session").json()
    assert (me["login"], me["jobs"], me["teams"], me["agent"]) == ("li.jing", ["supervisor"], ["south"], "17")
    idp.claims |= {"groups": ["qa-admin"], "teams": []}
    again = Browser(live.url)
    go(again)
    me = again.http.get("/api/v1/session").json()
    assert (me["jobs"], me["teams"]) == (["administrator"], [])
    assert len(live.http.get("/api/v1/people").json()["items"]) == 1


def test_the_way_back_works_once_and_only_in_the_browser_that_began(live: LiveApi) -> None:
    browser, thief = Browser(live.url), Browser(live.url)
    there = browser.http.get("/oidc/start")
    back = browser.http.get(there.headers["location"]).headers["location"]
    thief.http.get("/signin")
    assert thief.http.get(back).status_code == 401
    assert thief.session is None
    # The link was spent by the attempt, so that it cannot be tried again and again.
    assert browser.http.get(back).status_code == 401


@pytest.mark.parametrize(
    "spoil",
    [
        {"iss": "https://evil.example"},
        {"aud": "somebody-else"},
        {"aud": [CLIENT, "somebody-else"]},
        {"aud": [CLIENT, "somebody-else"], "azp": "somebody-else"},
        {"exp": 1},
        {"exp": None},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": None},
    ],
)
def test_an_id_token_that_does_not_fit_signs_nobody_in(
    live: LiveApi, idp: Provider, spoil: dict[str, object]
) -> None:
    idp.spoil = spoil
    browser = Browser(live.url)
    assert go(browser).status_code == 401
    assert browser.session is None
    assert live.http.get("/api/v1/people").json()["items"] == []


def test_an_id_token_signed_by_somebody_else_signs_nobody_in(live: LiveApi, idp: Provider) -> None:
    idp.signing = RSAKey.generate_key(2048, {"kid": "one"})
    assert go(Browser(live.url)).status_code == 401
    idp.header, idp.signing = {"alg": "HS256"}, shared_secret()
    assert go(Browser(live.url)).status_code == 401


def test_new_keys_of_the_provider_are_found(live: LiveApi, idp: Provider) -> None:
    assert go(Browser(live.url)).status_code == 303
    idp.key = RSAKey.generate_key(2048, {"kid": "two", "use": "sig"})
    idp.header = {"kid": "two"}
    assert go(Browser(live.url)).status_code == 303
    idp.header = {"kid": "three"}
    assert go(Browser(live.url)).status_code == 401


def test_whoever_has_no_job_yet_is_told_so_and_is_in_the_list(live: LiveApi, idp: Provider) -> None:
    idp.claims["groups"] = ["something else"]
    browser = Browser(live.url)
    answer = go(browser)
    assert answer.status_code == 403
    assert "li.jing" in answer.text
    assert browser.session is None
    assert [item["login"] for item in live.http.get("/api/v1/people").json()["items"]] == ["li.jing"]


def test_a_login_somebody_has_here_is_not_taken_over(live: LiveApi, idp: Provider) -> None:
    make_person(live.services.people, "li.jing", Job.ADMINISTRATOR)
    browser = Browser(live.url)
    assert go(browser).status_code == 409
    assert browser.session is None


@pytest.mark.parametrize("live", [{"create_accounts": False}], indirect=True)
def test_without_new_accounts_only_those_known_come_in(live: LiveApi) -> None:
    assert go(Browser(live.url)).status_code == 403


def test_a_provider_that_is_away_is_one_sentence(tmp_path: Path) -> None:
    oidc = OidcSettings(issuer="http://127.0.0.1:1", client_id=CLIENT)
    with live_pages(tmp_path, settings=api_settings(tmp_path).model_copy(update={"oidc": oidc})) as live:
        answer = Browser(live.url).http.get("/oidc/start")
        assert answer.status_code == 503
        assert "Traceback" not in answer.text
        assert Browser(live.url).http.get("/signin").status_code == 200


@pytest.mark.parametrize("issuer", ["http://idp.example", "file:///etc/passwd"])
def test_a_provider_is_spoken_to_by_https_alone(tmp_path: Path, issuer: str) -> None:
    oidc = OidcSettings(issuer=issuer, client_id=CLIENT)
    with live_pages(tmp_path, settings=api_settings(tmp_path).model_copy(update={"oidc": oidc})) as live:
        assert Browser(live.url).http.get("/oidc/start").status_code == 422


def test_nobody_is_sent_to_another_site_afterwards(live: LiveApi) -> None:
    done = go(Browser(live.url), "//evil.example/x")
    assert (done.status_code, done.headers["location"]) == (303, "/")
