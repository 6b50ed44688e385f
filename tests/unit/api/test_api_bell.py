"""Uploads do not wait for the broker."""

import threading

from qa.api.bell import BackgroundDoorbell
from qa.services.doorbell import Queue


class StuckBell:
    """A broker out of reach."""

    def __init__(self) -> None:
        self.rung: list[str] = []
        self.let_go = threading.Event()

    def ring(self, queue: Queue, run_id: str) -> None:
        self.let_go.wait(20)
        self.rung.append(run_id)

    def waiting(self, queue: Queue) -> int | None:
        return None


def test_rings_return_at_once_and_arrive_in_order() -> None:
    stuck = StuckBell()
    bell = BackgroundDoorbell(stuck)
    for n in range(3):
        bell.ring(Queue.SPEECH, str(n))
    assert stuck.rung == []
    stuck.let_go.set()
    bell.close(within=20)
    assert stuck.rung == ["0", "1", "2"]


def test_a_broker_that_stays_away_costs_no_memory_and_does_not_hold_the_service_up() -> None:
    bell = BackgroundDoorbell(StuckBell())
    for n in range(5000):
        bell.ring(Queue.LIGHT, str(n))
    bell.close(within=0.01)
    assert bell.waiting(Queue.LIGHT) is None
