"""`tingjian custody`: legal holds, retention, deletion with a certificate, the master key."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qa.cli.words import LOCALE, say
from qa.core.custody import Selection
from qa.core.errors import BadOptionError
from qa.core.messages import message
from qa.core.people import SYSTEM
from qa.i18n import text

if TYPE_CHECKING:
    from qa.services import Services
    from qa.services.custody import DueView, Forecast

app = typer.Typer(no_args_is_help=True)


def _e(name: str) -> str:
    return text(f"custody.{name}", LOCALE)


Recording = Annotated[str | None, typer.Option("--recording", help=_e("cli_recording"), metavar="ID")]
Where = Annotated[list[str] | None, typer.Option("--where", help=_e("cli_where"), metavar="NAME=VALUE")]
Before = Annotated[str | None, typer.Option("--before", help=_e("cli_before"), metavar="DATE")]
Why = Annotated[str, typer.Option("--reason", help=_e("cli_reason"))]
DryRun = Annotated[bool, typer.Option("--dry-run", help=_e("cli_dry"))]
Id = Annotated[str, typer.Argument(help=_e("cli_id"), metavar="ID")]


@app.command("holds", help=_e("cli_holds"))
def holds() -> None:
    """Newest first."""
    services = _services()
    found = services.custody.holds(SYSTEM)
    services.close()
    for one in found:
        state = _e("hold_released" if one.released_at else "hold_open")
        said = {"id": one.id, "covers": one.covers, "by": one.placed_by, "reason": one.reason}
        typer.echo(say(message("custody.hold_line", state=state, **said)))
    if not found:
        typer.echo(_e("none"))


@app.command("hold", help=_e("cli_hold"))
def hold(reason: Why, recording: Recording = None, where: Where = None, before: Before = None) -> None:
    """Prints its id."""
    selection = _selection(recording, where, before)
    services = _services()
    placed = services.custody.hold(SYSTEM, selection, reason)
    services.close()
    typer.echo(placed.id)


@app.command("release", help=_e("cli_release"))
def release(hold_id: Id, reason: Why) -> None:
    """With a reason."""
    services = _services()
    services.custody.release(SYSTEM, hold_id, reason)
    services.close()


@app.command("delete", help=_e("cli_delete"))
def delete(
    on_word_of: Annotated[str, typer.Option("--on-word-of", help=_e("cli_word"))] = "",
    reason: Why = "",
    recording: Recording = None,
    where: Where = None,
    before: Before = None,
    dry_run: DryRun = False,
) -> None:
    """All of them or none."""
    selection = _selection(recording, where, before)
    services = _services()
    if dry_run:
        _show(services.custody.preview(SYSTEM, selection))
    else:
        done = services.custody.delete(SYSTEM, selection, on_word_of, reason)
        typer.echo(say(message("custody.deleted", id=done.id, count=done.recordings)))
    services.close()


@app.command("retention", help=_e("cli_retention"))
def retention(
    dry_run: DryRun = False,
    days: Annotated[int, typer.Option("--days", min=0, max=3650, help=_e("cli_days"))] = 0,
) -> None:
    """What the service does every `custody.sweep_minutes` by itself."""
    services = _services()
    if dry_run:
        _show(services.custody.due(SYSTEM, days))
    else:
        services.custody.resume()
        typer.echo(say(message("custody.swept", count=services.custody.sweep())))
    services.close()


@app.command("certificates", help=_e("cli_certificates"))
def certificates() -> None:
    """Newest first."""
    services = _services()
    found = services.custody.deletions(SYSTEM, limit=200)
    services.close()
    for one in found:
        said = {"id": one.id, "state": one.state, "basis": one.basis, "count": one.recordings}
        at = one.begun_at.isoformat(timespec="seconds")
        typer.echo(say(message("custody.deletion_line", at=at, word=one.on_word_of, **said)))
    if not found:
        typer.echo(_e("none"))


@app.command("certificate", help=_e("cli_certificate"))
def certificate(deletion_id: Id) -> None:
    """As it was signed."""
    from qa.core.base import encode

    services = _services()
    made = services.custody.certificate(SYSTEM, deletion_id)
    services.close()
    typer.echo(encode(made).decode())


@app.command("rotate-key", help=_e("cli_rotate"))
def rotate_key(
    old: Annotated[Path | None, typer.Option("--old", help=_e("cli_old"), metavar="FILE")] = None,
) -> None:
    """No file of the store is touched."""
    services = _services()
    key, count = services.vault.rotate(old)
    services.close()
    typer.echo(say(message("custody.rotated", key=key[:16], count=count)))


def _show(forecast: "Forecast") -> None:
    for one in forecast.items:
        called = one.called_at.date().isoformat()
        said = {"id": one.recording_id, "called": called, "name": one.name}
        typer.echo(say(message("custody.due_line", why=_why(one), **said)))
    typer.echo(say(message("custody.forecast", going=forecast.going, held=forecast.held)))


def _why(one: "DueView") -> str:
    if one.held_by:
        return say(message("custody.why_held", hold=one.held_by[0]))
    if one.at_work:
        return _e("why_busy")
    return say(message("custody.why_rule", rule=one.rule)) if one.rule else _e("why_goes")


def _selection(recording: str | None, where: list[str] | None, before: str | None) -> Selection:
    attributes = {}
    for one in where or ():
        name, equals, value = one.partition("=")
        if not name or not equals:
            raise BadOptionError("custody.bad_attribute", given=one[:80])
        attributes[name] = value
    return Selection(recording_id=recording, attributes=attributes, called_before=_moment(before))


def _moment(date: str | None) -> datetime | None:
    """A date as somebody types it, in the time zone of the settings."""
    if date is None:
        return None
    from zoneinfo import ZoneInfo

    from qa.cli.options import load_settings

    try:
        at = datetime.fromisoformat(date)
    except ValueError:
        raise BadOptionError("evidence.bad_date", value=date[:80]) from None
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(load_settings().time_zone))).astimezone(UTC)


def _services() -> "Services":
    from qa.cli.options import load_settings
    from qa.services import open_services

    return open_services(load_settings(), migrate=True)
