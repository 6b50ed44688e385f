"""Takes in what is dropped into a folder, once it is complete."""

import threading
from pathlib import Path

from qa.services.intake import IntakeService
from qa.settings import IntakeSettings


class FolderWatcher:
    """Looks at a folder again and again; idempotent by content, so it may be restarted at any time."""

    def __init__(self, folder: Path, intake: IntakeService, options: IntakeSettings) -> None:
        self._folder = folder
        self._intake = intake
        self._options = options

    def run(self, stop: threading.Event) -> None:
        """Look until `stop` is set."""
        raise NotImplementedError

    def look(self) -> int:
        """One look; returns how many files were taken in."""
        raise NotImplementedError
