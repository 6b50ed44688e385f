"""Places: numbers that order recordings by the time of the call."""

import secrets
from datetime import UTC, datetime
from typing import Final

_SECOND: Final = 1 << 30
"""Places in a second: enough to tell its calls apart, and with 33 bits of seconds the numbers reach to 2242."""


def place_of(called_at: datetime, tail: int) -> int:
    """The place of a call; `tail` is any number that other calls of the second are unlikely to share."""
    return first_place(called_at) + tail % _SECOND


def first_place(moment: datetime) -> int:
    """The first place of a second: what a range of dates begins with."""
    return max(0, int(moment.timestamp())) * _SECOND


def this_place() -> int:
    """A place for a call that takes place now."""
    return place_of(this_moment(), secrets.randbelow(_SECOND))


def this_moment() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)
