"""Stored results, for whoever reads many of them."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qa.core.people import Person
from qa.db.models import RecordingRow, ResultRow
from qa.db.people import within_reach


def newest_results(session: Session, who: Person, count: int) -> Sequence[tuple[RecordingRow, ResultRow]]:
    """The newest results of the newest calls that `who` sees, payload included."""
    wanted = (
        sa.select(RecordingRow, ResultRow)
        .join(ResultRow, ResultRow.id == RecordingRow.result_id)
        .where(within_reach(who), RecordingRow.status == "done")
        .order_by(RecordingRow.place.desc())
        .limit(count)
    )
    return [(recording, result) for recording, result in session.execute(wanted)]
