"""The tables. Rows never leave `qa.db` and `qa.services`; what belongs together is joined by queries."""

from qa.db.models.base import ID_LENGTH, Base, UtcDateTime
from qa.db.models.ledger import (
    ACTIVE,
    AttributeRow,
    AuditEventRow,
    CheckRow,
    FindingRow,
    RecordingRow,
    ResultRow,
    RunRow,
    StageOutputRow,
    UploadRow,
)

__all__ = [
    "ACTIVE",
    "ID_LENGTH",
    "AttributeRow",
    "AuditEventRow",
    "Base",
    "CheckRow",
    "FindingRow",
    "RecordingRow",
    "ResultRow",
    "RunRow",
    "StageOutputRow",
    "UploadRow",
    "UtcDateTime",
]
