"""The commands' options. What they do lies in the modules beside this one, imported when a command runs."""

from pathlib import Path
from typing import Annotated

import typer

from qa.cli.words import LOCALE, t
from qa.core.finding import Severity
from qa.i18n import text

Model = Annotated[str | None, typer.Option("--model", help=t("opt_model"), metavar="NAME")]
Device = Annotated[str | None, typer.Option("--device", help=t("opt_device"), metavar="auto|cpu|cuda")]
Language = Annotated[str | None, typer.Option("--language", help=t("opt_language"), metavar="CODE")]
Packs = Annotated[str | None, typer.Option("--packs", help=t("opt_packs"), metavar="A,B")]
Json = Annotated[Path | None, typer.Option("--json", help=t("opt_json"), metavar="FILE")]


def up(
    watch: Annotated[Path | None, typer.Option("--watch", help=t("opt_watch"), metavar="DIR")] = None,
    port: Annotated[int | None, typer.Option("--port", help=t("opt_port"))] = None,
) -> None:
    """Broker, workers and API on this machine until Ctrl-C."""
    from qa.cli.up import run

    raise typer.Exit(run(watch, port))


def scan(
    paths: Annotated[list[Path], typer.Argument(help=t("arg_paths"), metavar="FILE_OR_FOLDER...")],
    role_map: Annotated[
        str | None, typer.Option("--role-map", help=t("opt_role_map"), metavar="left=agent,right=customer")
    ] = None,
    language: Language = None,
    model: Model = None,
    device: Device = None,
    packs: Packs = None,
    json: Json = None,
    fail_on: Annotated[Severity | None, typer.Option("--fail-on", help=t("opt_fail_on"))] = None,
    reveal: Annotated[bool, typer.Option("--reveal", help=text("privacy.opt_reveal", LOCALE))] = False,
) -> None:
    """Analyse recordings in the foreground."""
    from qa.cli.inputs import find_recordings
    from qa.cli.options import load_settings, pack_names

    files = find_recordings(paths)
    settings = load_settings(
        speech={"model": model, "device": device, "language": language, "role_map": role_map},
        rules={"packs": pack_names(packs)},
    )
    from qa.cli.scan import run  # the pipeline takes seconds to import: a mistake is told before that

    raise typer.Exit(run(files, settings, json, fail_on, reveal=reveal))


def evaluate(
    folder: Annotated[Path, typer.Argument(help=t("arg_evaluate"), metavar="DIR_OR_JSONL")],
    audio: Annotated[str | None, typer.Option("--audio", help=t("opt_audio"), metavar="stereo_8k|mono_8k")] = None,
    model: Model = None,
    device: Device = None,
    language: Language = None,
    packs: Packs = None,
    json: Json = None,
    reuse: Annotated[bool, typer.Option("--reuse", help=t("opt_reuse"))] = False,
    tone: Annotated[bool, typer.Option("--tone", help=t("opt_tone"))] = False,
) -> None:
    """Measure against ground truth."""
    from qa.cli.options import load_settings, pack_names
    from qa.evaluate.truth import require

    require(folder)
    if tone:
        from qa.cli import evaluate_tone

        raise typer.Exit(evaluate_tone.run(folder, json))
    settings = load_settings(
        speech={"model": model, "device": device, "language": language}, rules={"packs": pack_names(packs)}
    )
    if folder.is_file():
        from qa.cli import evaluate_dialogues

        raise typer.Exit(evaluate_dialogues.run(folder, settings, pack_names(packs), json))
    from qa.cli.evaluate import run

    raise typer.Exit(run(folder, settings, audio, json, reuse=reuse))


def doctor(json: Json = None) -> None:
    """What is installed, what is missing and how to get it."""
    from qa.cli.doctor import run

    raise typer.Exit(run(json))


models = typer.Typer(no_args_is_help=True)


@models.command("list", help=t("help_models_list"))
def models_list() -> None:
    """What there is and what is installed."""
    from qa.cli.models import list_all

    raise typer.Exit(list_all())


@models.command("pull", help=t("help_models_pull"))
def models_pull(
    names: Annotated[list[str] | None, typer.Argument(help=t("arg_models"), metavar="[NAME...]")] = None,
) -> None:
    """Fetch and check."""
    from qa.cli.models import pull

    raise typer.Exit(pull(names or []))


@models.command("verify", help=t("help_models_verify"))
def models_verify(
    names: Annotated[list[str] | None, typer.Argument(help=t("arg_models_installed"), metavar="[NAME...]")] = None,
) -> None:
    """Hash every installed file again."""
    from qa.cli.models import verify

    raise typer.Exit(verify(names or []))
