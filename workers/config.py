"""How Celery is set up, the same for those who send and those who work."""

from celery import Celery

from qa.services.doorbell import Queue
from qa.settings import Settings
from workers.broker import broker_url

_CONNECT_TIMEOUT_S = 2.0
_VISIBILITY_MARGIN_S = 3600


def make_celery(settings: Settings) -> Celery:
    """The application. The database is the queue of record, so messages carry a run's id and nothing else."""
    app = Celery("tingjian", broker=broker_url(settings), set_as_current=False)
    limit = int(settings.ledger.max_run_seconds)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        task_default_queue=Queue.LIGHT.value,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_time_limit=limit,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            # A message comes again after this; sooner than a task may run, it would come while the task runs.
            "visibility_timeout": limit + _VISIBILITY_MARGIN_S,
            "socket_connect_timeout": _CONNECT_TIMEOUT_S,
            "socket_keepalive": True,
        },
        enable_utc=True,
        timezone="UTC",
    )
    return app
