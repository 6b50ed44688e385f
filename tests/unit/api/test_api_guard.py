"""Who may ask what."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_fakes import RecordingBell
from starlette.testclient import TestClient

from qa.api.app import create_app
from qa.api.guard import check_exposure, is_loopback
from qa.core.errors import BadOptionError
from qa.services.people.tokens import ensure_machine_token
from qa.settings import ServerSettings, Settings

TOKEN = "a-long-enough-token"
ORIGIN = "http://127.0.0.1:8300"


def client(home: Path, *, anonymous: bool = False, **server: object) -> TestClient:
    app = create_app(Settings(home=home, server=server), doorbell=RecordingBell(length=0))
    headers = {"Accept-Language": "en"}
    if not anonymous:
        headers["Authorization"] = f"Bearer {ensure_machine_token(home)}"
    return TestClient(app, base_url=ORIGIN, headers=headers)


@pytest.fixture
def loopback(tmp_path: Path) -> Iterator[TestClient]:
    with client(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "[::1]", "localhost"])
def test_loopback_is_recognised(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org", ""])
def test_what_others_reach_is_no_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_a_short_token_is_no_token() -> None:
    with pytest.raises(BadOptionError):
        check_exposure(ServerSettings(token="short"))


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "[", "a b", "127.0.0.1@evil.example"]
)
def test_a_name_that_was_made_to_resolve_here_is_refused(loopback: TestClient, host: str) -> None:
    response = loopback.get("/healthz", headers={"Host": host})
    assert response.status_code == 421
    assert response.json()["code"] == "api.wrong_host"


@pytest.mark.parametrize("host", ["127.0.0.1:8300", "localhost:1", "LOCALHOST", "[::1]:8300", "localhost."])
def test_our_own_names_are_served(loopback: TestClient, host: str) -> None:
    assert loopback.get("/healthz", headers={"Host": host}).status_code == 200


def test_a_listed_name_is_served(tmp_path: Path) -> None:
    with client(tmp_path, allowed_hosts=["qa.example.org"]) as opened:
        assert opened.get("/healthz", headers={"Host": "qa.example.org"}).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9999", "https://localhost"])
def test_a_page_from_elsewhere_changes_nothing(loopback: TestClient, origin: str) -> None:
    response = loopback.post("/api/v1/rescan", headers={"Origin": origin})
    assert response.status_code == 403
    assert response.json()["code"] == "api.foreign_origin"


def test_a_cross_site_request_without_origin_changes_nothing(loopback: TestClient) -> None:
    assert loopback.post("/api/v1/rescan", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_our_own_page_and_programs_may_change_things(loopback: TestClient) -> None:
    assert loopback.post("/api/v1/rescan", headers={"Origin": ORIGIN}).status_code == 202
    assert loopback.post("/api/v1/rescan").status_code == 202


def test_without_a_known_token_everything_but_health_is_closed(tmp_path: Path) -> None:
    with client(tmp_path, anonymous=True, token=TOKEN) as opened:
        assert opened.get("/healthz").status_code == 200
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
            for path in ("/api/v1/recordings", "/metrics", "/openapi.json"):
                response = opened.get(path, headers=headers)
                assert response.status_code == 401
                assert response.headers["WWW-Authenticate"] == "Bearer"
        for token in (TOKEN, ensure_machine_token(tmp_path)):
            right = {"Authorization": f"Bearer {token}"}
            assert opened.get("/api/v1/recordings", headers=right).status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_document_has_to_be_json(loopback: TestClient, kind: str) -> None:
    path = f"/api/v1/recordings/{'0' * 32}/roles"
    response = loopback.patch(path, content=b'{"swap": true}', headers={"Content-Type": kind})
    assert response.status_code == 415


def test_a_large_document_is_refused_before_it_is_read(loopback: TestClient) -> None:
    path = f"/api/v1/recordings/{'0' * 32}/roles"
    response = loopback.patch(path, content=b"[" * (2**20 + 1), headers={"Content-Type": "application/json"})
    assert response.status_code == 413


def test_a_deeply_nested_document_is_one_clear_sentence(loopback: TestClient) -> None:
    path = f"/api/v1/recordings/{'0' * 32}/roles"
    response = loopback.patch(path, content=b"[" * 500_000, headers={"Content-Type": "application/json"})
    assert response.status_code in (400, 422)
    assert response.headers["content-type"] == "application/problem+json"


def test_every_answer_carries_the_security_headers(loopback: TestClient) -> None:
    for path in ("/healthz", "/nowhere", "/openapi.json"):
        headers = loopback.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers
