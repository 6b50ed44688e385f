"""What is shown of notices and disputes. Quotes are masked."""

from datetime import datetime

from qa.core.base import Record
from qa.core.coaching import DisputeState, NoticeState, Ruling
from qa.core.finding import Severity


class PointView(Record, frozen=True):
    """One thing a notice speaks of."""

    id: str
    good: bool
    rule: str
    rule_version: int
    label: dict[str, str]
    severity: Severity | None
    quote: str
    start_s: float | None
    end_s: float | None
    basis: str | None
    wording: str | None
    """What would have been right."""
    note: str
    dispute_id: str | None
    dispute_state: DisputeState | None
    withdrawn: bool
    """A ruling found the flag wrong: the point stands no longer."""


class NoticeView(Record, frozen=True):
    """A coaching notice."""

    id: str
    recording_id: str
    agent: str
    team: str | None
    state: NoticeState
    title: str
    body: str
    points: tuple[PointView, ...]
    drafted_by: str
    drafted_at: datetime
    issued_by: str | None
    issued_at: datetime | None
    due_at: datetime | None
    late: bool
    answered_at: datetime | None
    answer: str | None
    close_reason: str | None
    closed_at: datetime | None
    may_dispute_until: datetime | None


class NoticePage(Record, frozen=True):
    """One page of notices, newest first."""

    items: tuple[NoticeView, ...]
    next_cursor: str | None


class PointEdit(Record, frozen=True):
    """How a point of a draft is to read; points that are not named are dropped."""

    id: str
    note: str = ""
    wording: str | None = None


class EffectView(Record, frozen=True):
    """One rule on the agent's calls before and after a notice."""

    rule: str
    label: dict[str, str]
    before_judged: int
    before_broken: int
    after_judged: int
    after_broken: int
    before_interval: tuple[float, float]
    """95 % Wilson interval of the rate, 0..1."""
    after_interval: tuple[float, float]
    verdict: str
    """`better` or `worse` where the intervals do not overlap, else `unknown`."""


class RulingView(Record, frozen=True):
    """What was decided at one step."""

    step: int
    words: str
    outcome: Ruling
    reason: str
    ruled_by: str
    ruled_at: datetime
    score_before: float | None
    score_after: float | None


class DisputeView(Record, frozen=True):
    """An objection to one point of a notice."""

    id: str
    recording_id: str
    notice_id: str
    notice_title: str
    point: PointView
    agent: str
    team: str | None
    state: DisputeState
    step: int
    steps: int
    words: str
    raised_at: datetime
    deadline: datetime
    late: bool
    assigned_to: str | None
    rulings: tuple[RulingView, ...]
    judged_by: tuple[str, ...] = ()
    """Who gave the verdict or ruled before, and so may not rule now; left out of lists."""


class DisputePage(Record, frozen=True):
    """One page of disputes, newest first."""

    items: tuple[DisputeView, ...]
    next_cursor: str | None
