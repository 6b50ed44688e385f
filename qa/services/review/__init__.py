"""Review: what a person makes of what the machine found. `Services.review` has seven services.

Every method takes `who: Person` first and checks rights and reach: `ForbiddenError` (403), and `NotFoundError`
(404) for a call out of reach. A call is addressed by its recording id everywhere: it has one review at most. Views
are plain records (`views`); quotes, notes, comments and words are masked at the same length, so offsets still fit.

- `queue`: `next(who, team)` claims the most useful call and returns it with `reason`/`reasons`, or None;
  `peek(who, team)` tells which call `next` would give, without claiming; `claim(who, id)` (opens a review where
  nobody was called for), `extend(who, id)` (heartbeat, before `claim_until`), `release`, `skip(who, id, reason)`,
  `hand_over(who, id, login | None)`; `overview(who, team)` and `listed(who, team=, late=, to=)` for pages.
- `asking` (whoever manages the queue): `ask(who, ids, login | None, reason)` puts many calls into the queue, and
  tells of each what became of it; `receivers(who)`.
- `desk` (only while `who` holds the call; each act makes the lease longer; all are drafts until finalised):
  `judge(who, id, finding_id, outcome, reason=, note=, rule=, severity=)` with `VerdictOutcome` and `RejectReason`;
  `withdraw(who, id, verdict_id)` is the undo of verdict and own flag;
  `add_flag(who, id, rule= | family=, severity=, turn=, char_start=, char_end=, note=)`;
  `answer(who, id, "item" | "check", key, Outcome | None, points=, note=)`: manual items, items and checks that are
  unknown (None takes it back). Without a claim: `comment(who, id, text, finding_id= | verdict_id= | turn=)`,
  `delete_comment`.
- `words` (holding): `correct(who, id, turn, text)` and `set_roles(who, id, roles | None)`. A worker judges again
  (`ReviewView.rejudging`), then the review stands on the new result with its verdicts.
- `hiding` (no claim needed): `hide(who, id, turn=, start=, end=, kind=, reason=)` what the recognisers missed, and
  `lift(who, id, turn=, start=, end=, reason=)` what they hid by mistake or somebody hid by hand; `list(who, id)`.
- `closing`: `view(who, id) -> ReviewView` is everything about the call (flags with verdicts, own flags, checks,
  both scorecards, answers, comments, corrections, versions, `mine`, `unjudged`); `finalise(who, id)`;
  `reopen(who, id, reason, newest=)`; `version(who, id, n)`. For rulings: `judged_by`, `revise`.
- `plans`: sampling plans (`list`, `add`, `change`), `miss_estimate(who, since)`, `precision(who, since)` per rule.

Workers call `arrived` in the transaction that writes a result; the sweeper calls `queue.sweep` and `plans.draw`.
"""

from dataclasses import dataclass

from qa.db.engine import Database
from qa.services.analysis import AnalysisService
from qa.services.doorbell import Doorbell
from qa.services.review.arrival import arrived
from qa.services.review.asking import Asked, AskingService, AskOutcome, Receiver
from qa.services.review.closing import ClosingService
from qa.services.review.desk import DeskService
from qa.services.review.hiding import HidingService
from qa.services.review.plans import PlanService
from qa.services.review.queue import QueueService
from qa.services.review.views import (
    CheckView,
    CommentView,
    CorrectionView,
    FlagView,
    HidingView,
    MissEstimate,
    PlanView,
    QueueItem,
    QueueOverview,
    Rate,
    ReviewView,
    RulePrecision,
    VersionView,
)
from qa.services.review.words import WordsService
from qa.settings import ReviewSettings

__all__ = [
    "AskOutcome",
    "Asked",
    "AskingService",
    "CheckView",
    "CommentView",
    "CorrectionView",
    "FlagView",
    "HidingView",
    "MissEstimate",
    "PlanView",
    "QueueItem",
    "QueueOverview",
    "Rate",
    "Receiver",
    "ReviewServices",
    "ReviewView",
    "RulePrecision",
    "VersionView",
    "arrived",
    "open_review",
]


@dataclass(frozen=True, slots=True)
class ReviewServices:
    """Everything about reviews."""

    queue: QueueService
    asking: AskingService
    desk: DeskService
    words: WordsService
    hiding: HidingService
    closing: ClosingService
    plans: PlanService


def open_review(
    database: Database, options: ReviewSettings, analysis: AnalysisService, doorbell: Doorbell
) -> ReviewServices:
    """The review services over `database`."""
    closing = ClosingService(database, options)
    return ReviewServices(
        queue=QueueService(database, options),
        asking=AskingService(database, options),
        desk=DeskService(database, options),
        words=WordsService(database, options, analysis, doorbell),
        hiding=HidingService(database, options, closing),
        closing=closing,
        plans=PlanService(database, options),
    )
