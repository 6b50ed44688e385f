"""How a result looks on a terminal: flags, steps, score."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from qa.api.schemas import RecordingOut
from qa.core.finding import Check, Finding, Outcome, Severity
from qa.core.messages import Message
from qa.core.result import Analysis, Result
from qa.i18n import catalogue, label_in, render, text

_COLOURS = {Severity.CRITICAL: "red", Severity.WARNING: "yellow", Severity.NOTICE: "cyan", Severity.INFO: "dim"}
_MARKS = {
    Outcome.PASSED: "[green]✓[/green]",
    Outcome.FAILED: "[red]✗[/red]",
    Outcome.UNKNOWN: "[yellow]?[/yellow]",
}


def report(console: Console, recording: RecordingOut, result: Result, locale: str) -> None:
    """Print one recording: its flags in order of time, its steps, its score; or why it was skipped."""
    title = f"[bold]{escape(recording.name)}[/bold]  {_length(recording.duration)}"
    console.print()
    if result.analysis is None:
        reason = render(result.reason, locale) if result.reason else result.status.value
        console.print(f"{title}  {escape(reason)}")
        return
    console.print(title)
    console.print(flags_table(result.analysis, locale))
    for line in steps_lines(result.analysis, locale):
        console.print(line)
    console.print(score_line(result.analysis, locale))


def flags_table(analysis: Analysis, locale: str) -> Table:
    """Findings by time: when, who, how bad, which rule, the words."""
    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    for column in ("time", "role", "severity", "rule", "quote"):
        table.add_column(text(f"demo.column_{column}", locale), no_wrap=column in ("time", "role", "severity"))
    for finding in sorted(analysis.findings, key=_when):
        colour = _COLOURS[finding.severity]
        table.add_row(
            _clock(_when(finding)),
            _word("role", finding.role, locale),
            f"[{colour}]{_word('severity', finding.severity, locale)}[/{colour}]",
            f"{escape(label_in(finding.label, locale))} [dim]{escape(finding.rule)}[/dim]",
            escape(finding.evidence[0].quote if finding.evidence else render(finding.reason, locale)),
        )
    if not analysis.findings:
        table.add_row("", "", "", text("demo.no_flags", locale), "")
    return table


def steps_lines(analysis: Analysis, locale: str) -> list[str]:
    """Steps done, missing, and not to be told, one line for each kind that occurs."""
    steps = [check for check in analysis.checks if check.family == "step" and not check.shadow]
    lines = []
    for outcome, code in (
        (Outcome.PASSED, "demo.steps_done"),
        (Outcome.FAILED, "demo.steps_missing"),
        (Outcome.UNKNOWN, "demo.steps_unknown"),
    ):
        names = [_named(check, locale) for check in steps if check.outcome is outcome]
        if names:
            lines.append(f"{_MARKS[outcome]} {text(code, locale)} {', '.join(names)}")
    return lines


def score_line(analysis: Analysis, locale: str) -> str:
    """The score, and what failed the whole card."""
    card = analysis.scorecard
    if card is None or card.score is None:
        return text("demo.no_score", locale)
    line = f"[bold]{text('demo.score', locale, score=f'{card.score:.1f}')}[/bold]"
    if card.vetoed_by:
        line += f"  [red]{text('demo.vetoed', locale, item=escape(card.vetoed_by))}[/red]"
    return line


def _named(check: Check, locale: str) -> str:
    label = escape(label_in(check.label, locale))
    return f"{label} ({_clock(check.evidence[0].start)})" if check.evidence else label


def _when(finding: Finding) -> float:
    return finding.evidence[0].start if finding.evidence else 0.0


def _word(kind: str, value: str, locale: str) -> str:
    code = f"demo.{kind}_{value}"
    return render(Message(code), locale) if code in catalogue() else value


def _clock(seconds: float) -> str:
    minutes, rest = divmod(max(0.0, seconds), 60)
    return f"{int(minutes)}:{rest:04.1f}"


def _length(seconds: float | None) -> str:
    return "" if seconds is None else _clock(seconds)
