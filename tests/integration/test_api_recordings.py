"""Recordings over real HTTP, on SQLite and PostgreSQL."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from api_live import LiveApi, api_settings, live_api
from ledger_fakes import skipped, wav_bytes, write_wav

from qa.core.messages import message
from qa.core.result import RunStatus
from qa.pipeline.context import RunFailure

RECORDINGS = "/api/v1/recordings"


@pytest.fixture
def api(tmp_path: Path, database_url: str) -> Iterator[LiveApi]:
    with live_api(api_settings(tmp_path / "home", database_url)) as live:
        yield live


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[LiveApi]:
    """On SQLite alone, where the database makes no difference."""
    settings = api_settings(tmp_path / "home", intake={"max_bytes": 3_000_000}, body_idle_seconds=0.5)
    with live_api(settings) as live:
        yield live


def send(live: LiveApi, data: bytes, name: str = "call.wav", **fields: str) -> httpx.Response:
    return live.http.post(RECORDINGS, files={"file": (name, data)}, data=fields)


def spooled(live: LiveApi) -> list[Path]:
    return [path for path in (live.settings.home / "spool").rglob("*") if path.is_file()]


def test_an_upload_is_accepted_and_the_same_bytes_again_are_the_first_recording(api: LiveApi) -> None:
    first = send(
        api, wav_bytes(1), metadata='{"agent": 17, "vip": true, "note": null}', team="续保", language="zh"
    )
    assert first.status_code == 201
    made = first.json()
    assert first.headers["Location"] == f"{RECORDINGS}/{made['id']}"
    assert made["attributes"] == {"agent": "17", "vip": "true", "team": "续保"}
    assert (made["duplicate"], made["status"], made["language"]) == (False, "queued", "zh")

    again = send(api, wav_bytes(1), name="other.wav")
    assert again.status_code == 200
    assert (again.json()["duplicate"], again.json()["id"], again.json()["name"]) == (True, made["id"], "call.wav")
    assert len(api.bell.rings) == 1
    assert spooled(api) == []


def test_a_recording_goes_from_queued_to_its_result_and_is_judged_again(api: LiveApi) -> None:
    made = send(api, wav_bytes(2)).json()
    path = f"{RECORDINGS}/{made['id']}"
    early = api.http.get(f"{path}/result")
    assert (early.status_code, early.json()["code"]) == (409, "api.not_ready")

    api.work()
    now = api.http.get(path).json()
    assert (now["status"], now["findings"], now["worst"], now["score"]) == ("done", 1, "critical", 80.0)
    result = api.http.get(f"{path}/result")
    finding = result.json()["analysis"]["findings"][0]
    assert finding["reason"]["code"] == "rules.said"
    assert finding["reason"]["text"]
    assert finding["evidence"][0]["quote"] == "稳赚不赔"

    api.pipeline.pack_version = 2
    assert api.http.post(f"{path}/rescan").status_code == 202
    assert api.http.post(f"{path}/rescan").json()["code"] == "ledger.run_active"
    api.work()
    history = api.http.get(f"{path}/results").json()["items"]
    assert [item["packs"] for item in history] == [{"zh/finance": 2}, {"zh/finance": 1}]
    old = api.http.get(f"{path}/result", params={"result_id": history[1]["id"]})
    assert old.json()["analysis"]["packs"] == {"zh/finance": 1}
    assert api.http.get(f"{path}/result", params={"result_id": "0" * 32}).status_code == 404


def test_roles_are_swapped_or_set_and_the_text_stages_run_again(api: LiveApi) -> None:
    path = f"{RECORDINGS}/{send(api, wav_bytes(3)).json()['id']}"
    api.work()
    assert api.http.patch(f"{path}/roles", json={"swap": True}).status_code == 202
    api.work()
    assert api.http.get(f"{path}/result").json()["roles"]["roles"] == {"ch0": "customer", "ch1": "agent"}
    body = {"roles": {"ch0": "agent", "ch1": "customer"}}
    assert api.http.patch(f"{path}/roles", json=body).status_code == 202
    api.work()
    assert api.http.get(path).json()["roles"] == body["roles"]
    for bad in ({}, {"swap": True, **body}, {"roles": {"ch0": "boss"}}, {"roles": {"": "agent"}}):
        assert api.http.patch(f"{path}/roles", json=bad).status_code == 422


def test_a_failed_recording_says_why_and_can_be_retried(api: LiveApi) -> None:
    path = f"{RECORDINGS}/{send(api, wav_bytes(4)).json()['id']}"
    api.pipeline.outcome = lambda _: RunFailure(message("api.disk_full"), "decode", retryable=False)
    api.work()
    failed = api.http.get(path).json()
    assert (failed["status"], failed["run"]["stage"]) == ("failed", "decode")
    assert failed["run"]["reason"]["text"].startswith("The disk has no room")
    assert api.http.get(f"{path}/result").json()["code"] == "api.no_result"
    api.pipeline.outcome = None
    assert api.http.post(f"{path}/retry").status_code == 202
    api.work()
    assert api.http.get(path).json()["status"] == "done"
    assert api.http.post(f"{path}/retry").status_code == 409


def test_the_list_pages_by_key_and_every_filter_must_hold(api: LiveApi) -> None:
    ids = [send(api, wav_bytes(10 + n), name=f"call-{n}.wav", agent=str(n % 2)).json()["id"] for n in range(5)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        page = api.http.get(RECORDINGS, params=params).json()
        seen += [item["id"] for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
        if len(seen) == 2:
            # What arrives meanwhile must not shift the pages.
            send(api, wav_bytes(99), name="late.wav")
    assert seen == ids[::-1]
    found = api.http.get(RECORDINGS, params={"attribute": "agent:1"}).json()["items"]
    assert [item["name"] for item in found] == ["call-3.wav", "call-1.wav"]
    found = api.http.get(RECORDINGS, params={"attribute": "agent:1", "name": "-3", "status": "queued"}).json()
    assert [item["name"] for item in found["items"]] == ["call-3.wav"]
    assert api.http.get(RECORDINGS, params={"name": "%"}).json()["items"] == []
    assert api.http.get(RECORDINGS, params={"cursor": "nonsense"}).status_code == 422


def test_a_rescan_of_everything_takes_what_is_finished(api: LiveApi) -> None:
    for n in range(3):
        send(api, wav_bytes(20 + n))
    api.work()
    send(api, wav_bytes(30))
    assert api.http.post("/api/v1/rescan").json() == {"queued": 3}


def test_a_recording_without_speech_is_skipped_with_its_reason(lite: LiveApi) -> None:
    path = f"{RECORDINGS}/{send(lite, wav_bytes(5)).json()['id']}"
    lite.pipeline.outcome = skipped
    lite.work()
    assert lite.http.get(path).json()["status"] == RunStatus.SKIPPED
    assert lite.http.get(f"{path}/result").json()["reason"]["code"] == "pipeline.no_speech"


@pytest.mark.parametrize(
    ("data", "name", "status"),
    [
        (b"just a text file, nothing to hear here", "call.wav", 422),
        (b"", "call.wav", 422),
        (b"PK\x03\x04" + b"\0" * 200, "call.wav", 422),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "call.mp3", 422),
        (b"x" * 3_100_000, "call.wav", 413),
        (b"x" * 5_000_000, "call.wav", 413),
    ],
)
def test_what_is_no_recording_is_one_clear_sentence_and_leaves_nothing(
    lite: LiveApi, data: bytes, name: str, status: int
) -> None:
    response = send(lite, data, name)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"]
    assert spooled(lite) == []
    assert lite.http.get(RECORDINGS).json()["items"] == []


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd.wav",
        "a\r\nX-Evil: 1.wav",
        "..",
        "x" * 5000 + ".wav",
        "\u202egnp.wav",
        "C:\\calls\\a.wav",
        "\0.wav",
    ],
)
def test_a_hostile_name_is_made_harmless_and_never_becomes_a_path(lite: LiveApi, name: str) -> None:
    boundary = "b"
    disposition = (
        b'Content-Disposition: form-data; name="file"; filename="' + name.replace("\r\n", " ").encode() + b'"'
    )
    body = b"--b\r\n" + disposition + b"\r\n\r\n" + wav_bytes(6) + b"\r\n--b--\r\n"
    response = lite.http.post(
        RECORDINGS, content=body, headers={"Content-Type": f"multipart/form-data; boundary={boundary}"}
    )
    if response.status_code == 422:
        # A header that is not one at all; what matters is that nothing was kept.
        assert response.json()["code"] == "api.not_multipart"
        return
    shown = response.json()["name"]
    assert response.status_code == 201
    assert len(shown) <= 200
    assert not set(shown) & set("/\\\r\n\0\u202e")
    home = lite.settings.home.resolve()
    assert all(home in path.resolve().parents for path in home.rglob("*"))
    assert [path for path in home.parent.iterdir() if path != home] == []


@pytest.mark.parametrize(
    "fields",
    [
        {"metadata": "[1]"},
        {"metadata": "{"},
        {"metadata": '{"a": {"b": 1}}'},
        {"metadata": "[" * 100_000},
        {"bad name!": "x"},
        {"agent": "x" * 2000},
        {"language": "klingon"},
        {"roles": '{"ch0": "boss"}'},
        {f"f{n}": "x" for n in range(80)},
    ],
)
def test_metadata_that_does_not_fit_is_refused_whole(lite: LiveApi, fields: dict[str, str]) -> None:
    response = send(lite, wav_bytes(7), **fields)
    assert response.status_code == 422
    assert lite.http.get(RECORDINGS).json()["items"] == []
    assert spooled(lite) == []


def test_an_upload_that_stops_arriving_is_dropped(lite: LiveApi) -> None:
    target = urlsplit(lite.url)
    with socket.create_connection((target.hostname, target.port), timeout=20) as raw:
        raw.sendall(
            f"POST {RECORDINGS} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: {lite.headers['Authorization']}\r\n"
            f"Content-Length: 100000\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
            '--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF'.encode()
        )
        answer = raw.recv(4096)
    assert b" 408 " in answer.split(b"\r\n")[0]
    assert spooled(lite) == []


def test_a_client_that_goes_away_leaves_nothing(lite: LiveApi) -> None:
    target = urlsplit(lite.url)
    with socket.create_connection((target.hostname, target.port), timeout=20) as raw:
        raw.sendall(
            f"POST {RECORDINGS} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: {lite.headers['Authorization']}\r\n"
            f"Content-Length: 100000\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
            '--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF'.encode()
        )
    deadline = time.monotonic() + 10
    while spooled(lite) and time.monotonic() < deadline:
        lite.http.get("/healthz")
    assert spooled(lite) == []


def test_the_same_content_sent_at_once_becomes_one_recording(api: LiveApi) -> None:
    codes: list[int] = []

    def upload() -> None:
        files = {"file": ("a.wav", wav_bytes(8))}
        codes.append(
            httpx.post(
                api.url + RECORDINGS, headers=api.headers, files=files, timeout=60, trust_env=False
            ).status_code
        )

    threads = [threading.Thread(target=upload) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [200] * 5 + [201]
    assert len(api.http.get(RECORDINGS).json()["items"]) == 1


def test_without_room_on_the_disk_nothing_is_taken(tmp_path: Path) -> None:
    with live_api(api_settings(tmp_path, min_free_bytes=2**62)) as live:
        response = send(live, wav_bytes(1))
        assert (response.status_code, response.json()["code"]) == (507, "api.disk_full")
        ready = live.http.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["checks"]["disk"].startswith("The disk")


def test_health_and_figures(lite: LiveApi) -> None:
    send(lite, wav_bytes(9))
    assert lite.http.get("/readyz").json() == {
        "ready": True,
        "checks": {"database": "ok", "broker": "ok", "disk": "ok"},
    }
    lite.bell.length = None
    assert lite.http.get("/readyz").status_code == 503
    figures = lite.http.get("/metrics").text
    assert 'tingjian_runs{status="queued"} 1.0' in figures
    assert 'route="/api/v1/recordings"' in figures


def test_the_client_uploads_waits_and_fetches(lite: LiveApi, tmp_path: Path) -> None:
    sent: list[tuple[int, int]] = []
    path = write_wav(tmp_path / "呼叫.wav", 11)
    with lite.client() as client:
        made = client.upload(path, {"agent": "17"}, on_sent=lambda done, total: sent.append((done, total)))
        assert sent[-1] == (path.stat().st_size, path.stat().st_size)
        worker = threading.Thread(target=lite.work)
        worker.start()
        assert client.wait(made.id, within=60).status is RunStatus.DONE
        worker.join()
        assert client.result(made.id) == lite.services.recordings.result(made.id).result
