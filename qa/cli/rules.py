"""`tingjian rules`: test, try, compare and import rules. Thin: everything is done in `qa.rules`."""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qa.cli.lexicon import PackDir, Packs, _r
from qa.cli.options import load_settings, pack_names
from qa.cli.words import LOCALE, say
from qa.core.base import encode
from qa.core.errors import InputError, NotFoundError
from qa.i18n import label_in, text
from qa.lexicon.schema import INDUSTRIES
from qa.rules.loader import SourceFile, available_packs, build, named_parts, read_packs

if TYPE_CHECKING:
    from qa.core.transcript import Transcript
    from qa.rules.call import CallContext

app = typer.Typer(no_args_is_help=True)

Json = Annotated[str | None, typer.Option("--json", help=_r("cli_json"), metavar="FILE")]
Industry = Annotated[str | None, typer.Option("--industry", help=_r("cli_industry"), metavar="NAME")]


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
    file: Annotated[str, typer.Argument(help=_r("cli_try_file"), metavar="FILE")],
    packs: Packs = None,
    pack_dir: PackDir = None,
    industry: Industry = None,
    on: Annotated[datetime | None, typer.Option("--on", help=_r("cli_on"), formats=["%Y-%m-%d"])] = None,
    json: Json = None,
) -> None:
    """Show what hits, where and why."""
    from qa.pipeline.adapters import Toolbox
    from qa.pipeline.metrics import call_metrics, day_of
    from qa.rules.call import CallContext
    from qa.rules.dialogue import unknown_speaker
    from qa.rules.dialogue_files import read_calls
    from qa.rules.trial import try_dialogue

    if industry and industry not in INDUSTRIES:
        raise InputError("rules.unknown_industry", name=industry, known=", ".join(INDUSTRIES))
    book = build(read_files(packs, pack_dir)[1])
    settings = load_settings()
    day = on.date() if on else day_of(datetime.now(UTC), settings.time_zone)
    told = CallContext(on=day, scorecard=settings.rules.scorecard or None, ask=Toolbox(settings).asker)
    trials = {}
    content = _content(file)
    calls = list(read_calls(content, file))
    for name, transcript, attributes, behaviour in calls:
        given = attributes | ({"industry": industry} if industry else {})
        metrics = call_metrics(behaviour) if behaviour else None
        trial = try_dialogue(book, transcript, replace(told, attributes=given, metrics=metrics))
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
    if stranger := unknown_speaker(content):
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
    files: Annotated[list[Path], typer.Argument(help=_r("cli_transcripts"), metavar="FILE_OR_FOLDER...")],
    against: Annotated[Path, typer.Option("--against", help=_r("cli_against"), metavar="DIR")],
    packs: Packs = None,
    pack_dir: PackDir = None,
    json: Json = None,
) -> None:
    """Compare two versions of packs on the same calls."""
    from qa.cli.terminal import counted
    from qa.rules.trial import backtest as compare

    names, new = read_files(packs, pack_dir)
    old = read_packs(names, [against])
    if not any((against / name).is_dir() for name in names):
        raise NotFoundError("rules.against_nothing", folder=against, packs=", ".join(names))
    paths = [p for f in files for p in (_call_files(f) if f.is_dir() else [f])]
    with counted() as shown:
        result = compare(build(old), build(new), _calls(paths, shown))
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


def _call_files(folder: Path) -> list[Path]:
    found = sorted(folder.rglob("*.json*"))
    if not found:
        raise NotFoundError("rules.no_calls", folder=folder)
    return found


def _calls(
    paths: Sequence[Path], shown: Callable[[int, int], None]
) -> Iterator[tuple[str, "Transcript", "CallContext"]]:
    from qa.pipeline.metrics import call_metrics
    from qa.rules.call import CallContext
    from qa.rules.dialogue_files import read_calls

    for done, path in enumerate(paths):
        shown(done, len(paths))
        for name, transcript, attributes, behaviour in read_calls(_content(str(path)), str(path)):
            metrics = call_metrics(behaviour) if behaviour else None
            yield f"{path.name}:{name}", transcript, CallContext(attributes=attributes, metrics=metrics)


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
