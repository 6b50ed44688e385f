"""The OpenAPI document, and the whole service against it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from api_live import LiveApi, api_settings, live_api
from hypothesis import HealthCheck, given, settings
from ledger_fakes import wav_bytes
from schemathesis.checks import not_a_server_error

from qa.api.app import create_app
from qa.api.openapi import document
from qa.api.tus import OFFSET_TYPE
from qa.settings import Settings

_METHODS = ("get", "post", "put", "patch", "delete", "head", "options")


@schemathesis.serializer(OFFSET_TYPE)
def raw_bytes(_context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveApi]:
    with live_api(api_settings(tmp_path_factory.mktemp("home"), body_idle_seconds=5)) as live:
        live.http.post("/api/v1/recordings", files={"file": ("a.wav", wav_bytes(1))})
        yield live


@pytest.fixture(scope="module")
def schema(api: LiveApi) -> Any:
    return schemathesis.openapi.from_url(f"{api.url}/openapi.json", headers=api.headers)


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    made = document(create_app(Settings(home=Path("var"))))
    return [
        (method, path, operation)
        for path, item in made["paths"].items()
        for method, operation in item.items()
        if method in _METHODS
    ]


def test_every_operation_has_a_tag_a_summary_and_problem_details() -> None:
    for method, path, operation in operations():
        assert operation["tags"], (method, path)
        assert operation["summary"], (method, path)
        problems = [
            r for r in operation["responses"].values() if "application/problem+json" in r.get("content", {})
        ]
        assert problems, (method, path)
        assert any(status.startswith("2") for status in operation["responses"]), (method, path)


def test_the_result_document_is_described() -> None:
    made = document(create_app(Settings(home=Path("var"))))
    schemas = made["components"]["schemas"]
    assert {"Result", "Finding", "Evidence", "ScorecardResult", "Problem"} <= set(schemas)
    assert "text" in schemas["Message"]["properties"]
    assert "HTTPValidationError" not in schemas


def test_every_reference_in_the_document_leads_somewhere() -> None:
    made = document(create_app(Settings(home=Path("var"))))

    def references(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            for item in value.values():
                yield from references(item)
        elif isinstance(value, list):
            for item in value:
                yield from references(item)

    for reference in references(made):
        found: Any = made
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


EXPLORED = [(method, path) for method, path, _ in operations() if not path.endswith("/events")]


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path"), EXPLORED)
def test_no_request_that_can_be_made_from_the_document_is_a_server_error(
    api: LiveApi, schema: Any, method: str, path: str
) -> None:
    known = known_ids(api)

    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(case=schema[path][method.upper()].as_strategy())
    def explore(case: Any) -> None:
        # Once as generated, which mostly is a 404, and once for something that exists.
        for ids in ({}, known):
            case.path_parameters = {**(case.path_parameters or {}), **ids} if case.path_parameters else {}
            response = case.call(timeout=30, headers=api.headers)
            case.validate_response(response, checks=[not_a_server_error, errors_are_problems])

    explore()


def known_ids(live: LiveApi) -> dict[str, str]:
    recording = live.http.get("/api/v1/recordings").json()["items"][-1]["id"]
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "1000"}
    upload = live.http.post("/api/v1/uploads", headers=headers).headers["Location"]
    return {"recording_id": recording, "upload_id": upload.rsplit("/")[-1]}


def errors_are_problems(_context: Any, response: Any, _case: Any) -> None:
    """Every error is a problem document with the status it came with."""
    if response.status_code < 400 or not response.content:
        return
    kind = response.headers["content-type"][0]
    if response.status_code == 503 and kind == "application/json":
        return
    assert kind == "application/problem+json"
    assert response.json()["status"] == response.status_code


def test_the_document_is_served(api: LiveApi) -> None:
    response = httpx.get(f"{api.url}/openapi.json", headers=api.headers, trust_env=False)
    assert response.json()["openapi"].startswith("3.1")
