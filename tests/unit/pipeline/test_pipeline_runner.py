"""The runner: resuming, batching, skipping, and one bad recording harming nobody else."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from qa.core.base import Record
from qa.core.errors import BadRecordingError, StorageError
from qa.core.messages import message
from qa.core.result import Result, RunStatus
from qa.pipeline.cache import FolderStageCache, NoStageCache
from qa.pipeline.context import Phase, RecordingInput, RunAbortedError, RunContext, RunFailure, SkipRecording
from qa.pipeline.runner import Pipeline
from qa.pipeline.stage import Stage, StageHook
from qa.settings import Settings


class Note(Record, frozen=True):
    """An output that says which stage saw which recording."""

    text: str


class Recorder(Stage[Note]):
    """A stage that writes down what it was asked to do."""

    version = "1"
    output = Note

    def __init__(self, name: str, *, phase: Phase = Phase.SPEECH, batched: bool = False, option: str = "") -> None:
        self.name, self.phase, self.batched, self.option = name, phase, batched, option  # type: ignore[misc]
        self.calls: list[list[str]] = []
        self.errors: dict[str, Exception] = {}
        self.skips: set[str] = set()

    def fingerprint(self, ctx: RunContext) -> str:
        return self.option

    def compute(self, batch: Sequence[RunContext], hook: StageHook) -> list[Note]:
        self.calls.append([c.source.name for c in batch])
        for ctx in batch:
            if ctx.source.name in self.errors:
                raise self.errors[ctx.source.name]
        return [Note(c.source.name) for c in batch]

    def accept(self, ctx: RunContext, out: Note) -> None:
        if ctx.source.name in self.skips:
            raise SkipRecording(message("pipeline.no_speech"))


def source(name: str) -> RecordingInput:
    return RecordingInput(Path("/nowhere") / name, sha256=name * 8, name=name)


def pipeline(tmp_path: Path, *stages: Recorder) -> Pipeline:
    return Pipeline(Settings(home=tmp_path), cast("Sequence[Stage[Any]]", stages))


def test_a_second_run_takes_everything_from_the_cache(tmp_path: Path) -> None:
    stage = Recorder("one")
    cache = FolderStageCache(tmp_path / "cache")
    for _ in range(2):
        (result,) = pipeline(tmp_path, stage).run([source("a")], cache)
        assert isinstance(result, Result)
        assert result.status is RunStatus.DONE
    assert stage.calls == [["a"]]
    assert result.timings[0].cached


def test_a_changed_option_runs_its_stage_and_the_later_ones_again(tmp_path: Path) -> None:
    cache = FolderStageCache(tmp_path / "cache")
    before = [Recorder("one"), Recorder("two"), Recorder("three")]
    pipeline(tmp_path, *before).run([source("a")], cache)
    after = [Recorder("one"), Recorder("two", option="new"), Recorder("three")]
    pipeline(tmp_path, *after).run([source("a")], cache)
    assert [s.calls for s in after] == [[], [["a"]], [["a"]]]


def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path) -> None:
    cache = FolderStageCache(tmp_path / "cache")
    stages = [Recorder("one"), Recorder("two")]

    def stop_at_two(_index: int, stage: str, _done: float, _total: float) -> None:
        if stage == "two":
            raise RunAbortedError

    with pytest.raises(RunAbortedError):
        pipeline(tmp_path, *stages).run([source("a")], cache, stop_at_two)
    pipeline(tmp_path, *stages).run([source("a")], cache)
    assert [s.calls for s in stages] == [[["a"]], [["a"]]]
    assert not list((tmp_path / "scratch").iterdir())


def test_the_text_phase_starts_from_what_the_speech_phase_left(tmp_path: Path) -> None:
    cache = FolderStageCache(tmp_path / "cache")
    stages = [Recorder("one"), Recorder("two", phase=Phase.TEXT)]
    pipeline(tmp_path, *stages).run([source("a")], cache, phase=Phase.SPEECH)
    assert stages[1].calls == []
    pipeline(tmp_path, *stages).run([source("a")], cache, phase=Phase.TEXT)
    assert [s.calls for s in stages] == [[["a"]], [["a"]]]


def test_a_batched_stage_takes_all_recordings_together(tmp_path: Path) -> None:
    stage = Recorder("one", batched=True)
    pipeline(tmp_path, stage).run([source("a"), source("b")], NoStageCache())
    assert stage.calls == [["a", "b"]]


def test_one_bad_recording_does_not_harm_the_others_of_its_batch(tmp_path: Path) -> None:
    stage = Recorder("one", batched=True)
    stage.errors["b"] = BadRecordingError("audio.not_audio", name="b")
    outcomes = pipeline(tmp_path, stage).run([source("a"), source("b"), source("c")], NoStageCache())
    assert [isinstance(o, Result) for o in outcomes] == [True, False, True]
    failure = outcomes[1]
    assert isinstance(failure, RunFailure)
    assert (failure.stage, failure.retryable) == ("one", False)


def test_a_failure_names_the_recording_as_it_was_given_not_as_it_is_stored(tmp_path: Path) -> None:
    stage = Recorder("decode")
    stage.errors["call.wav"] = BadRecordingError("audio.no_sound", name="0a1b.wav")
    stored = RecordingInput(tmp_path / "0a1b.wav", "0a1b", "call.wav")
    (outcome,) = pipeline(tmp_path, stage).run([stored], NoStageCache())
    assert isinstance(outcome, RunFailure)
    assert outcome.reason == message("audio.no_sound", name="call.wav")


def test_what_the_machine_lacks_can_be_retried(tmp_path: Path) -> None:
    stage = Recorder("one")
    stage.errors["a"] = StorageError("audio.disk_full", path="x")
    (failure,) = pipeline(tmp_path, stage).run([source("a")], NoStageCache())
    assert isinstance(failure, RunFailure)
    assert failure.retryable


def test_an_unexpected_error_is_one_sentence_and_can_be_retried(tmp_path: Path) -> None:
    stage = Recorder("one")
    stage.errors["a"] = ZeroDivisionError()
    (failure,) = pipeline(tmp_path, stage).run([source("a")], NoStageCache())
    assert isinstance(failure, RunFailure)
    assert failure.reason.code == "pipeline.unexpected"
    assert failure.retryable


def test_a_skipped_recording_leaves_the_road_with_its_reason_and_is_not_a_failure(tmp_path: Path) -> None:
    stages = [Recorder("one"), Recorder("two")]
    stages[0].skips.add("a")
    cache = FolderStageCache(tmp_path / "cache")
    for _ in range(2):
        (result,) = pipeline(tmp_path, *stages).run([source("a")], cache)
        assert isinstance(result, Result)
        assert result.status is RunStatus.SKIPPED
        assert result.reason is not None
    assert stages[1].calls == []


def test_a_broken_cache_entry_is_computed_again(tmp_path: Path) -> None:
    stage = Recorder("one")
    cache = FolderStageCache(tmp_path / "cache")
    pipeline(tmp_path, stage).run([source("a")], cache)
    (entry,) = (tmp_path / "cache").rglob("*.json")
    entry.write_bytes(b'{"text": 3')
    pipeline(tmp_path, stage).run([source("a")], cache)
    assert stage.calls == [["a"], ["a"]]


def test_broken_rules_fail_the_recording_and_not_the_process(tmp_path: Path) -> None:
    class Broken(Recorder):
        def fingerprint(self, ctx: RunContext) -> str:
            raise BadRecordingError("rules.broken", name="x")

    (failure,) = pipeline(tmp_path, Broken("one")).run([source("a")], NoStageCache())
    assert isinstance(failure, RunFailure)
