"""`tingjian lexicon`: packs as files."""

from pathlib import Path
from typing import Annotated

import typer

from qa.cli.words import LOCALE, say
from qa.i18n import text

app = typer.Typer(no_args_is_help=True)


def _r(name: str) -> str:
    return text(f"rules.{name}", LOCALE)


Packs = Annotated[str | None, typer.Option("--packs", help=_r("cli_packs"), metavar="A,B")]
PackDir = Annotated[list[Path] | None, typer.Option("--pack-dir", help=_r("cli_pack_dir"), metavar="DIR")]


@app.callback()
def _group() -> None:
    """Keep `lint` a command of its own although it is the only one."""


@app.command("lint", help=_r("cli_lint"))
def lint(packs: Packs = None, pack_dir: PackDir = None) -> None:
    """Load packs and complain about what is missing in them."""
    from qa.cli.rules import read_files
    from qa.rules.examples import lint as complaints
    from qa.rules.loader import build

    names, files = read_files(packs, pack_dir)
    book = build(files)
    problems = complaints(files)
    for problem in problems:
        typer.echo(say(problem))
    if problems:
        raise typer.Exit(1)
    counts = {
        "terms": sum(len(f.model.terms) for f in files),
        "rules": len(book.rules),
        "flows": len(book.flows),
        "cards": len(book.cards),
    }
    typer.echo(text("rules.cli_lint_ok", LOCALE, packs=", ".join(names), **counts))
