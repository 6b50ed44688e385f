"""Rings for workers without keeping the person waiting who uploaded."""

import threading
from queue import Full
from queue import Queue as Fifo
from typing import Final

from qa.services.doorbell import Doorbell, Queue

_MOST: Final = 1000
"""Rings that wait for a slow broker; those beyond are left to the sweeper, which finds all work anyway."""


class BackgroundDoorbell:
    """Passes rings on from a thread of its own: a broker out of reach takes seconds to be found out."""

    def __init__(self, bell: Doorbell) -> None:
        self._bell = bell
        self._waiting: Fifo[tuple[Queue, str] | None] = Fifo(_MOST)
        self._thread = threading.Thread(target=self._pass_on, name="doorbell", daemon=True)
        self._thread.start()

    def ring(self, queue: Queue, run_id: str) -> None:
        """Note the ring and return."""
        try:
            self._waiting.put_nowait((queue, run_id))
        except Full:
            return

    def waiting(self, queue: Queue) -> int | None:
        """As the bell itself says."""
        return self._bell.waiting(queue)

    def close(self, within: float = 2.0) -> None:
        """Ring what is still waiting, for at most `within` seconds."""
        try:
            self._waiting.put_nowait(None)
        except Full:
            return
        self._thread.join(within)

    def _pass_on(self) -> None:
        while (ring := self._waiting.get()) is not None:
            self._bell.ring(*ring)
