"""Queries on calibration."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qa.core.people import Person
from qa.db.models import CalibrationAnswerRow, CalibrationCallRow, CalibrationRow, RecordingRow
from qa.db.people import within_reach


class Calibrations:
    """Rounds within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, *rows: CalibrationRow | CalibrationCallRow | CalibrationAnswerRow) -> None:
        """New rows, in the order given."""
        for row in rows:
            self._session.add(row)
            self._session.flush()

    def round(self, tenant: str, round_id: str, *, lock: bool = False) -> CalibrationRow | None:
        """One round."""
        wanted = sa.select(CalibrationRow).where(CalibrationRow.tenant == tenant, CalibrationRow.id == round_id)
        return self._session.scalars(wanted.with_for_update() if lock else wanted).first()

    def rounds(self, tenant: str, limit: int) -> Sequence[CalibrationRow]:
        """Newest first."""
        wanted = sa.select(CalibrationRow).where(CalibrationRow.tenant == tenant)
        return self._session.scalars(wanted.order_by(CalibrationRow.id.desc()).limit(limit)).all()

    def calls(self, round_ids: Collection[str]) -> dict[str, list[tuple[CalibrationCallRow, RecordingRow]]]:
        """Round id -> its calls in order."""
        found: dict[str, list[tuple[CalibrationCallRow, RecordingRow]]] = {one: [] for one in round_ids}
        wanted = (
            sa.select(CalibrationCallRow, RecordingRow)
            .join(RecordingRow, RecordingRow.id == CalibrationCallRow.recording_id)
            .where(CalibrationCallRow.calibration_id.in_(list(round_ids)))
            .order_by(CalibrationCallRow.position)
        )
        for call, recording in self._session.execute(wanted):
            found[call.calibration_id].append((call, recording))
        return found

    def answers(self, round_id: str, recording_id: str | None = None) -> Sequence[CalibrationAnswerRow]:
        """What was said in a round, or on one of its calls."""
        wanted = sa.select(CalibrationAnswerRow).where(CalibrationAnswerRow.calibration_id == round_id)
        if recording_id is not None:
            wanted = wanted.where(CalibrationAnswerRow.recording_id == recording_id)
        return self._session.scalars(wanted.order_by(CalibrationAnswerRow.person, CalibrationAnswerRow.item)).all()

    def answered(self, round_ids: Collection[str]) -> dict[tuple[str, str], int]:
        """(Round, person) -> calls they have judged."""
        wanted = (
            sa.select(
                CalibrationAnswerRow.calibration_id,
                CalibrationAnswerRow.person,
                sa.func.count(sa.distinct(CalibrationAnswerRow.recording_id)),
            )
            .where(CalibrationAnswerRow.calibration_id.in_(list(round_ids)))
            .group_by(CalibrationAnswerRow.calibration_id, CalibrationAnswerRow.person)
        )
        return {(round_id, person): count for round_id, person, count in self._session.execute(wanted)}

    def forget(self, round_id: str, recording_id: str, person: str) -> None:
        """One person's answers on a call, before they are written anew."""
        self._session.execute(
            sa.delete(CalibrationAnswerRow).where(
                CalibrationAnswerRow.calibration_id == round_id,
                CalibrationAnswerRow.recording_id == recording_id,
                CalibrationAnswerRow.person == person,
            )
        )

    def choose(self, who: Person, wanted: Sequence[str], count: int, seed: int) -> Sequence[RecordingRow]:
        """Analysed recordings in `who`'s reach: those of these ids, or `count` drawn from the newest thousand."""
        base = sa.select(RecordingRow).where(within_reach(who), RecordingRow.status == "done")
        if wanted:
            return self._session.scalars(base.where(RecordingRow.id.in_(list(wanted)))).all()
        newest = list(self._session.scalars(base.order_by(RecordingRow.place.desc()).limit(1000)))
        # The same draw on every database: by a hash of the id rather than by the database's own random().
        newest.sort(key=lambda row: hash_of(row.id, seed))
        return newest[:count]


def hash_of(recording_id: str, seed: int) -> int:
    """A number that scatters ids evenly."""
    return (int(recording_id, 16) * 0x9E3779B97F4A7C15 + seed * 0xC2B2AE3D27D4EB4F) % (1 << 64)
