"""What custody shows."""

from datetime import datetime
from typing import Any

from qa.core.base import Record
from qa.core.custody import Selection


class HoldView(Record, frozen=True):
    """A legal hold."""

    id: str
    selection: Selection
    covers: int
    """Recordings it protects now; 0 once released."""
    reason: str
    placed_by: str
    placed_at: datetime
    released_by: str | None
    released_at: datetime | None
    release_reason: str | None


class DueView(Record, frozen=True):
    """A recording that a dry run names."""

    recording_id: str
    name: str
    """Masked."""
    called_at: datetime
    rule: str | None
    """The retention rule under which it goes; None for a deletion on request."""
    due_at: datetime | None
    """When its time is over."""
    held_by: tuple[str, ...] = ()
    """Ids of the holds that protect it."""
    at_work: bool = False
    """It is being analysed or exported: not now."""

    @property
    def goes(self) -> bool:
        """Whether it would be deleted."""
        return not self.held_by and not self.at_work


class Forecast(Record, frozen=True):
    """What would go, and what would not."""

    at: datetime
    """The moment it speaks of."""
    going: int
    held: int
    """Due, and protected by a hold."""
    items: tuple[DueView, ...]
    """The first of them, oldest call first."""
    more: bool
    """Whether there are others."""


class Outlook(Record, frozen=True):
    """What those who answer for retention should know without asking."""

    going: int
    """Recordings that retention deletes within the days asked for."""
    old_holds: int
    """Holds that have stood for longer than `custody.hold_review_days`."""


class DeletionView(Record, frozen=True):
    """A deletion."""

    id: str
    state: str
    """`begun` or `done`."""
    basis: str
    """`request` or `retention`."""
    rule: str | None
    on_word_of: str
    reason: str
    begun_by: str
    begun_at: datetime
    done_at: datetime | None
    recordings: int


class Certificate(Record, frozen=True):
    """Proof of a deletion: what was signed, and the signature over its canonical JSON."""

    certificate: dict[str, Any]
    key_id: str
    public_key: str
    signature: str
