"""`python -m workers.watcher DIR`: watches a folder in a process of its own, so that no file can hurt the rest."""

import signal
import sys
import threading
from hashlib import sha256
from pathlib import Path

from qa.logging import configure
from qa.services import open_services
from qa.services.watch import FolderWatcher
from qa.settings import Settings
from workers.doorbell import CeleryDoorbell


def main(folder: Path) -> None:
    """Watch until SIGTERM."""
    settings = Settings()
    configure(settings.home, "watch")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    services = open_services(settings, CeleryDoorbell(settings))
    state = settings.home / "watch" / f"{sha256(str(folder).encode()).hexdigest()[:16]}.json"
    FolderWatcher(folder, services.intake, settings.intake, state=state).run(stop)
    services.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
