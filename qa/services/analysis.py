"""What people and the sweeper do with runs: retry, rescan, set roles, find lost work. Doing the work is `work`."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import structlog
from sqlalchemy.orm import Session

from qa.core.errors import ConflictError, NotFoundError
from qa.core.messages import message
from qa.core.result import RunStatus
from qa.core.roles import Role
from qa.db.audit import AuditTrail
from qa.db.engine import Database
from qa.db.ids import new_id
from qa.db.models import RecordingRow, RunRow
from qa.db.recordings import Recordings
from qa.db.results import Results
from qa.db.runs import Runs
from qa.services.doorbell import Doorbell, Queue
from qa.services.intake import add_run
from qa.services.mapping import reason_row, result_view, run_view
from qa.services.metadata import checked_roles
from qa.services.owner import is_surely_dead
from qa.services.views import RunView, SweepReport
from qa.settings import LedgerSettings

_RING_AT_MOST = 100
"""Rings of one queue per sweep: enough to wake every worker, too few to flood a broker."""

_RESCAN_STEP = 500
"""Recordings queued in one transaction."""

_log = structlog.get_logger(__name__)


class AnalysisService:
    """The life of runs. A run is claimed by compare-and-set under a lease; who lost the lease writes nothing."""

    def __init__(self, database: Database, doorbell: Doorbell, options: LedgerSettings) -> None:
        self._database = database
        self._doorbell = doorbell
        self._options = options

    def retry(self, recording_id: str, *, actor: str = "system", tenant: str = "default") -> RunView:
        """A new run for a recording whose newest run failed or was skipped; it resumes at the stage that failed.

        Raises `NotFoundError`, or `ConflictError` where there is nothing to retry.
        """
        with self._database.write() as session:
            recording = self._idle(session, recording_id, tenant)
            newest = _newest(session, recording)
            if newest.status not in (RunStatus.FAILED.value, RunStatus.SKIPPED.value):
                raise ConflictError("ledger.nothing_to_retry", status=newest.status)
            run = self._new_run(session, recording, "retry", Queue(newest.queue), actor)
        return self._rung(run)

    def rescan(self, recording_id: str, *, actor: str = "system", tenant: str = "default") -> RunView:
        """A new run of the text stages alone, after a rule change. Earlier results are kept.

        Raises `NotFoundError`, or `ConflictError` where a run is active or nothing was transcribed yet.
        """
        with self._database.write() as session:
            recording = self._idle(session, recording_id, tenant)
            self._transcribed(session, recording)
            run = self._new_run(session, recording, "rescan", Queue.LIGHT, actor)
        return self._rung(run)

    def rescan_all(
        self, *, actor: str = "system", tenant: str = "default", among: Sequence[str] | None = None
    ) -> int:
        """A rescan of every recording (`among` these) that has been analysed and is not being worked on; returns
        how many.

        Goes in steps, so that workers and uploads get their turn at the database in between.
        """
        queued: list[str] = []
        after = ""
        while True:
            with self._database.write() as session:
                recordings = Recordings(session).to_judge_again(tenant, after, _RESCAN_STEP, among)
                if not recordings:
                    break
                now, after = self._database.now(session), recordings[-1]
                runs = {recording_id: new_id() for recording_id in recordings}
                Runs(session).add_many(runs, "rescan", Queue.LIGHT.value, now)
                said = {recording_id: {"run": run_id} for recording_id, run_id in runs.items()}
                AuditTrail(session).add_many(tenant, now, actor, "recording.rescan", said)
            queued += runs.values()
        for run_id in queued[:_RING_AT_MOST]:
            self._doorbell.ring(Queue.LIGHT, run_id)
        return len(queued)

    def set_roles(
        self,
        recording_id: str,
        roles: Mapping[str, str] | None = None,
        *,
        actor: str = "system",
        tenant: str = "default",
    ) -> RunView:
        """Store who is who (speaker label -> role) and judge again; None swaps agent and customer.

        Raises `NotFoundError`, `BadOptionError`, or `ConflictError` where a run is active or nothing was
        transcribed yet.
        """
        with self._database.write() as session:
            recording = self._idle(session, recording_id, tenant)
            known = self._transcribed(session, recording)
            chosen = (
                checked_roles(roles) if roles else {label: Role(role).other.value for label, role in known.items()}
            )
            strange = sorted(set(chosen) - set(known))
            if strange:
                raise NotFoundError("ledger.no_speaker", speaker=strange[0], known=", ".join(sorted(known)))
            recording.manual_roles = {**known, **chosen}
            session.flush()
            run = self._new_run(session, recording, "roles", Queue.LIGHT, actor, roles=recording.manual_roles)
        return self._rung(run)

    def sweep(self) -> SweepReport:
        """Find work that was lost (worker dead, lease over, bell unheard) and see that it goes on."""
        requeued, failed = self._recover()
        rung = sum(self._ring_again(queue) for queue in Queue)
        if requeued or failed or rung:
            _log.info("sweep.found", requeued=requeued, failed=failed, rung=rung)
        return SweepReport(requeued=requeued, failed=failed, rung=rung)

    def release_dead(self, *, counted: bool) -> int:
        """Give back what processes of this machine held that no longer run; returns how many runs.

        `counted` False is for an orderly stop: being told to stop is no failed attempt.
        """
        requeued, failed = self._recover(counted=counted, lapsed_too=False)
        return requeued + failed

    def _recover(self, *, counted: bool = True, lapsed_too: bool = True) -> tuple[int, int]:
        requeued = failed = 0
        with self._database.read() as session:
            now = self._database.now(session)
            suspects = [
                run
                for run in Runs(session).leased()
                if (lapsed_too and (run.lease_until is None or run.lease_until <= now))
                or is_surely_dead(run.lease_owner or "")
            ]
        for suspect in suspects:
            with self._database.write() as session:
                gone = recover(session, suspect, self._options, self._database, counted=counted)
            requeued += gone is RunStatus.QUEUED
            failed += gone is RunStatus.FAILED
        return requeued, failed

    def _ring_again(self, queue: Queue) -> int:
        heard = self._doorbell.waiting(queue)
        with self._database.read() as session:
            missing = Runs(session).waiting(queue.value) - (heard or 0)
        if missing <= 0:
            return 0
        with self._database.write() as session:
            runs, now = Runs(session), self._database.now(session)
            before = now - timedelta(seconds=self._options.sweep_seconds)
            ids = [run.id for run in runs.unheard(queue.value, now, before, min(missing, _RING_AT_MOST))]
            runs.rung(ids, now)
        for run_id in ids:
            self._doorbell.ring(queue, run_id)
        return len(ids)

    def _idle(self, session: Session, recording_id: str, tenant: str) -> RecordingRow:
        recording = Recordings(session).get(recording_id, tenant, lock=True)
        if recording is None:
            raise NotFoundError("ledger.no_recording", id=recording_id[:64])
        if Runs(session).has_active(recording.id):
            raise ConflictError("ledger.run_active")
        return recording

    def _transcribed(self, session: Session, recording: RecordingRow) -> dict[str, str]:
        """Speaker label -> role of the newest result; raises `ConflictError` where there is no transcript."""
        row = Results(session).get(recording.id, recording.result_id) if recording.result_id else None
        result = result_view(row).result if row else None
        if result is None or result.roles is None:
            raise ConflictError("ledger.not_transcribed", status=recording.status)
        return result.roles.roles

    def _new_run(
        self, session: Session, recording: RecordingRow, kind: str, queue: Queue, actor: str, **details: object
    ) -> RunRow:
        run = add_run(session, recording, kind, queue, self._database)
        AuditTrail(session).add(
            recording.tenant, run.created_at, actor, f"recording.{kind}", recording.id, run=run.id, **details
        )
        return run

    def _rung(self, run: RunRow) -> RunView:
        self._doorbell.ring(Queue(run.queue), run.id)
        return run_view(run)


def recover(
    session: Session, suspect: RunRow, options: LedgerSettings, database: Database, *, counted: bool = True
) -> RunStatus | None:
    """Take a run from an owner that is gone: back to the queue, or failed once its attempts are used up.

    None where it changed hands meanwhile. A recording that kills its worker each time must end somewhere.
    """
    runs, owner = Runs(session), suspect.lease_owner or ""
    if counted and suspect.attempts >= options.max_attempts:
        reason = message("ledger.attempts_used_up", attempts=suspect.attempts, stage=suspect.stage or "-")
        ended = runs.finish(
            suspect.id,
            owner,
            RunStatus.FAILED.value,
            database.now(session),
            reason=reason_row(reason),
            stage=suspect.stage,
        )
        return RunStatus.FAILED if ended else None
    return RunStatus.QUEUED if runs.requeue(suspect.id, owner, counted=counted) else None


def _newest(session: Session, recording: RecordingRow) -> RunRow:
    run = Runs(session).get(recording.run_id)
    if run is None:
        raise LookupError(f"recording {recording.id} has no run")
    return run
