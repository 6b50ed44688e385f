"""How a result looks on a terminal: flags, steps, score, and what is doubtful about them."""

from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from qa.cli.terminal import clock, percent
from qa.cli.words import LOCALE, say, t
from qa.core.finding import Check, Finding, MatchKind, Outcome, Severity
from qa.core.result import Result, RunStatus
from qa.core.scorecard import ScorecardResult
from qa.i18n import label_in
from qa.logging import mask

_COLOURS: Final = {
    Severity.CRITICAL: "bold red",
    Severity.WARNING: "yellow",
    Severity.NOTICE: "cyan",
    Severity.INFO: "dim",
}
_STEP: Final = "step"
_STEP_MARKS: Final = {
    Outcome.PASSED: ("✓", "green"),
    Outcome.UNKNOWN: ("?", "yellow"),
    Outcome.FAILED: ("✗", "red"),
}
"""From the best to the worst."""
_LONGEST_VALUE: Final = 40
"""Characters of a metadata value that are shown."""


def show_result(console: Console, result: Result) -> None:
    """Print one recording."""
    console.print()
    console.print(Text(result.name, style="bold"), Text(_subtitle(result), style="dim"))
    if result.status is not RunStatus.DONE:
        if result.reason:
            console.print(Text(say(result.reason), style="yellow"))
        return
    for remark in remarks(result):
        console.print(Text(remark, style="yellow"))
    analysis = result.analysis
    if analysis is None:
        return
    told = [f for f in analysis.findings if not f.shadow and f.family != _STEP]  # steps have a line of their own
    flags = sorted(told, key=lambda f: (not f.evidence, _time(f), -f.severity.rank))
    console.print(flag_table(flags) if flags else Text(t("no_flags"), style="green"))
    steps = [c for c in analysis.checks if c.family == _STEP and c.outcome in _STEP_MARKS and not c.shadow]
    if steps:
        console.print(steps_line(steps))
    card = analysis.scorecard
    if card is not None:
        score = "–" if card.score is None else f"{card.score:.0f}"
        veto = t("vetoed", item=_item_name(card, card.vetoed_by)) if card.vetoed_by else ""
        console.print(Text(t("score", score=score), style="bold"), Text(veto, style="bold red"))


def flag_table(flags: list[Finding]) -> Table:
    """Time, role, severity, rule and quote of each flag."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("time", "role", "severity", "rule"):
        table.add_column(t(f"col_{column}"), no_wrap=True)
    table.add_column(t("col_quote"), overflow="fold")
    for flag in flags:
        table.add_row(
            clock(_time(flag)) if flag.evidence else "–",
            t(f"role_{flag.role.value}"),
            Text(t(f"severity_{flag.severity.value}"), style=_COLOURS[flag.severity]),
            Text(label_in(flag.label, LOCALE)),
            Text(_quote(flag)),
        )
    return table


def steps_line(steps: list[Check]) -> Text:
    """Steps done and missing in one line."""
    line = Text(t("steps"))
    # Two flows may ask for the same step: it is told once, and as done only where both say so.
    outcomes: dict[str, Outcome] = {}
    for check in steps:
        label = label_in(check.label, LOCALE)
        outcomes[label] = max(check.outcome, outcomes.get(label, check.outcome), key=list(_STEP_MARKS).index)
    for label, outcome in outcomes.items():
        mark, colour = _STEP_MARKS[outcome]
        line.append(f"  {mark} {label}", style=colour)
    return line


def remarks(result: Result) -> list[str]:
    """What a reader has to know before trusting the flags."""
    told: list[str] = []
    transcript, roles = result.transcript, result.roles
    if result.audio and result.audio.partial:
        told.append(t("remark_partial"))
    if transcript and not transcript.roles_certain:
        told.append(t("remark_roles_uncertain"))
    elif roles and roles.swap_suspected:
        told.append(t("remark_swap"))
    lost = sum(s.duration for g in result.guards for s in g.unintelligible)
    if lost:
        told.append(t("remark_unintelligible", seconds=f"{lost:.1f}"))
    removed = sum(len(g.removed) for g in result.guards)
    recovered = sum(len(g.recovered) for g in result.guards)
    if removed or recovered:
        told.append(t("remark_guards", removed=removed, recovered=recovered))
    return told


def _subtitle(result: Result) -> str:
    parts = [clock(result.audio.duration)] if result.audio else []
    if result.roles:
        parts.append(t("roles_sure", share=percent(result.roles.confidence)))
    parts += [f"{key}={mask(value)[:_LONGEST_VALUE]}" for key, value in sorted(result.attributes.items())]
    return " · ".join(parts)


def _item_name(card: ScorecardResult, item: str) -> str:
    labels = (line.label for section in card.sections for line in section.items if line.item == item)
    return next((label_in(label, LOCALE) for label in labels), item)


def _time(flag: Finding) -> float:
    return min((e.start for e in flag.evidence), default=0.0)


def _quote(flag: Finding) -> str:
    quotes = "；".join(dict.fromkeys(e.quote.strip() for e in flag.evidence if e.quote.strip()))
    if not quotes:
        return say(flag.reason)
    if flag.family == "pii":
        quotes = mask(quotes)
    by_sound = any(e.match in (MatchKind.HOMOPHONE, MatchKind.SIMILAR) for e in flag.evidence)
    return f"“{_printable(quotes)}”" + (t("by_sound") if by_sound else "")


def _printable(quote: str) -> str:
    return "".join(c if c.isprintable() else " " for c in quote)
