"""What a person may do with notices and disputes, and on what an agent may look."""

from sqlalchemy.orm import Session

from qa.core.errors import NotFoundError
from qa.core.people import Person
from qa.db.coaching import Coaching
from qa.db.models import DisputeRow, NoticeRow


def found_notice(session: Session, who: Person, notice_id: str, *, lock: bool = False) -> NoticeRow:
    """Raises `NotFoundError` where there is none in their reach."""
    row = Coaching(session).notice(who, notice_id, lock=lock)
    if row is None:
        raise NotFoundError("coaching.no_notice", id=notice_id[:40])
    return row


def found_dispute(session: Session, who: Person, dispute_id: str, *, lock: bool = False) -> DisputeRow:
    """Raises `NotFoundError` where there is none in their reach."""
    row = Coaching(session).dispute(who, dispute_id, lock=lock)
    if row is None:
        raise NotFoundError("coaching.no_dispute", id=dispute_id[:40])
    return row
