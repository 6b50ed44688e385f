"""`tingjian evaluate`: print measures against ground truth."""

from collections.abc import Sequence
from pathlib import Path

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from qa.cli.ready import ready_pipeline
from qa.cli.terminal import err, out, percent, write_file
from qa.cli.words import LOCALE, say
from qa.evaluate.behaviour import BehaviourScore
from qa.evaluate.der import DiarizationErrors
from qa.evaluate.families import FAMILIES, Counts
from qa.evaluate.runner import Evaluation, Job, evaluate_folder, to_bytes
from qa.evaluate.score import (
    RecordingScore,
    as_json,
    sum_characters,
    sum_der,
    sum_family,
    sum_roles,
)
from qa.i18n import text
from qa.settings import Settings


def run(where: Path, settings: Settings, audio: str | None, json: Path | None, *, reuse: bool) -> int:
    """Evaluate a folder of recordings."""
    pipeline = ready_pipeline(settings)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True) as bars:
        task = bars.add_task(str(where), total=1.0)

        def report(index: int, total: int, name: str, stage: str, share: float) -> None:
            shown = f"{index + 1}/{total} {name} · {text(f'pipeline.stage_{stage}', LOCALE)}"
            bars.update(task, description=shown, completed=share)

        cache = settings.home / "stages" if reuse else None
        together = settings.speech.batch_recordings or 1
        evaluation = evaluate_folder(where, Job(pipeline, together, report, cache), audio)
    show(evaluation)
    if json is not None:
        write_file(json, to_bytes(as_json(evaluation.scores, evaluation.cost)))
    return 0


def show(evaluation: Evaluation) -> None:
    """Print tables, what was missed and said falsely, and the cost."""
    scores = evaluation.scores
    out.print(_measures_table(scores))
    if any(s.coverage for s in scores):
        out.print()
        out.print(families_table({f: sum_family(scores, f) for f in FAMILIES}))
        for line in _mistakes(scores):
            out.print(Text(line, style="dim"))
    if any(s.behaviour for s in scores):
        out.print()
        out.print(_behaviour_table(scores))
    for score in scores:
        if score.reason:
            out.print(Text(f"{score.id}: {say(score.reason)}", style="yellow"))
    if evaluation.left_out:
        out.print(Text(word("left_out", names=", ".join(evaluation.left_out)), style="yellow"))
    out.print()
    out.print(_cost_line(evaluation))
    stages = as_json(scores, evaluation.cost)["total"]
    if isinstance(stages, dict) and stages.get("stages"):
        told = "  ".join(f"{name} {cost['rtf']:.3f}" for name, cost in stages["stages"].items())
        out.print(word("stages_title", stages=told))


def _behaviour_table(scores: Sequence[RecordingScore]) -> Table:
    """Silences and interruptions (right/false/missed), worst errors of talk time and rate, and tone."""
    table = Table(
        title=word("behaviour_title"), title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0)
    )
    columns = ("recording", "silences", "interruptions", "talk", "rate", "customer_angry", "agent_rough")
    for column in columns:
        table.add_column(word(f"col_{column}"), justify="left" if column == "recording" else "right")
    known = [(s.id, s.behaviour) for s in scores if s.behaviour]
    for name, found in known:
        table.add_row(name, *_behaviour_row([found]), _level(found.customer_angry), _level(found.agent_rough))
    table.add_row(word("total"), *_behaviour_row([b for _, b in known]), "", "", style="bold")
    return table


def _behaviour_row(found: Sequence[BehaviourScore]) -> tuple[str, ...]:
    silences = sum((b.silences for b in found), Counts())
    interruptions = sum((b.interruptions for b in found), Counts())
    talk = [abs(p.talk_error) for b in found for p in b.parties if p.talk_error is not None]
    rate = [abs(p.rate_error) for b in found for p in b.parties if p.rate_error is not None]
    return (
        *(f"{c.tp}/{c.fp}/{c.fn}" for c in (silences, interruptions)),
        *(percent(max(errors)) if errors else "–" for errors in (talk, rate)),
    )


def _level(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def families_table(counts: dict[str, Counts]) -> Table:
    """Right, false, missed, precision and recall of each family."""
    table = Table(
        title=word("families_title"), title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0)
    )
    for column in ("family", "tp", "fp", "fn", "precision", "recall"):
        table.add_column(word(f"col_{column}"), justify="left" if column == "family" else "right")
    for family, found in counts.items():
        numbers = (str(found.tp), str(found.fp), str(found.fn), percent(found.precision), percent(found.recall))
        table.add_row(family_name(family), *numbers)
    return table


def family_name(family: str) -> str:
    """A family in the reader's language; one without a name is shown as it is."""
    name = word(f"family_{family}")
    return family if name.startswith("evaluate.") else name


def _measures_table(scores: Sequence[RecordingScore]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("recording", "cer", "lost", "invented", "roles", "der"):
        table.add_column(word(f"col_{column}"), justify="left" if column == "recording" else "right", no_wrap=True)
    for score in scores:
        lost = f"{score.coverage.lost_seconds:.1f}" if score.coverage else "–"
        invented = str(len(score.coverage.invented)) if score.coverage else "–"
        roles = percent(score.roles.share) if score.roles else "–"
        table.add_row(
            score.id, percent(score.characters.rate), lost, invented, roles, _der(score.der, score.der_collar)
        )
    covered = [s.coverage for s in scores if s.coverage]
    if covered:
        total = (
            f"{sum(c.lost_seconds for c in covered):.1f}",
            str(sum(len(c.invented) for c in covered)),
            percent(sum_roles(scores).share),
            _der(sum_der(scores, collar=False), sum_der(scores, collar=True)),
        )
    else:
        total = ("–",) * 4
    table.add_row(word("total"), percent(sum_characters(scores).rate), *total, style="bold")
    return table


def _der(strict: DiarizationErrors | None, lenient: DiarizationErrors | None) -> str:
    return f"{percent(strict.rate)}/{percent(lenient.rate)}" if strict and lenient else "–"


def _mistakes(scores: Sequence[RecordingScore]) -> list[str]:
    lines: list[str] = []
    for score in scores:
        for family, result in score.families.items():
            for kind, found in (("missed", result.missed), ("false", result.false)):
                lines += [word(kind, id=score.id, family=family_name(family), what=what) for what in found]
    return lines


def _cost_line(evaluation: Evaluation) -> str:
    cost = evaluation.cost
    audio = sum(s.audio_s for s in evaluation.scores)
    per_second = cost.as_json(audio)
    if per_second["rtf"] is None:
        return word("cost_cached", audio=f"{audio:.0f}", peak=f"{cost.peak_mb:.0f}")
    return word(
        "cost",
        audio=f"{audio:.0f}",
        wall=f"{cost.wall_s:.0f}",
        rtf=f"{per_second['rtf']:.3f}",
        cpu=f"{per_second['cpu_s_per_audio_s']:.3f}",
        peak=f"{cost.peak_mb:.0f}",
    )


def word(name: str, /, **params: object) -> str:
    """A sentence of the area `evaluate`."""
    return text(f"evaluate.{name}", LOCALE, **params)
