"""The tasks: an answer to the bell, nothing more."""

from celery import Celery

from qa.services.doorbell import Queue
from workers.doorbell import TASK_NAMES
from workers.lifecycle import WorkerProcess


def register(app: Celery, process: WorkerProcess) -> None:
    """Add one task per queue to an application."""
    for queue in Queue:

        def answer(run_id: str, queue: Queue = queue) -> int:
            return process.worker().work(queue, run_id)

        # Not shared: a shared task would turn up in every application of the process, whatever its pipeline.
        app.task(answer, name=TASK_NAMES[queue], shared=False)
