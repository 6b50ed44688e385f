"""Looking things up: lists, status, results, audio."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from qa.core.result import RunStatus
from qa.db.engine import Database
from qa.services.views import LedgerCounts, RecordingPage, RecordingView, ResultHead, ResultView, RunView
from qa.storage.base import Storage


@dataclass(frozen=True, slots=True)
class RecordingFilter:
    """What to list; every given field must hold."""

    tenant: str = "default"
    status: RunStatus | None = None
    name_contains: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Attribute name -> exact value."""


class RecordingService:
    """Reads. Raises `NotFoundError` for an id that does not exist in the tenant."""

    def __init__(self, database: Database, storage: Storage) -> None:
        self._database = database
        self._storage = storage

    def list(
        self, wanted: RecordingFilter | None = None, *, cursor: str | None = None, limit: int = 50
    ) -> RecordingPage:
        """One page, newest first; `limit` is held between 1 and 200. Raises `BadOptionError` for a bad cursor."""
        raise NotImplementedError

    def get(self, recording_id: str, *, tenant: str = "default") -> RecordingView:
        """One recording with its newest run."""
        raise NotImplementedError

    def runs(self, recording_id: str, *, tenant: str = "default") -> tuple[RunView, ...]:
        """All its runs, newest first."""
        raise NotImplementedError

    def result(self, recording_id: str, *, result_id: str | None = None, tenant: str = "default") -> ResultView:
        """The newest result, or an earlier one. Raises `NotFoundError` where there is none yet."""
        raise NotImplementedError

    def results(self, recording_id: str, *, tenant: str = "default") -> tuple[ResultHead, ...]:
        """The history of results, newest first."""
        raise NotImplementedError

    def audio_path(self, recording_id: str, *, tenant: str = "default") -> Path:
        """A local path of the original bytes. Raises `StorageError` where they are gone."""
        raise NotImplementedError

    def artefact(
        self, recording_id: str, name: str, make: Callable[[Path], bytes], *, tenant: str = "default"
    ) -> bytes:
        """Something derived from the audio (waveform peaks): made once by `make(audio_path)`, then kept."""
        raise NotImplementedError

    def counts(self) -> LedgerCounts:
        """Runs by status."""
        raise NotImplementedError
