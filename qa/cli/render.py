"""How a result looks on a terminal: flags, steps, score, and what is doubtful about them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from qa.cli.terminal import clock, percent
from qa.cli.words import LOCALE, say, t
from qa.core.finding import Check, Finding, MatchKind, Outcome, Severity, Support
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
_TOLD_ONCE: Final = ("rules.roles_uncertain",)
"""Doubts about the whole call, which stand among its remarks."""
_LONGEST_QUOTE: Final = 40
"""Characters of one quote that are shown: enough to know it again; the JSON has all of it."""
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
    flags = flags_of(result)
    console.print(flag_table(flags) if flags else Text(t("no_flags"), style="green"))
    for doubt in _doubts(analysis.checks):
        console.print(doubt)
    steps = [c for c in analysis.checks if c.family == _STEP and c.outcome in _STEP_MARKS and not c.shadow]
    if steps:
        console.print(steps_line(steps, console.width))
    console.print(_verdict(analysis.scorecard, flags))


def flags_of(result: Result) -> list[Finding]:
    """What is told of a recording as a flag, by time. A missing step is none: steps have a line of their own."""
    if result.status is not RunStatus.DONE or result.analysis is None:
        return []
    told = [f for f in result.analysis.findings if not f.shadow and f.family != _STEP]
    return sorted(told, key=lambda f: (not f.evidence, _time(f), -f.severity.rank))


def counted(flags: Iterable[Finding]) -> Text:
    """How many flags of each severity, the worst first; empty for none."""
    numbers = Counter(flag.severity for flag in flags)
    parts = [Text(f"{t(f'severity_{s.value}')} {numbers[s]}", style=_COLOURS[s]) for s in _COLOURS if numbers[s]]
    return Text("  ").join(parts)


def flag_table(flags: Sequence[Finding]) -> Table:
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


def _doubts(checks: Sequence[Check]) -> Iterator[Text]:
    """What was found and is held against nobody, for a person to decide; what two checks say alike once."""
    shown = [check for check in checks if not check.shadow]
    reasons = [(label_in(c.label, LOCALE), d.reason) for c in shown for d in c.doubts if d.evidence]
    lines = [(label, say(reason)) for label, reason in reasons if reason.code not in _TOLD_ONCE]
    for label, why in dict.fromkeys(lines):
        yield Text(f"? {label}", style="yellow").append(f"  {_printable(why)}", style="dim")


def steps_line(steps: Sequence[Check], width: int) -> Text:
    """Steps done and missing on one line; what does not fit in `width` cells goes on below it."""
    outcomes = _merged(steps)
    done = sum(outcome is Outcome.PASSED for outcome in outcomes.values())
    line = Text(t("steps", done=done, all=len(outcomes)))
    indent = line.cell_len
    used = indent
    for label, outcome in outcomes.items():
        mark, colour = _STEP_MARKS[outcome]
        item = Text(f"  {mark} {label}", style=colour)
        if used + item.cell_len > width and used > indent:
            line.append("\n" + " " * indent)
            used = indent
        line.append(item)
        used += item.cell_len
    return line


def _merged(steps: Sequence[Check]) -> dict[str, Outcome]:
    """Steps in the order of a call. What two flows ask for is told once, and as done where both say so."""
    outcomes: dict[str, Outcome] = {}
    order: list[str] = []
    flow, after = "", 0
    for check in steps:
        label, of = label_in(check.label, LOCALE), check.rule.rpartition(".")[0]
        after = after if of == flow else 0
        flow = of
        if label not in order:
            order.insert(after if after else len(order), label)
        after = order.index(label) + 1
        outcomes[label] = max(check.outcome, outcomes.get(label, check.outcome), key=list(_STEP_MARKS).index)
    return {label: outcomes[label] for label in order}


def _verdict(card: ScorecardResult | None, flags: Sequence[Finding]) -> Text:
    parts: list[Text] = []
    if card is not None:
        score = Text(t("score", score="–" if card.score is None else f"{card.score:.0f}"), style="bold")
        if card.vetoed_by:
            score.append(t("vetoed", item=_item_name(card, card.vetoed_by)), style="bold red")
        parts.append(score)
    if flags:
        parts.append(Text(t("flags")).append(counted(flags)))
    return Text(" · ").join(parts)


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
    quotes = "；".join(dict.fromkeys(_short(e.quote.strip()) for e in flag.evidence if e.quote.strip()))
    if not quotes:
        return say(flag.reason)
    by_sound = any(e.match in (MatchKind.HOMOPHONE, MatchKind.SIMILAR) for e in flag.evidence)
    return f"“{_printable(quotes)}”" + (t("by_sound") if by_sound else "") + _heard_again(flag)


def _heard_again(flag: Finding) -> str:
    """What a reader has to know of the second hearing: that it was otherwise, or that there was none."""
    if flag.support is Support.UNSUPPORTED:
        second = flag.reason.params.get("second", "")
        return t("heard_otherwise", second=_short(_printable(mask(second)))) if second else t("not_heard_again")
    return t("not_verified") if flag.support is Support.UNVERIFIED else ""


def _short(quote: str) -> str:
    return quote if len(quote) <= _LONGEST_QUOTE else quote[: _LONGEST_QUOTE - 1] + "…"


def _printable(quote: str) -> str:
    return "".join(c if c.isprintable() else " " for c in quote)
