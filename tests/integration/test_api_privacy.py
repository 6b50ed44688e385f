"""What goes over the wire is masked, the sound too; the original comes after a reason."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from api_live import LiveApi, api_settings, live_api
from ledger_fakes import wav_bytes
from privacy_kit import SECRETS, leaked, telling

from qa.audio.samples import SAMPLE_RATE


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveApi]:
    with live_api(api_settings(Path(tmp_path_factory.mktemp("privacy")))) as live:
        live.pipeline.outcome = telling
        yield live


@pytest.fixture(scope="module")
def path(api: LiveApi) -> str:
    file = {"file": ("回拨13812345678.wav", wav_bytes(3))}
    made = api.http.post("/api/v1/recordings", files=file, data={"customer_phone": "13812345678"})
    assert made.status_code == 201, made.text
    assert "13812345678" not in made.text
    api.work()
    return f"/api/v1/recordings/{made.json()['id']}"


def heard(api: LiveApi, path: str, **params: str) -> np.ndarray:
    response = api.http.get(f"{path}/audio", params={"playable": "true", **params})
    assert response.status_code == 200, response.text
    sound, _ = soundfile.read(io.BytesIO(response.content), dtype="int16")
    return np.asarray(sound)


def test_no_answer_shows_what_is_personal(api: LiveApi, path: str) -> None:
    for where in ("/api/v1/recordings", path, f"{path}/result", f"{path}/results", f"{path}/runs"):
        response = api.http.get(where)
        assert leaked(response.text) == [], where
    turns = api.http.get(f"{path}/result").json()["transcript"]["turns"]
    assert ["".join(w["text"] for w in t["words"]) for t in turns][1::2] == ["138****5678", "***"]


def test_the_sound_is_hidden_until_a_reason_is_given(api: LiveApi, path: str) -> None:
    masked = heard(api, path)
    refused = api.http.get(f"{path}/audio", params={"playable": "true", "original": "true"})
    assert (refused.status_code, refused.json()["code"]) == (403, "privacy.reveal_first")

    told = api.http.post(f"{path}/reveal", json={"reason": "customer disputes the number"})
    assert [s["text"] for s in told.json()["spans"]] == list(SECRETS)
    assert told.headers["cache-control"] == "no-store"

    original = heard(api, path, original="true")
    inside = slice(int(2.0 * SAMPLE_RATE), int(3.6 * SAMPLE_RATE))
    outside = slice(0, int(1.8 * SAMPLE_RATE))
    assert np.array_equal(masked[outside], original[outside])
    assert not np.array_equal(masked[inside], original[inside])
    assert np.array_equal(heard(api, path), masked)


def test_a_reveal_without_a_reason_says_what_is_missing(api: LiveApi, path: str) -> None:
    response = api.http.post(f"{path}/reveal", json={"reason": " "})
    assert (response.status_code, response.json()["code"]) == (422, "privacy.reason_missing")
    response = api.http.post(
        f"{path}/reveal", json={"reason": "a good one", "spans": [{"turn": 99, "start": 0, "end": 1}]}
    )
    assert response.json()["code"] == "privacy.no_such_span"
    assert api.http.post(f"/api/v1/recordings/{'0' * 32}/reveal", json={"reason": "a good one"}).status_code == 404


def test_nobody_reveals_without_an_account(api: LiveApi, path: str) -> None:
    response = api.http.post(f"{path}/reveal", json={"reason": "a good one"}, headers={"Authorization": ""})
    assert response.status_code == 401
