"""Stored results, for whoever reads many of them."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qa.core.people import Person
from qa.db.models import RecordingRow, ResultRow
from qa.db.people import within_reach


def newest_results(
    session: Session, who: Person, count: int, before: int | None = None
) -> Sequence[tuple[RecordingRow, ResultRow]]:
    """The newest results of the newest calls that `who` sees, payload included; of those before a `place`."""
    wanted = (
        sa.select(RecordingRow, ResultRow)
        .join(ResultRow, ResultRow.id == RecordingRow.result_id)
        .where(within_reach(who), RecordingRow.status == "done")
        .where(sa.true() if before is None else RecordingRow.place < before)
        .order_by(RecordingRow.place.desc())
        .limit(count)
    )
    return [(recording, result) for recording, result in session.execute(wanted)]


def count_results(session: Session, who: Person) -> int:
    """How many calls with a result `who` sees."""
    wanted = (
        sa.select(sa.func.count())
        .select_from(RecordingRow)
        .where(within_reach(who), RecordingRow.status == "done")
    )
    return session.scalar(wanted.where(RecordingRow.result_id.is_not(None))) or 0
