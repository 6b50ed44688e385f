"""`tingjian people`: accounts from the command line, for whoever owns the files. Needs no running service."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from qa.cli.options import load_settings
from qa.cli.terminal import out
from qa.cli.words import LOCALE
from qa.core.errors import BadOptionError
from qa.core.people import SYSTEM, Job
from qa.db.engine import Database
from qa.i18n import text
from qa.services.people import LinkView, People, open_people
from qa.services.people.accounts import Changes
from qa.settings import Settings

app = typer.Typer(no_args_is_help=True)


def _p(name: str) -> str:
    return text(f"people.{name}", LOCALE)


Login = Annotated[str, typer.Argument(help=_p("cli_login"), metavar="LOGIN")]


@contextmanager
def opened() -> Iterator[tuple[People, Settings]]:
    """The people services over the database of the settings."""
    settings = load_settings()
    database = Database(settings.resolved_database_url)
    try:
        database.migrate()
        yield open_people(database, settings), settings
    finally:
        database.close()


def jobs_from(names: str | None) -> tuple[Job, ...] | None:
    """`reviewer,agent` as jobs. Raises `BadOptionError` that names the one there is not."""
    if names is None:
        return None
    given = [name.strip() for name in names.split(",") if name.strip()]
    for name in given:
        if name not in set(Job):
            raise BadOptionError("people.bad_job", job=name[:40], allowed=", ".join(Job))
    return tuple(Job(name) for name in given)


def _show(link: LinkView, settings: Settings) -> None:
    server = settings.server
    host = f"[{server.host}]" if ":" in server.host else server.host
    base = (server.public_url or f"http://{host}:{server.port}").rstrip("/")
    hours = round(settings.people.link_seconds / 3600)
    out.print(text("people.cli_link", LOCALE, url=base + link.path, hours=hours), soft_wrap=True)


@app.command("add", help=_p("cli_add"))
def add(
    login: Login,
    jobs: Annotated[str, typer.Option("--jobs", help=_p("cli_jobs"), metavar="A,B")] = "",
    name: Annotated[str | None, typer.Option("--name", help=_p("cli_name"))] = None,
    email: Annotated[str | None, typer.Option("--email", help=_p("cli_email"))] = None,
    teams: Annotated[str | None, typer.Option("--teams", help=_p("cli_teams"), metavar="A,B")] = None,
    agent: Annotated[str | None, typer.Option("--agent", help=_p("cli_agent"))] = None,
) -> None:
    """Make an account and print the link by which its owner sets a password."""
    wanted = Changes(
        name=name,
        email=email,
        jobs=jobs_from(jobs),
        teams=None if teams is None else [team.strip() for team in teams.split(",") if team.strip()],
        agent=agent,
    )
    with opened() as (people, settings):
        _, link = people.accounts.invite(SYSTEM, login, wanted)
        _show(link, settings)


@app.command("list", help=_p("cli_list"))
def list_all() -> None:
    """Everybody, one a line: login, jobs, teams, state."""
    with opened() as (people, _):
        for view in people.accounts.list(SYSTEM):
            state = _p("cli_active") if view.active else _p("cli_closed")
            jobs, teams = ",".join(view.jobs) or "-", ",".join(view.teams) or "-"
            out.print("\t".join((view.login, jobs, teams, state, view.name)), soft_wrap=True)


@app.command("reset-link", help=_p("cli_reset_link"))
def reset_link(login: Login) -> None:
    """Print a link to set a new password; waiting after wrong passwords ends with it."""
    with opened() as (people, settings):
        account = people.accounts.by_login(SYSTEM, login)
        _show(people.accounts.reset_link(SYSTEM, account.id), settings)


@app.command("deactivate", help=_p("cli_deactivate"))
def deactivate(login: Login) -> None:
    """Close an account; its sessions end, its tokens stop working."""
    with opened() as (people, _):
        account = people.accounts.by_login(SYSTEM, login)
        people.accounts.change(SYSTEM, account.id, Changes(active=False))
        out.print(text("people.cli_deactivated", LOCALE, login=account.login))
