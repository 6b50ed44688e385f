"""`python -m workers.watcher DIR`: watches a folder in a process of its own, so that no file can hurt the rest."""

import os
import signal
import sys
import threading
from hashlib import sha256
from pathlib import Path

from qa.core.messages import Message
from qa.i18n import pick_locale, render
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
    # Somebody who starts to write in the moment we ask whether anybody does is no reason to end.
    signal.signal(signal.SIGIO, signal.SIG_IGN)
    locale = pick_locale(settings.locale or _system_language())

    def tell(name: str, why: Message) -> None:
        sentence = render(why, locale)
        told = sentence if name in sentence else f"{name}: {sentence}"
        print(told, flush=True)  # noqa: T201 - to whoever started the service

    services = open_services(settings, CeleryDoorbell(settings))
    state = settings.home / "watch" / f"{sha256(str(folder).encode()).hexdigest()[:16]}.json"
    FolderWatcher(folder, services.intake, settings.intake, state=state, tell=tell).run(stop)
    services.close()


def _system_language() -> str:
    return next((v for k in ("LC_ALL", "LC_MESSAGES", "LANG") if (v := os.environ.get(k))), "")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
