"""What judging everything again costs, end to end with the database: queue, claim, rules, results, all of it.

    python -m bench.rescan [--calls 300] [--queued 10000] [--profile FILE]

The calls are ten minutes long (see `bench.rules`), their speech stages lie in a SQLite ledger as a worker would
have left them, and one worker takes them through the light queue by the real pipeline with all packs on. Figures
are CPU seconds of this process, heartbeat included.
"""

import argparse
import cProfile
import hashlib
import logging
import sys
import tempfile
import time
import zlib
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa
import structlog

from bench.rules import cpu, example_lines, made_up_call
from qa.core.base import Record, encode
from qa.core.behaviour import CallBehaviour
from qa.core.result import Result, RoleDecision, RunStatus
from qa.core.roles import Role
from qa.core.speech import (
    Activity,
    AudioInfo,
    ChannelActivity,
    ChannelTranscription,
    GuardReport,
    SecondHearing,
    SecondReading,
    Transcription,
)
from qa.core.transcript import Span, Transcript
from qa.db.ids import new_id
from qa.db.models import RecordingRow, ResultRow, RunRow
from qa.db.words import SpokenWords
from qa.pipeline.adapters import Toolbox
from qa.pipeline.context import Phase, RecordingInput, RunContext, present
from qa.pipeline.runner import Pipeline
from qa.pipeline.stages import TurnsOutput, all_stages
from qa.pipeline.stretches import accusations, spoken, stretches
from qa.rules.loader import available_packs, read_pack
from qa.services import Services, open_services
from qa.services.doorbell import Queue, SilentDoorbell
from qa.services.indexing import spoken as spoken_words
from qa.services.stage_cache import DatabaseStageCache
from qa.services.work import Worker
from qa.settings import Settings
from workers.lifecycle import LazyPipeline

WARM_UP = 300
"""Calls judged before the clock starts: expressions are compiled when a call first needs them, once in the life of
a worker, and after these few are left.
"""


def speech_outputs(call: Transcript) -> dict[str, Record]:
    """What the speech stages would have said of a stereo call with these turns."""
    channels, activity = [], []
    for channel in (0, 1):
        turns = [turn for turn in call.turns if turn.channel == channel]
        words = tuple(word for turn in turns for word in turn.words)
        channels.append(ChannelTranscription(channel, "zh", 1.0, words, GuardReport()))
        activity.append(ChannelActivity(tuple(Span(turn.start, turn.end) for turn in turns)))
    roles = RoleDecision({"ch0": Role.AGENT.value, "ch1": Role.CUSTOMER.value}, 1.0, "channel_map")
    return {
        "decode": AudioInfo("wav", "pcm_alaw", 8000, 2, 2, call.duration, call.duration),
        "activity": Activity(tuple(activity)),
        "transcribe": Transcription(tuple(channels), "made up", "int8", "cpu"),
        "turns": TurnsOutput(call, roles),
        "behaviour": CallBehaviour((), (), (), (), (), (), None, ()),
    }


def heard_alike(ctx: RunContext) -> SecondHearing:
    """A second hearing of the accusations that reads the same words."""
    call, readings = present(ctx.transcript), []
    quotes = [e for f in accusations(present(ctx.analysis).findings) for e in spoken(f)]
    for channel, spans in stretches(quotes, present(ctx.activity), call.duration, 2.0, 10.0).items():
        words = [w for t in call.turns if t.channel == channel for w in t.words]
        for span in spans:
            text = "".join(w.text for w in words if span.start <= (w.start + w.end) / 2 <= span.end)
            readings.append(SecondReading(channel, span.start, span.end, text, 0.9))
    return SecondHearing(tuple(readings))


def fill(services: Services, calls: Sequence[Transcript]) -> None:
    """A ledger in which every call has been transcribed and judged once."""
    stages = all_stages(Toolbox(services.settings))
    cache = DatabaseStageCache(services.database)
    results = []
    for number, call in enumerate(calls):
        sha256 = hashlib.sha256(str(number).encode()).hexdigest()
        ctx, outputs = (
            RunContext(RecordingInput(Path("gone.wav"), sha256, f"{number}.wav"), Path()),
            speech_outputs(call),
        )
        for stage in stages:
            if stage.name in outputs and stage.applies(ctx):
                key = ctx.input_hashes[stage.name] = stage.input_hash(ctx)
                cache.put(sha256, stage.name, stage.version, key, encode(outputs[stage.name]))
                stage.accept(ctx, outputs[stage.name])
                continue
            if not stage.applies(ctx):
                continue
            key = ctx.input_hashes[stage.name] = stage.input_hash(ctx)
            if stage.name == "hear_again":
                heard = heard_alike(ctx)
                cache.put(sha256, stage.name, stage.version, key, encode(heard))
                stage.accept(ctx, heard)
            elif stage.phase is Phase.TEXT:
                stage.accept(ctx, *stage.compute([ctx], lambda _done, _total: None))
        results.append(Result(sha256, ctx.source.name, RunStatus.DONE, ctx.info, transcript=call, roles=ctx.roles))
    enter(services, results)


