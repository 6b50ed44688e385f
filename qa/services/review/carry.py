"""What people said of one result, moved to the next one of the same call."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from qa.core.finding import Evidence, Finding
from qa.core.result import Result
from qa.core.review import VerdictOutcome
from qa.core.transcript import Transcript, Turn
from qa.db.models import FindingRow, ReviewRow, VerdictRow
from qa.db.reviews import Said
from qa.services.hidings import requote

SLACK_S = 0.5
"""Times of the same words may differ this much between two results."""


def carry_over(session: Session, review: ReviewRow, result_id: str, result: Result) -> dict[str, int]:
    """Move verdicts and comments of `review` to a result; returns how many were kept, became a person's own
    flags (confirmed before, no longer found) or fell away (rejected before, no longer found).

    A verdict belongs to the new finding of the same rule at the same place: the one whose time overlaps most, or,
    where nothing was said (a missing step), simply of the same rule.
    """
    said = Said(session)
    rows = said.findings(result_id)
    findings = result.analysis.findings if result.analysis else ()
    free = {row.id: (row, findings[row.position]) for row in rows}
    counts = {"kept": 0, "own": 0, "dropped": 0}
    became: dict[str, str | None] = {old.id: _same(old, rows) for old in said.findings(review.result_id)}
    for verdict in said.verdicts(review.id):
        before = verdict.finding_id
        match = _match(verdict, list(free.values()))
        if match is not None:
            row, finding = match
            del free[row.id]
            _attach(verdict, row, finding)
            counts["kept"] += 1
        elif before is not None and verdict.outcome == VerdictOutcome.REJECTED:
            became[before] = None
            said.remove(verdict)
            counts["dropped"] += 1
            continue
        else:
            verdict.finding_id, verdict.outcome = None, VerdictOutcome.ADDED.value
            _place_again(verdict, result.transcript)
            counts["own"] += before is not None
        requote(verdict, result.transcript)
        if before is not None:
            became[before] = verdict.finding_id
    _move_comments(said, review, became, {row.id for row in rows})
    session.flush()
    return counts


def _same(old: FindingRow, rows: Sequence[FindingRow]) -> str | None:
    """The finding of the same rule that begins at the same time."""
    for row in rows:
        near = abs((row.start_s or 0.0) - (old.start_s or 0.0)) <= SLACK_S
        if row.rule == old.rule and near:
            return row.id
    return None


def _match(
    verdict: VerdictRow, candidates: Sequence[tuple[FindingRow, Finding]]
) -> tuple[FindingRow, Finding] | None:
    wanted = verdict.machine_rule or verdict.rule
    found = [(_overlap(verdict, f), row, f) for row, f in candidates if f.rule == wanted]
    best = max(found, key=lambda one: one[0], default=None)
    return (best[1], best[2]) if best and best[0] > 0 else None


def _overlap(verdict: VerdictRow, finding: Finding) -> float:
    """Seconds both cover, slack added; 1 where neither has a place."""
    if verdict.start_s is None or verdict.end_s is None or not finding.evidence:
        return 1.0 if verdict.start_s is None and not finding.evidence else 0.0
    shared = (
        min(e.end, verdict.end_s) - max(e.start, verdict.start_s) + SLACK_S
        for e in finding.evidence
        if verdict.channel in (None, e.channel)
    )
    return max(shared, default=0.0)


def _attach(verdict: VerdictRow, row: FindingRow, finding: Finding) -> None:
    if verdict.outcome == VerdictOutcome.ADDED:
        # What only a person had heard is now found: they have said before that it is right.
        verdict.outcome = VerdictOutcome.CONFIRMED.value
        verdict.severity, verdict.family = finding.severity.value, finding.family
    verdict.finding_id = row.id
    verdict.machine_rule = finding.rule
    verdict.machine_severity = finding.severity.value
    verdict.role = finding.role.value
    if verdict.outcome != VerdictOutcome.CHANGED:
        verdict.severity = finding.severity.value
    if finding.evidence:
        put_place(verdict, finding.evidence[0])


def put_place(verdict: VerdictRow, place: Evidence) -> None:
    """Where the flag is."""
    verdict.turn, verdict.channel, verdict.quote = place.turn, place.channel, place.quote
    verdict.char_start, verdict.char_end = place.char_start, place.char_end
    verdict.start_s, verdict.end_s = place.start, place.end


def _place_again(verdict: VerdictRow, transcript: Transcript | None) -> None:
    """Find the turn of a person's flag again by its time; the sound it was heard in stays the same."""
    turn = _turn_at(verdict, transcript)
    if turn is None:
        verdict.turn = verdict.char_start = verdict.char_end = None
        return
    at = turn.text.find(verdict.quote) if verdict.quote else -1
    verdict.turn, verdict.role = turn.index, turn.role.value
    if at >= 0:
        verdict.char_start, verdict.char_end = at, at + len(verdict.quote)
    else:
        offsets = turn.offsets()
        inside = [
            i
            for i, w in enumerate(turn.words)
            if w.end > (verdict.start_s or 0.0) and w.start < (verdict.end_s or 0.0)
        ]
        verdict.char_start = offsets[inside[0]] if inside else 0
        verdict.char_end = offsets[inside[-1] + 1] if inside else len(turn.text)


def _turn_at(verdict: VerdictRow, transcript: Transcript | None) -> Turn | None:
    if transcript is None or verdict.start_s is None or verdict.end_s is None:
        return None
    middle = (verdict.start_s + verdict.end_s) / 2
    at = [t for t in transcript.turns if t.start <= middle <= t.end and verdict.channel in (None, t.channel)]
    return at[0] if at else None


def _move_comments(said: Said, review: ReviewRow, became: dict[str, str | None], present: set[str]) -> None:
    for comment in said.comments(review.recording_id):
        if comment.finding_id is not None and comment.finding_id not in present:
            comment.finding_id = became.get(comment.finding_id)
