"""From rows to views."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from qa.core.coaching import DisputeState, NoticeState, Ruling
from qa.core.finding import Severity
from qa.db.models import DisputeRow, NoticePointRow, NoticeRow, RulingRow
from qa.services.coaching.views import DisputeView, NoticeView, PointView, RulingView
from qa.settings import CoachingSettings


def point_view(row: NoticePointRow, dispute: DisputeRow | None, rulings: Sequence[RulingRow] = ()) -> PointView:
    """A point and what became of an objection to it."""
    return PointView(
        id=row.id,
        good=row.good,
        rule=row.rule,
        rule_version=row.rule_version,
        label=dict(row.label),
        severity=Severity(row.severity) if row.severity else None,
        quote=row.quote,
        start_s=row.start_s,
        end_s=row.end_s,
        basis=row.basis,
        wording=row.wording,
        note=row.note,
        dispute_id=dispute.id if dispute else None,
        dispute_state=DisputeState(dispute.state) if dispute else None,
        withdrawn=any(one.outcome == Ruling.OVERTURNED.value for one in rulings),
    )


def notice_view(
    row: NoticeRow,
    points: Sequence[NoticePointRow],
    disputes: Sequence[DisputeRow],
    rulings: Mapping[str, Sequence[RulingRow]],
    now: datetime,
    options: CoachingSettings,
) -> NoticeView:
    """A notice with its points."""
    of_point = {dispute.point_id: dispute for dispute in disputes}
    until = row.issued_at + timedelta(days=options.dispute_days) if row.issued_at else None
    state = NoticeState(row.state)
    return NoticeView(
        id=row.id,
        recording_id=row.recording_id,
        agent=row.agent,
        team=row.team,
        state=state,
        title=row.title,
        body=row.body,
        points=tuple(
            point_view(point, of_point.get(point.id), _rulings(of_point.get(point.id), rulings))
            for point in points
        ),
        drafted_by=row.drafted_by,
        drafted_at=row.drafted_at,
        issued_by=row.issued_by,
        issued_at=row.issued_at,
        due_at=row.due_at,
        late=state is NoticeState.ISSUED and row.due_at is not None and row.due_at < now,
        answered_at=row.answered_at,
        answer=row.answer,
        close_reason=row.close_reason,
        closed_at=row.closed_at,
        may_dispute_until=until,
    )


def dispute_view(
    row: DisputeRow,
    notice: NoticeRow,
    point: NoticePointRow,
    rulings: Sequence[RulingRow],
    now: datetime,
    steps: int,
) -> DisputeView:
    """A dispute with its history."""
    state = DisputeState(row.state)
    return DisputeView(
        id=row.id,
        recording_id=row.recording_id,
        notice_id=row.notice_id,
        notice_title=notice.title,
        point=point_view(point, row, rulings),
        agent=row.agent,
        team=row.team,
        state=state,
        step=row.step,
        steps=steps,
        words=row.words,
        raised_at=row.raised_at,
        deadline=row.deadline,
        late=state is DisputeState.OPEN and row.deadline < now,
        assigned_to=row.assigned_to,
        rulings=tuple(_ruling_view(one) for one in rulings),
    )


def _ruling_view(row: RulingRow) -> RulingView:
    return RulingView(
        row.step,
        row.words,
        Ruling(row.outcome),
        row.reason,
        row.ruled_by,
        row.ruled_at,
        row.score_before,
        row.score_after,
    )


def _rulings(dispute: DisputeRow | None, rulings: Mapping[str, Sequence[RulingRow]]) -> Sequence[RulingRow]:
    return rulings.get(dispute.id, ()) if dispute else ()
