"""Judging again needs no sound, unless somebody new is accused."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ledger_fakes import FakePipeline, RecordingBell, wav_bytes

from qa.core.result import Result, RunStatus
from qa.pipeline.context import Phase, Progress, RecordingInput, RunFailure, StageCache
from qa.services import IntakeMeta, Services
from qa.services.doorbell import Queue
from qa.services.work import Worker


@dataclass
class Accuser(FakePipeline):
    """A pipeline whose judgement asks for the second hearing of one stretch."""

    stretch: str = "a"
    heard: int = 0

    def run(
        self, inputs: Sequence[RecordingInput], cache: StageCache, progress: Progress, phase: Phase
    ) -> list[Result | RunFailure]:
        outcomes = super().run(inputs, cache, progress, phase)
        for source in inputs:
            if cache.get(source.sha256, "hear_again", "1", self.stretch) is None:
                self.heard += 1
                cache.put(source.sha256, "hear_again", "1", self.stretch, b"{}")
        return outcomes


def test_only_a_new_accusation_takes_a_rescan_to_the_speech_queue(
    services: Services, make_worker: Callable[..., Worker], bell: RecordingBell
) -> None:
    recording = services.intake.accept_stream([wav_bytes(1)], IntakeMeta("call.wav")).recording
    pipeline = Accuser()
    worker = make_worker(pipeline)
    worker.work(Queue.SPEECH, recording.run.id)
    assert pipeline.heard == 1

    same = services.analysis.rescan(recording.id)
    worker.work(Queue.LIGHT, same.id)
    assert services.recordings.get(recording.id).run.status is RunStatus.DONE
    assert pipeline.heard == 1

    pipeline.stretch, pipeline.pack_version = "b", 2
    other = services.analysis.rescan(recording.id)
    worker.work(Queue.LIGHT, other.id)
    run = services.recordings.get(recording.id).run
    assert (run.status, run.queue) == (RunStatus.QUEUED, Queue.SPEECH.value)
    assert bell.rings[-1] == (Queue.SPEECH, other.id)
    assert pipeline.heard == 1
    worker.work(Queue.SPEECH, other.id)
    assert services.recordings.get(recording.id).run.status is RunStatus.DONE
    assert pipeline.heard == 2
