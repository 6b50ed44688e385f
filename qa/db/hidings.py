"""Queries on what people hide by hand."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qa.db.models import HidingRow, NoticePointRow, NoticeRow


class Hidings:
    """Amendments of what is hidden, within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, recording_id: str) -> Sequence[HidingRow]:
        """All of a recording, in order of time."""
        wanted = sa.select(HidingRow).where(HidingRow.recording_id == recording_id)
        return self._session.scalars(wanted.order_by(HidingRow.number)).all()

    def newest(self, recording_id: str) -> int:
        """The number of the last one; 0 where there is none. It changes whenever something else is hidden."""
        wanted = sa.select(sa.func.max(HidingRow.number)).where(HidingRow.recording_id == recording_id)
        return self._session.scalar(wanted) or 0

    def add(self, row: HidingRow) -> None:
        """One more."""
        self._session.add(row)
        self._session.flush()

    def points(self, recording_id: str) -> Sequence[NoticePointRow]:
        """The points of all notices on a recording: they quote it."""
        wanted = sa.select(NoticePointRow).join(NoticeRow, NoticeRow.id == NoticePointRow.notice_id)
        return self._session.scalars(wanted.where(NoticeRow.recording_id == recording_id)).all()
