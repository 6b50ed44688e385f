"""What all commands print with: results to standard output, progress to standard error."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from qa.core.errors import StorageError

_PIPE_WIDTH: Final = 200
"""Columns where no terminal says how many it has: sentences and paths stay on one line for those who grep."""


def _console(*, stderr: bool) -> Console:
    interactive = (sys.stderr if stderr else sys.stdout).isatty()
    width = None if interactive else _PIPE_WIDTH
    return Console(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


def wants_json_alone(arguments: Sequence[str]) -> bool:
    """Whether standard output is to carry a JSON document, and so nothing else: `--json -`."""
    return "--json=-" in arguments or ("--json", "-") in pairwise(arguments)


out = _console(stderr=wants_json_alone(sys.argv[1:]))
err = _console(stderr=True)


@contextmanager
def counted() -> Iterator[Callable[[int, int], None]]:
    """A bar while things are worked through; call what is given with how many are done, of how many."""
    with Progress(console=err, transient=True, disable=not err.is_terminal) as bars:
        task = bars.add_task("")

        def shown(done: int, total: int) -> None:
            bars.update(task, completed=done, total=total)

        yield shown


def clock(seconds: float) -> str:
    """`75.4` as `01:15`, with hours where there are some."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, secs = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{secs:02d}" if hours else f"{minutes:02d}:{secs:02d}"


def percent(value: float | None) -> str:
    """A share as a percentage with one decimal; a dash where there is none."""
    return "–" if value is None else f"{100 * value:.1f}%"


class DownloadBars:
    """One bar per model being fetched; call it as a progress hook of the model store."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
        self._bars = Progress(*columns, console=err)
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, name: str, done: float, total: float) -> None:
        """Bytes of an artefact that have arrived, of all that are expected."""
        if name not in self._tasks:
            self._bars.start()
            self._tasks[name] = self._bars.add_task(name, total=total)
        self._bars.update(self._tasks[name], completed=done, total=total)

    def close(self) -> None:
        """Leave the bars as they stand."""
        if self._tasks:
            self._bars.stop()


@contextmanager
def download_bars() -> Iterator[DownloadBars]:
    """Bars that appear when the first byte arrives and stay away where nothing has to be fetched."""
    bars = DownloadBars()
    try:
        yield bars
    finally:
        bars.close()


def write_file(path: Path, data: bytes) -> None:
    """Write a file that was asked for, whole or not at all; `-` is standard output. Raises `StorageError`."""
    if str(path) == "-":
        sys.stdout.write(data.decode("utf-8"))
        return
    partial = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as exc:
        partial.unlink(missing_ok=True)
        raise StorageError("cli.cannot_write", file=path, reason=exc.strerror or type(exc).__name__) from exc
