"""Whatever happens in whatever order, a recording ends with at most one result per run and never gets lost."""

import tempfile
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from ledger_fakes import FakePipeline, RecordingBell, wav_bytes

from qa.core.errors import ConflictError
from qa.core.messages import message
from qa.core.result import RunStatus
from qa.db.models import RecordingRow, ResultRow, RunRow
from qa.db.runs import Runs
from qa.pipeline.context import RunFailure
from qa.services import IntakeMeta, open_services
from qa.services.doorbell import Queue
from qa.services.work import Worker
from qa.settings import LedgerSettings, Settings


class Ledger(RuleBasedStateMachine):
    """Uploads, rings (true, false, twice), crashes, sweeps, retries and rescans in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        options = LedgerSettings(max_attempts=3, retry_seconds=0, heartbeat_seconds=30)
        self.bell = RecordingBell()
        self.services = open_services(
            Settings(home=Path(self.folder.name), ledger=options), self.bell, migrate=True
        )
        self.options = options
        self.recordings: list[str] = []

    def teardown(self) -> None:
        self.services.close()
        self.folder.cleanup()

    def _worker(self, pipeline: FakePipeline) -> Worker:
        return Worker(self.services.database, self.services.vault, self.bell, self.options, pipeline)

    @rule(seed=st.integers(0, 3))
    def upload(self, seed: int) -> None:
        accepted = self.services.intake.accept_stream([wav_bytes(seed)], IntakeMeta(f"{seed}.wav"))
        assert accepted.duplicate == (accepted.recording.id in self.recordings)
        if not accepted.duplicate:
            self.recordings.append(accepted.recording.id)

    @precondition(lambda self: self.bell.rings)
    @rule(data=st.data(), fails=st.sampled_from(["no", "for now", "for good"]))
    def deliver(self, data: st.DataObject, fails: str) -> None:
        queue, run_id = data.draw(st.sampled_from(self.bell.rings))
        pipeline = FakePipeline()
        if fails != "no":
            failure = RunFailure(message("ledger.disk_full"), "decode", retryable=fails == "for now")
            pipeline.outcome = lambda source: failure
        self._worker(pipeline).work(queue, run_id)

    @precondition(lambda self: self.bell.rings)
    @rule(data=st.data())
    def crash(self, data: st.DataObject) -> None:
        """A worker claims and is killed."""
        queue, run_id = data.draw(st.sampled_from(self.bell.rings))
        with self.services.database.write() as session:
            past = self.services.database.now(session) - timedelta(hours=1)
            Runs(session).claim(run_id, queue.value, "elsewhere", past + timedelta(hours=1), past)

    @rule()
    def sweep(self) -> None:
        self.services.analysis.sweep()

    @precondition(lambda self: self.recordings)
    @rule(data=st.data(), what=st.sampled_from(["retry", "rescan", "set_roles"]))
    def ask(self, data: st.DataObject, what: str) -> None:
        recording = data.draw(st.sampled_from(self.recordings))
        try:
            getattr(self.services.analysis, what)(recording)
        except ConflictError:
            return

    @invariant()
    def nothing_is_twice_or_lost(self) -> None:
        with self.services.database.read() as session:
            runs = {run.id: run for run in session.scalars(sa.select(RunRow))}
            rows = session.scalars(sa.select(RecordingRow)).all()
            results = session.scalars(sa.select(ResultRow)).all()
        assert sorted(row.id for row in rows) == sorted(self.recordings)
        for row in rows:
            own = [run for run in runs.values() if run.recording_id == row.id]
            assert row.run_id == max(run.id for run in own)
            assert row.status == runs[row.run_id].status
            assert sum(run.status in ("queued", "running") for run in own) <= 1
        assert len({result.run_id for result in results}) == len(results)
        finished = {run.id for run in runs.values() if run.status == RunStatus.DONE.value}
        assert finished == {result.run_id for result in results}
        assert all(run.attempts <= self.options.max_attempts for run in runs.values())
        assert all((run.lease_owner is not None) == (run.status == "running") for run in runs.values())

    @precondition(lambda self: self.recordings)
    @rule()
    def everything_ends(self) -> None:
        """Given a sweeper and a worker, no run waits for ever."""
        for _ in range(10):
            self.services.analysis.sweep()
            with self.services.database.read() as session:
                waiting = session.scalars(sa.select(RunRow).where(RunRow.status == "queued")).all()
            for run in waiting:
                self._worker(FakePipeline()).work(Queue(run.queue), run.id)
        counts = self.services.recordings.counts()
        assert counts.queued == counts.running == 0


TestLedger = Ledger.TestCase
TestLedger.settings = settings(
    max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
