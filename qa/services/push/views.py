"""What is shown of receivers and of messages on their way."""

from datetime import datetime

from qa.core.base import Record


class TargetView(Record, frozen=True):
    """A receiver. The secret is never shown again."""

    id: str
    name: str
    kind: str
    address: str
    """For robots only scheme and host: the rest of their address is the key to them."""
    events: tuple[str, ...]
    team: str | None
    locale: str
    active: bool
    has_secret: bool


class NewTarget(Record, frozen=True):
    """A receiver as somebody enters it."""

    name: str
    kind: str
    address: str
    events: tuple[str, ...]
    secret: str = ""
    team: str | None = None
    locale: str = "zh-Hans"


class DeliveryView(Record, frozen=True):
    """A message and where it stands."""

    id: str
    event: str
    to: str
    state: str
    attempts: int
    next_at: datetime
    error: str | None
    created_at: datetime
    sent_at: datetime | None
