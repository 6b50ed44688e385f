"""`tingjian evaluate --tone`: how well tone is told from sound on recordings whose emotion is known."""

from pathlib import Path

from rich.table import Table

from qa.cli.evaluate import word
from qa.cli.terminal import err, out, write_file
from qa.evaluate.runner import to_bytes
from qa.evaluate.tone import ToneScore, as_json, evaluate_tone
from qa.speech.tone_model import tone_model


def run(folder: Path, json: Path | None) -> int:
    """Measure the model that comes with the program and print one line per condition."""
    with err.status(str(folder)):
        scores = evaluate_tone(folder, tone_model())
    out.print(_table(scores))
    out.print()
    out.print(_reliability(scores))
    if json is not None:
        write_file(json, to_bytes(as_json(scores)))
    return 0


def _table(scores: list[ToneScore]) -> Table:
    table = Table(title=word("tone_title"), title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("condition", "pieces", "too_short", "anger_auc", "arousal"):
        table.add_column(word(f"col_{column}"), justify="left" if column == "condition" else "right")
    for s in scores:
        name = word(f"condition_{s.condition.replace('+', '_')}")
        figures = (s.anger_auc, s.arousal_correlation)
        table.add_row(name, str(s.pieces), str(s.too_short), *("–" if f is None else f"{f:.3f}" for f in figures))
    return table


def _reliability(scores: list[ToneScore]) -> Table:
    """Given probability of anger against the true share, under the first condition."""
    table = Table(
        title=word("reliability_title"), title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0)
    )
    for column in ("pieces", "given", "true"):
        table.add_column(word(f"col_{column}"), justify="right")
    for part in scores[0].reliability if scores else ():
        table.add_row(str(part.pieces), f"{part.given:.2f}", f"{part.true:.2f}")
    return table
