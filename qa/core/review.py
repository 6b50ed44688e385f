"""A review: who may do what to it in which state, and what a person can say.

States and acts (`step`):

    waiting --claim--> claimed --finalise--> finalised --reopen--> claimed
       ^                  | release, skip, hand_over, expiry of the lease
       +------------------+

At any time at most one person holds a review, and a finalised one changes by a new version alone.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec.structs import replace

from qa.core.base import Record
from qa.core.errors import ConflictError
from qa.core.finding import Check, Outcome, Severity
from qa.core.roles import Role
from qa.core.scorecard import ScorecardResult


class ReviewStatus(StrEnum):
    """Where a review stands."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    FINALISED = "finalised"


class CallFor(StrEnum):
    """Why a person is called for, weightiest first by default (`review.weight_*`)."""

    DISPUTE = "dispute"
    CRITICAL = "critical"
    ASKED = "asked"
    """Somebody opened it by hand."""
    WARNING = "warning"
    ROLES_UNCERTAIN = "roles_uncertain"
    LOW_CONFIDENCE = "low_confidence"
    SAMPLING = "sampling"

    @property
    def by_people(self) -> bool:
        """Stays whatever a new result says."""
        return self in (CallFor.DISPUTE, CallFor.ASKED, CallFor.SAMPLING)


class VerdictOutcome(StrEnum):
    """What a person says of a flag."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    CHANGED = "changed"
    """There is something, but of another rule or severity."""
    ADDED = "added"
    """The person's own flag."""


class RejectReason(StrEnum):
    """Why a flag is wrong. Tells those who keep the rules what to change."""

    RECOGNISER = "recogniser"
    """Something else was said."""
    WRONG_SPEAKER = "wrong_speaker"
    CONTEXT = "context"
    """The words were said, but not meant that way."""
    DUTY_SENTENCE = "duty_sentence"
    """The agent had to say it."""
    DUPLICATE = "duplicate"
    OTHER = "other"
    """Only with a note."""


class Act(StrEnum):
    """What can be done to a review."""

    CLAIM = "claim"
    WORK = "work"
    """Verdicts, answers, corrections, staying alive: whatever only the holder may do."""
    RELEASE = "release"
    SKIP = "skip"
    HAND_OVER = "hand_over"
    FINALISE = "finalise"
    REOPEN = "reopen"


class ReviewState(Record, frozen=True):
    """What decides who may do what."""

    status: ReviewStatus = ReviewStatus.WAITING
    claimed_by: str | None = None
    """Who holds it, or held it when the lease ran out."""
    claim_until: datetime | None = None
    assigned_to: str | None = None
    version: int = 0

    def holder(self, now: datetime) -> str | None:
        """Who has it: nobody once the lease is over."""
        held = self.status is ReviewStatus.CLAIMED and self.claim_until is not None and self.claim_until > now
        return self.claimed_by if held else None


def step(
    state: ReviewState,
    act: Act,
    who: str,
    now: datetime,
    *,
    until: datetime | None = None,
    to: str | None = None,
    leading: bool = False,
) -> ReviewState:
    """The state after an act of `who`.

    `until` ends a lease, `to` is whom it is handed to, `leading` lets somebody who manages the queue release and
    hand over what others hold. Whoever held it last may go on working after the lease is over as long as nobody
    else has taken it. Raises `ConflictError` for what the state does not allow.
    """
    if act is Act.REOPEN:
        if state.status is not ReviewStatus.FINALISED:
            raise ConflictError("review.not_finalised")
        return replace(state, status=ReviewStatus.CLAIMED, claimed_by=who, claim_until=until, assigned_to=None)
    if state.status is ReviewStatus.FINALISED:
        raise ConflictError("review.finalised")
    holder = state.holder(now)
    if holder not in (None, who) and not (leading and act in (Act.RELEASE, Act.HAND_OVER)):
        raise ConflictError("review.held_by_other", person=holder)
    free = replace(state, status=ReviewStatus.WAITING, claimed_by=None, claim_until=None)
    match act:
        case Act.CLAIM:
            if state.assigned_to not in (None, who):
                raise ConflictError("review.assigned_to_other", person=state.assigned_to)
            return replace(free, status=ReviewStatus.CLAIMED, claimed_by=who, claim_until=until)
        case Act.SKIP:
            return replace(free, assigned_to=None if state.assigned_to == who else state.assigned_to)
        case Act.HAND_OVER if leading or state.claimed_by == who or state.assigned_to == who:
            return replace(free, assigned_to=to)
        case Act.RELEASE if leading:
            return free
    if state.claimed_by != who:
        raise ConflictError("review.not_yours")
    match act:
        case Act.WORK:
            return replace(state, status=ReviewStatus.CLAIMED, claim_until=until)
        case Act.FINALISE:
            return replace(free, status=ReviewStatus.FINALISED, assigned_to=None, version=state.version + 1)
        case _:
            return free


