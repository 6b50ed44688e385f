"""Sampling plans as people set them up, and what the verdicts on samples and flags say."""

import time
from collections import defaultdict
from datetime import datetime
from typing import Final

from msgspec.structs import asdict
from sqlalchemy.orm import Session

from qa.core.errors import BadOptionError, ConflictError, NotFoundError
from qa.core.interval import wilson
from qa.core.people import Person, Right
from qa.core.review import CallFor, PlanKind, PlanOptions, VerdictOutcome
from qa.db.engine import Database
from qa.db.models import RecordingRow, SamplingPlanRow
from qa.db.samples import Judgement, Samples
from qa.services.review.arrival import call_for
from qa.services.review.base import ReviewBase
from qa.services.review.queue import checked_note
from qa.services.review.sampling import drawable, due_of_quota, new_plan, options_of, sample_of
from qa.services.review.views import MissEstimate, PlanView, Rate, RulePrecision
from qa.settings import ReviewSettings

MAX_NAME = 100
_MOST_DRAWN = 10_000
_MANY: Final = 5_000
_KEPT_S: Final = 60.0
"""From so many judged flags on, how often people agreed is counted once a minute and person: a thousand of them
take a millisecond, and the home page asks each time."""


class PlanService(ReviewBase):
    """Plans need `Right.MANAGE_QUEUE` to be changed and `Right.REVIEW` to be seen."""

    def __init__(self, database: Database, options: ReviewSettings) -> None:
        super().__init__(database, options)
        self._counted: dict[tuple[Person, object], tuple[float, tuple[RulePrecision, ...]]] = {}

    def list(self, who: Person) -> tuple[PlanView, ...]:
        """All plans with what they drew in the current period."""
        who.need(Right.REVIEW)
        with self._database.read() as session:
            now = self._database.now(session)
            return tuple(_view(session, plan, now) for plan in Samples(session).plans(who.tenant))

    def add(self, who: Person, name: str, kind: PlanKind, options: PlanOptions) -> PlanView:
        """A new plan, at work from now on. Raises `BadOptionError`, `ConflictError` for a name that is taken."""
        who.need(Right.MANAGE_QUEUE)
        _check(options)
        called = checked_note(name, "name", needed=True)[:MAX_NAME]
        with self._database.write() as session:
            now = self._database.now(session)
            if Samples(session).named(who.tenant, called) is not None:
                raise ConflictError("review.plan_exists", name=called)
            plan = new_plan(who.tenant, called, kind, options, who.login, now)
            Samples(session).add(plan)
            self._said(session, who, plan, now, "plan_added")
            return _view(session, plan, now)

    def change(
        self, who: Person, plan_id: str, *, options: PlanOptions | None = None, active: bool | None = None
    ) -> PlanView:
        """Other options, or on and off. What was drawn stays drawn. Raises `NotFoundError`, `BadOptionError`."""
        who.need(Right.MANAGE_QUEUE)
        if options is not None:
            _check(options)
        with self._database.write() as session:
            plan, now = self._plan(session, who, plan_id), self._database.now(session)
            if options is not None:
                plan.options = asdict(options) | {"period": options.period.value}
            if active is not None:
                plan.active = active
            self._said(session, who, plan, now, "plan_changed")
            return _view(session, plan, now)

    def draw(self) -> int:
        """Draw what is due of every plan with a quota; how many calls. Run by the sweeper, any number of them."""
        with self._database.write() as session:
            samples, now, count = Samples(session), self._database.now(session), 0
            for plan in samples.to_draw((PlanKind.BY_AGENT.value, PlanKind.BY_RISK.value)):
                for recording, agent in due_of_quota(session, plan, now):
                    if samples.take(recording.id):
                        samples.add(sample_of(plan, recording, agent, now))
                        self._put_in_queue(session, recording, now)
                        count += 1
            return count

    def miss_estimate(self, who: Person, since: datetime | None = None) -> MissEstimate:
        """How often people hear an offence in calls in which the machine flagged nothing worse than info.

        Counted on finalised calls that `random` plans drew, since every call had the same chance to be among them.
        """
        who.need(Right.REVIEW)
        with self._database.read() as session:
            samples = Samples(session)
            done, waiting = samples.unflagged(who, since)
            missed, families = samples.missed(who, since)
        by_family = {family: rate(count, done) for family, count in sorted(families.items())}
        return MissEstimate(rate(missed, done), by_family, waiting)

    def precision(self, who: Person, since: datetime | None = None) -> tuple[RulePrecision, ...]:
        """How often people agreed with each rule in finalised reviews in reach; the most doubtful first.

        Flags nobody judged are not counted. Where there are very many, figures are up to a minute old. Needs
        `Right.SEE_RULES`.
        """
        who.need(Right.SEE_RULES)
        asked = (who, since and since.date())
        until, counted = self._counted.get(asked, (0.0, ()))
        if time.monotonic() < until:
            return counted
        with self._database.read() as session:
            judgements = Samples(session).judgements(who, since)
        by_rule: dict[str, list[Judgement]] = defaultdict(list)
        for one in judgements:
            by_rule[one.rule].append(one)
        rules = [_precision(rule, said) for rule, said in by_rule.items()]
        counted = tuple(sorted(rules, key=lambda r: (r.precision.high, r.precision.low, r.rule)))
        if sum(one.precision.of for one in counted) >= _MANY:
            now = time.monotonic()
            self._counted = {key: kept for key, kept in self._counted.items() if kept[0] > now}
            self._counted[asked] = (now + _KEPT_S, counted)
        return counted

    def _put_in_queue(self, session: Session, recording: RecordingRow, now: datetime) -> None:
        result = self._result(session, recording, recording.result_id)
        call_for(session, recording, CallFor.SAMPLING, now, self._options, result)

    def _plan(self, session: Session, who: Person, plan_id: str) -> SamplingPlanRow:
        plan = Samples(session).plan(who.tenant, plan_id)
        if plan is None:
            raise NotFoundError("review.no_plan", id=plan_id[:64])
        return plan

    def _said(self, session: Session, who: Person, plan: SamplingPlanRow, now: datetime, verb: str) -> None:
        details = {"plan": plan.id, "kind": plan.kind, "options": plan.options, "active": plan.active}
        self._note(session, who, None, now, verb, **details)


