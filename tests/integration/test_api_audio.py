"""Sound and waveform over real HTTP."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import soundfile
from api_live import LiveApi, api_settings, live_api
from ledger_fakes import wav_bytes

SOUND = wav_bytes(1)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveApi]:
    with live_api(api_settings(tmp_path_factory.mktemp("home"))) as live:
        yield live


@pytest.fixture(scope="module")
def path(api: LiveApi) -> str:
    made = api.http.post("/api/v1/recordings", files={"file": ("a.wav", SOUND)}).json()
    return f"/api/v1/recordings/{made['id']}"


def test_the_original_comes_back_byte_for_byte(api: LiveApi, path: str) -> None:
    response = api.http.get(f"{path}/audio")
    assert (response.status_code, response.content) == (200, SOUND)
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["content-type"].startswith("audio/")


@pytest.mark.parametrize(
    ("wanted", "expected"), [("bytes=0-99", SOUND[:100]), ("bytes=-10", SOUND[-10:]), ("bytes=500-", SOUND[500:])]
)
def test_a_range_is_those_bytes(api: LiveApi, path: str, wanted: str, expected: bytes) -> None:
    response = api.http.get(f"{path}/audio", headers={"Range": wanted})
    assert (response.status_code, response.content) == (206, expected)
    assert response.headers["Content-Range"].endswith(f"/{len(SOUND)}")


def test_a_range_outside_says_how_long_the_file_is(api: LiveApi, path: str) -> None:
    response = api.http.get(f"{path}/audio", headers={"Range": f"bytes={len(SOUND)}-"})
    assert response.status_code == 416
    assert response.headers["Content-Range"] == f"bytes */{len(SOUND)}"
    assert response.headers["content-type"] == "application/problem+json"


def test_head_tells_length_and_tag_without_a_body(api: LiveApi, path: str) -> None:
    response = api.http.head(f"{path}/audio")
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["Content-Length"] == str(len(SOUND))


def test_the_tag_saves_a_second_transfer_and_guards_a_resumed_one(api: LiveApi, path: str) -> None:
    etag = api.http.head(f"{path}/audio").headers["ETag"]
    assert api.http.get(f"{path}/audio", headers={"If-None-Match": etag}).status_code == 304
    fresh = api.http.get(f"{path}/audio", headers={"If-Range": etag, "Range": "bytes=0-9"})
    stale = api.http.get(f"{path}/audio", headers={"If-Range": '"old"', "Range": "bytes=0-9"})
    assert (fresh.status_code, stale.status_code) == (206, 200)


def test_the_playable_version_is_flac_of_the_same_length(api: LiveApi, path: str) -> None:
    response = api.http.get(f"{path}/audio", params={"playable": "true"})
    assert response.headers["content-type"] == "audio/flac"
    sound, rate = soundfile.read(io.BytesIO(response.content))
    assert len(sound) / rate == pytest.approx(6.0, abs=0.05)
    part = api.http.get(f"{path}/audio", params={"playable": "true"}, headers={"Range": "bytes=4-7"})
    assert part.content == response.content[4:8]
    assert part.headers["ETag"] != api.http.head(f"{path}/audio").headers["ETag"]


def test_peaks_have_a_minimum_and_a_maximum_per_point(api: LiveApi, path: str) -> None:
    outline = api.http.get(f"{path}/peaks", params={"per_second": 10}).json()
    assert outline["points"] == 60
    pairs = outline["channels"][0]
    assert len(pairs) == 120
    assert all(low <= high for low, high in zip(pairs[::2], pairs[1::2], strict=True))
    assert api.http.get(f"{path}/peaks", params={"per_second": 10}).json() == outline
    assert api.http.get(f"{path}/peaks", params={"per_second": 7}).status_code == 422


def test_many_pages_that_open_at_once_get_one_and_the_same(api: LiveApi) -> None:
    made = api.http.post("/api/v1/recordings", files={"file": ("b.wav", wav_bytes(2))}).json()

    def fetch(what: str) -> bytes:
        url = f"{api.url}/api/v1/recordings/{made['id']}/{what}"
        return httpx.get(url, headers=api.headers, timeout=60, trust_env=False).raise_for_status().content

    with ThreadPoolExecutor(8) as pool:
        for what in ("peaks", "audio?playable=1"):
            assert len(set(pool.map(fetch, [what] * 8))) == 1


def test_sound_that_has_gone_is_said_so_and_the_rest_still_works(tmp_path: Path) -> None:
    with live_api(api_settings(tmp_path)) as live:
        made = live.http.post("/api/v1/recordings", files={"file": ("a.wav", SOUND)}).json()
        live.services.storage.audio_path(made["sha256"], ".wav").unlink()
        for what in ("audio", "audio?playable=1", "peaks"):
            response = live.http.get(f"/api/v1/recordings/{made['id']}/{what}")
            assert response.status_code in (503, 507)
            assert response.headers["content-type"] == "application/problem+json"
        assert live.http.get(f"/api/v1/recordings/{made['id']}").status_code == 200
