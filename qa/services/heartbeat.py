"""Keeps leases alive while the pipeline works, and carries its progress to the database."""

import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from types import TracebackType

import structlog

from qa.core.errors import TingjianError
from qa.db.engine import Database
from qa.db.runs import Runs
from qa.pipeline.context import RunAbortedError
from qa.settings import LedgerSettings

PROGRESS_SECONDS = 0.5
"""Progress is written at most this often, whatever the pipeline reports."""

_log = structlog.get_logger(__name__)


class Heartbeat:
    """A thread that renews the leases of some runs. As a context manager it beats inside the block.

    `report` is the pipeline's progress hook: cheap, and the place where a lost lease stops the work.
    """

    def __init__(self, database: Database, options: LedgerSettings, owner: str, run_ids: Sequence[str]) -> None:
        self._database = database
        self._options = options
        self._owner = owner
        self._run_ids = tuple(run_ids)
        self._latest: dict[str, tuple[str, float, float]] = {}
        self._noted: dict[str, tuple[str, float, float]] = {}
        self._lost = threading.Event()
        self._stop = threading.Event()
        self._renewed = time.monotonic()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def report(self, index: int, stage: str, done: float, total: float) -> None:
        """Note progress of the run at `index`. Raises `RunAbortedError` once a lease was lost."""
        if self._lost.is_set():
            raise RunAbortedError
        self._latest[self._run_ids[index]] = (stage, done, total)

    def _beat(self) -> None:
        pause = min(PROGRESS_SECONDS, self._options.heartbeat_seconds)
        while not self._stop.wait(pause) and not self._lost.is_set():
            due = time.monotonic() - self._renewed >= self._options.heartbeat_seconds
            changed = [run_id for run_id in self._run_ids if self._latest.get(run_id) != self._noted.get(run_id)]
            if due or changed:
                self._renew(self._run_ids if due else changed)

    def _renew(self, run_ids: Sequence[str]) -> None:
        latest = dict(self._latest)
        started = time.monotonic()
        try:
            with self._database.write() as session:
                runs = Runs(session)
                until = self._database.now(session) + timedelta(seconds=self._options.lease_seconds)
                held = [
                    runs.renew(run_id, self._owner, until, **_columns(latest.get(run_id))) for run_id in run_ids
                ]
        except TingjianError as error:
            # A database that is away for a moment is no reason to throw hours of work away; a lease that
            # must have ended is.
            _log.warning("heartbeat.missed", error=error.message.code)
            if time.monotonic() - self._renewed > self._options.lease_seconds:
                self._lost.set()
            return
        if not all(held):
            _log.warning("heartbeat.lease_lost", runs=list(run_ids))
            self._lost.set()
            return
        self._noted.update({run_id: latest[run_id] for run_id in run_ids if run_id in latest})
        if len(run_ids) == len(self._run_ids):
            self._renewed = started


def _columns(progress: tuple[str, float, float] | None) -> dict[str, object]:
    return {} if progress is None else dict(zip(("stage", "done", "total"), progress, strict=True))
