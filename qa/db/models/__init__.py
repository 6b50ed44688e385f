"""The tables. Rows never leave `qa.db` and `qa.services`; what belongs together is joined by queries."""

from qa.db.models.audit import AuditCheckpointRow, AuditEventRow, AuditHeadRow
from qa.db.models.base import ID_LENGTH, Base, UtcDateTime
from qa.db.models.calibration import CalibrationAnswerRow, CalibrationCallRow, CalibrationRow
from qa.db.models.coaching import (
    DeliveryRow,
    DisputeRow,
    NoticePointRow,
    NoticeRow,
    PushTargetRow,
    RulingRow,
)
from qa.db.models.custody import DeletionItemRow, DeletionRow, HoldRow, RecordingKeyRow
from qa.db.models.exports import ExportRow
from qa.db.models.ledger import (
    ACTIVE,
    AttributeRow,
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
from qa.db.models.review import (
    CommentRow,
    CorrectionRow,
    ManualAnswerRow,
    ReviewRow,
    ReviewSkipRow,
    ReviewVersionRow,
    SampleRow,
    SamplingPlanRow,
    VerdictRow,
)
from qa.db.models.search import FacetRow, RecordingFacetRow, SavedViewRow, SearchTextRow

__all__ = [
    "ACTIVE",
    "ID_LENGTH",
    "AccountRow",
    "ApiTokenRow",
    "AttributeRow",
    "AuditCheckpointRow",
    "AuditEventRow",
    "AuditHeadRow",
    "Base",
    "CalibrationAnswerRow",
    "CalibrationCallRow",
    "CalibrationRow",
    "CheckRow",
    "CommentRow",
    "CorrectionRow",
    "DeletionItemRow",
    "DeletionRow",
    "DeliveryRow",
    "DisputeRow",
    "ExportRow",
    "FacetRow",
    "FindingRow",
    "HoldRow",
    "ManualAnswerRow",
    "NoticePointRow",
    "NoticeRow",
    "OneTimeLinkRow",
    "PushTargetRow",
    "RecordingFacetRow",
    "RecordingKeyRow",
    "RecordingRow",
    "ResultRow",
    "ReviewRow",
    "ReviewSkipRow",
    "ReviewVersionRow",
    "RulingRow",
    "RunRow",
    "SampleRow",
    "SamplingPlanRow",
    "SavedViewRow",
    "SearchTextRow",
    "SignInFailureRow",
    "StageOutputRow",
    "TeamMemberRow",
    "TeamRow",
    "UploadRow",
    "UtcDateTime",
    "VerdictRow",
    "WebSessionRow",
]
