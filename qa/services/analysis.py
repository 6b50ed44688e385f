"""Everything that happens to a run: claimed, worked on, finished, retried, swept."""

from collections.abc import Mapping

from qa.db.engine import Database
from qa.services.doorbell import Doorbell, Queue
from qa.services.views import RunView, SweepReport
from qa.settings import LedgerSettings
from qa.storage.base import Storage


class AnalysisService:
    """The life of runs. A run is claimed by compare-and-set under a lease; who lost the lease writes nothing."""

    def __init__(self, database: Database, storage: Storage, doorbell: Doorbell, options: LedgerSettings) -> None:
        self._database = database
        self._storage = storage
        self._doorbell = doorbell
        self._options = options

    def retry(self, recording_id: str, *, actor: str = "system") -> RunView:
        """A new run for a recording whose newest run failed or was skipped; it resumes at the stage that failed.

        Raises `NotFoundError`, or `ConflictError` where there is nothing to retry.
        """
        raise NotImplementedError

    def rescan(self, recording_id: str, *, actor: str = "system") -> RunView:
        """A new run of the text stages alone, after a rule change. Earlier results are kept.

        Raises `NotFoundError`, or `ConflictError` where a run is active or nothing was transcribed yet.
        """
        raise NotImplementedError

    def set_roles(self, recording_id: str, roles: Mapping[str, str] | None, *, actor: str = "system") -> RunView:
        """Store who is who (speaker label -> role) and judge again; None swaps agent and customer.

        Raises `NotFoundError`, `BadOptionError`, or `ConflictError` where a run is active.
        """
        raise NotImplementedError

    def sweep(self) -> SweepReport:
        """Find lost work and ring for it."""
        raise NotImplementedError

    def ring(self, queue: Queue, run_id: str) -> None:
        """Ring by hand."""
        self._doorbell.ring(queue, run_id)
