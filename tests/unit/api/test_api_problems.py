"""Every error is a problem document in the reader's language, and none shows our insides."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from ledger_fakes import RecordingBell
from starlette.testclient import TestClient

from qa.api.app import create_app
from qa.api.schemas import Problem
from qa.core.errors import StorageError
from qa.i18n import LOCALES, catalogue
from qa.services.people.tokens import ensure_machine_token
from qa.settings import Settings


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    made = create_app(Settings(home=tmp_path), doorbell=RecordingBell(length=0))

    @made.get("/test/broken")
    def broken() -> None:
        raise RuntimeError("secret: 13800138000")

    @made.get("/test/full")
    def full() -> None:
        raise StorageError("api.disk_full")

    return made


@pytest.fixture
def client(app: FastAPI, tmp_path: Path) -> Iterator[TestClient]:
    headers = {"Accept-Language": "en", "Authorization": f"Bearer {ensure_machine_token(tmp_path)}"}
    with TestClient(app, base_url="http://127.0.0.1", headers=headers) as opened:
        yield opened


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "api.http_404"),
        ("PUT", "/healthz", 405, "api.http_405"),
        ("GET", "/api/v1/recordings?limit=0", 422, "api.field_out_of_range"),
        ("GET", "/api/v1/recordings?status=lost", 422, "api.field_not_one_of"),
        ("GET", "/api/v1/recordings?cursor=../x", 422, "api.field_invalid"),
        ("GET", f"/api/v1/recordings/{'0' * 32}", 404, "ledger.no_recording"),
        ("GET", "/api/v1/recordings/..%2f..%2fetc", 404, None),
        ("GET", "/api/v1/recordings/%00", 404, "api.recording_unknown"),
        ("GET", "/test/full", 507, "api.disk_full"),
    ],
)
def test_each_error_is_a_problem_document(
    client: TestClient, method: str, path: str, status: int, code: str | None
) -> None:
    response = client.request(method, path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem = Problem.model_validate(response.json())
    assert problem.status == status
    assert code in (None, problem.code)
    assert problem.request_id == response.headers["X-Request-ID"]
    assert "{" not in problem.detail


@pytest.mark.parametrize(
    ("language", "title"),
    [("en", "Not found"), ("zh-CN,zh;q=0.9", "未找到"), ("zh-TW", "找不到"), ("fr", "未找到"), ("*", "未找到")],
)
def test_the_reader_is_told_in_their_language(client: TestClient, language: str, title: str) -> None:
    response = client.get("/nowhere", headers={"Accept-Language": language})
    assert response.json()["title"] == title
    assert response.headers["Content-Language"] in LOCALES
    assert "Accept-Language" in response.headers["Vary"]


def test_an_unexpected_error_shows_only_where_to_look(
    client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    response = client.get("/test/broken")
    assert response.status_code == 500
    assert response.json()["code"] == "api.unexpected"
    said = response.text + capsys.readouterr().out
    assert "13800138000" not in said
    assert "Traceback" not in response.text
    assert response.json()["request_id"] in said


def test_a_given_correlation_id_is_kept_only_when_it_is_harmless(client: TestClient) -> None:
    assert (
        client.get("/healthz", headers={"X-Request-ID": "call-centre-42"}).headers["X-Request-ID"]
        == "call-centre-42"
    )
    for odd in ("short", "x" * 65, 'a"b<c>defgh'):
        assert client.get("/healthz", headers={"X-Request-ID": odd}).headers["X-Request-ID"] != odd


def test_every_field_of_a_bad_request_is_named(client: TestClient) -> None:
    response = client.patch(f"/api/v1/recordings/{'0' * 32}/roles", json={"swap": "perhaps", "extra": 1})
    fields = {error["field"]: error["code"] for error in response.json()["errors"]}
    assert fields == {"swap": "api.field_invalid", "extra": "api.field_unknown"}


def test_every_sentence_of_the_service_exists_in_all_languages() -> None:
    sources = "".join(path.read_text() for path in Path("qa/api").rglob("*.py"))
    for code in set(re.findall(r'"(api\.[a-z_0-9]+)"', sources)):
        assert set(catalogue()[code]) == set(LOCALES), code
