"""What a worker does with a ring: claim, run the pipeline, write the result if the lease is still its own."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import structlog
from sqlalchemy.orm import Session

from qa.core.errors import TingjianError
from qa.core.messages import Message, message
from qa.core.result import Result, RunStatus
from qa.db.engine import Database
from qa.db.models import RecordingRow, RunRow, StageOutputRow
from qa.db.recordings import Recordings
from qa.db.results import AuditTrail, Results, StageOutputs
from qa.db.runs import Runs
from qa.pipeline.context import Phase, Progress, RecordingInput, RunAbortedError, RunFailure, StageCache
from qa.services.analysis import recover
from qa.services.doorbell import Doorbell, Queue
from qa.services.heartbeat import Heartbeat
from qa.services.mapping import reason_row, result_rows
from qa.services.owner import is_surely_dead, new_owner
from qa.settings import LedgerSettings
from qa.storage.base import Storage

SOUND_STAGES = frozenset({"decode", "activity", "transcribe", "diarize"})
"""Stages that need the sound and large models: never the business of the light queue."""

_LONGEST_WAIT_S = 600.0

_log = structlog.get_logger(__name__)


class PipelineLike(Protocol):
    """The part of `qa.pipeline.runner.Pipeline` that a worker needs."""

    def run(
        self, inputs: Sequence[RecordingInput], cache: StageCache, progress: Progress, phase: Phase
    ) -> list[Result | RunFailure]:
        """One outcome per input, in order."""
        ...


class SpeechMissingError(RunAbortedError):
    """A text run found that the speech stages have to run first: models or their options have changed."""


@dataclass(frozen=True, slots=True)
class _Claimed:
    run_id: str
    attempts: int
    source: RecordingInput


class Worker:
    """Works on runs of one process. The pipeline's models load on first use."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        doorbell: Doorbell,
        options: LedgerSettings,
        pipeline: PipelineLike,
        batch: int = 1,
    ) -> None:
        """`batch`: how many waiting recordings are decoded together on the speech queue."""
        self._database = database
        self._storage = storage
        self._doorbell = doorbell
        self._options = options
        self._pipeline = pipeline
        self._batch = batch

    def work(self, queue: Queue, run_id: str) -> int:
        """Do one run, and with it others that wait where a batch pays. Returns how many; 0 for a false ring."""
        owner = new_owner()
        claimed = self._claim(queue, run_id, owner)
        if not claimed:
            return 0
        phase = Phase.ALL if queue is Queue.SPEECH else Phase.TEXT
        cache: StageCache = DatabaseStageCache(self._database)
        if phase is Phase.TEXT:
            cache = _TextOnly(cache)
        try:
            with Heartbeat(self._database, self._options, owner, [c.run_id for c in claimed]) as heartbeat:
                outcomes = self._pipeline.run([c.source for c in claimed], cache, heartbeat.report, phase)
        except SpeechMissingError:
            self._to_speech(claimed, owner)
            return len(claimed)
        except RunAbortedError:
            self._give_back(claimed, owner)
            return len(claimed)
        except Exception as error:
            failure = _unexpected(error)
            outcomes = [failure for _ in claimed]
        for one, outcome in zip(claimed, outcomes, strict=True):
            self._settle(one, owner, outcome)
        return len(claimed)

    def _claim(self, queue: Queue, run_id: str, owner: str) -> list[_Claimed]:
        with self._database.write() as session:
            runs = Runs(session)
            now = self._database.now(session)
            until = now + timedelta(seconds=self._options.lease_seconds)
            run = runs.get(run_id)
            running = run is not None and run.status == RunStatus.RUNNING.value
            if run is not None and running and is_surely_dead(run.lease_owner or ""):
                # This message came again because its first worker died: no need to wait for the lease to end.
                recover(session, run, self._options, self._database)
            if not runs.claim(run_id, queue.value, owner, now, until):
                return []
            ids = [run_id]
            if queue is Queue.SPEECH and self._batch > 1:
                others = runs.due(queue.value, now, self._batch - 1)
                ids += [other for other in others if runs.claim(other, queue.value, owner, now, until)]
            return [self._source(session, taken) for taken in ids]

    def _source(self, session: Session, run_id: str) -> _Claimed:
        run, recording = self._rows(session, run_id)
        source = RecordingInput(
            # Not checked here: a text run does not need it, and the stage that opens it says where it is gone.
            path=self._storage.expected_audio_path(recording.sha256, recording.suffix),
            sha256=recording.sha256,
            name=recording.name,
            attributes=Recordings(session).attributes([recording.id])[recording.id],
            language=recording.language,
            manual_roles=recording.manual_roles,
        )
        return _Claimed(run.id, run.attempts, source)

    def _settle(self, one: _Claimed, owner: str, outcome: Result | RunFailure) -> None:
        try:
            if isinstance(outcome, RunFailure):
                kept = self._fail(one, owner, outcome)
            else:
                kept = self._finish(one, owner, outcome)
        except TingjianError as error:
            # The result could not be written. The run stays leased, the sweeper finds it, and the stage
            # outputs make the next attempt a short one.
            _log.error("run.not_written", run=one.run_id, error=error.message.code)
            return
        if not kept:
            _log.warning("run.lease_lost", run=one.run_id)

    def _finish(self, one: _Claimed, owner: str, result: Result) -> bool:
        with self._database.write() as session:
            now = self._database.now(session)
            reason = reason_row(result.reason)
            if not Runs(session).finish(one.run_id, owner, result.status.value, now, reason=reason):
                return False
            run, recording = self._rows(session, one.run_id)
            head, findings, checks = result_rows(run, result, now)
            Results(session).add(head, findings, checks)
            if result.audio is not None:
                recording.duration = result.audio.duration
            AuditTrail(session).add(
                recording.tenant,
                now,
                "worker",
                f"run.{result.status.value}",
                recording.id,
                run=run.id,
                result=head.id,
                packs=head.packs,
            )
        _log.info("run.finished", run=one.run_id, status=result.status.value, attempts=one.attempts)
        return True

    def _fail(self, one: _Claimed, owner: str, failure: RunFailure) -> bool:
        with self._database.write() as session:
            now = self._database.now(session)
            runs, reason = Runs(session), reason_row(failure.reason)
            if failure.retryable and one.attempts < self._options.max_attempts:
                wait = min(self._options.retry_seconds * 2 ** (one.attempts - 1), _LONGEST_WAIT_S)
                _log.warning("run.put_off", run=one.run_id, stage=failure.stage, reason=failure.reason.code)
                return runs.requeue(one.run_id, owner, not_before=now + timedelta(seconds=wait), reason=reason)
            kept = runs.finish(one.run_id, owner, RunStatus.FAILED.value, now, reason=reason, stage=failure.stage)
            if kept:
                run, recording = self._rows(session, one.run_id)
                AuditTrail(session).add(
                    recording.tenant, now, "worker", "run.failed", recording.id, run=run.id, reason=reason
                )
        _log.warning("run.failed", run=one.run_id, stage=failure.stage, reason=failure.reason.code)
        return kept

    def _to_speech(self, claimed: Sequence[_Claimed], owner: str) -> None:
        with self._database.write() as session:
            moved = [
                one.run_id
                for one in claimed
                if Runs(session).requeue(one.run_id, owner, counted=False, queue=Queue.SPEECH.value)
            ]
        for run_id in moved:
            _log.info("run.needs_speech", run=run_id)
            self._doorbell.ring(Queue.SPEECH, run_id)

    def _give_back(self, claimed: Sequence[_Claimed], owner: str) -> None:
        with self._database.write() as session:
            for one in claimed:
                Runs(session).requeue(one.run_id, owner, counted=False)

    def _rows(self, session: Session, run_id: str) -> tuple[RunRow, RecordingRow]:
        run = Runs(session).get(run_id)
        recording = Recordings(session).get(run.recording_id) if run else None
        if run is None or recording is None:
            raise LookupError(f"run {run_id} has gone")
        return run, recording


