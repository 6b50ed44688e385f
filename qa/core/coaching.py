"""Coaching notices 辅导通知 and disputes 申诉: their states and which step may follow which.

draft -> issued -> acknowledged -> closed
                -> disputed -> acknowledged (points left) or withdrawn (none left)
draft, issued, acknowledged -> withdrawn

dispute: open -> upheld or changed -> open (taken further) -> ... -> final
         open -> overturned, which is final
"""

from enum import StrEnum
from typing import Final


class NoticeState(StrEnum):
    """Where a notice stands."""

    DRAFT = "draft"
    ISSUED = "issued"
    ACKNOWLEDGED = "acknowledged"
    DISPUTED = "disputed"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


NOTICE_STEPS: Final[dict[NoticeState, frozenset[NoticeState]]] = {
    NoticeState.DRAFT: frozenset({NoticeState.ISSUED, NoticeState.WITHDRAWN}),
    NoticeState.ISSUED: frozenset({NoticeState.ACKNOWLEDGED, NoticeState.DISPUTED, NoticeState.WITHDRAWN}),
    NoticeState.DISPUTED: frozenset({NoticeState.ISSUED, NoticeState.ACKNOWLEDGED, NoticeState.WITHDRAWN}),
    NoticeState.ACKNOWLEDGED: frozenset({NoticeState.DISPUTED, NoticeState.CLOSED, NoticeState.WITHDRAWN}),
    NoticeState.CLOSED: frozenset(),
    NoticeState.WITHDRAWN: frozenset(),
}
"""Which state may follow which."""

SHOWN_TO_AGENT: Final = (
    NoticeState.ISSUED,
    NoticeState.ACKNOWLEDGED,
    NoticeState.DISPUTED,
    NoticeState.CLOSED,
)
"""States in which an agent sees a notice and the moments of the call that it speaks of."""


class DisputeState(StrEnum):
    """Where a dispute stands."""

    OPEN = "open"
    """Waits for a ruling."""
    RULED = "ruled"
    """Decided against the agent, who may still take it further."""
    FINAL = "final"


class Ruling(StrEnum):
    """What a ruling says."""

    UPHELD = "upheld"
    """The flag stands."""
    OVERTURNED = "overturned"
    """The flag was wrong."""
    CHANGED = "changed"
    """The flag stands with a lower severity."""
