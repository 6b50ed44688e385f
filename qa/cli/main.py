"""The command `tingjian`. Commands import what they need when they run, so that `--help` answers at once."""

import importlib.util
import os
import sys
import tempfile
import time
import traceback
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final

import typer

from qa.cli import commands, usage
from qa.cli.words import LOCALE, say, t, without_language
from qa.core.errors import TingjianError

INTERRUPTED: Final = 130
"""The shell's custom for a program ended by Ctrl-C."""
UNEXPECTED: Final = 1
USAGE: Final = 2

_USAGE_PROBLEM: Final = typer.BadParameter.__mro__[1]
"""What the parser inside typer raises for a command line it cannot make sense of."""
ELSEWHERE: Final = {
    "demo": "qa.cli.demo",
    "lexicon": "qa.cli.lexicon",
    "rules": "qa.cli.rules",
    "people": "qa.cli.people",
    "token": "qa.cli.people_token",
    "audit": "qa.cli.audit",
    "keys": "qa.cli.keys",
    "custody": "qa.cli.custody",
    "export": "qa.cli.export",
    "verify": "qa.cli.verify",
}
"""Commands of other modules, which are imported only when they are called."""


def build(arguments: list[str]) -> typer.Typer:
    """The application, with those commands loaded that `arguments` name."""
    app = typer.Typer(
        name="tingjian",
        help=t("help"),
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )

    @app.callback()
    def _options(
        lang: Annotated[str, typer.Option("--lang", help=t("help_lang"), metavar="LANG")] = "",
        show_version: Annotated[
            bool, typer.Option("--version", help=t("help_version"), is_eager=True, callback=_print_version)
        ] = False,
    ) -> None:
        del lang, show_version  # the one is read in `words`, the other has its callback

    app.command("up", help=t("help_up"))(commands.up)
    app.command("scan", help=t("help_scan"))(commands.scan)
    app.command("evaluate", help=t("help_evaluate"))(commands.evaluate)
    app.command("doctor", help=t("help_doctor"))(commands.doctor)
    app.add_typer(commands.models, name="models", help=t("help_models"))
    for name, module in ELSEWHERE.items():
        _add(app, name, module, wanted=name in arguments)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tingjian {version('tingjian')}")
        raise typer.Exit


def _add(app: typer.Typer, name: str, module: str, *, wanted: bool) -> None:
    if importlib.util.find_spec(module) is None:
        return
    if not wanted:
        app.command(name, help=t(f"help_{name}"))(lambda: None)  # listed; loaded when it is called
        return
    loaded = import_module(module)
    if isinstance(getattr(loaded, "app", None), typer.Typer):
        app.add_typer(loaded.app, name=name, help=t(f"help_{name}"))
    else:
        app.command(name, help=t(f"help_{name}"))(getattr(loaded, name))


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code. Whatever happens, a person gets a sentence."""
    if len(without_language(arguments)) < len(arguments):
        os.environ["TINGJIAN_LOCALE"] = LOCALE  # so that settings, and processes we start, speak it too
    arguments = without_language(arguments)
    try:
        code = build(arguments)(arguments, prog_name="tingjian", standalone_mode=False)
        if code == INTERRUPTED:  # typer turns Ctrl-C into this
            _complain(t("interrupted"))
        return code if isinstance(code, int) else 0
    except TingjianError as exc:
        _complain(say(exc.message))
        return exc.exit_code
    except KeyboardInterrupt:
        _complain(t("interrupted"))
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()  # the reader went away (`| head`); nobody is left to tell
        return 0
    except Exception as exc:
        if isinstance(exc, _USAGE_PROBLEM):
            told = exc.format_message()  # type: ignore[attr-defined]
            if told:  # without a command there is nothing to add to the help that was printed
                _complain(t("usage", problem=usage.told(told)))
            return USAGE
        _complain(t("unexpected", kind=type(exc).__name__, file=_keep_traceback(exc)))
        return UNEXPECTED


def _complain(sentence: str) -> None:
    print(sentence, file=sys.stderr)  # noqa: T201 - this is the command line


def _keep_traceback(exc: Exception) -> str:
    """Write the traceback, masked, where it can be found; returns the path."""
    from qa.logging import mask

    lines = "".join(traceback.format_exception(exc))
    content = "\n".join(mask(line) for line in lines.splitlines()) + "\n"
    name = f"tingjian-{time.strftime('%Y%m%dT%H%M%S')}.log"
    for folder in (Path("var/logs"), Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / name
            path.write_text(content, encoding="utf-8")
        except OSError:
            continue
        return str(path)
    return "-"


def main() -> None:
    """Entry point of the command."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
