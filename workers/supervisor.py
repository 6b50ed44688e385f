"""`tingjian up`: broker, workers and API as one thing that starts, heals and stops together."""

from collections.abc import Callable
from pathlib import Path

from qa.settings import Settings


class Supervisor:
    """Runs everything on this machine until it is told to stop."""

    def __init__(
        self,
        settings: Settings,
        *,
        announce: Callable[[str], None] = print,
        celery_app: str = "workers.app",
    ) -> None:
        """`announce` is told the address once the API answers; `celery_app` names the module workers run."""
        self._settings = settings
        self._announce = announce
        self._celery_app = celery_app

    def run(self, *, api: bool = True, watch: Path | None = None) -> int:
        """Start, watch over and, on SIGINT or SIGTERM, stop everything within ten seconds. Returns the exit code.

        `watch` names a folder whose files are taken in. Raises `ConflictError` where another instance runs
        on the same home, `DependencyError` where the port is in use.
        """
        raise NotImplementedError

    def stop(self) -> None:
        """Make `run` return; may be called from another thread."""
        raise NotImplementedError
