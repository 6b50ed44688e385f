"""Reviewing over HTTP: a reviewer's call from the queue to a second version, and who may not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_live import LiveApi, api_settings, live_api
from ledger_fakes import wav_bytes


@pytest.fixture
def api(tmp_path: Path) -> Iterator[LiveApi]:
    with live_api(api_settings(tmp_path / "home")) as live:
        yield live


def call(api: LiveApi, seed: int = 1) -> str:
    made = api.http.post("/api/v1/recordings", files={"file": ("a.wav", wav_bytes(seed))})
    api.work()
    recording: str = made.json()["recording"]["id"] if "recording" in made.json() else made.json()["id"]
    return recording


def ok(response: httpx.Response, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    return response.json() if response.content else None


def test_a_call_goes_from_the_queue_to_a_second_version(api: LiveApi) -> None:
    http, one = api.http, call(api)
    assert ok(http.get("/api/v1/queue"))["open"] == 1
    assert ok(http.get("/api/v1/queue/peek"))["recording_id"] == one
    item = ok(http.post("/api/v1/queue/next"))
    assert (item["recording_id"], item["reason"]) == (one, "critical")
    assert http.post("/api/v1/queue/next").status_code == 204
    base = f"/api/v1/recordings/{one}/review"
    review = ok(http.get(base))
    assert (review["mine"], review["unjudged"]) == (True, 1)
    flag = review["flags"][0]
    assert flag["reason"]["text"]
    refused = ok(http.post(f"{base}/finalise"), 409)
    assert refused["code"] == "review.flags_unjudged"
    refused = ok(http.put(f"{base}/flags/{flag['finding_id']}", json={"outcome": "rejected"}), 422)
    assert refused["code"] == "review.reason_missing"
    said = {"outcome": "rejected", "reason": "duty_sentence"}
    ok(http.put(f"{base}/flags/{flag['finding_id']}", json=said))
    added = ok(http.post(f"{base}/flags", json={"family": "rude"}), 201)
    ok(http.delete(f"{base}/verdicts/{added['id']}"), 204)
    comment = ok(http.post(f"{base}/comments", json={"text": "13812345678"}), 201)
    assert comment["text"] == "138****5678"
    ok(http.delete(f"{base}/comments/{comment['id']}"), 204)
    done = ok(http.post(f"{base}/finalise"))
    assert (done["status"], done["version"]) == ("finalised", 1)
    assert ok(http.post(f"{base}/skip", json={"reason": "?"}), 409)["code"] == "review.finalised"
    ok(http.post(f"{base}/reopen", json={"reason": "新证据"}))
    ok(http.post(f"{base}/finalise"))
    version = ok(http.get(f"{base}/versions/2"))
    assert (version["reason"], version["verdicts"][0]["reason"]) == ("新证据", "duty_sentence")
    assert ok(http.get(f"{base}/versions/3"), 404)["code"] == "review.no_version"
    [rule] = ok(http.get("/api/v1/rule-precision"))
    assert (rule["precision"]["count"], rule["precision"]["of"]) == (0, 1)


def test_sampling_plans_and_what_they_tell(api: LiveApi) -> None:
    http = api.http
    plan = ok(
        http.post("/api/v1/sampling-plans", json={"name": "p", "kind": "random", "options": {"share": 1}}), 201
    )
    call(api)
    [seen] = ok(http.get("/api/v1/sampling-plans"))
    assert (seen["drawn"], seen["calls"]) == (1, 1)
    off = ok(http.patch(f"/api/v1/sampling-plans/{plan['id']}", json={"active": False}))
    assert off["active"] is False
    bad = {"name": "q", "kind": "random", "options": {"share": 7}}
    assert ok(http.post("/api/v1/sampling-plans", json=bad), 422)["code"] == "review.plan_out_of_range"
    estimate = ok(http.get("/api/v1/miss-estimate", params={"since": "2020-01-01T00:00:00Z"}))
    assert estimate["missed"] == {"count": 0, "of": 0, "rate": None, "low": 0.0, "high": 1.0}
    for moment in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"):
        ok(http.get("/api/v1/miss-estimate", params={"since": moment}))
        ok(http.get("/api/v1/rule-precision", params={"since": moment}))


@pytest.mark.parametrize(
    "path", ["/queue", "/queue/items", "/sampling-plans", "/miss-estimate", "/rule-precision"]
)
def test_nobody_reviews_without_signing_in(api: LiveApi, path: str) -> None:
    assert httpx.get(f"{api.url}/api/v1{path}", trust_env=False).status_code == 401
