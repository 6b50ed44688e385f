"""Live progress over real HTTP."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from api_live import LiveApi, api_settings, live_api
from ledger_fakes import wav_bytes

from qa.api.client import parse_events
from qa.api.routes import progress

RECORDINGS = "/api/v1/recordings"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[LiveApi]:
    with live_api(api_settings(tmp_path / "home")) as live:
        yield live


def accepted(live: LiveApi, seed: int) -> str:
    return str(live.http.post(RECORDINGS, files={"file": ("a.wav", wav_bytes(seed))}).json()["id"])


def test_events_follow_the_stages_and_end_with_the_final_status(
    api: LiveApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "POLL_SECONDS", 0.02)
    recording_id = accepted(api, 1)
    api.pipeline.stage_seconds = 1.2
    worker = threading.Thread(target=api.work)
    names, stages, ids = [], [], []
    with api.http.stream("GET", f"{RECORDINGS}/{recording_id}/events", timeout=60) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        for event in parse_events(response.iter_lines()):
            if event is None:
                continue
            if not names:
                worker.start()
            names.append(event.name)
            ids.append(event.id)
            stages.append(event.data)
    worker.join()
    assert names[-1] == "end"
    assert set(names[:-1]) == {"progress"}
    assert len(set(ids)) == len(ids)
    assert '"status":"queued"' in stages[0]
    assert any('"stage":"transcribe"' in data for data in stages)
    assert '"status":"done"' in stages[-1]


def test_who_has_seen_the_end_is_told_to_stop_asking(api: LiveApi) -> None:
    recording_id = accepted(api, 2)
    api.work()
    url = f"{RECORDINGS}/{recording_id}/events"
    events = [event for event in parse_events(iter(api.http.get(url).text.splitlines())) if event]
    assert [event.name for event in events] == ["end"]
    assert api.http.get(url, headers={"Last-Event-ID": events[0].id}).status_code == 204
    assert api.http.get(url, headers={"Last-Event-ID": "older"}).status_code == 200


def test_a_reconnecting_reader_is_not_told_the_same_twice(api: LiveApi) -> None:
    recording_id = accepted(api, 3)
    url = f"{RECORDINGS}/{recording_id}/events"
    with api.http.stream("GET", url) as response:
        first = next(event for event in parse_events(response.iter_lines()) if event)
    worker = threading.Timer(0.2, api.work)
    worker.start()
    with api.http.stream("GET", url, headers={"Last-Event-ID": first.id}, timeout=60) as response:
        later = [event for event in parse_events(response.iter_lines()) if event]
    worker.join()
    assert first.id not in [event.id for event in later]
    assert later[-1].name == "end"


def test_a_silent_stream_sends_heartbeats(api: LiveApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "HEARTBEAT_SECONDS", 0.1)
    recording_id = accepted(api, 4)
    with api.http.stream("GET", f"{RECORDINGS}/{recording_id}/events", timeout=10) as response:
        assert any(event is None for event in parse_events(response.iter_lines()))


def test_an_open_stream_does_not_keep_the_service_from_stopping(tmp_path: Path) -> None:
    with live_api(api_settings(tmp_path / "home")) as live:
        recording_id = accepted(live, 5)
        client = httpx.Client(base_url=live.url, headers=live.headers, trust_env=False, timeout=60)
        with client.stream("GET", f"{RECORDINGS}/{recording_id}/events", timeout=30) as response:
            next(response.iter_lines())
            before = time.monotonic()
            live.stop()
            assert not live.alive
            assert time.monotonic() - before < 10
        client.close()


def test_events_of_nothing_are_a_problem_document(api: LiveApi) -> None:
    response = api.http.get(f"{RECORDINGS}/{'0' * 32}/events")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
