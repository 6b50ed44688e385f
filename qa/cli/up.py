"""`tingjian up`: broker, workers and API as one thing, until Ctrl-C or SIGTERM."""

from pathlib import Path

from qa.api.guard import check_exposure
from qa.cli.options import load_settings
from qa.cli.terminal import download_bars, err, out
from qa.cli.words import LOCALE, say, t
from qa.core.errors import InputError, StorageError
from qa.i18n import text
from qa.models import store
from qa.settings import Settings


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

    def announce(address: str) -> None:
        out.print(t("up_ready", address=address))
        _show_first_link(settings, address)

    supervisor = Supervisor(settings, announce=announce, warn=lambda message: err.print(say(message)))
    return supervisor.run(watch=watch)


def make_home(folder: Path) -> None:
    """Create the folder everything is kept in. Raises `StorageError` where that is not allowed."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as exc:
        raise StorageError("cli.home_not_writable", folder=folder, reason=exc.strerror) from exc


def _show_first_link(settings: Settings, address: str) -> None:
    """While nobody can sign in as administrator: the link by which the first one makes an account."""
    from qa.db.engine import Database
    from qa.services.people import open_people

    database = Database(settings.resolved_database_url)
    try:
        link = open_people(database, settings).links.first_administrator()
    finally:
        database.close()
    if link is not None:
        url = (settings.server.public_url or address).rstrip("/") + link.path
        hours = round(settings.people.link_seconds / 3600)
        out.print(text("people.first_administrator", LOCALE, url=url, hours=hours), soft_wrap=True)
