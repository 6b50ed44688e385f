import itertools
import multiprocessing
import socket

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from speech_dialogue_maker import transcription_of
from speech_dialogue_maker import words_of as words_of_lines
from speech_samples import CALLS, mono, truth

from qa.core.base import decode, encode
from qa.core.errors import ModelError
from qa.core.speech import Activity, AudioInfo, ChannelActivity, Diarization
from qa.core.transcript import Span
from qa.settings import Settings, SpeechSettings
from qa.speech.base import no_hook
from qa.speech.clustering import cluster_voices, separation, unit
from qa.speech.diarize import AXES, PyannoteDiarizer
from qa.speech.roles import RoleOptions
from qa.speech.stretches import MAX_FRAMES, find_stretches, rasterise
from qa.speech.turns import build_transcript

CHUNK = 296


def settings(diarization: str = "offline") -> Settings:
    return Settings(speech=SpeechSettings(threads=1, diarization=diarization))


def everywhere(sound: NDArray[np.int16]) -> ChannelActivity:
    return ChannelActivity((Span(0.0, len(sound) / 16000),))


def by_truth(call: str) -> ChannelActivity:
    return ChannelActivity(tuple(Span(t["start"], t["end"]) for t in truth(call)["turns"]))


def right_share(diarization: Diarization, call: str) -> float:
    """Share of speech, outside double talk, that is given to the right one of two speakers."""
    frames = int(truth(call)["duration"] * 100) + 100
    true, found = np.zeros((2, frames), bool), np.zeros((2, frames), bool)
    for t in truth(call)["turns"]:
        true[int(t["role"] == "customer"), int(t["start"] * 100) : int(t["end"] * 100)] = True
    for s in diarization.segments:
        found[diarization.speakers.index(s.speaker), int(s.start * 100) : int(s.end * 100)] = True
    judged = (true.sum(0) == 1) & found.any(0)
    return max(float((true & found[list(p)]).any(0)[judged].mean()) for p in itertools.permutations(range(2)))


@given(st.integers(1, 5), st.data())
def test_stretches_cover_each_speaking_frame_and_no_pause(chunks: int, data: st.DataObject) -> None:
    active = np.zeros((chunks * CHUNK, 3), np.bool_)
    for _ in range(data.draw(st.integers(0, 12))):
        start = data.draw(st.integers(0, len(active) - 1))
        active[start : start + data.draw(st.integers(1, 400)), data.draw(st.integers(0, 2))] = True
    stretches = find_stretches(active, CHUNK)
    layout, owner = rasterise(stretches, chunks, CHUNK)
    covered = layout.reshape(chunks, CHUNK, -1).any(axis=2).ravel()
    assert covered[active.any(axis=1)].all()
    assert all(0 < s.end - s.start <= MAX_FRAMES for s in stretches)
    assert set(owner[owner >= 0].tolist()) == set(range(len(stretches)))
    assert layout.sum() == sum(s.end - s.start for s in stretches)


def test_a_pause_parts_stretches_and_a_chunk_edge_does_not() -> None:
    active = np.zeros((2 * CHUNK, 3), np.bool_)
    active[200:280, 0] = True
    active[290:CHUNK, 1] = True
    active[CHUNK:350, 2] = True
    assert [(s.start, s.end) for s in find_stretches(active, CHUNK)] == [(200, 280), (290, 350)]


def test_a_quiet_moment_that_the_model_bridged_parts_stretches_too() -> None:
    active = np.zeros((CHUNK, 3), np.bool_)
    active[50:250, 0] = True
    quiet = np.zeros(CHUNK, np.bool_)
    quiet[100:110] = quiet[180:184] = quiet[240:250] = True
    assert [(s.start, s.end) for s in find_stretches(active, CHUNK, quiet)] == [(50, 105), (105, 250)]


def voices(*counts: int, spread: float = 0.05) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    rng = np.random.default_rng(7)
    centres = unit(rng.normal(size=(len(counts), 192)))
    labels = np.repeat(np.arange(len(counts)), counts)
    return unit(centres[labels] + rng.normal(0, spread, (len(labels), 192))), labels


@pytest.mark.parametrize("counts", [(20, 20), (60, 4), (3, 50)])
def test_two_voices_are_told_apart_however_unevenly_they_talk(counts: tuple[int, int]) -> None:
    vectors, labels = voices(*counts)
    assert cluster_voices(vectors, np.ones(len(vectors)), 2).tolist() == labels.tolist()
    assert separation(vectors, np.ones(len(vectors)), labels) > 0.4


def test_the_number_of_voices_is_found_when_it_is_open() -> None:
    for counts in ((30,), (15, 15), (10, 10, 10)):
        vectors, labels = voices(*counts)
        assert cluster_voices(vectors, np.ones(len(vectors)), None).tolist() == labels.tolist()


@pytest.mark.parametrize("speakers", [None, 1, 2, 3])
def test_few_or_no_stretches_are_no_error(speakers: int | None) -> None:
    assert cluster_voices(np.zeros((0, 192)), np.zeros(0), speakers).tolist() == []
    vectors, _ = voices(1)
    assert cluster_voices(vectors, np.ones(1), speakers).tolist() == [0]


