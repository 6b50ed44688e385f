"""The page of custody, over the real application."""

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from ledger_fakes import wav_bytes
from web_live import add_people, client, web_settings

from qa.services import open_services
from qa.services.intake import IntakeMeta
from qa.web.app import create_app


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    settings = web_settings(tmp_path_factory.mktemp("custody"))
    services = open_services(settings, migrate=True)
    add_people(services)
    for seed in (1, 2):
        services.intake.accept_stream([wav_bytes(seed)], IntakeMeta(f"{seed}.wav", {"product": f"p{seed}"}))
    made = create_app(settings, services=services)
    with TestClient(made, base_url="http://localhost"):
        yield made
    services.close()


def test_a_hold_is_placed_wins_and_is_released_and_then_the_recording_goes(app: FastAPI) -> None:
    officer = client(app, "compliance")
    assert 'href="/custody"' in officer.get("/custody").text
    assert officer.post("/custody/holds", data={"where": "product=p1", "reason": "lawsuit"}).status_code == 303
    page = officer.get("/custody").text
    assert "product = p1" in page
    asked = {"where": "product=p1", "on_word_of": "DPO", "reason": "asked"}
    shown = officer.post("/custody/preview", data=asked).text
    assert "Protected by a hold: 1" in shown
    assert 'action="/custody/delete"' not in shown
    assert officer.post("/custody/delete", data=asked).status_code == 409
    release = re.search(r'action="(/custody/holds/\w+/release)"', page)
    assert release is not None
    assert officer.post(release.group(1), data={"reason": "settled"}).status_code == 303
    assert 'action="/custody/delete"' in officer.post("/custody/preview", data=asked).text
    assert officer.post("/custody/delete", data=asked).status_code == 303
    link = re.search(r'href="(/api/v1/custody/deletions/\w+/certificate)"', officer.get("/custody").text)
    assert link is not None
    made = officer.get(link.group(1))
    assert made.json()["certificate"]["on_word_of"] == "DPO"
    assert "attachment" in made.headers["content-disposition"]


def test_what_is_no_condition_is_told(app: FastAPI) -> None:
    officer = client(app, "compliance")
    refused = officer.post("/custody/holds", data={"where": "product", "reason": "x"})
    assert refused.status_code == 422
    assert "product is no condition" in refused.text


def test_whoever_may_not_retain_neither_sees_the_place_nor_gets_in(app: FastAPI) -> None:
    auditor = client(app, "auditor")
    assert auditor.get("/custody").status_code == 403
    assert 'href="/custody"' not in auditor.get("/audit").text
