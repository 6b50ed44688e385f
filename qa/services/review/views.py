"""What the review services hand out: plain records. Quotes, notes, comments and words are masked, same length."""

from datetime import datetime

from qa.core.base import Record
from qa.core.finding import Doubt, Evidence, Outcome, Severity, Support
from qa.core.hiding import HidingAct, HidingStanding
from qa.core.messages import Message
from qa.core.review import Answer, CallFor, PlanKind, PlanOptions, ReviewStatus, Verdict
from qa.core.roles import Role
from qa.core.scorecard import ScorecardResult


class QueueItem(Record, frozen=True):
    """One call of the queue and why it is there."""

    recording_id: str
    name: str
    agent: str | None
    team: str | None
    duration: float | None
    status: ReviewStatus
    """`waiting` again once the lease is over."""
    reason: CallFor
    reasons: dict[CallFor, int]
    """All of them, each with the number of flags behind it."""
    priority: int
    """The smallest goes first."""
    machine_score: float | None
    created_at: datetime
    due_at: datetime
    late: bool
    assigned_to: str | None
    claimed_by: str | None
    claim_until: datetime | None


class QueueOverview(Record, frozen=True):
    """The queue as one person sees it."""

    open: int
    late: int
    held: int
    """By anybody."""
    mine: tuple[QueueItem, ...]
    """Held by this person."""
    handed: tuple[QueueItem, ...]
    """Handed over to this person and waiting."""
    overdue: tuple[QueueItem, ...]
    """The most pressing of what is late."""
    upcoming: tuple[QueueItem, ...]
    """What `next` would give, in order."""
    teams: dict[str, int]
    """Open calls of each team."""


class FlagView(Record, frozen=True):
    """A flag of the machine, and what a person says of it."""

    finding_id: str
    position: int
    """Its index in the result's findings."""
    rule: str
    rule_version: int
    family: str
    label: dict[str, str]
    severity: Severity
    role: Role
    reason: Message
    confidence: float
    basis: str | None
    wording: str | None
    shadow: bool
    """On trial: a verdict helps to judge the rule, the score does not change."""
    evidence: tuple[Evidence, ...]
    support: Support | None
    """What a second hearing says; whoever upholds what it does not bear out says why."""
    verdict: Verdict | None
    must_judge: bool
    """The call cannot be finalised without a verdict on it."""


class CheckView(Record, frozen=True):
    """A check after the verdicts."""

    rule: str
    family: str
    label: dict[str, str]
    severity: Severity
    outcome: Outcome
    reason: Message
    shadow: bool
    answerable: bool
    """The machine does not know: a person may answer."""
    evidence: tuple[Evidence, ...]
    """What a pass rests on."""
    doubts: tuple[Doubt, ...]
    """What was found in it and is held against nobody."""


class CommentView(Record, frozen=True):
    """A remark on the call, a flag or a turn."""

    id: str
    finding_id: str | None
    verdict_id: str | None
    turn: int | None
    text: str
    person: str
    at: datetime
    deletable: bool
    """By whoever asks: their own, and said since the newest version."""


class CorrectionView(Record, frozen=True):
    """Words that a person put right."""

    channel: int
    start_ms: int
    turn: int | None
    """None while the result that shows it is not there yet, or where it no longer fits."""
    before: str
    after: str
    person: str
    at: datetime


class HidingView(Record, frozen=True):
    """Words that a person hid, or a hiding that a person lifted; never the words."""

    number: int
    act: HidingAct
    kind: str
    standing: HidingStanding
    turn: int | None
    """Where it is in the reviewed result: `index` of the turn and offsets into its text; None where it has no
    place there."""
    start: int | None
    end: int | None
    start_s: float
    end_s: float
    undoes: int | None
    """For a lift: the number of the hiding by hand that it takes back."""
    reason: str | None
    version: int | None
    """Of the review, where it was finalised and so got another version."""
    person: str
    at: datetime


class VersionView(Record, frozen=True):
    """One finalised version."""

    version: int
    reason: str | None
    machine_score: float | None
    human_score: float | None
    result_id: str
    person: str
    at: datetime


class ReviewView(Record, frozen=True):
    """Everything a person needs to review a call, beside its transcript and sound."""

    recording_id: str
    review_id: str | None
    """None while nobody is called for: claiming opens a review."""
    status: ReviewStatus | None
    reason: CallFor | None
    reasons: dict[CallFor, int]
    due_at: datetime | None
    late: bool
    assigned_to: str | None
    claimed_by: str | None
    """Nobody once the lease is over."""
    claim_until: datetime | None
    mine: bool
    """Whoever asks holds it and may change it."""
    result_id: str
    """The result that is reviewed."""
    newest_result_id: str
    """Another one where rules have changed since it was finalised."""
    rejudging: bool
    """A correction or change of roles is being worked on; the review moves to its result when that is there."""
    version: int
    reopened_for: str | None
    machine: ScorecardResult | None
    human: ScorecardResult | None
    """With the verdicts and answers as they are now."""
    machine_score: float | None
    human_score: float | None
    """Of the newest version; None before the first."""
    finalised_by: str | None
    finalised_at: datetime | None
    flags: tuple[FlagView, ...]
    added: tuple[Verdict, ...]
    """Flags that only a person sees."""
    checks: tuple[CheckView, ...]
    left_out: tuple[CheckView, ...]
    """Checks that do not apply to the call."""
    answers: tuple[Answer, ...]
    comments: tuple[CommentView, ...]
    corrections: tuple[CorrectionView, ...]
    hidings: tuple[HidingView, ...]
    """What people hid or showed by hand, in order of time."""
    versions: tuple[VersionView, ...]
    unjudged: int
    """Flags that still need a verdict before finalising."""


class Rate(Record, frozen=True):
    """A share with its 95 % interval (Wilson 1927)."""

    count: int
    of: int
    rate: float | None
    low: float
    high: float


class RulePrecision(Record, frozen=True):
    """How often people agreed with a rule."""

    rule: str
    family: str
    precision: Rate
    """Confirmed among judged. A changed severity counts as confirmed, a changed rule does not."""
    rejected_for: dict[str, int]
    """`RejectReason` -> how often."""


class MissEstimate(Record, frozen=True):
    """What the machine misses, from calls drawn at random in which it flagged nothing."""

    missed: Rate
    """Calls with an offence that only a person heard."""
    families: dict[str, Rate]
    waiting: int
    """Drawn calls that nobody has finalised yet: while there are many, the rate may be biased."""


class PlanView(Record, frozen=True):
    """A sampling plan and how far it got in the current period."""

    id: str
    name: str
    kind: PlanKind
    options: PlanOptions
    active: bool
    period: str
    drawn: int
    finalised: int
    calls: int
    """Calls of the period that it could draw from."""
    agents: dict[str, int]
    """Drawn of each agent in the period."""
    created_at: datetime
    person: str
