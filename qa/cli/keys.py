"""`tingjian keys`: the keys that sign checkpoints and evidence packs."""

import os
from pathlib import Path
from typing import Annotated

import typer

from qa.cli.words import LOCALE, say
from qa.core.messages import message
from qa.i18n import text

app = typer.Typer(no_args_is_help=True)


def _e(name: str) -> str:
    return text(f"evidence.{name}", LOCALE)


@app.command("list", help=_e("cli_keys_list"))
def list_keys() -> None:
    """Numbers, never secrets."""
    from qa.cli.options import load_settings
    from qa.services.keys import KeyService

    settings = load_settings()
    keys = KeyService(settings.home, settings.evidence).list()
    if not keys:
        typer.echo(_e("key_none"))
    for key in keys:
        state = text("evidence.key_state_ended", LOCALE, ended=key.ended) if key.ended else _e("key_state_now")
        state += "" if key.vouched else " " + _e("key_state_alone")
        typer.echo(say(message("evidence.key_line", id=key.id, created=key.created, state=state)))


@app.command("public", help=_e("cli_keys_public"))
def public() -> None:
    """For whoever is to check packs."""
    from qa.cli.options import load_settings
    from qa.services.keys import KeyService

    settings = load_settings()
    typer.echo(KeyService(settings.home, settings.evidence).current().public_pem().decode(), nl=False)


@app.command("rotate", help=_e("cli_keys_rotate"))
def rotate(
    lost: Annotated[bool, typer.Option("--lost", help=_e("cli_lost"))] = False,
    old: Annotated[Path | None, typer.Option("--old", help=_e("cli_old"), metavar="FILE")] = None,
) -> None:
    """The old key vouches for the new one, unless it was lost."""
    from qa.cli.options import load_settings
    from qa.services import open_services

    services = open_services(load_settings(), migrate=True)
    before, after = services.audit.rotate_key(os.environ.get("USER") or "operator", lost=lost, old=old)
    services.close()
    said = {"old": before[:16], "new": after, "file": services.keys.folder / "keys.jsonl"}
    typer.echo(say(message("evidence.key_rotated_lost" if lost else "evidence.key_rotated", **said)))
