"""From a finalised review to the points of a notice: what was confirmed, and what was done well."""

from collections.abc import Mapping, Sequence

from qa.core.finding import Check, Evidence, Finding, Outcome
from qa.core.result import Result
from qa.core.roles import Role
from qa.db.ids import new_id
from qa.db.models import NoticePointRow, VerdictRow
from qa.text.masking import mask_transcript

_GOOD_MOMENTS = 2
"""A notice that only blames is not read; more than two would drown what it is about."""
_BLAMED = ("confirmed", "changed", "added")
_QUOTE_AROUND = 12
"""Characters of context on either side of a quote."""


def points_of(
    notice_id: str, verdicts: Sequence[VerdictRow], findings: Mapping[str, Finding], result: Result
) -> list[NoticePointRow]:
    """The points of a first draft. `findings`: finding id -> the machine's finding.

    What a rule on trial found is no point, whatever a person said of it: the trial is ours, not the agent's. Where
    the person made it a case of another rule, it is one of that.
    """
    blamed = [
        _point(notice_id, verdict, finding, result)
        for verdict in verdicts
        for finding in (findings.get(verdict.finding_id or ""),)
        if verdict.outcome in _BLAMED
        and verdict.role != Role.CUSTOMER.value
        and not (finding is not None and finding.shadow and finding.rule == verdict.rule)
    ]
    good = [_praise(notice_id, check, result) for check in _done_well(result)[:_GOOD_MOMENTS]]
    rows = blamed + good
    for position, row in enumerate(rows):
        row.position = position
    return rows


def _point(notice_id: str, verdict: VerdictRow, finding: Finding | None, result: Result) -> NoticePointRow:
    quote = _masked(result, verdict.turn, verdict.char_start, verdict.char_end)
    return NoticePointRow(
        id=new_id(),
        notice_id=notice_id,
        position=0,
        verdict_id=verdict.id,
        good=False,
        rule=verdict.rule,
        rule_version=finding.rule_version if finding else 0,
        severity=verdict.severity,
        label=dict(verdict.label),
        quote=quote,
        start_s=verdict.start_s,
        end_s=verdict.end_s,
        basis=finding.basis if finding else None,
        wording=finding.wording if finding else None,
        note="",
    )


def _praise(notice_id: str, check: Check, result: Result) -> NoticePointRow:
    proof = check.evidence[0]
    return NoticePointRow(
        id=new_id(),
        notice_id=notice_id,
        position=0,
        verdict_id=None,
        good=True,
        rule=check.rule,
        rule_version=check.rule_version,
        severity=None,
        label=dict(check.label),
        quote=_masked(result, proof.turn, proof.char_start, proof.char_end),
        start_s=proof.start,
        end_s=proof.end,
        basis=None,
        wording=None,
        note="",
    )


def _done_well(result: Result) -> list[Check]:
    """Passed checks with proof in the agent's words, those that are no mere step first."""
    checks = result.analysis.checks if result.analysis else ()
    passed = [
        check
        for check in checks
        if check.outcome is Outcome.PASSED and not check.shadow and check.evidence and _agents(check.evidence[0])
    ]
    return sorted(passed, key=lambda check: (check.family in _STEPS, check.rule))


_STEPS = ("step", "greeting", "closing", "identity", "recording_notice")


def _agents(proof: Evidence) -> bool:
    return proof.role is Role.AGENT


def _masked(result: Result, turn: int | None, start: int | None, end: int | None) -> str:
    """The words with a little around them, personal data hidden; empty where there are none."""
    if result.transcript is None or turn is None or start is None or end is None or end <= start:
        return ""
    turns = mask_transcript(result.transcript).turns
    said = next((one.text for one in turns if one.index == turn), "")
    first, last = max(0, start - _QUOTE_AROUND), min(len(said), end + _QUOTE_AROUND)
    return f"{'…' if first else ''}{said[first:last]}{'…' if last < len(said) else ''}"
