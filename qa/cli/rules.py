"""`tingjian rules`: test, try, compare and import rules. Thin: everything is done in `qa.rules`."""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from qa.cli.lexicon import PackDir, Packs, _r
from qa.cli.options import load_settings, pack_names
from qa.cli.words import LOCALE, say
from qa.core.base import encode
from qa.core.calltime import with_hour
from qa.core.errors import InputError, NotFoundError
from qa.i18n import label_in, text
from qa.lexicon.schema import INDUSTRIES
from qa.rules.loader import SourceFile, available_packs, build, named_parts, read_packs

if TYPE_CHECKING:
    from qa.core.transcript import Transcript
    from qa.rules.call import CallContext
    from qa.services import Services

app = typer.Typer(no_args_is_help=True)

Json = Annotated[str | None, typer.Option("--json", help=_r("cli_json"), metavar="FILE")]
Industry = Annotated[str | None, typer.Option("--industry", help=_r("cli_industry"), metavar="NAME")]


_Call = tuple[str, "Transcript", "CallContext"]
"""A name, what was said, and under which circumstances."""

_RECORDING: Final = re.compile(r"[0-9a-f]{32}")
"""The id of a recording."""


def read_files(packs: str | None, dirs: Sequence[Path] | None) -> tuple[Sequence[str], list[SourceFile]]:
    """The files of the packs that a command line names; of those of the settings where it names none."""
    settings = load_settings().rules
    folders = (*(dirs or ()), *settings.pack_dirs)
    names = available_packs(folders) if packs == "all" else (pack_names(packs) or settings.packs)
    return names, read_packs(names, folders)


@app.command("test", help=_r("cli_test"))
def run_test(packs: Packs = None, pack_dir: PackDir = None) -> None:
    """Run the examples; exit code 1 where one is not as it should be."""
    from qa.cli.terminal import counted
    from qa.rules.examples import run_examples

    _, files = read_files(packs, pack_dir)
    with counted() as shown:
        report = run_examples(build(files), files, shown)
    for failure in report.failures:
        typer.echo(say(failure))
    if report.failures:
        typer.echo(text("rules.cli_test_failed", LOCALE, failed=len(report.failures), count=report.count))
        raise typer.Exit(1)
    typer.echo(text("rules.cli_test_ok", LOCALE, count=report.count))


@app.command("try", help=_r("cli_try"))
def try_(
    file: Annotated[str, typer.Argument(help=_r("cli_try_file"), metavar="FILE_OR_ID")],
    packs: Packs = None,
    pack_dir: PackDir = None,
    industry: Industry = None,
    on: Annotated[datetime | None, typer.Option("--on", help=_r("cli_on"), formats=["%Y-%m-%d"])] = None,
    json: Json = None,
) -> None:
    """Show what hits, where and why."""
    from qa.pipeline.adapters import Toolbox
    from qa.pipeline.metrics import day_of
    from qa.rules.trial import try_dialogue

    if industry and industry not in INDUSTRIES:
        raise InputError("rules.unknown_industry", name=industry, known=", ".join(INDUSTRIES))
    book = build(read_files(packs, pack_dir)[1])
    settings = load_settings()
    given = {"industry": industry} if industry else {}
    calls, stranger = _stored(file) if _RECORDING.fullmatch(file) and not Path(file).exists() else _told(file)
    ask, trials = Toolbox(settings).asker, {}
    for name, transcript, context in calls:
        context = replace(
            context,
            attributes={**context.attributes, **given},
            on=on.date() if on else context.on or day_of(datetime.now(UTC), settings.time_zone),
            scorecard=settings.rules.scorecard or None,
            ask=ask,
        )
        trial = try_dialogue(book, transcript, context)
        trials[name] = trial
        if json == "-":
            continue
        if len(calls) > 1:
            typer.echo(name)
        for finding in trial.analysis.findings:
            where = finding.evidence[0].turn if finding.evidence else "-"
            mark = text(f"cli.severity_{finding.severity.value}", LOCALE)
            shadow = text("rules.cli_shadow", LOCALE) if finding.shadow else ""
            shown = f"{mark:8} {where!s:>3} {label_in(finding.label, LOCALE)} [{finding.rule}]"
            typer.echo(f"{shown} {shadow}{say(finding.reason)}")
        doubts = trial.doubts()
        for check, doubt in doubts:
            shown = f"{'?':8} {doubt.evidence[0].turn!s:>3} {label_in(check.label, LOCALE)} [{check.rule}]"
            typer.echo(f"{shown} {say(doubt.reason)}")
        for miss in trial.near_misses:
            typer.echo(
                f"{text('rules.cli_near', LOCALE):8} {miss.turn!s:>3} “{miss.quote}” [{miss.term}] {say(miss.why)}"
            )
        if not trial.analysis.findings and not doubts and not trial.near_misses:
            typer.echo(text("rules.cli_nothing", LOCALE))
    if stranger:
        typer.echo(text("rules.unknown_speaker", LOCALE, who=stranger), err=True)
    _write(json, encode(trials))


