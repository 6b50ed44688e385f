"""How services tell workers that something waits. The database is the queue; this is only the bell."""

from enum import StrEnum
from typing import Protocol


class Queue(StrEnum):
    """Who does the work."""

    SPEECH = "speech"
    """Recogniser and diariser: one process per device."""
    LIGHT = "light"
    """Text stages and chores."""


class Doorbell(Protocol):
    """Rings for a run that has been committed. Must never raise: an unheard bell is the sweeper's business."""

    def ring(self, queue: Queue, run_id: str) -> None:
        """Tell one worker of `queue` about `run_id`."""
        ...

    def waiting(self, queue: Queue) -> int | None:
        """Messages nobody has taken yet; None where the broker cannot be asked."""
        ...


class SilentDoorbell:
    """Rings nowhere: for commands that work on the ledger without a broker."""

    def ring(self, queue: Queue, run_id: str) -> None:
        """Nothing; the sweeper will ring."""

    def waiting(self, queue: Queue) -> int | None:  # noqa: ARG002 - the protocol's signature
        """Unknown."""
        return None