class Verdict(Record, frozen=True):
    """A person's word on one flag, or their own flag. `rule`, `family`, `severity` are what it is after that."""

    id: str
    finding_id: str | None
    """None for a flag that only a person sees (any more)."""
    position: int | None
    """Which of the result's findings it is about."""
    outcome: VerdictOutcome
    machine_rule: str | None
    machine_severity: Severity | None
    rule: str
    family: str
    severity: Severity
    label: dict[str, str]
    role: Role
    turn: int | None
    char_start: int | None
    char_end: int | None
    start: float | None
    end: float | None
    channel: int | None
    quote: str
    reason: str | None
    """A `RejectReason` where the flag was rejected or changed."""
    note: str
    person: str
    at: datetime


class Answer(Record, frozen=True):
    """A person's answer to a manual item of the scorecard (`item`) or an unknown check (`check`)."""

    kind: str
    key: str
    outcome: Outcome
    points: float | None
    note: str
    person: str
    at: datetime


class Finalised(Record, frozen=True):
    """Everything one version of a review rests on.

    `checks` is `qa.core.judging.judged` of the result's, and `human` is `qa.rules.score.refill` of `machine` with
    these and the answers: anybody can compute both again.
    """

    recording_id: str
    result_id: str
    version: int
    reason: str | None
    machine: ScorecardResult | None
    human: ScorecardResult | None
    checks: tuple[Check, ...]
    """After the verdicts."""
    verdicts: tuple[Verdict, ...]
    answers: tuple[Answer, ...]
    packs: dict[str, int]
    person: str
    at: datetime


def priority_of(reasons: Mapping[CallFor, int], weights: Mapping[CallFor, int], *, late: bool) -> int:
    """Where a review stands in the queue; the smallest goes first.

    10000 - 10 x the weight of the weightiest reason - the flags behind all reasons, nine at most; 5000 less once
    it is late, so that a sample nobody hears does not wait for ever behind what is worse.
    """
    weight = max((weights[r] for r in reasons), default=0)
    flags = min(sum(reasons.values()), 9)
    return 10_000 - 10 * weight - flags - (5_000 if late else 0)


class PlanKind(StrEnum):
    """How a sampling plan draws."""

    RANDOM = "random"
    """Each call with the same probability: the plan that tells what the machine misses."""
    BY_AGENT = "by_agent"
    """The same number from each agent."""
    BY_RISK = "by_risk"
    """Those whose results look worst."""
    NEW_AGENTS = "new_agents"
    """A share of the calls of agents who have just begun."""


class Period(StrEnum):
    """What a quota is for."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    def of(self, at: datetime) -> str:
        """Name of the period a moment falls in (UTC): `2026-11-21`, `2026-W47`, `2026-11`."""
        if self is Period.DAY:
            return at.strftime("%Y-%m-%d")
        year, week, _ = at.isocalendar()
        return f"{year}-W{week:02d}" if self is Period.WEEK else at.strftime("%Y-%m")

    def bounds(self, at: datetime) -> tuple[datetime, datetime]:
        """Start and end of that period."""
        day = at.replace(hour=0, minute=0, second=0, microsecond=0)
        if self is Period.DAY:
            return day, day + timedelta(days=1)
        if self is Period.WEEK:
            monday = day - timedelta(days=day.weekday())
            return monday, monday + timedelta(days=7)
        first = day.replace(day=1)
        return first, (first + timedelta(days=32)).replace(day=1)


class PlanOptions(Record, frozen=True):
    """What a plan draws, how much of it and from where."""

    period: Period = Period.WEEK
    share: float = 0.02
    """`random`, `new_agents`: probability of each call, 0..1."""
    quota: int = 5
    """`by_agent`: calls of each agent in a period; `by_risk`: calls in a period."""
    team: str | None = None
    """Only this team's."""
    new_days: int = 30
    """`new_agents`: for so many days after an agent's first call."""
    minimum_s: float = 0.0
    """Shorter calls are not drawn, seconds."""
