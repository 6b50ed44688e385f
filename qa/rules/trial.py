"""Trying packs out: what hits in a dialogue and why, for a near miss why not, and what a change changes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from qa.core.base import Record
from qa.core.finding import Check, Doubt, Finding, MatchKind
from qa.core.messages import Message, message
from qa.core.result import Analysis
from qa.core.roles import Role
from qa.core.transcript import Transcript
from qa.lexicon.lexicon import TermHit
from qa.rules.book import RuleBook
from qa.rules.call import CallContext
from qa.rules.doubt import about_wording
from qa.text.calltext import CallText


class NearMiss(Record, frozen=True):
    """A term whose words are there and that does not count."""

    term: str
    turn: int
    char_start: int
    char_end: int
    quote: str
    match: MatchKind
    why: Message


class Trial(Record, frozen=True):
    """Everything about one dialogue."""

    analysis: Analysis
    near_misses: tuple[NearMiss, ...]

    def doubts(self) -> list[tuple[Check, Doubt]]:
        """What was found and is held against nobody, each reason once; what is told as a near miss is left out."""
        told = {(miss.term, miss.turn) for miss in self.near_misses}
        found = {
            (check.rule, doubt.reason.code, *doubt.reason.params.items()): (check, doubt)
            for check in self.analysis.checks
            for doubt in check.doubts
            if any((doubt.term, e.turn) not in told for e in doubt.evidence)
        }
        return list(found.values())


class Difference(Record, frozen=True):
    """What two rule books say differently of one call."""

    call: str
    appeared: tuple[Finding, ...]
    disappeared: tuple[Finding, ...]
    changed: tuple[tuple[Check, Check], ...]
    """Checks with another outcome: before, after."""
    score_before: float | None
    score_after: float | None


class Backtest(Record, frozen=True):
    """The difference over many calls."""

    calls: int
    differences: tuple[Difference, ...]
    appeared: dict[str, int]
    """Rule -> findings that appeared."""
    disappeared: dict[str, int]


def try_dialogue(book: RuleBook, transcript: Transcript, context: CallContext) -> Trial:
    """Analyse a dialogue and say of every term that was there and did not count why not."""
    call = CallText(transcript)
    scan = book.lexicon.scan(call)
    analysis = book.judge(call, scan, context)
    misses = []
    for name in sorted(scan.found_ids()):
        term = book.terms_by_id[name]
        if term.severity is None:
            continue
        for role in (Role.AGENT, Role.CUSTOMER):
            own = term.role is None or role is term.role
            hits = scan.hits(name, role)
            doubts = _doubts(hits, call) if own else {}
            for hit in hits:
                counts = own and hit.counts
                why = doubts[hit.turn.turn_position] if counts else _why_not(hit, role)
                if why is None:
                    continue
                s, e = hit.turn.span(hit.start, hit.end)
                quote = hit.turn.text[s:e]
                misses.append(NearMiss(name, hit.turn.turn.index, s, e, quote, hit.kind, why))
    return Trial(analysis, tuple(sorted(misses, key=lambda m: (m.turn, m.char_start, m.term))))


def _why_not(hit: TermHit, role: Role) -> Message | None:
    if hit.question is not None:
        return None
    if hit.excuse:
        return message(f"rules.excused_{hit.excuse.name}", cue=hit.excuse.cue)
    return message(f"rules.said_by_{role.value}")


def _doubts(hits: Sequence[TermHit], call: CallText) -> Mapping[int, Message | None]:
    """Turn -> why the hits that count in it must not be held against anybody."""
    counted: defaultdict[int, list[TermHit]] = defaultdict(list)
    for hit in hits:
        if hit.counts:
            counted[hit.turn.turn_position].append(hit)
    return {turn: about_wording(of_turn, call) for turn, of_turn in counted.items()}


def backtest(
    before: RuleBook,
    after: RuleBook,
    calls: Iterable[tuple[str, Transcript, CallContext]],
) -> Backtest:
    """What `after` finds otherwise than `before`, call by call and in all. Shadow rules count too."""
    differences, count = [], 0
    appeared: dict[str, int] = {}
    disappeared: dict[str, int] = {}
    for name, transcript, context in calls:
        count += 1
        difference = _difference(name, before.analyse(transcript, context), after.analyse(transcript, context))
        if difference is None:
            continue
        differences.append(difference)
        _tally(appeared, difference.appeared)
        _tally(disappeared, difference.disappeared)
    return Backtest(count, tuple(differences), appeared, disappeared)


def _tally(counts: dict[str, int], findings: Sequence[Finding]) -> None:
    for f in findings:
        counts[f.rule] = counts.get(f.rule, 0) + 1


def _difference(name: str, old: Analysis, new: Analysis) -> Difference | None:
    a, b = _keyed(old.findings), _keyed(new.findings)
    appeared = tuple(f for k, f in b.items() if k not in a)
    disappeared = tuple(f for k, f in a.items() if k not in b)
    checks = {c.rule: c for c in old.checks}
    changed = tuple(
        (checks[c.rule], c) for c in new.checks if c.rule in checks and checks[c.rule].outcome != c.outcome
    )
    scores = tuple(x.scorecard.score if x.scorecard else None for x in (old, new))
    if not appeared and not disappeared and not changed and scores[0] == scores[1]:
        return None
    return Difference(name, appeared, disappeared, changed, scores[0], scores[1])


def _keyed(findings: Sequence[Finding]) -> Mapping[tuple[object, ...], Finding]:
    """Findings by what they say and where, so that another version number alone is no difference."""
    return {
        (f.rule, f.role, f.severity, tuple((e.turn, e.char_start, e.char_end) for e in f.evidence)): f
        for f in findings
    }