def test_a_channel_without_speech_has_no_speakers_and_needs_no_model() -> None:
    silence = np.zeros(160_000, np.int16)
    found = PyannoteDiarizer(settings()).diarize(silence, ChannelActivity(()), 2, no_hook)
    assert found.segments == found.speakers == ()


def test_a_hub_pipeline_out_of_reach_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    diarizer = PyannoteDiarizer(settings("community-1"))
    assert diarizer.name == "pyannote/speaker-diarization-community-1"
    with pytest.raises(ModelError) as caught:
        diarizer.diarize(np.zeros(160_000, np.int16), ChannelActivity((Span(0.0, 9.0),)), 2, no_hook)
    assert caught.value.message.code == "speech.diarize_hub"


@pytest.fixture(scope="module")
def diarizer() -> PyannoteDiarizer:
    return PyannoteDiarizer(settings())


@pytest.mark.models
@pytest.mark.parametrize("call", CALLS)
def test_a_sample_call_on_one_channel_is_shared_out_rightly(diarizer: PyannoteDiarizer, call: str) -> None:
    progress: list[float] = []
    found = diarizer.diarize(mono(call), by_truth(call), 2, lambda _s, done, _t: progress.append(done))
    assert found.speakers == ("S0", "S1")
    assert right_share(found, call) > 0.95
    assert progress == sorted(progress)
    assert all(len(v.at) == AXES for v in found.voices)
    assert decode(encode(found), Diarization) == found


@pytest.mark.models
def test_true_words_and_real_voices_give_every_turn_its_role(diarizer: PyannoteDiarizer) -> None:
    call = CALLS[0]
    lines = truth(call)["turns"]
    found = diarizer.diarize(mono(call), by_truth(call), 2, no_hook)
    words = []
    for turn in lines:
        spoken = words_of_lines([(turn["role"], turn["text"])])[0][1]
        scale = (turn["end"] - turn["start"]) / (spoken[-1].end - spoken[0].start)
        first = spoken[0].start
        words += [
            type(w)(
                w.text, turn["start"] + (w.start - first) * scale, turn["start"] + (w.end - first) * scale, 1, 1
            )
            for w in spoken
        ]
    info = AudioInfo("flac", "flac", 8000, 1, 1, truth(call)["duration"], None)
    transcript, decision = build_transcript(
        info, transcription_of([words]), Activity((by_truth(call),)), found, RoleOptions(), None
    )
    assert [t.role for t in transcript.turns] == [t["role"] for t in lines]
    assert decision.confidence > 0.95


@pytest.mark.models
def test_the_same_recording_gives_the_same_result_twice(diarizer: PyannoteDiarizer) -> None:
    sound = mono(CALLS[0])[: 16_000 * 30]
    assert diarizer.diarize(sound, everywhere(sound), 2, no_hook) == diarizer.diarize(
        sound, everywhere(sound), 2, no_hook
    )


@pytest.mark.models
@pytest.mark.parametrize("speakers", [1, 3, None])
def test_other_numbers_of_speakers_are_taken(diarizer: PyannoteDiarizer, speakers: int | None) -> None:
    sound = mono(CALLS[0])[: 16_000 * 30]
    found = diarizer.diarize(sound, everywhere(sound), speakers, no_hook)
    assert 1 <= len(found.speakers) <= (speakers or 4)


@pytest.mark.models
def test_a_second_of_speech_and_plain_noise_are_no_error(diarizer: PyannoteDiarizer) -> None:
    sound = mono(CALLS[0])[16_000:32_000]
    diarizer.diarize(sound, everywhere(sound), 2, no_hook)
    noise = np.random.default_rng(0).integers(-300, 300, 160_000).astype(np.int16)
    diarizer.diarize(noise, everywhere(noise), 2, no_hook)


@pytest.mark.models
def test_nothing_is_sent_to_anybody(diarizer: PyannoteDiarizer, monkeypatch: pytest.MonkeyPatch) -> None:
    dialled: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _self, address: dialled.append(address))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **_: dialled.append(args))
    sound = mono(CALLS[0])[: 16_000 * 20]
    diarizer.diarize(sound, everywhere(sound), 2, no_hook)
    PyannoteDiarizer(settings()).diarize(sound, everywhere(sound), 2, no_hook)
    from pyannote.audio.telemetry.metrics import provider

    provider.force_flush(2000)
    assert dialled == []


def _in_child(diarizer: PyannoteDiarizer, sound: NDArray[np.int16], results: "multiprocessing.Queue[int]") -> None:
    results.put(len(diarizer.diarize(sound, everywhere(sound), 2, no_hook).segments))


@pytest.mark.models
def test_a_diariser_made_before_a_fork_works_in_the_child() -> None:
    context = multiprocessing.get_context("fork")
    results: multiprocessing.Queue[int] = context.Queue()
    made_before = PyannoteDiarizer(settings())
    sound = mono(CALLS[0])[: 16_000 * 20]
    child = context.Process(target=_in_child, args=(made_before, sound, results))
    child.start()
    assert results.get(timeout=120) > 0
    child.join(30)
    assert child.exitcode == 0
