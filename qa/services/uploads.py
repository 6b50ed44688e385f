"""Resumable uploads, the state behind a tus 1.0 endpoint: bytes in a file, the offset in the ledger."""

from collections.abc import AsyncIterable

from qa.db.engine import Database
from qa.services.intake import IntakeMeta, IntakeService
from qa.services.views import Accepted, UploadView
from qa.settings import IntakeSettings
from qa.storage.base import Storage


class UploadService:
    """Create, append, look up, abandon."""

    def __init__(
        self, database: Database, storage: Storage, intake: IntakeService, options: IntakeSettings
    ) -> None:
        self._database = database
        self._storage = storage
        self._intake = intake
        self._options = options

    def create(self, length: int, meta: IntakeMeta) -> UploadView:
        """Raises `TooLargeError` over `intake.max_bytes`, `BadOptionError` for bad metadata."""
        raise NotImplementedError

    def get(self, upload_id: str, *, tenant: str = "default") -> UploadView:
        """Where it stands. Raises `NotFoundError` where it never was, was abandoned, or has expired."""
        raise NotImplementedError

    async def append(
        self, upload_id: str, offset: int, chunks: AsyncIterable[bytes], *, tenant: str = "default"
    ) -> tuple[UploadView, Accepted | None]:
        """Append from `offset`; what arrived before a broken connection is kept. Accepts once complete.

        Raises `ConflictError` (wrong offset, or another request is writing), `TooLargeError` (past the length).
        """
        raise NotImplementedError

    def abandon(self, upload_id: str, *, tenant: str = "default") -> None:
        """Forget it and its bytes."""
        raise NotImplementedError
