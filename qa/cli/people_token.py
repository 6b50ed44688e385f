"""`tingjian token`: an API token for an account, made by whoever owns the files."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from qa.cli.people import Login, _p, jobs_from, opened
from qa.core.people import SYSTEM


def token(
    login: Login,
    name: Annotated[str, typer.Option("--name", help=_p("cli_token_name"))] = "cli",
    jobs: Annotated[str | None, typer.Option("--jobs", help=_p("cli_jobs"), metavar="A,B")] = None,
    days: Annotated[int | None, typer.Option("--days", min=1, max=3650, help=_p("cli_days"))] = None,
) -> None:
    """Print a new API token of an account; it is shown this once."""
    expires_at = None if days is None else datetime.now(UTC) + timedelta(days=days)
    with opened() as (people, _):
        account = people.accounts.by_login(SYSTEM, login)
        made = people.tokens.make_for(SYSTEM, account.id, name, jobs_from(jobs), expires_at)
    typer.echo(made.secret)
