"""Queries on runs: the queue of record. Every change of hands is a compare-and-set on status and owner."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qa.db.models import RecordingRow, RunRow

_ACTIVE = ("queued", "running")


class Runs:
    """Runs within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, run_id: str) -> RunRow | None:
        """One run, as it is in the database now."""
        return self._session.get(RunRow, run_id, populate_existing=True)

    def many(self, run_ids: Sequence[str]) -> dict[str, RunRow]:
        """Several by id."""
        rows = self._session.scalars(sa.select(RunRow).where(RunRow.id.in_(run_ids)))
        return {row.id: row for row in rows}

    def of_recording(self, recording_id: str) -> Sequence[RunRow]:
        """All runs of a recording, newest first."""
        wanted = sa.select(RunRow).where(RunRow.recording_id == recording_id).order_by(RunRow.id.desc())
        return self._session.scalars(wanted).all()

    def has_active(self, recording_id: str) -> bool:
        """Whether a run waits or works."""
        wanted = sa.select(RunRow.id).where(RunRow.recording_id == recording_id, RunRow.status.in_(_ACTIVE))
        return self._session.scalars(wanted.limit(1)).first() is not None

    def add(self, run: RunRow) -> None:
        """A new run, which becomes the recording's newest."""
        self._session.add(run)
        self._session.flush()
        self._session.execute(
            sa.update(RecordingRow)
            .where(RecordingRow.id == run.recording_id)
            .values(run_id=run.id, status=run.status)
        )

    def add_many(self, run_ids: Mapping[str, str], kind: str, queue: str, now: datetime) -> None:
        """New waiting runs, recording id -> run id, which become the newest; nobody has been told of them yet."""
        run = {"kind": kind, "queue": queue, "status": "queued", "created_at": now}
        rows = [{"id": run_id, "recording_id": recording_id, **run} for recording_id, run_id in run_ids.items()]
        self._session.execute(sa.insert(RunRow), rows)
        newest = [{"id": row["recording_id"], "run_id": row["id"], "status": row["status"]} for row in rows]
        self._session.execute(sa.update(RecordingRow), newest)

    def due(self, queue: str, now: datetime, limit: int, kind: str | None = None) -> Sequence[str]:
        """Ids of waiting runs, oldest first. PostgreSQL skips those that another worker is just taking."""
        wanted = (
            sa.select(RunRow.id)
            .where(RunRow.queue == queue, RunRow.status == "queued", _not_before(now))
            .order_by(RunRow.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        if kind is not None:
            wanted = wanted.where(RunRow.kind == kind)
        return self._session.scalars(wanted).all()

    def claim(self, run_id: str, queue: str, owner: str, now: datetime, until: datetime) -> bool:
        """Take a waiting run under a lease. False where somebody else was first, or it is not due."""
        return self._change(
            [RunRow.id == run_id, RunRow.queue == queue, RunRow.status == "queued", _not_before(now)],
            status="running",
            lease_owner=owner,
            lease_until=until,
            not_before=None,
            attempts=RunRow.attempts + 1,
            started_at=sa.func.coalesce(RunRow.started_at, now),
            reason=None,
        )

    def renew(self, run_id: str, owner: str, until: datetime, **progress: Any) -> bool:
        """Prolong a lease and note progress (`stage`, `done`, `total`). False where it is ours no longer."""
        return self._change(_held_by(run_id, owner), mirror=False, lease_until=until, **progress)

    def finish(
        self,
        run_id: str,
        owner: str,
        status: str,
        now: datetime,
        *,
        reason: dict[str, Any] | None = None,
        stage: str | None = None,
    ) -> bool:
        """End a run. False where it is ours no longer: then nothing may be written."""
        return self._change(
            _held_by(run_id, owner),
            status=status,
            finished_at=now,
            lease_owner=None,
            lease_until=None,
            reason=reason,
            stage=stage,
        )

    def requeue(
        self,
        run_id: str,
        owner: str,
        *,
        counted: bool = True,
        queue: str | None = None,
        not_before: datetime | None = None,
        reason: dict[str, Any] | None = None,
    ) -> bool:
        """Give a run back to its queue or to another. `counted` False takes the attempt back."""
        values: dict[str, Any] = {} if queue is None else {"queue": queue}
        if not counted:
            values["attempts"] = RunRow.attempts - 1
        return self._change(
            _held_by(run_id, owner),
            status="queued",
            lease_owner=None,
            lease_until=None,
            rung_at=None,
            not_before=not_before,
            reason=reason,
            **values,
        )

    def leased(self) -> Sequence[RunRow]:
        """Every run somebody works on, or did before dying."""
        return self._session.scalars(sa.select(RunRow).where(RunRow.status == "running")).all()

    def unheard(self, queue: str, now: datetime, rung_before: datetime, limit: int) -> Sequence[RunRow]:
        """Waiting runs whose last ring is longer ago than `rung_before`, oldest first."""
        wanted = (
            sa.select(RunRow)
            .where(
                RunRow.queue == queue,
                RunRow.status == "queued",
                _not_before(now),
                sa.or_(RunRow.rung_at.is_(None), RunRow.rung_at < rung_before),
            )
            .order_by(RunRow.id)
            .limit(limit)
        )
        return self._session.scalars(wanted).all()

    def waiting(self, queue: str) -> int:
        """How many runs wait in a queue."""
        wanted = sa.select(sa.func.count()).where(RunRow.queue == queue, RunRow.status == "queued")
        return self._session.execute(wanted).scalar_one()

    def rung(self, run_ids: Sequence[str], now: datetime) -> None:
        """Note that the bell was rung."""
        self._session.execute(sa.update(RunRow).where(RunRow.id.in_(run_ids)).values(rung_at=now))

    def counts(self) -> dict[str, int]:
        """Runs by status."""
        rows = self._session.execute(sa.select(RunRow.status, sa.func.count()).group_by(RunRow.status))
        return {row[0]: row[1] for row in rows}

    def _change(self, conditions: Sequence[Any], *, mirror: bool = True, **values: Any) -> bool:
        changed = self._session.scalars(
            sa.update(RunRow)
            .where(*conditions)
            .values(**values)
            .returning(RunRow.id)
            .execution_options(synchronize_session=False)
        ).all()
        if changed and mirror and "status" in values:
            self._session.execute(
                sa.update(RecordingRow)
                .where(RecordingRow.run_id.in_(changed))
                .values(status=values["status"])
                .execution_options(synchronize_session=False)
            )
        return bool(changed)


def _not_before(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(RunRow.not_before.is_(None), RunRow.not_before <= now)


def _held_by(run_id: str, owner: str) -> list[Any]:
    return [RunRow.id == run_id, RunRow.status == "running", RunRow.lease_owner == owner]