def rate(count: int, of: int) -> Rate:
    """A share with its interval."""
    low, high = wilson(count, of)
    return Rate(count, of, count / of if of else None, low, high)


def _precision(rule: str, said: list[Judgement]) -> RulePrecision:
    # A flag that a later result no longer has and that was confirmed before is `added` with the machine's rule.
    agreed = sum(
        one.count
        for one in said
        if one.outcome in (VerdictOutcome.CONFIRMED, VerdictOutcome.ADDED)
        or (one.outcome == VerdictOutcome.CHANGED and one.same_rule)
    )
    rejected: dict[str, int] = defaultdict(int)
    for one in said:
        if one.outcome == VerdictOutcome.REJECTED:
            rejected[one.reason or "other"] += one.count
    family = next((one.family for one in said if one.same_rule), said[0].family)
    return RulePrecision(rule, family, rate(agreed, sum(one.count for one in said)), dict(rejected))


def _view(session: Session, plan: SamplingPlanRow, now: datetime) -> PlanView:
    samples, options = Samples(session), options_of(plan)
    period = options.period.of(now)
    drawn = samples.drawn(plan.id, period)
    return PlanView(
        id=plan.id,
        name=plan.name,
        kind=PlanKind(plan.kind),
        options=options,
        active=plan.active,
        period=period,
        drawn=sum(drawn.values()),
        finalised=samples.finalised(plan.id, period),
        calls=samples.calls(drawable(plan.tenant, options, now)),
        agents={agent: count for agent, count in sorted(drawn.items()) if agent},
        created_at=plan.created_at,
        person=plan.person,
    )


def _check(options: PlanOptions) -> None:
    bounds = {
        "share": (options.share, 0.0, 1.0),
        "quota": (options.quota, 1, _MOST_DRAWN),
        "new_days": (options.new_days, 1, 3660),
        "minimum_s": (options.minimum_s, 0.0, 86400.0),
    }
    for name, (value, low, high) in bounds.items():
        if not low <= value <= high:
            raise BadOptionError("review.plan_out_of_range", field=name, low=low, high=high)
