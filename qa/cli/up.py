"""`tingjian up`: broker, workers and API as one thing, until Ctrl-C or SIGTERM."""

from pathlib import Path

from qa.api.guard import check_exposure
from qa.cli.options import load_settings
from qa.cli.terminal import download_bars, err, out
from qa.cli.words import say, t
from qa.core.errors import InputError, StorageError
from qa.models import store


def run(watch: Path | None, port: int | None) -> int:
    """Check what has to be there, then run until stopped; returns the exit code."""
    settings = load_settings(server={"port": port})
    check_exposure(settings.server)
    if watch is not None and not watch.is_dir():
        raise InputError("cli.no_watch_folder", folder=watch)
    with download_bars() as bars:
        store.ensure_whisper(settings.speech.model, settings, bars)
        for artefact in store.defaults():
            if not artefact.name.startswith("whisper-"):
                store.ensure_artefact(artefact, settings, bars)
    make_home(settings.home)
    from workers.supervisor import Supervisor

    supervisor = Supervisor(settings, announce=_announce, warn=lambda message: err.print(say(message)))
    return supervisor.run(watch=watch)


def make_home(folder: Path) -> None:
    """Create the folder everything is kept in. Raises `StorageError` where that is not allowed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise StorageError("cli.home_not_writable", folder=folder, reason=exc.strerror) from exc


def _announce(address: str) -> None:
    out.print(t("up_ready", address=address))
