"""The bell rung through Celery. Imported by entry points (API, CLI, workers), never by services."""

import structlog
from celery import Celery
from kombu.exceptions import ChannelError, OperationalError
from redis.exceptions import RedisError

from qa.services.doorbell import Queue
from qa.settings import Settings
from workers.config import make_celery

TASK_NAMES = {Queue.SPEECH: "tingjian.speech", Queue.LIGHT: "tingjian.light"}
_UNREACHABLE = (OperationalError, RedisError, OSError)
"""What a broker out of reach can raise."""

_log = structlog.get_logger(__name__)


class CeleryDoorbell:
    """Rings by sending a task. A broker that is away costs nothing but time: the sweeper rings again."""

    def __init__(self, settings: Settings, app: Celery | None = None) -> None:
        self._app = app or make_celery(settings)

    def ring(self, queue: Queue, run_id: str) -> None:
        """Send one message; never raises for a broker out of reach."""
        try:
            self._app.send_task(TASK_NAMES[queue], args=[run_id], queue=queue.value, retry=False)
        except _UNREACHABLE as error:
            _log.warning("doorbell.unheard", queue=queue.value, run=run_id, error=type(error).__name__)

    def waiting(self, queue: Queue) -> int | None:
        """Messages in the queue, or None where the broker does not answer."""
        try:
            with self._app.connection_for_write() as connection:
                connection.ensure_connection(max_retries=1, timeout=2)
                declared = connection.default_channel.queue_declare(queue=queue.value, passive=True)
                return int(declared.message_count)
        except ChannelError:
            # An empty list does not exist in Redis: nothing waits.
            return 0
        except _UNREACHABLE as error:
            _log.debug("doorbell.unreachable", queue=queue.value, error=type(error).__name__)
            return None
