"""`tingjian models`: list, pull and verify."""

from collections.abc import Sequence

from rich.table import Table

from qa.cli.options import load_settings
from qa.cli.terminal import download_bars, err, out
from qa.cli.words import say, t
from qa.core.errors import TingjianError
from qa.models import store
from qa.models.manifest import Artefact, artefact, artefacts, whisper_entry
from qa.models.store import Condition


def list_all() -> int:
    """Print every artefact with its state."""
    settings = load_settings()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("name", "state", "size", "licence"):
        table.add_column(t(f"models_{column}"), no_wrap=True)
    for one in artefacts().values():
        state = t(f"model_{store.condition(one, settings).value}")
        mark = " *" if one.default else ""
        table.add_row(one.name + mark, state, f"{one.size / 1e6:,.0f} MB", one.licence)
    out.print(table)
    out.print(t("models_footer", folder=settings.models_dir.expanduser()))
    return 0


def pull(names: Sequence[str]) -> int:
    """Fetch what is named, or what the service needs."""
    settings = load_settings()
    for name in (n for n in names if "/" in n):  # a hub repository
        with download_bars() as bars:
            located = store.locate_whisper(name, settings, bars)
        out.print(t("model_pulled", name=located.label, folder=located.path))
    if names and all("/" in n for n in names):
        return 0
    wanted = [_named(n) for n in names if "/" not in n] or store.defaults()
    already = {a.name for a in wanted if store.condition(a, settings) is Condition.VERIFIED}
    with download_bars() as bars:
        store.pull([a for a in wanted if a.name not in already or names], settings, bars)
    for one in wanted:
        done = "model_there" if one.name in already else "model_pulled"
        out.print(t(done, name=one.label, folder=store.folder_of(one.name, settings)))
    return 0


def verify(names: Sequence[str]) -> int:
    """Hash what is named, or all that is installed; tells each, and fails where one is wrong."""
    settings = load_settings()
    wanted = [_named(n) for n in names] or [
        a for a in artefacts().values() if store.condition(a, settings) is not Condition.MISSING
    ]
    worst = 0
    for one in wanted:
        try:
            store.verify(one, settings)
            out.print(t("model_right", name=one.label))
        except TingjianError as exc:
            err.print(say(exc.message))
            worst = exc.exit_code
    if not wanted:
        out.print(t("models_none"))
    return worst


def _named(name: str) -> Artefact:
    return whisper_entry(name) or artefact(name)
