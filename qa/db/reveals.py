"""Who has asked to see personal data: read from the audit log, which is where it is kept."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qa.db.models import AuditEventRow

REVEALED = "personal.revealed"


def last_reveal(session: Session, tenant: str, actor: str, recording_id: str) -> datetime | None:
    """When `actor` last gave a reason to see what is hidden in a recording."""
    wanted = sa.select(sa.func.max(AuditEventRow.at)).where(
        AuditEventRow.tenant == tenant,
        AuditEventRow.recording_id == recording_id,
        AuditEventRow.actor == actor,
        AuditEventRow.action == REVEALED,
    )
    return session.scalar(wanted)
