"""What the list of recordings offers for many at once, over the real application."""

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from ledger_fakes import wav_bytes
from web_live import PEOPLE, add_people, client, web_settings

from qa.services import IntakeMeta, open_services
from qa.settings import BulkSettings
from qa.web.app import create_app


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    settings = web_settings(tmp_path_factory.mktemp("bulk")).model_copy(update={"bulk": BulkSettings(most=2)})
    services = open_services(settings, migrate=True)
    add_people(services)
    for seed in range(3):
        agent = "A1" if seed else "A2"
        services.intake.accept_stream([wav_bytes(seed)], IntakeMeta(f"{seed}.wav", {"agent": agent}))
    made = create_app(settings, services=services)
    with TestClient(made, base_url="http://localhost"):
        yield made
    services.close()


def test_more_than_the_limit_is_told_and_nothing_can_be_pressed(app: FastAPI) -> None:
    officer = client(app, "compliance")
    page = officer.get("/recordings?pick=all").text
    assert "More than 2 match" in page
    bar = page[page.index('class="bulk"') : page.index('<dialog id="ask"')]
    assert len(re.findall(r"<button[^>]* disabled", bar)) == len(re.findall("<button", bar)) == 4
    refused = officer.post("/recordings/rescan", data={"all": "1", "query": ""})
    assert refused.status_code == 422
    assert "At most 2 recordings at once" in refused.text


def test_all_that_match_are_those_of_the_filter(app: FastAPI) -> None:
    officer = client(app, "compliance")
    page = officer.get("/recordings?agent=A1&pick=all").text
    assert "All 2 that match are chosen" in page
    assert 'name="query" value="agent=A1"' in page
    asked = officer.post("/recordings/ask", data={"all": "1", "query": "agent=A1", "reason": "why"})
    assert asked.status_code == 200
    assert asked.text.count("Not analysed yet") == 2


@pytest.mark.parametrize(
    ("job", "acts"),
    [
        ("administrator", {"ask", "order", "rescan", "retry"}),
        ("compliance", {"ask", "order", "rescan", "retry"}),
        ("supervisor", {"ask", "rescan", "retry"}),
        ("auditor", {"order"}),
        ("reviewer", set()),
    ],
)
def test_each_job_is_offered_what_it_may(app: FastAPI, job: str, acts: set[str]) -> None:
    if job == "supervisor":
        app.state.context.services.intake.accept_stream(
            [wav_bytes(9)], IntakeMeta("9.wav", {"team": PEOPLE["supervisor"][3][0]})
        )
    page = client(app, job).get("/recordings").text
    found = set(re.findall(r'data-opens="#(ask|order)"', page))
    found |= set(re.findall(r'formaction="/recordings/(rescan|retry)"', page))
    assert found == acts
    assert ('name="id"' in page) == bool(acts)


@pytest.mark.parametrize("given", [{}, {"id": "x"}, {"id": "\0" * 32}, {"all": "1", "query": "agent=nobody"}])
def test_nothing_chosen_is_a_sentence_and_no_error(app: FastAPI, given: dict[str, str]) -> None:
    refused = client(app, "compliance").post("/recordings/retry", data=given)
    assert refused.status_code == 422


def test_what_is_exported_has_a_known_format(app: FastAPI) -> None:
    given = {"all": "1", "query": "agent=A1", "formats": "exe"}
    refused = client(app, "auditor").post("/recordings/export", data=given)
    assert refused.status_code == 422
    assert "exe" in refused.text
