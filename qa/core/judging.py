"""What a person's verdicts make of the checks of a result."""

from collections.abc import Sequence
from itertools import takewhile

from msgspec.structs import replace

from qa.core.base import encode
from qa.core.finding import Check, Evidence, Finding, MatchKind, Outcome
from qa.core.messages import message
from qa.core.review import Answer, Verdict, VerdictOutcome
from qa.core.scorecard import ItemAnswer


def judged(
    checks: Sequence[Check], findings: Sequence[Finding], verdicts: Sequence[Verdict], answers: Sequence[Answer]
) -> tuple[Check, ...]:
    """The checks of a result as a person left them.

    A rejected finding is as if it had not been found, and what was doubted beside it leaves its check unknown; one
    whose severity or rule was changed counts as that; an added one fails its check; a check that stayed unknown is
    what the person answered. What nobody judged stands.
    """
    by_position = {v.position: v for v in verdicts if v.position is not None}
    places: dict[bytes, list[int]] = {}
    for position, finding in enumerate(findings):
        places.setdefault(encode(finding), []).append(position)
    moved = [
        _as_finding(v, None) for v in verdicts if v.position is None and v.outcome is not VerdictOutcome.REJECTED
    ]
    out: list[Check] = []
    for check in checks:
        kept: list[Finding] = []
        confirmed = rejected = False
        for finding in check.findings:
            waiting = places.get(encode(finding), [])
            verdict = by_position.get(waiting.pop(0)) if waiting else None
            if verdict is None:
                kept.append(finding)
            elif verdict.outcome is VerdictOutcome.CONFIRMED:
                kept.append(replace(finding, support=None))  # what a person heard needs no second hearing
                confirmed = confirmed or not finding.shadow
            elif verdict.outcome is VerdictOutcome.REJECTED:
                rejected = rejected or not finding.shadow
            elif verdict.rule in (finding.rule, check.rule):
                kept.append(replace(finding, severity=verdict.severity, support=None))
                confirmed = confirmed or not finding.shadow
            else:
                rejected = rejected or not finding.shadow
                moved.append(_as_finding(verdict, finding))
        outcome, reason = _outcome(check, kept, confirmed, rejected), check.reason
        if outcome is Outcome.PASSED and check.doubts:
            outcome, reason = Outcome.UNKNOWN, check.doubts[0].reason
        out.append(replace(check, findings=tuple(kept), outcome=outcome, reason=reason))
    out = _with_moved(out, moved)
    said = {a.key: a.outcome for a in answers if a.kind == "check"}
    return tuple(_answered(c, said[c.rule]) if c.outcome is Outcome.UNKNOWN and c.rule in said else c for c in out)


def _answered(check: Check, outcome: Outcome) -> Check:
    """A person's answer. A failure does not say which of the doubts it is about; a pass rests on their places."""
    doubts = check.doubts if outcome is Outcome.FAILED else ()
    evidence = check.evidence
    if outcome is Outcome.PASSED and not evidence:
        evidence = tuple(dict.fromkeys(e for doubt in check.doubts for e in doubt.evidence))
    return replace(
        check, outcome=outcome, reason=message("rules.answered_by_person"), doubts=doubts, evidence=evidence
    )


def _outcome(check: Check, kept: Sequence[Finding], confirmed: bool, rejected: bool) -> Outcome:
    left = any(not f.shadow for f in kept)
    if check.outcome is Outcome.FAILED and rejected and not left:
        return Outcome.PASSED
    if check.outcome is Outcome.UNKNOWN and confirmed:
        return Outcome.FAILED
    if check.outcome is Outcome.UNKNOWN and rejected and not left:
        return Outcome.PASSED
    return check.outcome


def _with_moved(checks: list[Check], moved: Sequence[Finding]) -> list[Check]:
    for finding in moved:
        at = _check_for(finding, checks)
        if at is None:
            checks.append(
                Check(
                    rule=finding.rule,
                    rule_version=0,
                    family=finding.family,
                    label=finding.label,
                    outcome=Outcome.FAILED,
                    reason=finding.reason,
                    severity=finding.severity,
                    findings=(finding,),
                )
            )
        else:
            with_it = (*checks[at].findings, finding)
            checks[at] = replace(checks[at], findings=with_it, outcome=Outcome.FAILED, reason=finding.reason)
    return checks


def _check_for(finding: Finding, checks: Sequence[Check]) -> int | None:
    """The check that a person's flag fails: that of its rule, else the nearest one of its family."""
    for index, check in enumerate(checks):
        if check.rule == finding.rule:
            return index
    family = [i for i, c in enumerate(checks) if c.family == finding.family and not c.shadow]

    def near(index: int) -> tuple[bool, int]:
        check = checks[index]
        parts = zip(check.rule.split("."), finding.rule.split("."), strict=False)
        shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], parts))
        return check.outcome is not Outcome.NOT_APPLICABLE, shared

    return max(family, key=near, default=None)


def _as_finding(verdict: Verdict, machine: Finding | None) -> Finding:
    """A person's flag in the form of the machine's."""
    evidence: tuple[Evidence, ...] = machine.evidence if machine else ()
    if machine is None and verdict.turn is not None and verdict.start is not None:
        evidence = (
            Evidence(
                turn=verdict.turn,
                role=verdict.role,
                char_start=verdict.char_start or 0,
                char_end=verdict.char_end or 0,
                start=verdict.start,
                end=verdict.end or verdict.start,
                channel=verdict.channel or 0,
                quote=verdict.quote,
                match=MatchKind.CONTEXT,
                trust=1.0,
            ),
        )
    return Finding(
        rule=verdict.rule,
        rule_version=0,
        family=verdict.family,
        label=verdict.label,
        severity=verdict.severity,
        role=verdict.role,
        evidence=evidence,
        reason=message("rules.answered_by_person"),
        confidence=1.0,
    )


def item_answers(answers: Sequence[Answer]) -> dict[str, ItemAnswer]:
    """Answers to items as `refill` wants them."""
    return {a.key: ItemAnswer(a.outcome, a.points) for a in answers if a.kind == "item"}
