"""`tingjian demo`: a service of its own, three sample calls over HTTP, and what was found in them.

Nothing here is special to the demo: it starts what `tingjian up` starts and speaks to it as any program would.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from qa.api.client import Client
from qa.api.schemas import RecordingOut
from qa.cli.render import show_result
from qa.cli.terminal import err, out
from qa.cli.up import make_home
from qa.cli.words import LOCALE
from qa.core.errors import EnvironmentProblemError, NotFoundError
from qa.core.result import RunStatus
from qa.i18n import text

SAMPLES: Final = 3
_START_SECONDS: Final = 120.0
"""The first start on a slow disk reads torch and the models' libraries, some gigabytes."""
_STOP_SECONDS: Final = 15.0
_WAIT_SECONDS: Final = 3600.0


def demo(
    home: Annotated[Path, typer.Option(help=text("demo.help_home", LOCALE))] = Path("var/demo"),
    samples: Annotated[Path | None, typer.Option(help=text("demo.help_samples", LOCALE))] = None,
) -> None:
    """Upload three sample calls to a service of its own, show what was found, and stop it again."""
    files = find_samples(samples)
    with running_service(home.absolute()) as url:
        failed = show(url, files, home.absolute())
    err.print(_said("kept", home=home))
    if failed:
        raise typer.Exit(1)


def find_samples(folder: Path | None = None) -> list[Path]:
    """The first three recordings in `folder`, by default `samples/` here or beside the installed package.

    Raises `NotFoundError` where there are none.
    """
    beside = Path(__file__).parents[2] / "samples"
    for candidate in [folder] if folder else [Path("samples"), beside]:
        found = sorted(candidate.rglob("*.flac"))[:SAMPLES]
        if found:
            return found
    raise NotFoundError("demo.no_samples", folder=str(folder or "samples"))


@contextlib.contextmanager
def running_service(home: Path) -> Iterator[str]:
    """Broker, workers and API on a free port; yields the address and stops all of it in the end.

    Raises `EnvironmentProblemError` where the service does not come up; its log is `service.log` in `home`.
    """
    make_home(home)
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    log_path = home / "service.log"
    settings = {
        "TINGJIAN_HOME": str(home),
        "TINGJIAN_SERVER__HOST": "127.0.0.1",
        "TINGJIAN_SERVER__PORT": str(port),
    }
    with log_path.open("wb") as log:
        # A session of its own: Ctrl-C in the terminal is ours to pass on, once, and in order.
        process = subprocess.Popen(
            [sys.executable, "-m", "qa.cli.main", "up"],
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        err.print(_said("starting"))
        _wait_until_ready(process, url, log_path)
        err.print(_said("started", url=url, home=home))
        yield url
    finally:
        err.print(_said("stopping"))
        _stop(process)
        err.print(_said("stopped"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    with Client(url, timeout=5) as client:
        while not client.ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise EnvironmentProblemError("demo.not_started", log=str(log), last=_last_line(log))
            time.sleep(0.2)


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else ""


def _stop(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def show(url: str, files: Sequence[Path], home: Path) -> int:
    """Upload `files` to the service of `home`, follow them, print what was found; returns how many failed."""
    ids = _upload(url, files, home)
    finals = _follow(url, ids, home)
    failed = 0
    with Client(url, home=home, locale=LOCALE) as client:
        for final in finals:
            if final.status is RunStatus.FAILED:
                failed += 1
                said = final.run.reason.text if final.run.reason else final.status.value
                out.print(f"{final.name}: {said}", style="red")
                continue
            show_result(out, client.result(final.id))
    return failed


def _upload(url: str, files: Sequence[Path], home: Path) -> list[str]:
    ids: list[str] = []
    with Client(url, home=home, locale=LOCALE) as client, _bars() as bars:
        for path in files:
            task = bars.add_task(_said("uploading", name=path.name), total=path.stat().st_size)
            sent = client.upload(
                path,
                {"source": "demo"},
                on_sent=lambda done, total, task=task: bars.update(task, completed=done, total=total),  # type: ignore[misc]
            )
            bars.console.print(
                _said("duplicate" if sent.duplicate else "accepted", name=path.name, id=sent.id, first=sent.name)
            )
            bars.remove_task(task)
            if sent.id not in ids:
                ids.append(sent.id)
    return ids


def _follow(url: str, ids: Sequence[str], home: Path) -> list[RecordingOut]:
    with _bars() as bars, ThreadPoolExecutor(max_workers=max(1, len(ids))) as pool:
        return list(pool.map(lambda recording_id: _follow_one(url, recording_id, home, bars), ids))


def _follow_one(url: str, recording_id: str, home: Path, bars: Progress) -> RecordingOut:
    task: TaskID | None = None
    stage: str | None = None

    def update(state: RecordingOut) -> None:
        nonlocal task, stage
        run = state.run
        doing = text(f"pipeline.stage_{run.stage}", LOCALE) if run.stage else _said("waiting")
        said = f"{state.name}  {doing}"
        if task is None:
            task = bars.add_task(said, total=None)
        if run.stage != stage:
            stage = run.stage
            # Without a terminal the bars are not drawn, and silence would look like a hang.
            if not bars.console.is_terminal and stage:
                bars.console.print(said)
            bars.reset(task)
        total = run.total or None
        bars.update(task, description=said, total=total, completed=min(run.done, run.total))
        if state.status.final:
            bars.remove_task(task)

    with Client(url, home=home, locale=LOCALE) as client:
        return client.wait(recording_id, on_progress=update, within=_WAIT_SECONDS)


def _bars() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)


def _said(sentence: str, /, **params: object) -> str:
    return text(f"demo.{sentence}", LOCALE, **params)