@app.command("schema", help=_r("cli_schema"))
def schema() -> None:
    """Print the JSON Schema."""
    from qa.rules.json_schema import pack_schema

    typer.echo(pack_schema())


@app.command("import-sca", help=_r("cli_import"))
def import_sca(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    pack: Annotated[str, typer.Option("--pack", metavar="NAME")] = "zh/imported",
    out: Annotated[str, typer.Option("--out", help=_r("cli_out"), metavar="FILE")] = "-",
) -> None:
    """Convert, then tell what could not be carried over."""
    from qa.rules.import_sca import convert

    named_parts(pack)
    result = convert(_content(str(file)), pack, str(file))
    _write(out, result.yaml.encode())
    for dropped in result.dropped:
        typer.echo(say(dropped), err=True)
    summary = text(
        "rules.sca_done", LOCALE, carried=result.carried, rules=result.rules, dropped=len(result.dropped)
    )
    typer.echo(summary, err=True)


@app.command("backtest", help=_r("cli_backtest"))
def backtest(
    against: Annotated[str, typer.Option("--against", help=_r("cli_against"), metavar="VERSION_OR_DIR")],
    files: Annotated[
        list[Path] | None, typer.Argument(help=_r("cli_transcripts"), metavar="FILE_OR_FOLDER...")
    ] = None,
    packs: Packs = None,
    pack_dir: PackDir = None,
    json: Json = None,
) -> None:
    """Compare two versions of packs on the same calls."""
    from qa.cli.terminal import counted
    from qa.core.people import SYSTEM
    from qa.rules.trial import backtest as compare

    names, new = read_files(packs, pack_dir)
    services = _services() if against.isdecimal() or not files else None
    old = _earlier(against, names, services)
    with counted() as shown:
        if files:
            paths = [p for f in files for p in (_call_files(f) if f.is_dir() else [f])]
            result = compare(build(old), build(new), _calls(paths, shown))
        else:
            assert services is not None  # noqa: S101 - opened above
            result = services.rules.backtest_stored(SYSTEM, old, new, shown)
    if services is not None:
        services.close()
    for difference in result.differences if json != "-" else ():
        typer.echo(difference.call)
        for mark, findings in (("+", difference.appeared), ("-", difference.disappeared)):
            for f in findings:
                quote = f.evidence[0].quote if f.evidence else ""
                severity = text(f"cli.severity_{f.severity.value}", LOCALE)
                typer.echo(f"  {mark} {severity:8} {f.rule} “{quote}”")
        for before, after in difference.changed:
            was, now = (
                text(f"web_call.outcome_{c.outcome.value.replace('/', '')}", LOCALE) for c in (before, after)
            )
            typer.echo(f"  ~ {after.rule}: {was} -> {now}")
    counts = {"appeared": sum(result.appeared.values()), "disappeared": sum(result.disappeared.values())}
    told = text("rules.cli_difference", LOCALE, calls=result.calls, changed=len(result.differences), **counts)
    typer.echo(told, err=json == "-")
    _write(json, encode(result))


