"""Queries on results and stage outputs."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, defer

from qa.db.models import CheckRow, FindingRow, RecordingRow, ResultRow, StageOutputRow

Columns = Mapping[str, Any]
"""The values of a row by column."""


class Results:
    """Results within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, result: ResultRow, findings: Sequence[Columns], checks: Sequence[Columns]) -> None:
        """A result, which becomes the recording's newest. Its hundred findings and checks go in as plain values:
        as objects of the session they took a tenth of what judging a call again costs.
        """
        self._session.add(result)
        self._session.flush()
        for table, rows in ((FindingRow.__table__, findings), (CheckRow.__table__, checks)):
            if rows:
                self._session.execute(sa.insert(cast("sa.Table", table)), rows)
        self._session.execute(
            sa.update(RecordingRow).where(RecordingRow.id == result.recording_id).values(result_id=result.id)
        )

    def get(self, recording_id: str, result_id: str) -> ResultRow | None:
        """One result of a recording, payload included."""
        return self._session.scalars(
            sa.select(ResultRow).where(ResultRow.recording_id == recording_id, ResultRow.id == result_id)
        ).first()

    def heads(self, recording_id: str) -> Sequence[ResultRow]:
        """All results of a recording without their payload, newest first."""
        wanted = (
            sa.select(ResultRow).where(ResultRow.recording_id == recording_id).options(defer(ResultRow.payload))
        )
        return self._session.scalars(wanted.order_by(ResultRow.id.desc())).all()


class StageOutputs:
    """What stages produced, within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, sha256: str, stage: str, version: str, input_hash: str) -> bytes | None:
        """The stored bytes."""
        return self._session.scalars(
            sa.select(StageOutputRow.payload).where(
                StageOutputRow.sha256 == sha256,
                StageOutputRow.stage == stage,
                StageOutputRow.version == version,
                StageOutputRow.input_hash == input_hash,
            )
        ).first()

    def of_recording(self, sha256: str, stages: Collection[str]) -> Sequence[StageOutputRow]:
        """Everything stored of some stages."""
        wanted = sa.select(StageOutputRow).where(
            StageOutputRow.sha256 == sha256, StageOutputRow.stage.in_(sorted(stages))
        )
        return self._session.scalars(wanted).all()

    def forget(self, sha256: str) -> None:
        """Remove everything that was made from some bytes."""
        self._session.execute(sa.delete(StageOutputRow).where(StageOutputRow.sha256 == sha256))

    def put(self, row: StageOutputRow) -> None:
        """Store; the same key again changes nothing."""
        dialect = postgresql if self._session.get_bind().dialect.name == "postgresql" else sqlite
        values = {column.key: getattr(row, column.key) for column in StageOutputRow.__table__.columns}
        self._session.execute(dialect.insert(StageOutputRow).values(**values).on_conflict_do_nothing())