class DatabaseStageCache(StageCache):
    """Stage outputs in the database, compressed. Keys are content hashes, so nothing in it ever becomes wrong."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, sha256: str, stage: str, version: str, input_hash: str) -> bytes | None:
        """The stored output; one that cannot be unpacked counts as missing."""
        with self._database.read() as session:
            payload = StageOutputs(session).get(sha256, stage, version, input_hash)
        try:
            return None if payload is None else zlib.decompress(payload)
        except zlib.error:
            return None

    def put(self, sha256: str, stage: str, version: str, input_hash: str, data: bytes) -> None:
        """Store an output."""
        payload = zlib.compress(data)
        with self._database.write() as session:
            row = StageOutputRow(
                sha256=sha256,
                stage=stage,
                version=version,
                input_hash=input_hash,
                payload=payload,
                created_at=self._database.now(session),
            )
            StageOutputs(session).put(row)


class _TextOnly(StageCache):
    """Sends a run to the speech queue when it would need the models."""

    def __init__(self, cache: StageCache) -> None:
        self._cache = cache

    def get(self, sha256: str, stage: str, version: str, input_hash: str) -> bytes | None:
        found = self._cache.get(sha256, stage, version, input_hash)
        if found is None and stage in SOUND_STAGES:
            raise SpeechMissingError
        return found

    def put(self, sha256: str, stage: str, version: str, input_hash: str, data: bytes) -> None:
        self._cache.put(sha256, stage, version, input_hash, data)


def _unexpected(error: Exception) -> RunFailure:
    if isinstance(error, TingjianError):
        return RunFailure(error.message, "-", error.retryable)
    _log.exception("run.unexpected")
    reason: Message = message("ledger.unexpected", kind=type(error).__name__)
    return RunFailure(reason, "-", retryable=True)
