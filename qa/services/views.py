"""What services hand out: plain frozen records, never database rows. Every time is an aware UTC datetime."""

from datetime import datetime

from qa.core.base import Record
from qa.core.finding import Finding, Severity
from qa.core.messages import Message
from qa.core.result import Result, RunStatus


class RunView(Record, frozen=True):
    """One analysis of one recording and where it stands."""

    id: str
    recording_id: str
    kind: str
    """`first`, `retry`, `rescan` (rules again, speech kept) or `roles` (roles set by a person)."""
    status: RunStatus
    queue: str
    """`speech` or `light`: who works on it, or will."""
    stage: str | None
    """Stage under way, or the one that failed."""
    done: float
    total: float
    """Progress within the stage, in the stage's own units; total 0 where nothing is known yet."""
    attempts: int
    reason: Message | None
    """Why it failed or was skipped."""
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class RecordingView(Record, frozen=True):
    """A recording with its newest run and the head of its newest result."""

    id: str
    tenant: str
    sha256: str
    name: str
    size: int
    """Bytes."""
    duration: float | None
    """Seconds of sound; what the container says until the recording has been decoded."""
    status: RunStatus
    """Status of the newest run."""
    language: str | None
    """ISO 639-1 where the uploader fixed it, else None."""
    attributes: dict[str, str]
    manual_roles: dict[str, str] | None
    """Speaker label -> role as set by a person."""
    created_at: datetime
    run: RunView
    score: float | None
    findings: int
    worst: Severity | None
    """Severity of the worst finding of the newest result."""


class Accepted(Record, frozen=True):
    """What came of an upload. A duplicate is a result, not an error: `recording` is then the first one."""

    recording: RecordingView
    duplicate: bool


class RecordingPage(Record, frozen=True):
    """One page, newest first."""

    items: tuple[RecordingView, ...]
    next_cursor: str | None
    """Give it back to get the page after this; None on the last page."""


class ResultHead(Record, frozen=True):
    """One entry in a recording's history of results."""

    id: str
    run_id: str
    kind: str
    created_at: datetime
    status: RunStatus
    score: float | None
    findings: int
    worst: Severity | None
    packs: dict[str, int]
    """Pack id -> version that judged."""


class ResultView(Record, frozen=True):
    """A result and where it came from."""

    head: ResultHead
    recording_id: str
    result: Result


class PackChange(Record, frozen=True):
    """A file of a pack that judged in another version than the time before."""

    file: str
    before: int | None
    """None where it was not there before."""
    after: int | None
    """None where it is there no longer."""


class Judgement(Record, frozen=True):
    """One entry in a recording's history: what was found, and what had changed since the entry before."""

    head: ResultHead
    packs: tuple[PackChange, ...]
    found: tuple[tuple[Finding, bool], ...]
    """Each with whether the judgement before had not found it; never so in the oldest one."""
    gone: tuple[Finding, ...]
    """What the judgement before had found."""


class UploadView(Record, frozen=True):
    """A resumable upload."""

    id: str
    name: str
    length: int
    offset: int
    expires_at: datetime
    recording_id: str | None
    """Set once the upload is complete and was accepted."""
    attributes: dict[str, str]


class SweepReport(Record, frozen=True):
    """What one sweep did."""

    requeued: int = 0
    failed: int = 0
    rung: int = 0
    uploads_expired: int = 0


class LedgerCounts(Record, frozen=True):
    """Runs by status, for health pages and metrics."""

    queued: int
    running: int
    done: int
    skipped: int
    failed: int
