"""Celery workers: the app, its queues and tasks, the embedded broker and the sweeper."""
