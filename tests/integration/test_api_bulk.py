"""Many recordings at once over HTTP: counted, put before a reviewer, exported, judged again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_live import LiveApi, api_settings, live_api
from ledger_fakes import wav_bytes
from people_kit import make_person

from qa.core.people import Job
from qa.settings import BulkSettings

EAST = {"team": ["east"]}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveApi]:
    home: Path = tmp_path_factory.mktemp("bulk")
    settings = api_settings(home).model_copy(update={"bulk": BulkSettings(most=3)})
    with live_api(settings) as live:
        make_person(live.services.people, "wang", Job.REVIEWER)
        for seed in range(5):
            told = f'{{"team": "{"west" if seed > 2 else "east"}"}}'
            live.http.post(
                "/api/v1/recordings", files={"file": ("a.wav", wav_bytes(seed)), "metadata": (None, told)}
            )
        live.work()
        yield live


def ok(response: httpx.Response, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    return response.json()


def refused(response: httpx.Response) -> str:
    assert response.status_code == 422, response.text
    code: str = response.json()["code"]
    return code


def test_a_filter_is_counted_up_to_the_limit(api: LiveApi) -> None:
    assert ok(api.http.post("/api/v1/bulk/count", json=EAST)) == {"count": 3, "more": False, "most": 3}
    assert ok(api.http.post("/api/v1/bulk/count", json={})) == {"count": 3, "more": True, "most": 3}
    assert refused(api.http.post("/api/v1/bulk/rescan", json={"matching": {}})) == "bulk.too_many"
    assert refused(api.http.post("/api/v1/bulk/rescan", json={})) == "bulk.choose"


def test_calls_wait_for_whom_they_were_given_to_and_each_is_told(api: LiveApi) -> None:
    given = {"matching": EAST, "to": "wang", "reason": "投诉件"}
    told = ok(api.http.post("/api/v1/bulk/review", json=given))
    assert told["counts"] == {"asked": 3}
    waiting = ok(api.http.get("/api/v1/queue/items", params={"assigned_to": "wang"}))
    assert {one["recording_id"] for one in waiting} == {one["recording_id"] for one in told["items"]}
    again = {"recordings": [told["items"][0]["recording_id"], "0" * 32], "to": "wang", "reason": "投诉件"}
    assert ok(api.http.post("/api/v1/bulk/review", json=again))["counts"] == {"already": 1, "unknown": 1}
    nobody = api.http.post("/api/v1/bulk/review", json={**given, "to": "nobody"})
    assert (nobody.status_code, nobody.json()["code"]) == (404, "review.no_person")


def test_an_export_of_a_filter_is_an_order_like_others(api: LiveApi) -> None:
    ordered = ok(api.http.post("/api/v1/bulk/export", json={"matching": EAST, "formats": ["csv"]}), 202)
    export = ordered["export"]
    assert (export["total"], export["chosen"], ordered["left_out"]) == (3, 3, 0)
    assert ok(api.http.get(f"/api/v1/exports/{export['id']}"))["wanted"]["matching"]["facets"] == EAST


def test_only_what_is_done_is_judged_again(api: LiveApi) -> None:
    assert ok(api.http.post("/api/v1/bulk/rescan", json={"matching": EAST}), 202) == {"queued": 3, "refused": 0}
    assert ok(api.http.post("/api/v1/bulk/rescan", json={"matching": EAST}), 202) == {"queued": 0, "refused": 3}
    assert ok(api.http.post("/api/v1/bulk/retry", json={"matching": EAST}), 202) == {"queued": 0, "refused": 3}
    api.work()
