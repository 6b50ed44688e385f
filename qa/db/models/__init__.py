"""The tables. Rows never leave `qa.db` and `qa.services`; what belongs together is joined by queries."""

from qa.db.models.base import ID_LENGTH, Base, UtcDateTime
from qa.db.models.coaching import (
    DeliveryRow,
    DisputeRow,
    NoticePointRow,
    NoticeRow,
    PushTargetRow,
    RulingRow,
)
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
from qa.db.models.people import (
    AccountRow,
    ApiTokenRow,
    OneTimeLinkRow,
    SignInFailureRow,
    TeamMemberRow,
    TeamRow,
    WebSessionRow,
)

__all__ = [
    "ACTIVE",
    "ID_LENGTH",
    "AccountRow",
    "ApiTokenRow",
    "AttributeRow",
    "AuditEventRow",
    "Base",
    "CheckRow",
    "DeliveryRow",
    "DisputeRow",
    "FindingRow",
    "NoticePointRow",
    "NoticeRow",
    "OneTimeLinkRow",
    "PushTargetRow",
    "RecordingRow",
    "ResultRow",
    "RulingRow",
    "RunRow",
    "SignInFailureRow",
    "StageOutputRow",
    "TeamMemberRow",
    "TeamRow",
    "UploadRow",
    "UtcDateTime",
    "WebSessionRow",
]
