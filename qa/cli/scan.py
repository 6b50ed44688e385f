"""`tingjian scan`: the whole pipeline in the foreground, without broker or server."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from qa.cli.inputs import Given, identify
from qa.cli.ready import ready_pipeline
from qa.cli.render import counted, flags_of, show_result
from qa.cli.terminal import err, out, write_file
from qa.cli.words import LOCALE, say, t
from qa.core.base import encode
from qa.core.errors import StorageError
from qa.core.finding import Finding, Severity
from qa.core.result import Result, RunStatus
from qa.i18n import text
from qa.pipeline.cache import FolderStageCache
from qa.pipeline.context import RecordingInput, RunFailure
from qa.pipeline.runner import Pipeline
from qa.settings import Settings
from qa.text.masked_result import mask_result

FLAGGED: Final = 10
"""Exit code where a flag of the severity asked for was raised."""
SOME_FAILED: Final = 3
"""Exit code where a recording could not be analysed."""


class Line(msgspec.Struct, frozen=True):
    """One recording in the document that `--json` writes."""

    file: str
    outcome: str
    """`done`, `skipped`, `failed` or `duplicate`."""
    reason: str | None = None
    same_as: str | None = None
    result: msgspec.Raw | None = None


def run(
    files: Sequence[Path],
    settings: Settings,
    json: Path | None,
    fail_on: Severity | None,
    *,
    reveal: bool = False,
) -> int:
    """Analyse recordings and print what was found, personal data masked unless `reveal`; returns the exit code."""
    pipeline = ready_pipeline(settings)
    cache = FolderStageCache(settings.home / "stages")
    lines: list[Line] = []
    results: list[Result] = []
    try:
        with _bars() as bars:
            overall = bars.add_task(t("recordings"), total=len(files))
            for batch in _batches(files, settings, bars, overall, lines):
                for given, outcome in _analyse(pipeline, batch, cache, bars):
                    bars.update(overall, advance=1)
                    if isinstance(outcome, RunFailure):
                        why = say(outcome.reason)
                        told = why if given.name in why else t("failed", name=given.name, reason=why)
                        out.print(Text(told, style="red"))
                        lines.append(Line(str(given.path), "failed", why))
                        continue
                    shown = outcome if reveal else mask_result(outcome)
                    show_result(out, shown)
                    results.append(outcome)
                    reason = say(outcome.reason) if outcome.reason else None
                    raw = msgspec.Raw(encode(shown))
                    lines.append(Line(str(given.path), outcome.status.value, reason, result=raw))
    except OSError as exc:
        folder = settings.home
        raise StorageError(
            "cli.home_not_writable", folder=folder, reason=exc.strerror or type(exc).__name__
        ) from exc
    if json is not None:
        write_file(json, msgspec.json.format(msgspec.json.encode({"recordings": lines}), indent=2) + b"\n")
    _summary(lines, results)
    if fail_on is not None and any(f.severity.rank >= fail_on.rank for f in _flags(results)):
        return FLAGGED
    return SOME_FAILED if any(line.outcome == "failed" for line in lines) else 0


def _batches(
    files: Sequence[Path], settings: Settings, bars: Progress, overall: TaskID, lines: list[Line]
) -> list[list[Given]]:
    """Recordings to analyse together; duplicates and unreadable files are told and left out."""
    wanted: list[Given] = []
    for given in identify(files):
        if given.unreadable:
            reason = t("cannot_read", name=given.name, reason=given.unreadable)
            out.print(Text(reason, style="red"))
            lines.append(Line(str(given.path), "failed", reason))
        elif given.same_as:
            reason = t("duplicate", name=given.name, other=given.same_as)
            out.print(Text(reason, style="yellow"))
            lines.append(Line(str(given.path), "duplicate", reason, same_as=given.same_as))
        else:
            wanted.append(given)
            continue
        bars.update(overall, advance=1)
    together = settings.speech.batch_recordings or 1
    return [wanted[i : i + together] for i in range(0, len(wanted), together)]


def _analyse(
    pipeline: Pipeline, batch: Sequence[Given], cache: FolderStageCache, bars: Progress
) -> list[tuple[Given, Result | RunFailure]]:
    tasks = [bars.add_task(given.name, total=1.0) for given in batch]

    def report(index: int, stage: str, done: float, total: float) -> None:
        name = text(f"pipeline.stage_{stage}", LOCALE)
        share = done / total if total else 0.0
        bars.update(tasks[index], description=f"{batch[index].name} · {name}", completed=share)

    try:
        inputs = [RecordingInput(given.path, given.sha256, given.name) for given in batch]
        return list(zip(batch, pipeline.run(inputs, cache, report), strict=True))
    finally:
        for task in tasks:
            bars.remove_task(task)


def _bars() -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)


def _summary(lines: Sequence[Line], results: Sequence[Result]) -> None:
    counts = {
        kind: sum(line.outcome == kind for line in lines) for kind in ("done", "skipped", "failed", "duplicate")
    }
    told = counted(flag for result in results for flag in flags_of(result))
    out.print()
    out.print(t("summary", **counts))
    if told:
        out.print(Text(t("summary_flags")).append(told))


def _flags(results: Sequence[Result]) -> list[Finding]:
    """All that a script may want to fail on: missing steps too."""
    return [
        f
        for r in results
        if r.status is RunStatus.DONE and r.analysis
        for f in r.analysis.findings
        if not f.shadow
    ]
