"""A run is done once, by whoever holds its lease, and nothing that was accepted is ever forgotten."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from ledger_fakes import FakePipeline, RecordingBell, skipped, wav_bytes

from qa.audio.probe import probe
from qa.core.errors import ConflictError, DependencyError, NotFoundError, StorageError
from qa.core.messages import message
from qa.core.people import Job, Person
from qa.core.result import RunStatus
from qa.db.audit import AuditTrail
from qa.db.models import AuditEventRow, CheckRow, FindingRow, ResultRow, RunRow
from qa.db.runs import Runs
from qa.pipeline.context import RecordingInput, RunFailure
from qa.services import IntakeMeta, Services
from qa.services.doorbell import Queue
from qa.services.recordings import RecordingFilter
from qa.services.views import RecordingView
from qa.services.work import Worker

MakeWorker = Callable[..., Worker]


def _accept(services: Services, seed: int = 0, **attributes: str) -> RecordingView:
    meta = IntakeMeta(f"call{seed}.wav", attributes)
    return services.intake.accept_stream([wav_bytes(seed)], meta).recording


def _count(services: Services, table: type) -> int:
    with services.database.read() as session:
        return session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def _lapse(services: Services, run_id: str) -> None:
    """Make the lease of a run old and its owner a stranger."""
    with services.database.write() as session:
        past = services.database.now(session) - timedelta(hours=1)
        session.execute(
            sa.update(RunRow).where(RunRow.id == run_id).values(lease_until=past, lease_owner="elsewhere")
        )


def _claim(services: Services, run_id: str, owner: str = "somebody") -> bool:
    with services.database.write() as session:
        now = services.database.now(session)
        return Runs(session).claim(run_id, "speech", owner, now, now + timedelta(seconds=60))


def test_a_run_ends_with_result_findings_checks_and_an_event(services: Services, make_worker: MakeWorker) -> None:
    recording = _accept(services)
    assert make_worker(FakePipeline()).work(Queue.SPEECH, recording.run.id) == 1
    done = services.recordings.get(recording.id)
    assert done.status is RunStatus.DONE
    assert (done.score, done.findings, done.worst) == (80.0, 1, "critical")
    view = services.recordings.result(recording.id)
    assert view.result.sha256 == recording.sha256
    assert view.head.packs == {"zh/finance": 1}
    assert (_count(services, ResultRow), _count(services, FindingRow), _count(services, CheckRow)) == (1, 1, 1)
    with services.database.read() as session:
        actions = session.scalars(sa.select(AuditEventRow.action).order_by(AuditEventRow.seq)).all()
    assert actions == ["recording.accepted", "run.done"]


def test_a_message_delivered_twice_runs_once(services: Services, make_worker: MakeWorker) -> None:
    recording = _accept(services)
    pipeline = FakePipeline()
    worker = make_worker(pipeline)
    assert worker.work(Queue.SPEECH, recording.run.id) == 1
    assert worker.work(Queue.SPEECH, recording.run.id) == 0
    assert pipeline.batches == [1]
    assert _count(services, ResultRow) == 1


def test_a_message_for_the_other_queue_or_for_nothing_is_no_work(
    services: Services, make_worker: MakeWorker
) -> None:
    recording = _accept(services)
    assert make_worker(FakePipeline()).work(Queue.LIGHT, recording.run.id) == 0
    assert make_worker(FakePipeline()).work(Queue.SPEECH, "0" * 32) == 0


def test_workers_that_claim_five_hundred_times_never_get_the_same_run(services: Services) -> None:
    runs = [_accept(services, seed).run.id for seed in range(5)]
    with services.database.write() as session:
        session.execute(sa.update(RunRow).values(attempts=0))
    won: list[tuple[int, str]] = []
    for round_ in range(50):
        barrier = threading.Barrier(2)

        def race(who: int, barrier: threading.Barrier = barrier, round_: int = round_) -> list[str]:
            barrier.wait()
            return [run for run in runs if _claim(services, run, f"w{who}-{round_}")]

        with ThreadPoolExecutor(2) as pool:
            for taken in pool.map(race, range(2)):
                won += [(round_, run) for run in taken]
        with services.database.write() as session:
            session.execute(sa.update(RunRow).values(status="queued", lease_owner=None, lease_until=None))
    assert len(won) == len(set(won)) == 250, "each of five runs was to be won once in each of fifty rounds"


def test_two_workers_that_take_batches_at_once_share_the_work(services: Services, make_worker: MakeWorker) -> None:
    recordings = [_accept(services, seed) for seed in range(12)]
    pipelines = [FakePipeline(), FakePipeline()]
    workers = [make_worker(pipeline, batch=4) for pipeline in pipelines]

    def drain(worker: Worker) -> int:
        return sum(worker.work(Queue.SPEECH, recording.run.id) for recording in recordings)

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(drain, workers))
    assert sum(done) == 12
    assert _count(services, ResultRow) == 12
    assert max(pipelines[0].batches + pipelines[1].batches) > 1


def test_a_worker_that_lost_its_lease_writes_nothing(services: Services, make_worker: MakeWorker) -> None:
    recording = _accept(services)

    def stolen(source: RecordingInput, stage: str) -> None:
        if stage == "rules":
            _lapse(services, recording.run.id)

    assert make_worker(FakePipeline(before=stolen)).work(Queue.SPEECH, recording.run.id) == 1
    assert _count(services, ResultRow) == 0
    assert services.recordings.get(recording.id).status is RunStatus.RUNNING
    assert services.analysis.sweep().requeued == 1
    make_worker(FakePipeline()).work(Queue.SPEECH, recording.run.id)
    assert _count(services, ResultRow) == 1


def test_a_lost_lease_stops_the_pipeline_while_it_works(services: Services, make_worker: MakeWorker) -> None:
    recording = _accept(services)
    pipeline = FakePipeline(stage_seconds=20, before=lambda source, stage: _lapse(services, recording.run.id))
    make_worker(pipeline).work(Queue.SPEECH, recording.run.id)
    assert pipeline.computed == []


def test_a_retry_resumes_after_the_stages_that_were_done(services: Services, make_worker: MakeWorker) -> None:
    recording = _accept(services)

    def dies(source: RecordingInput, stage: str) -> None:
        if stage == "turns":
            raise RuntimeError("power cut")

    make_worker(FakePipeline(before=dies)).work(Queue.SPEECH, recording.run.id)
    waiting = services.recordings.get(recording.id)
    assert waiting.status is RunStatus.QUEUED
    assert waiting.run.reason is not None
    pipeline = FakePipeline()
    make_worker(pipeline).work(Queue.SPEECH, recording.run.id)
    assert [stage for _, stage in pipeline.computed] == ["turns", "rules"]
    assert services.recordings.get(recording.id).run.attempts == 2


def test_a_failure_that_cannot_pass_is_final_at_once_and_can_be_retried_by_a_person(
    services: Services, make_worker: MakeWorker, bell: RecordingBell
) -> None:
    recording = _accept(services)
    reason = message("audio.damaged", name="x")
    broken = FakePipeline(outcome=lambda source: RunFailure(reason, "decode", retryable=False))
    make_worker(broken).work(Queue.SPEECH, recording.run.id)
    failed = services.recordings.get(recording.id)
    assert (failed.status, failed.run.reason, failed.run.stage) == (RunStatus.FAILED, reason, "decode")
    with pytest.raises(NotFoundError):
        services.recordings.result(recording.id)
    retry = services.analysis.retry(recording.id)
    assert bell.rings[-1] == (Queue.SPEECH, retry.id)
    make_worker(FakePipeline()).work(Queue.SPEECH, retry.id)
    assert services.recordings.get(recording.id).status is RunStatus.DONE
    assert [run.kind for run in services.recordings.runs(recording.id)] == ["retry", "first"]
    with pytest.raises(ConflictError):
        services.analysis.retry(recording.id)


def test_a_failure_that_may_pass_is_tried_again_and_in_the_end_given_up(
    services: Services, make_worker: MakeWorker
) -> None:
    recording = _accept(services)
    reason = message("ledger.disk_full")
    worker = make_worker(FakePipeline(outcome=lambda source: RunFailure(reason, "decode", retryable=True)))
    for _ in range(2):
        worker.work(Queue.SPEECH, recording.run.id)
        assert services.recordings.get(recording.id).status is RunStatus.QUEUED
    worker.work(Queue.SPEECH, recording.run.id)
    failed = services.recordings.get(recording.id)
    assert (failed.status, failed.run.attempts, failed.run.reason) == (RunStatus.FAILED, 3, reason)


def test_a_recording_that_kills_its_worker_every_time_ends_as_failed(services: Services) -> None:
    recording = _accept(services)
    for _ in range(3):
        assert _claim(services, recording.run.id)
        _lapse(services, recording.run.id)
        services.analysis.sweep()
    failed = services.recordings.get(recording.id)
    assert failed.status is RunStatus.FAILED
    assert failed.run.reason is not None
    assert failed.run.reason.code == "ledger.attempts_used_up"


def test_a_recording_without_speech_is_skipped_with_its_reason(
    services: Services, make_worker: MakeWorker
) -> None:
    recording = _accept(services)
    make_worker(FakePipeline(outcome=skipped)).work(Queue.SPEECH, recording.run.id)
    view = services.recordings.get(recording.id)
    assert view.status is RunStatus.SKIPPED
    assert view.run.reason == message("pipeline.no_speech")
    assert services.recordings.result(recording.id).result.status is RunStatus.SKIPPED


def test_one_bad_recording_in_a_batch_does_not_harm_the_others(
    services: Services, make_worker: MakeWorker
) -> None:
    recordings = [_accept(services, seed) for seed in range(3)]
    pipeline = FakePipeline()

    def outcome(source: RecordingInput) -> object:
        if source.sha256 == recordings[1].sha256:
            return RunFailure(message("audio.damaged"), "decode", retryable=False)
        return pipeline.result(source)

    pipeline.outcome = outcome  # type: ignore[assignment]
    assert make_worker(pipeline, batch=8).work(Queue.SPEECH, recordings[0].run.id) == 3
    assert [services.recordings.get(r.id).status.value for r in recordings] == ["done", "failed", "done"]


def test_a_rescan_runs_the_text_stages_alone_and_keeps_the_earlier_result(
    services: Services, make_worker: MakeWorker, bell: RecordingBell
) -> None:
    recording = _accept(services)
    with pytest.raises(ConflictError):
        services.analysis.rescan(recording.id)
    make_worker(FakePipeline()).work(Queue.SPEECH, recording.run.id)
    rescan = services.analysis.rescan(recording.id, actor="li")
    assert bell.rings[-1] == (Queue.LIGHT, rescan.id)
    with pytest.raises(ConflictError):
        services.analysis.rescan(recording.id)
    changed = FakePipeline(pack_version=2)
    make_worker(changed).work(Queue.LIGHT, rescan.id)
    assert [stage for _, stage in changed.computed] == ["rules"]
    heads = services.recordings.results(recording.id)
    assert [(h.kind, h.packs["zh/finance"]) for h in heads] == [("rescan", 2), ("first", 1)]
    assert services.recordings.result(recording.id).head.id == heads[0].id
    assert services.recordings.result(recording.id, result_id=heads[1].id).head == heads[1]


def test_everything_that_was_analysed_is_judged_again_and_what_is_under_way_is_left(
    services: Services, make_worker: MakeWorker, bell: RecordingBell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.services.analysis._RESCAN_STEP", 2)
    done = [_accept(services, seed) for seed in range(5)]
    for recording in done:
        make_worker(FakePipeline()).work(Queue.SPEECH, recording.run.id)
    skips = _accept(services, 5)
    make_worker(FakePipeline(outcome=skipped)).work(Queue.SPEECH, skips.run.id)
    waiting = _accept(services, 6)
    bell.rings.clear()
    assert services.analysis.rescan_all(actor="li") == 5
    assert services.analysis.rescan_all() == 0
    views = [services.recordings.get(recording.id) for recording in done]
    assert {(view.status, view.run.kind) for view in views} == {(RunStatus.QUEUED, "rescan")}
    assert [(Queue.LIGHT, view.run.id) for view in views] == bell.rings
    assert services.recordings.get(waiting.id).run == waiting.run
    assert services.recordings.get(skips.id).status is RunStatus.SKIPPED
    with services.database.read() as session:
        trail = AuditTrail(session).of_recording(done[0].id)
    assert (trail[-1].action, trail[-1].actor) == ("recording.rescan", "li")
    assert trail[-1].details == {"run": views[0].run.id}
    for _, run_id in list(bell.rings):
        make_worker(FakePipeline(pack_version=2)).work(Queue.LIGHT, run_id)
    assert [len(services.recordings.results(recording.id)) for recording in done] == [2] * 5


def test_a_rescan_that_would_need_the_models_goes_to_the_speech_queue(
    services: Services, make_worker: MakeWorker, bell: RecordingBell
) -> None:
    recording = _accept(services)
    make_worker(FakePipeline()).work(Queue.SPEECH, recording.run.id)
    rescan = services.analysis.rescan(recording.id)
    newer = FakePipeline(version="2")
    make_worker(newer).work(Queue.LIGHT, rescan.id)
    assert newer.computed == []
    assert bell.rings[-1] == (Queue.SPEECH, rescan.id)
    make_worker(newer).work(Queue.SPEECH, rescan.id)
    assert services.recordings.get(recording.id).status is RunStatus.DONE
    assert services.recordings.get(recording.id).run.attempts == 1


def test_roles_are_swapped_and_judged_again(services: Services, make_worker: MakeWorker) -> None:
    recording = _accept(services)
    make_worker(FakePipeline()).work(Queue.SPEECH, recording.run.id)
    run = services.analysis.set_roles(recording.id)
    assert run.kind == "roles"
    make_worker(FakePipeline(pack_version=2)).work(Queue.LIGHT, run.id)
    view = services.recordings.get(recording.id)
    assert view.manual_roles == {"ch0": "customer", "ch1": "agent"}
    result = services.recordings.result(recording.id).result
    assert result.analysis is not None
    assert result.analysis.findings[0].role == "customer"
    run = services.analysis.set_roles(recording.id, {"ch0": "system"})
    assert services.recordings.get(recording.id).manual_roles == {"ch0": "system", "ch1": "agent"}
    make_worker(FakePipeline(pack_version=3)).work(Queue.LIGHT, run.id)
    with pytest.raises(NotFoundError):
        services.analysis.set_roles(recording.id, {"S7": "agent"})


def test_the_sweeper_rings_for_a_lost_message_once_per_sweep_time(services: Services, bell: RecordingBell) -> None:
    recording = _accept(services)
    bell.rings.clear()
    assert services.analysis.sweep().rung == 0, "its own ring is fresh"
    with services.database.write() as session:
        session.execute(sa.update(RunRow).values(rung_at=None))
    assert services.analysis.sweep().rung == 1
    assert bell.rings == [(Queue.SPEECH, recording.run.id)]
    assert services.analysis.sweep().rung == 0


def test_the_sweeper_does_not_ring_while_enough_messages_wait(services: Services, bell: RecordingBell) -> None:
    _accept(services)
    with services.database.write() as session:
        session.execute(sa.update(RunRow).values(rung_at=None))
    bell.length = 1
    assert services.analysis.sweep().rung == 0


def test_a_dead_process_of_this_machine_is_found_without_waiting_for_its_lease(services: Services) -> None:
    import subprocess
    import sys

    recording = _accept(services)
    code = "from qa.services.owner import new_owner; print(new_owner())"
    owner = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert _claim(services, recording.run.id, owner)
    assert services.analysis.release_dead(counted=False) == 1
    waiting = services.recordings.get(recording.id)
    assert (waiting.status, waiting.run.attempts) == (RunStatus.QUEUED, 0)


def test_a_redelivered_message_takes_a_run_over_from_a_dead_process(
    services: Services, make_worker: MakeWorker
) -> None:
    import subprocess
    import sys

    recording = _accept(services)
    code = "from qa.services.owner import new_owner; print(new_owner())"
    owner = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert _claim(services, recording.run.id, owner)
    assert make_worker(FakePipeline()).work(Queue.SPEECH, recording.run.id) == 1
    assert services.recordings.get(recording.id).run.attempts == 2


def test_progress_reaches_the_row_while_the_work_goes_on(services: Services, make_worker: MakeWorker) -> None:
    recording = _accept(services)
    seen: list[tuple[str | None, RunStatus]] = []

    def wait_for_row(source: RecordingInput, stage: str) -> None:
        if stage == "turns":
            for _ in range(2000):
                run = services.recordings.get(recording.id).run
                if run.stage:
                    break
                threading.Event().wait(0.01)
            seen.append((run.stage, run.status))

    make_worker(FakePipeline(before=wait_for_row)).work(Queue.SPEECH, recording.run.id)
    assert seen
    assert seen[0][0] in ("decode", "activity", "transcribe", "turns")
    assert seen[0][1] is RunStatus.RUNNING


def test_a_database_that_is_away_for_a_moment_does_not_stop_the_work(
    services: Services, make_worker: MakeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = _accept(services)
    failed = threading.Event()
    renew = Runs.renew

    def flaky(self: Runs, *args: object, **kwargs: object) -> bool:
        if not failed.is_set():
            failed.set()
            raise DependencyError("ledger.database_unreachable")
        return renew(self, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Runs, "renew", flaky)
    pipeline = FakePipeline(before=lambda source, stage: bool(failed.wait(10)) and None)
    make_worker(pipeline).work(Queue.SPEECH, recording.run.id)
    assert services.recordings.get(recording.id).status is RunStatus.DONE


def test_audio_that_vanished_before_its_run_is_the_reason_it_failed(
    services: Services, make_worker: MakeWorker
) -> None:
    recording = _accept(services)
    services.storage.audio_path(recording.sha256, ".wav").unlink()
    pipeline = FakePipeline(before=lambda source, stage: probe(source.path) and None)
    make_worker(pipeline).work(Queue.SPEECH, recording.run.id)
    view = services.recordings.get(recording.id)
    assert view.status is RunStatus.FAILED
    assert view.run.reason is not None
    assert view.run.reason.code == "audio.no_file"
    with pytest.raises(StorageError):
        services.recordings.open_sound(recording.id)


def test_lists_are_paged_by_key_and_filtered(services: Services, make_worker: MakeWorker) -> None:
    recordings = [_accept(services, seed, team="a" if seed % 2 else "b") for seed in range(7)]
    make_worker(FakePipeline()).work(Queue.SPEECH, recordings[3].run.id)
    newest_first = [r.id for r in reversed(recordings)]
    page = services.recordings.list(limit=3)
    assert [r.id for r in page.items] == newest_first[:3]
    _accept(services, 99)
    page = services.recordings.list(cursor=page.next_cursor, limit=3)
    assert [r.id for r in page.items] == newest_first[3:6]
    page = services.recordings.list(cursor=page.next_cursor, limit=3)
    assert [r.id for r in page.items] == newest_first[6:]
    assert page.next_cursor is None

    def ids(wanted: RecordingFilter) -> list[str]:
        return [r.id for r in services.recordings.list(wanted).items]

    assert ids(RecordingFilter(status=RunStatus.DONE)) == [recordings[3].id]
    assert ids(RecordingFilter(attributes={"team": "a"})) == [recordings[i].id for i in (5, 3, 1)]
    assert ids(RecordingFilter(name_contains="CALL2")) == [recordings[2].id]
    assert ids(RecordingFilter(name_contains="%")) == []
    stranger = Person("", "other", "Other", frozenset({Job.ADMINISTRATOR}), tenant="other")
    assert services.recordings.list(who=stranger).items == ()
    assert services.recordings.counts().queued == 7
    with pytest.raises(NotFoundError):
        services.recordings.get(recordings[0].id, who=stranger)
