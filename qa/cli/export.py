"""`tingjian export`: an audit export into a folder or a ZIP file, on the machine that holds the recordings."""

import shutil
from datetime import UTC, timedelta, tzinfo
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from qa.cli.words import LOCALE, say
from qa.core.errors import BadOptionError, ConflictError
from qa.core.messages import message
from qa.i18n import text


def _e(name: str) -> str:
    return text(f"export.cli_{name}", LOCALE)


def export(
    start: Annotated[str, typer.Option("--from", help=_e("from"), metavar="DAY")],
    end: Annotated[str, typer.Option("--to", help=_e("to"), metavar="DAY")],
    out: Annotated[Path, typer.Option("--out", help=_e("out"), metavar="PATH")],
    team: Annotated[str | None, typer.Option("--team", help=_e("team"))] = None,
    rule: Annotated[str | None, typer.Option("--rule", help=_e("rule"))] = None,
    status: Annotated[str | None, typer.Option("--status", help=_e("status"))] = None,
    formats: Annotated[str, typer.Option("--formats", help=_e("formats"))] = "csv,jsonl,xlsx,parquet,pdf",
    clips: Annotated[bool, typer.Option("--clips", help=_e("clips"))] = False,
    transcripts: Annotated[bool, typer.Option("--transcripts", help=_e("transcripts"))] = False,
) -> None:
    """A pack for the period, both days included; a path that ends in .zip makes one file."""
    from rich.progress import Progress, TextColumn

    from qa.cli.options import load_settings
    from qa.cli.terminal import err
    from qa.core.people import SYSTEM
    from qa.services import open_services
    from qa.services.export import Format, Wanted, day_start

    if out.exists():
        raise ConflictError("evidence.pack_exists", file=out)
    settings = load_settings()
    zone: tzinfo = ZoneInfo(settings.time_zone) if settings.time_zone else UTC
    known = [one.value for one in Format]
    kinds = [name.strip() for name in formats.split(",") if name.strip()]
    for kind in kinds:
        if kind not in known:
            raise BadOptionError("export.bad_format", given=kind[:20], known=", ".join(known))
    wanted = Wanted(
        start=day_start(start, zone),
        end=day_start(end, zone) + timedelta(days=1),
        team=team,
        rule=rule,
        status=status,
        formats=tuple(Format(kind) for kind in kinds),
        clips=clips,
        transcripts=transcripts,
        as_zip=out.suffix.lower() == ".zip",
        locale=LOCALE,
    )
    services = open_services(settings, migrate=True)
    try:
        asked = services.exports.request(SYSTEM, wanted)
        with Progress(*Progress.get_default_columns(), TextColumn("{task.completed}"), console=err) as bars:
            task = bars.add_task(_e("working"), total=None)

            def shown(stage: str, done: int, total: int) -> None:
                bars.update(task, description=_e(f"stage_{stage}"), completed=done, total=total or None)

            made = services.exports.write(asked.id, shown)
        pack = services.exports.pack(SYSTEM, asked.id)
        out.parent.mkdir(parents=True, exist_ok=True)
        part = out.with_name(f".{out.name}.part")
        (shutil.copytree if pack.is_dir() else shutil.copyfile)(pack, part)
        part.rename(out)
    finally:
        services.close()
    if made is not None:
        counts = {"calls": made.counts["calls"], "findings": made.counts["findings"]}
        typer.echo(say(message("export.cli_done", file=out, digest=made.digest, **counts)))
