"""Which recordings a hold, a deletion or a retention rule speaks of."""

from datetime import datetime

from qa.core.base import Record


class Selection(Record, frozen=True):
    """Recordings by id or by what they have; every given field must hold, and at least one is given."""

    recording_id: str | None = None
    attributes: dict[str, str] = {}
    """Attribute -> exact value: product, outcome, agent, any."""
    called_from: datetime | None = None
    called_before: datetime | None = None
    disputed: bool | None = None
    """Whether anybody objected to a point of a notice, whatever came of it."""
    open_review: bool | None = None
    """Whether a review waits or is under way."""

    @property
    def empty(self) -> bool:
        """Whether it names nothing, which would be everything."""
        return self == Selection()
