"""What a worker does with a ring: claim, run the pipeline, write the result if the lease is still its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import structlog
from sqlalchemy.orm import Session

from qa.core.errors import TingjianError
from qa.core.finding import Severity
from qa.core.messages import Message, message
from qa.core.result import Result, RunStatus
from qa.db.audit import AuditTrail
from qa.db.engine import Database
from qa.db.models import RecordingRow, RunRow
from qa.db.recordings import Recordings
from qa.db.results import Results
from qa.db.reviews import Said
from qa.db.runs import Runs
from qa.i18n import DEFAULT_LOCALE, label_in
from qa.pipeline.context import Phase, Progress, RecordingInput, RunAbortedError, RunFailure, StageCache
from qa.services.analysis import recover
from qa.services.custody.vault import Vault
from qa.services.doorbell import Doorbell, Queue
from qa.services.heartbeat import Heartbeat
from qa.services.hidings import with_hidings
from qa.services.indexing import note_result
from qa.services.intake import add_run
from qa.services.mapping import reason_row, result_rows
from qa.services.owner import is_surely_dead, new_owner
from qa.services.push import News, Outbox
from qa.services.review import arrived
from qa.services.review.words import as_correction
from qa.services.stage_cache import DatabaseStageCache, SpeechMissingError, TextStageCache
from qa.settings import LedgerSettings, ReviewSettings

_RESCANS_TOGETHER = 16
"""Rescans taken by one ring: enough to share transactions, over in a second or two."""
_LONGEST_WAIT_S = 600.0
_FIRST_HEARD = ("first", "retry")
"""Kinds of run that hear a call for the first time: judging it again is no news."""

_log = structlog.get_logger(__name__)


class PipelineLike(Protocol):
    """The part of `qa.pipeline.runner.Pipeline` that a worker needs."""

    def run(
        self, inputs: Sequence[RecordingInput], cache: StageCache, progress: Progress, phase: Phase
    ) -> list[Result | RunFailure]:
        """One outcome per input, in order."""
        ...


_Outcome = Result | RunFailure


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
        vault: Vault,
        doorbell: Doorbell,
        options: LedgerSettings,
        pipeline: PipelineLike,
        batch: int = 1,
        *,
        review: ReviewSettings | None = None,
        done: Callable[[str], None] | None = None,
    ) -> None:
        """`batch`: how many waiting recordings are decoded together on the speech queue; `review`: what of a
        result calls for a person (the defaults where it is not given); `done(run)` is called with every run whose
        result is written."""
        self._database = database
        self._vault = vault
        self._doorbell = doorbell
        self._options = options
        self._pipeline = pipeline
        self._batch = batch
        self._review = review or ReviewSettings()
        self._done = done

    def work(self, queue: Queue, run_id: str) -> int:
        """Do one run, and with it others that wait where a batch pays. Returns how many; 0 for a false ring."""
        owner = new_owner()
        claimed = self._claim(queue, run_id, owner)
        if not claimed:
            return 0
        with Heartbeat(self._database, self._options, owner, [one.run_id for one in claimed]) as heartbeat:
            try:
                if queue is Queue.SPEECH:
                    outcomes = self._analyse(claimed, DatabaseStageCache(self._database), heartbeat.report)
                else:
                    outcomes = self._judge(claimed, heartbeat.report)
            except RunAbortedError:
                self._give_back(claimed, owner)
                return len(claimed)
        self._settle([(one, outcomes[one.run_id]) for one in claimed if one.run_id in outcomes], owner)
        for one in claimed:
            if one.run_id not in outcomes:
                self._to_speech(one, owner)
        return len(claimed)

    def _analyse(self, claimed: Sequence[_Claimed], cache: StageCache, progress: Progress) -> dict[str, _Outcome]:
        """Take recordings through all stages together; what went wrong is the outcome of each."""
        try:
            outcomes = self._pipeline.run([one.source for one in claimed], cache, progress, Phase.ALL)
        except RunAbortedError:
            raise
        except Exception as error:
            failure = _unexpected(error)
            outcomes = [failure for _ in claimed]
        return {one.run_id: outcome for one, outcome in zip(claimed, outcomes, strict=True)}

    def _judge(self, claimed: Sequence[_Claimed], progress: Progress) -> dict[str, _Outcome]:
        """Take recordings through the text stages, one after the other: they need no batch and little time.

        Those that lack speech stages have no outcome.
        """
        outcomes: dict[str, _Outcome] = {}
        with TextStageCache(self._database) as cache:
            for number, one in enumerate(claimed):

                def report(_index: int, stage: str, done: float, total: float, number: int = number) -> None:
                    progress(number, stage, done, total)

                try:
                    (outcomes[one.run_id],) = self._pipeline.run([one.source], cache, report, Phase.TEXT)
                except SpeechMissingError:
                    continue
                except RunAbortedError:
                    raise
                except Exception as error:
                    outcomes[one.run_id] = _unexpected(error)
        return outcomes

    def _claim(self, queue: Queue, run_id: str, owner: str) -> list[_Claimed]:
        waiting: Sequence[str] = ()
        with self._database.write() as session:
            runs = Runs(session)
            now = self._database.now(session)
            until = now + timedelta(seconds=self._options.lease_seconds)
            run = runs.get(run_id)
            running = run is not None and run.status == RunStatus.RUNNING.value
            if run is not None and running and is_surely_dead(run.lease_owner or ""):
                # This message came again because its first worker died: no need to wait for the lease to end.
                recover(session, run, self._options, self._database)
            if run is None or not runs.claim(run_id, queue.value, owner, now, until):
                return []
            ids = [run_id]
            batch = self._batch_for(queue, run.kind)
            if batch > 1:
                # A run of its own kind costs as much as this one; roles set by a person are not made to wait.
                kind = run.kind if queue is Queue.LIGHT else None
                waiting = runs.due(queue.value, now, batch, kind)
                ids += [
                    other for other in waiting[: batch - 1] if runs.claim(other, queue.value, owner, now, until)
                ]
            sources = self._sources(session, ids)
        if queue is Queue.LIGHT and len(waiting) == batch:
            # Whoever wakes up for the next batch need not wait for this one, nor for the sweeper.
            self._doorbell.ring(queue, waiting[-1])
        return sources

    def _batch_for(self, queue: Queue, kind: str) -> int:
        if queue is Queue.SPEECH:
            return self._batch
        return _RESCANS_TOGETHER if kind == "rescan" else 1

    def _sources(self, session: Session, run_ids: Sequence[str]) -> list[_Claimed]:
        rows = [self._rows(session, run_id) for run_id in run_ids]
        ids = [recording.id for _, recording in rows]
        attributes, corrections = Recordings(session).attributes(ids), Said(session).corrections(ids)
        return [
            _Claimed(
                run.id,
                run.attempts,
                RecordingInput(
                    # Not checked here: a text run does not need it; the stage that opens it says where it is gone.
                    path=self._vault.expected_path(recording.sha256, recording.suffix),
                    sha256=recording.sha256,
                    name=recording.name,
                    attributes=attributes[recording.id],
                    called_at=recording.called_at,
                    language=recording.language,
                    manual_roles=recording.manual_roles,
                    corrections=tuple(as_correction(row) for row in corrections[recording.id]),
                    opened=partial(self._vault.plain, recording.sha256, recording.suffix),
                ),
            )
            for run, recording in rows
        ]

    def _settle(self, finished: Sequence[tuple[_Claimed, _Outcome]], owner: str) -> None:
        """Write what came of some runs in one transaction; one that cannot be written holds nobody up."""
        again: list[str] = []
        try:
            with self._database.write() as session:
                kept = [self._write(session, one, owner, outcome, again) for one, outcome in finished]
        except Exception as error:
            if len(finished) > 1:
                for each in finished:
                    self._settle([each], owner)
                return
            if not isinstance(error, TingjianError):
                raise
            # The run stays leased, the sweeper finds it, and the stage outputs make the next attempt a short one.
            _log.error("run.not_written", run=finished[0][0].run_id, error=error.message.code)
            return
        for (one, outcome), ours in zip(finished, kept, strict=True):
            if not ours:
                _log.warning("run.lease_lost", run=one.run_id)
            elif isinstance(outcome, RunFailure):
                _log.warning("run.failed", run=one.run_id, stage=outcome.stage, reason=outcome.reason.code)
            else:
                _log.info("run.finished", run=one.run_id, status=outcome.status.value, attempts=one.attempts)
                if self._done is not None:
                    self._done(one.run_id)
        for run_id in again:
            self._doorbell.ring(Queue.LIGHT, run_id)

    def _write(self, session: Session, one: _Claimed, owner: str, outcome: _Outcome, again: list[str]) -> bool:
        if isinstance(outcome, RunFailure):
            return self._fail(session, one, owner, outcome)
        return self._finish(session, one, owner, outcome, again)

    def _finish(self, session: Session, one: _Claimed, owner: str, result: Result, again: list[str]) -> bool:
        now = self._database.now(session)
        reason = reason_row(result.reason)
        if not Runs(session).finish(one.run_id, owner, result.status.value, now, reason=reason):
            return False
        run, recording = self._rows(session, one.run_id, lock=True)
        result, changed = with_hidings(session, recording.id, result)
        head, findings, checks = result_rows(run, result, now)
        Results(session).add(head, findings, checks)
        note_result(session, recording, head, result, kind=run.kind)
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
        if changed:
            trail = AuditTrail(session)
            trail.add(recording.tenant, now, "worker", "personal.words_changed", recording.id, hidings=changed)
        arrived(session, recording, head.id, result, now, self._review)
        if run.kind in _FIRST_HEARD:
            _tell_critical(session, recording, result, now)
        words = tuple(as_correction(row) for row in Said(session).corrections([recording.id])[recording.id])
        if words != one.source.corrections and result.status is RunStatus.DONE:
            # Somebody corrected words while this run was at work: it could not have read them.
            again.append(add_run(session, recording, "words", Queue.LIGHT, self._database).id)
        return True

    def _fail(self, session: Session, one: _Claimed, owner: str, failure: RunFailure) -> bool:
        now = self._database.now(session)
        runs, reason = Runs(session), reason_row(failure.reason)
        if failure.retryable and one.attempts < self._options.max_attempts:
            wait = min(self._options.retry_seconds * 2 ** (one.attempts - 1), _LONGEST_WAIT_S)
            return runs.requeue(one.run_id, owner, not_before=now + timedelta(seconds=wait), reason=reason)
        kept = runs.finish(one.run_id, owner, RunStatus.FAILED.value, now, reason=reason, stage=failure.stage)
        if kept:
            run, recording = self._rows(session, one.run_id)
            AuditTrail(session).add(
                recording.tenant, now, "worker", "run.failed", recording.id, run=run.id, reason=failure.reason.code
            )
        return kept

    def _to_speech(self, one: _Claimed, owner: str) -> None:
        with self._database.write() as session:
            moved = Runs(session).requeue(one.run_id, owner, counted=False, queue=Queue.SPEECH.value)
        if moved:
            _log.info("run.needs_speech", run=one.run_id)
            self._doorbell.ring(Queue.SPEECH, one.run_id)

    def _give_back(self, claimed: Sequence[_Claimed], owner: str) -> None:
        with self._database.write() as session:
            for one in claimed:
                Runs(session).requeue(one.run_id, owner, counted=False)

    def _rows(self, session: Session, run_id: str, *, lock: bool = False) -> tuple[RunRow, RecordingRow]:
        run = Runs(session).get(run_id)
        recording = Recordings(session).get(run.recording_id, lock=lock) if run else None
        if run is None or recording is None:
            raise LookupError(f"run {run_id} has gone")
        return run, recording


def _tell_critical(session: Session, recording: RecordingRow, result: Result, now: datetime) -> None:
    """News of the gravest finding, to whoever listens."""
    found = result.analysis.findings if result.analysis else ()
    grave = next((one for one in found if one.severity is Severity.CRITICAL and not one.shadow), None)
    if grave is not None:
        title = label_in(grave.label, DEFAULT_LOCALE)
        news = News(
            "finding.critical",
            f"/recordings/{recording.id}",
            agent=recording.agent or "",
            team=recording.team or "",
            title=title,
        )
        Outbox(session, recording.tenant, now).tell(news)


def _unexpected(error: Exception) -> RunFailure:
    if isinstance(error, TingjianError):
        return RunFailure(error.message, "-", error.retryable)
    _log.exception("run.unexpected")
    reason: Message = message("ledger.unexpected", kind=type(error).__name__)
    return RunFailure(reason, "-", retryable=True)