@app.command("versions", help=_r("cli_versions"))
def versions() -> None:
    """List what was in force since when, newest first."""
    from zoneinfo import ZoneInfo

    from qa.core.people import SYSTEM

    services = _services()
    known = services.rules.versions(SYSTEM)
    services.close()
    zone = ZoneInfo(load_settings().time_zone)
    older = {one.number + 1: one.files for one in known}
    for one in known:
        since = f"{one.since.astimezone(zone):%Y-%m-%d %H:%M}"
        typer.echo(text("rules.cli_version", LOCALE, number=one.number, since=since, files=len(one.files)))
        for file in one.changed if one.number in older else ():
            was, now = (
                f"v{v}" if v is not None else "-" for v in (older[one.number].get(file), one.files.get(file))
            )
            typer.echo(f"      {file} {was} -> {now}")
    if not known:
        typer.echo(text("rules.cli_no_versions", LOCALE))


def _services() -> "Services":
    from qa.services import open_services

    return open_services(load_settings(), migrate=True)


def _earlier(against: str, names: Sequence[str], services: "Services | None") -> list[SourceFile]:
    """The files to compare with: of a version by its number, or of a folder."""
    from qa.core.people import SYSTEM

    if services is not None and against.isdecimal():
        wanted = {name.replace("/", ".") for name in names}
        return [f for f in services.rules.version(SYSTEM, int(against)) if f.pack in wanted]
    folder = Path(against)
    old = read_packs(names, [folder])
    if not any((folder / name).is_dir() for name in names):
        raise NotFoundError("rules.against_nothing", folder=folder, packs=", ".join(names))
    return old


def _call_files(folder: Path) -> list[Path]:
    found = sorted(folder.rglob("*.json*"))
    if not found:
        raise NotFoundError("rules.no_calls", folder=folder)
    return found


def _calls(paths: Sequence[Path], shown: Callable[[int, int], None]) -> Iterator[_Call]:
    for done, path in enumerate(paths):
        shown(done, len(paths))
        for name, transcript, context in _read(_content(str(path)), str(path)):
            yield f"{path.name}:{name}", transcript, context


def _read(content: str, file: str) -> Iterator[_Call]:
    from qa.pipeline.metrics import call_metrics
    from qa.rules.call import CallContext
    from qa.rules.dialogue_files import read_calls

    time_zone = load_settings().time_zone
    for name, transcript, attributes, behaviour in read_calls(content, file):
        metrics = call_metrics(behaviour) if behaviour else None
        yield name, transcript, CallContext(attributes=with_hour(attributes, time_zone), metrics=metrics)


def _told(file: str) -> tuple[list[_Call], str | None]:
    """The calls of a file, and a speaker in it whom nobody knows."""
    from qa.rules.dialogue import unknown_speaker

    content = _content(file)
    return list(_read(content, file)), unknown_speaker(content)


def _stored(recording: str) -> tuple[list[_Call], str | None]:
    """A stored call by the id of its recording."""
    from qa.core.people import SYSTEM

    services = _services()
    call = services.rules.stored_call(SYSTEM, recording)
    services.close()
    return [call], None


def _content(file: str) -> str:
    from qa.rules.dialogue_files import decoded, read_text

    return decoded(sys.stdin.buffer.read(), "-") if file == "-" else read_text(Path(file))


def _write(target: str | None, content: bytes) -> None:
    if target is None:
        return
    if target == "-":
        typer.echo(content.decode())
        return
    try:
        Path(target).write_bytes(content)
    except OSError as e:
        raise InputError("rules.file_unwritable", file=target, problem=e.strerror or "I/O") from None
