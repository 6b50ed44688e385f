"""`tingjian audit`: prove that the audit log was not touched, and sign where it stands."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from qa.cli.words import LOCALE, say
from qa.core.errors import BadOptionError
from qa.core.messages import message
from qa.i18n import text

if TYPE_CHECKING:
    from qa.services import Services

app = typer.Typer(no_args_is_help=True)


def _e(name: str) -> str:
    return text(f"evidence.{name}", LOCALE)


Tenant = Annotated[str, typer.Option("--tenant", help=_e("cli_tenant"), metavar="NAME")]


@app.command("verify", help=_e("cli_audit_verify"))
def verify(
    since: Annotated[str | None, typer.Option("--since", help=_e("cli_since"), metavar="DATE")] = None,
    tenant: Tenant = "default",
) -> None:
    """Exit code 1 where something was touched."""
    from qa.cli.terminal import counted

    start = _moment(since)
    services = _services()
    with counted() as shown:
        report = services.audit.verify(tenant, start, shown)
    services.close()
    for note in report.notes:
        typer.echo(say(note))
    counts = {"tenant": tenant, "events": report.events, "first": report.first, "last": report.last}
    if report.problem is not None:
        typer.echo(say(report.problem))
        typer.echo(say(message("evidence.chain_bad", **counts)))
        raise typer.Exit(1)
    typer.echo(say(message("evidence.chain_good", **counts, checkpoints=report.checkpoints)))


@app.command("checkpoint", help=_e("cli_audit_checkpoint"))
def checkpoint(tenant: Tenant = "default") -> None:
    """Sign now, without waiting for the sweeper."""
    services = _services()
    made = services.audit.checkpoint(tenant)
    services.close()
    said = {"tenant": tenant, "seq": made.seq, "hash": made.hash, "key": made.key_id[:16]}
    typer.echo(say(message("evidence.checkpoint_made", **said)))


def _services() -> "Services":
    from qa.cli.options import load_settings
    from qa.services import open_services

    return open_services(load_settings(), migrate=True)


def _moment(text_of_date: str | None) -> datetime | None:
    """A date as somebody types it, in the time zone of the settings."""
    if text_of_date is None:
        return None
    from zoneinfo import ZoneInfo

    from qa.cli.options import load_settings

    try:
        at = datetime.fromisoformat(text_of_date)
    except ValueError:
        raise BadOptionError("evidence.bad_date", value=text_of_date[:80]) from None
    zone = ZoneInfo(load_settings().time_zone)
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
