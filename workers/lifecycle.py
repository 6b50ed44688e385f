"""What a worker process owns: services and a pipeline, made after the fork and on first use."""

import gc
from collections.abc import Callable, Sequence

from qa.core.result import Result
from qa.pipeline.context import Phase, Progress, RecordingInput, RunFailure, StageCache
from qa.services import open_services
from qa.services.erasure import EraseService
from qa.services.work import PipelineLike, Worker
from qa.settings import Settings
from workers.doorbell import CeleryDoorbell

PipelineFactory = Callable[[Settings], PipelineLike]


def real_pipeline(settings: Settings) -> PipelineLike:
    """The pipeline with the models. Imported here: the parent of the pool stays free of their libraries."""
    from qa.pipeline.runner import Pipeline

    return Pipeline(settings)


class LazyPipeline:
    """Builds the pipeline with the first run, so that what is wrong with it becomes that run's reason."""

    def __init__(self, build: Callable[[], PipelineLike]) -> None:
        self._build = build
        self._pipeline: PipelineLike | None = None

    def run(
        self, inputs: Sequence[RecordingInput], cache: StageCache, progress: Progress, phase: Phase
    ) -> list[Result | RunFailure]:
        """See `PipelineLike`."""
        if self._pipeline is not None:
            return self._pipeline.run(inputs, cache, progress, phase)
        self._pipeline = self._build()
        results = self._pipeline.run(inputs, cache, progress, phase)
        # What is there after the first run, packs and models, stays: the collector need not walk it at every turn.
        gc.collect()
        gc.freeze()
        return results


class WorkerProcess:
    """Lazily built state of one prefork child. Never used in the parent: models and connections do not fork."""

    def __init__(self, settings: Settings, make_pipeline: PipelineFactory) -> None:
        self._settings = settings
        self._make_pipeline = make_pipeline
        self._worker: Worker | None = None

    def worker(self) -> Worker:
        """The worker of this process."""
        if self._worker is None:
            doorbell = CeleryDoorbell(self._settings)
            services = open_services(self._settings, doorbell)
            self._worker = Worker(
                services.database,
                services.vault,
                doorbell,
                self._settings.ledger,
                LazyPipeline(lambda: self._make_pipeline(self._settings)),
                batch_recordings(self._settings),
                review=self._settings.review,
                done=EraseService(
                    services.database,
                    services.storage,
                    services.vault,
                    self._settings.privacy,
                    self._settings.intake,
                    self._settings.home / "cache",
                ).after_run,
            )
        return self._worker


def batch_recordings(settings: Settings) -> int:
    """How many recordings are decoded together: as set, or 8 where a GPU would else idle between them."""
    speech = settings.speech
    if speech.batch_recordings:
        return speech.batch_recordings
    if speech.device == "cpu":
        return 1
    # Here, not above: the parent of the prefork pool must never initialise CTranslate2.
    import ctranslate2

    return 8 if ctranslate2.get_cuda_device_count() else 1
