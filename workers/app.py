"""The Celery application that worker processes run: `celery -A workers.app worker -Q speech -c 1`."""

import os

from celery import Celery, signals

from qa.logging import configure
from qa.settings import Settings
from workers.config import make_celery
from workers.lifecycle import PipelineFactory, WorkerProcess, real_pipeline
from workers.tasks import register


def build(settings: Settings, make_pipeline: PipelineFactory = real_pipeline) -> Celery:
    """An application with its tasks."""
    celery = make_celery(settings)
    register(celery, WorkerProcess(settings, make_pipeline))

    name = os.environ.get("TINGJIAN_PROCESS", "worker")

    def log_parent(**_: object) -> None:
        configure(settings.home, name)

    def log_child(**_: object) -> None:
        # A file of its own: two processes that rotate one file lose lines.
        configure(settings.home, f"{name}-pool")

    signals.setup_logging.connect(log_parent, weak=False)
    signals.worker_process_init.connect(log_child, weak=False)
    return celery


app = build(Settings())
