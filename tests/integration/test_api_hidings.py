"""Hiding by hand over the wire: words, sound and log, and who may."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from api_live import LiveApi, api_settings, live_api
from ledger_fakes import wav_bytes
from privacy_kit import telling

from qa.audio.samples import SAMPLE_RATE


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveApi]:
    with live_api(api_settings(Path(tmp_path_factory.mktemp("hidings")))) as live:
        live.pipeline.outcome = telling
        yield live


def taken(api: LiveApi, seed: int) -> str:
    made = api.http.post("/api/v1/recordings", files={"file": ("a.wav", wav_bytes(seed))})
    api.work()
    return f"/api/v1/recordings/{made.json()['id']}"


def heard(api: LiveApi, path: str, **params: str) -> np.ndarray:
    response = api.http.get(f"{path}/audio", params={"playable": "true", **params})
    assert response.status_code == 200, response.text
    sound, _ = soundfile.read(io.BytesIO(response.content), dtype="int16")
    return np.asarray(sound)


def test_words_and_sound_are_hidden_at_once_and_shown_again_for_a_reason(api: LiveApi) -> None:
    path = taken(api, 21)
    before = heard(api, path)
    made = api.http.post(f"{path}/hidings", json={"turn": 2, "start": 0, "end": 8, "kind": "other"})
    assert made.status_code == 201, made.text
    [hidden] = made.json()
    assert (hidden["number"], hidden["act"], hidden["standing"], hidden["person"]) == (
        1,
        "hide",
        "in_force",
        "system",
    )
    assert "卡背面" not in made.text
    result = api.http.get(f"{path}/result").json()
    assert "".join(w["text"] for w in result["transcript"]["turns"][2]["words"]) == "********"
    after = heard(api, path)
    inside = slice(int(3.9 * SAMPLE_RATE), int(4.3 * SAMPLE_RATE))
    outside = slice(0, int(1.8 * SAMPLE_RATE))
    assert np.array_equal(before[outside], after[outside])
    assert not np.array_equal(before[inside], after[inside])

    wrong = api.http.post(f"{path}/hidings/lift", json={"turn": 2, "start": 1, "end": 2, "reason": " "})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "privacy.reason_missing")
    lifted = api.http.post(
        f"{path}/hidings/lift", json={"turn": 2, "start": 1, "end": 2, "reason": "not personal"}
    )
    assert [(one["act"], one["undoes"]) for one in lifted.json()] == [("lift", 1)]
    assert np.array_equal(heard(api, path), before)
    assert [one["standing"] for one in api.http.get(f"{path}/hidings").json()] == ["undone", "in_force"]


def test_a_number_the_machine_hid_by_mistake_is_heard_and_read_once_it_is_lifted(api: LiveApi) -> None:
    path = taken(api, 22)
    before = heard(api, path)
    [lifted] = api.http.post(
        f"{path}/hidings/lift", json={"turn": 1, "start": 0, "end": 11, "reason": "our own hotline"}
    ).json()
    assert (lifted["kind"], lifted["undoes"]) == ("phone", None)
    turns = api.http.get(f"{path}/result").json()["transcript"]["turns"]
    assert turns[1]["words"][0]["text"] == "13812345678"
    inside = slice(int(2.3 * SAMPLE_RATE), int(3.2 * SAMPLE_RATE))
    assert not np.array_equal(heard(api, path)[inside], before[inside])


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"turn": 99, "start": 0, "end": 1, "kind": "name"}, 404),
        ({"turn": 2, "start": 5, "end": 5, "kind": "name"}, 422),
        ({"turn": 2, "start": 0, "end": 999, "kind": "name"}, 422),
        ({"turn": 2, "start": 0, "end": 1, "kind": "colour"}, 422),
        ({"turn": 2, "start": 0, "end": 1}, 422),
        ({"turn": 2, "start": 0, "end": 1, "kind": "name", "reason": "call 13912345678"}, 422),
    ],
)
def test_what_cannot_be_hidden_is_refused_with_a_sentence(
    api: LiveApi, given: dict[str, object], status: int
) -> None:
    response = api.http.post(f"{taken(api, 23)}/hidings", json=given)
    assert response.status_code == status, response.text
    assert response.json()["detail"]


def test_a_call_without_words_yet_has_nothing_to_hide(api: LiveApi) -> None:
    made = api.http.post("/api/v1/recordings", files={"file": ("b.wav", wav_bytes(24))})
    path = f"/api/v1/recordings/{made.json()['id']}"
    assert api.http.get(f"{path}/hidings").status_code == 409
    response = api.http.post(f"{path}/hidings", json={"turn": 0, "start": 0, "end": 1, "kind": "name"})
    assert response.status_code == 409
    api.work()
