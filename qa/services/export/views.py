"""What is asked of an export and shown of it."""

from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum

from qa.core.base import Record
from qa.core.errors import BadOptionError
from qa.core.messages import Message
from qa.services.search import ListFilter


def day_start(given: str, zone: tzinfo) -> datetime:
    """The start of a day written as 2026-11-22. Raises `BadOptionError` for anything else."""
    try:
        day = datetime.strptime(given, "%Y-%m-%d").replace(tzinfo=zone).date()
    except ValueError:
        raise BadOptionError("export.bad_day", given=given[:20]) from None
    return datetime.combine(day, time(), zone)


class Format(StrEnum):
    """A file format of the rows."""

    CSV = "csv"
    JSONL = "jsonl"
    XLSX = "xlsx"
    PARQUET = "parquet"
    PDF = "pdf"


class ExportState(StrEnum):
    """Where an export stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Wanted(Record, frozen=True):
    """What to export: calls that took place from `start` (inclusive) to `end` (exclusive)."""

    start: datetime
    end: datetime
    team: str | None = None
    rule: str | None = None
    status: str | None = None
    """`waiting`, `claimed`, `finalised`, or `none` for calls without a review."""
    formats: tuple[Format, ...] = tuple(Format)
    clips: bool = False
    """The sound of each finding, personal data hidden."""
    transcripts: bool = False
    """The words of each call, personal data hidden."""
    as_zip: bool = True
    locale: str = "zh-Hans"
    recordings: tuple[str, ...] = ()
    """Only these; none: all of the period. `start` and `end` then are those of the first and the last call."""
    matching: ListFilter | None = None
    """The filter by which they were chosen, where it was not by hand."""

    @property
    def last(self) -> datetime:
        """The last moment that belongs to the period, for people, who count the last day in."""
        return self.end - timedelta(microseconds=1)


class ExportView(Record, frozen=True):
    """An export and how far it is."""

    id: str
    wanted: Wanted
    """Without the ids of calls that were chosen, which the pack tells."""
    chosen: int
    """How many calls were chosen one by one or by a filter; 0: all of the period."""
    state: ExportState
    stage: str
    """`freeze`, the format that is being written, `clips`, `sign`."""
    done: int
    total: int
    snapshot_at: datetime | None
    counts: dict[str, int]
    """Rows by table; the same in every format."""
    file: str | None
    digest: str | None
    """SHA-256 of the manifest."""
    reason: Message | None
    by: str
    created_at: datetime
    finished_at: datetime | None


class ExportPage(Record, frozen=True):
    """One page, newest first."""

    items: tuple[ExportView, ...]
    next_cursor: str | None
