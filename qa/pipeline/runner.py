"""Takes recordings through the stages, resuming from the stage cache, several at a time where that pays."""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

from qa.audio.names import shown_name
from qa.core.base import decode as decode_record
from qa.core.base import encode
from qa.core.errors import TingjianError
from qa.core.messages import Message, message
from qa.core.result import Result, RunStatus, StageTiming
from qa.pipeline.adapters import Toolbox
from qa.pipeline.context import (
    Phase,
    Progress,
    RecordingInput,
    RunAbortedError,
    RunContext,
    RunFailure,
    SkipRecording,
    StageCache,
)
from qa.pipeline.stage import Stage
from qa.pipeline.stages import all_stages
from qa.settings import Settings
from qa.storage.scratch import scratch_folder

log = logging.getLogger(__name__)


class Pipeline:
    """The road from recording to result. One per process; models load on first use, in that process.

    Rule packs that change on disk are in force from the next run on, unless `stages` were given.
    """

    def __init__(self, settings: Settings, stages: Sequence[Stage[Any]] | None = None) -> None:
        self._tools = Toolbox(settings) if stages is None else None
        self._stages = all_stages(self._tools) if self._tools is not None else tuple(stages or ())
        self._scratch = settings.home / "scratch"

    def run(
        self,
        inputs: Sequence[RecordingInput],
        cache: StageCache,
        progress: Progress = lambda _index, _stage, _done, _total: None,
        phase: Phase = Phase.ALL,
    ) -> list[Result | RunFailure]:
        """Analyse recordings; one outcome per input, in order. One bad recording does not harm the others.

        `Phase.SPEECH` stops at the transcript, whose parts then lie in `cache`; `Phase.TEXT` goes on from
        there (and computes whatever it does not find). What comes out as an exception is what `progress` raises,
        and `StorageError` where there is no room to work in.
        """
        if self._tools is not None:
            self._tools.refresh()
        with ExitStack() as folders:
            contexts = [RunContext(one, folders.enter_context(scratch_folder(self._scratch))) for one in inputs]
            for stage in self._stages:
                if phase is Phase.SPEECH and stage.phase is Phase.TEXT:
                    break
                self._pass(stage, contexts, cache, progress)
        return [_outcome(ctx) for ctx in contexts]

    def _pass(
        self, stage: Stage[Any], contexts: Sequence[RunContext], cache: StageCache, progress: Progress
    ) -> None:
        """Take every recording that is still on the road through one stage."""
        waiting: list[tuple[int, RunContext]] = []
        for index, ctx in enumerate(contexts):
            if not ctx.alive or not _guarded(stage, ctx, lambda c=ctx: _enter(stage, c)):  # type: ignore[misc]
                continue
            if stage.kept and self._from_cache(stage, ctx, cache):
                progress(index, stage.name, 1.0, 1.0)
            elif ctx.alive:
                waiting.append((index, ctx))
        groups = [waiting] if stage.batched and waiting else [[one] for one in waiting]
        for group in groups:
            self._compute(stage, group, cache, progress)

    def _from_cache(self, stage: Stage[Any], ctx: RunContext, cache: StageCache) -> bool:
        data = cache.get(ctx.source.sha256, stage.name, stage.version, ctx.input_hashes[stage.name])
        if data is None:
            return False
        try:
            out = decode_record(data, stage.output)
        except msgspec.DecodeError:
            log.warning("stage output of %s could not be read and is computed again", stage.name)
            return False
        ctx.timings.append(StageTiming(stage.name, 0.0, 0.0, cached=True))
        _guarded(stage, ctx, lambda: stage.accept(ctx, out))
        return True

    def _compute(
        self, stage: Stage[Any], group: Sequence[tuple[int, RunContext]], cache: StageCache, progress: Progress
    ) -> None:
        def hook(done: float, total: float) -> None:
            for index, _ in group:
                progress(index, stage.name, done, total)

        hook(0.0, 1.0)
        wall, cpu = time.monotonic(), time.process_time()
        batch = [ctx for _, ctx in group]
        try:
            outs = stage.compute(batch, hook)
        except RunAbortedError:
            raise
        except Exception as error:
            if len(group) > 1:  # find out whose fault it is: each on its own
                for one in group:
                    self._compute(stage, [one], cache, progress)
                return
            batch[0].outcome = _failure(stage, error, batch[0])
            return
        wall, cpu = time.monotonic() - wall, time.process_time() - cpu
        seconds = [ctx.info.duration if ctx.info else 1.0 for ctx in batch]
        for ctx, out, share in zip(batch, outs, (s / sum(seconds) for s in seconds), strict=True):
            ctx.timings.append(StageTiming(stage.name, wall * share, cpu * share, cached=False))
            if stage.kept:
                cache.put(ctx.source.sha256, stage.name, stage.version, ctx.input_hashes[stage.name], encode(out))
            _guarded(stage, ctx, lambda c=ctx, o=out: stage.accept(c, o))  # type: ignore[misc]
        hook(1.0, 1.0)


def _enter(stage: Stage[Any], ctx: RunContext) -> bool:
    """Note what the stage's output depends on; False where the recording does not need the stage."""
    if not stage.applies(ctx):
        return False
    ctx.input_hashes[stage.name] = stage.input_hash(ctx)
    return True


def _guarded(stage: Stage[Any], ctx: RunContext, act: Callable[[], Any]) -> Any:
    """Do something for one recording; what goes wrong becomes that recording's outcome."""
    try:
        return act()
    except SkipRecording as skip:
        ctx.outcome = skip.reason
    except RunAbortedError:
        raise
    except Exception as error:
        ctx.outcome = _failure(stage, error, ctx)
    return None


def _failure(stage: Stage[Any], error: Exception, ctx: RunContext) -> RunFailure:
    if isinstance(error, TingjianError):
        return RunFailure(_as_given(error.message, ctx.source), stage.name, error.retryable)
    if isinstance(error, MemoryError):
        return RunFailure(message("pipeline.out_of_memory", stage=stage.name), stage.name, retryable=True)
    log.exception("stage %s failed", stage.name)
    return RunFailure(
        message("pipeline.unexpected", stage=stage.name, kind=type(error).__name__), stage.name, retryable=True
    )


def _as_given(reason: Message, source: RecordingInput) -> Message:
    """A stored recording lies under its hash; people know it by the name it came with."""
    if reason.params.get("name") != shown_name(source.path):
        return reason
    return Message(reason.code, {**reason.params, "name": shown_name(Path(source.name))})


def _outcome(ctx: RunContext) -> Result | RunFailure:
    if isinstance(ctx.outcome, RunFailure):
        return ctx.outcome
    transcription = ctx.transcription
    return Result(
        sha256=ctx.source.sha256,
        name=ctx.source.name,
        status=RunStatus.DONE if ctx.outcome is None else RunStatus.SKIPPED,
        reason=ctx.outcome,
        audio=ctx.info,
        transcript=ctx.transcript,
        corrected=ctx.corrected,
        roles=ctx.roles,
        guards=tuple(c.guards for c in transcription.channels) if transcription else (),
        diarization=ctx.diarization,
        behaviour=ctx.behaviour,
        analysis=ctx.analysis,
        models=_models(ctx),
        attributes=dict(ctx.source.attributes),
        timings=tuple(ctx.timings),
    )


def _models(ctx: RunContext) -> dict[str, str]:
    models = {}
    if ctx.transcription:
        models["transcribe"] = ctx.transcription.model
    if ctx.diarization:
        models["diarize"] = ctx.diarization.model
    return models