def enter(services: Services, results: Sequence[Result]) -> None:
    """Recordings whose first run gave these results."""
    with services.database.write() as session:
        now = services.database.now(session)
        for result in results:
            recording, run = new_id(), new_id()
            head = ResultRow(
                id=new_id(), recording_id=recording, run_id=run, kind="first", status="done", findings=0, packs={},
                payload=zlib.compress(encode(result)), created_at=now,
            )  # fmt: skip
            row = RecordingRow(
                id=recording, tenant="default", sha256=result.sha256, name=result.name, suffix=".wav", size=1,
                status="done", run_id=run, result_id=head.id, created_at=now,
            )  # fmt: skip
            first = RunRow(
                id=run, recording_id=recording, kind="first", queue="speech", status="done", created_at=now
            )
            session.add_all([row, first])
            session.flush()
            session.add(head)
            if result.transcript is not None:
                SpokenWords(session).put(row.place, spoken_words(result.transcript))


def queue_everything(count: int) -> str:
    """How long a request to judge so many recordings again takes."""
    with (
        tempfile.TemporaryDirectory() as home,
        closing(open_services(Settings(home=Path(home)), migrate=True)) as all_,
    ):
        hashes = (hashlib.sha256(str(number).encode()).hexdigest() for number in range(count))
        enter(all_, [Result(sha256, "a.wav", RunStatus.DONE, None) for sha256 in hashes])
        wall, spent = time.monotonic(), cpu()
        queued = all_.analysis.rescan_all()
        return f"{queued:,} queued in {time.monotonic() - wall:.1f} s ({cpu() - spent:.1f} CPU s)"


def judge_everything(count: int, profile: Path | None) -> str:
    """How fast one worker takes so many calls through the light queue."""
    lines = example_lines([f for name in available_packs([]) for f in read_pack(name, [])])
    calls = [made_up_call(number, lines) for number in range(WARM_UP + count)]
    with (
        tempfile.TemporaryDirectory() as home,
        closing(open_services(Settings(home=Path(home)), migrate=True)) as all_,
    ):
        fill(all_, calls)
        pipeline = LazyPipeline(lambda: Pipeline(all_.settings))
        worker = Worker(all_.database, all_.vault, SilentDoorbell(), all_.settings.ledger, pipeline)
        with all_.database.read() as session:
            recordings = list(session.scalars(sa.select(RecordingRow.id).order_by(RecordingRow.place)))
        for recording in recordings[:WARM_UP]:
            all_.analysis.rescan(recording)
        drain(worker, waiting(all_))
        for recording in recordings[WARM_UP:]:
            all_.analysis.rescan(recording)
        runs = waiting(all_)
        profiler = cProfile.Profile() if profile else None
        wall, spent = time.monotonic(), cpu()
        if profiler:
            profiler.enable()
        drain(worker, runs)
        if profiler and profile:
            profiler.disable()
            profiler.dump_stats(profile)
        wall, spent = time.monotonic() - wall, cpu() - spent
        counts = all_.recordings.counts()
        assert (counts.done, counts.queued) == (2 * len(calls), 0)
        return (
            f"{60 * count / spent:,.0f} calls judged again per minute and core "
            f"({1000 * spent / count:.1f} CPU ms, {1000 * wall / count:.1f} ms each)"
        )


def waiting(services: Services) -> list[str]:
    with services.database.read() as session:
        return list(session.scalars(sa.select(RunRow.id).where(RunRow.status == "queued").order_by(RunRow.id)))


def drain(worker: Worker, runs: Sequence[str]) -> None:
    for run_id in runs:
        worker.work(Queue.LIGHT, run_id)


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--calls", type=int, default=300)
    options.add_argument("--queued", type=int, default=10_000)
    options.add_argument("--profile", type=Path)
    arguments = options.parse_args()
    print(queue_everything(arguments.queued))
    print(judge_everything(arguments.calls, arguments.profile))
    print(f"SQLite, python {sys.version.split()[0]}, {time.strftime('%Y-%m-%d')}")


if __name__ == "__main__":
    main()
