"""What routes are given: the services of this process and the reader's language."""

import re
import shutil
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request
from prometheus_client import CollectorRegistry

from qa.api.problems import locale_of
from qa.core.errors import NotFoundError, StorageError
from qa.services import Services
from qa.services.doorbell import Doorbell
from qa.settings import Settings

_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Context:
    """One per application, made when it starts."""

    settings: Settings
    services: Services
    doorbell: Doorbell
    registry: CollectorRegistry

    def check_room(self, needed: int = 0) -> None:
        """Raises `StorageError` where `needed` bytes would leave less free than `server.min_free_bytes`."""
        if self.free_bytes() - needed < self.settings.server.min_free_bytes:
            raise StorageError("api.disk_full")

    def free_bytes(self) -> int:
        """Free space where recordings are kept."""
        return shutil.disk_usage(self.settings.home).free


def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


def _locale(request: Request) -> str:
    return locale_of(request.scope)


def _recording_id(recording_id: Annotated[str, Path(description="Id of the recording.")]) -> str:
    if not _ID.fullmatch(recording_id):
        raise NotFoundError("api.recording_unknown", id=recording_id[:40])
    return recording_id


ContextDep = Annotated[Context, Depends(_context)]
LocaleDep = Annotated[str, Depends(_locale)]
RecordingId = Annotated[str, Depends(_recording_id)]
