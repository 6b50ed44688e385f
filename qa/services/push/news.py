"""What is told: an event with the few facts a receiver needs. Never words of a call, never personal data."""

from typing import Final

from qa.core.base import Record

EVENTS: Final = (
    "notice.issued",
    "notice.reminder",
    "notice.acknowledged",
    "notice.withdrawn",
    "dispute.raised",
    "dispute.ruled",
    "dispute.late",
    "finding.critical",
)


class News(Record, frozen=True):
    """One event. A receiver follows `path` into the service, where rights decide what is shown."""

    event: str
    path: str
    """Path of the page, e.g. `/coaching/<id>`."""
    agent: str = ""
    team: str = ""
    title: str = ""
    due: str = ""
    """ISO 8601 with zone; empty where nothing is due."""
    outcome: str = ""
