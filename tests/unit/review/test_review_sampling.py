"""Sampling plans draw by chance that is always the same, keep to quotas, and tell what the machine misses."""

from collections import Counter

import pytest
from review_kit import BAD, GOOD, Calls, person

from qa.core.errors import BadOptionError, ConflictError, ForbiddenError, NotFoundError
from qa.core.interval import wilson
from qa.core.people import Job, Person
from qa.core.review import CallFor, Period, PlanKind, PlanOptions, RejectReason, VerdictOutcome
from qa.services.review import plans
from qa.services.review.sampling import unit

WANG, LEAD = person("wang"), person("chen", Job.COMPLIANCE)
EVERY = PlanOptions(share=1.0)


def test_the_number_of_a_call_is_always_the_same_and_spread_evenly() -> None:
    numbers = [unit("seed", f"{i:064x}") for i in range(2000)]
    assert numbers == [unit("seed", f"{i:064x}") for i in range(2000)]
    assert numbers != [unit("other", f"{i:064x}") for i in range(2000)]
    low, high = wilson(sum(n < 0.1 for n in numbers), 2000, z=4)
    assert low < 0.1 < high


def test_a_random_plan_puts_clean_calls_in_the_queue(calls: Calls) -> None:
    plans = calls.services.review.plans
    before = calls.add(GOOD)
    calls.clock.forward(seconds=1)
    plan = plans.add(LEAD, "每周抽样", PlanKind.RANDOM, EVERY)
    calls.clock.forward(seconds=1)
    after = calls.add(GOOD)
    assert calls.view(after).reasons == {CallFor.SAMPLING: 1}
    calls.new_rules()
    assert calls.view(after).reasons == {CallFor.SAMPLING: 1}, "a sample stays one"
    assert calls.view(before).review_id is None, "calls from before the plan are left alone"
    [seen] = plans.list(WANG)
    assert (seen.id, seen.period, seen.drawn, seen.calls, seen.finalised) == (plan.id, "2026-W47", 1, 2, 0)


def test_a_share_takes_that_share(calls: Calls) -> None:
    calls.services.review.plans.add(LEAD, "一半", PlanKind.RANDOM, PlanOptions(share=0.5))
    for _ in range(24):
        calls.add(GOOD)
    [plan] = calls.services.review.plans.list(LEAD)
    low, high = wilson(plan.drawn, 24, z=4)
    assert low < 0.5 < high


def test_every_agent_gets_the_same_number_as_the_period_goes_by(calls: Calls) -> None:
    plans = calls.services.review.plans
    for i in range(12):
        calls.add(GOOD, agent="li" if i < 9 else "zhao")
    plans.add(LEAD, "每人四通", PlanKind.BY_AGENT, PlanOptions(quota=4))
    assert plans.draw() == 4, "Wednesday noon: 2.5 of 7 days, so 2 of 4 calls each"
    assert plans.draw() == 0
    calls.clock.forward(days=4)
    assert plans.draw() == 3, "zhao has three calls only"
    [plan] = plans.list(WANG)
    assert plan.agents == {"li": 4, "zhao": 3}
    drawn = [i for i in calls.services.review.queue.listed(WANG) if i.reason is CallFor.SAMPLING]
    assert Counter(i.agent for i in drawn) == {"li": 4, "zhao": 3}


def test_risk_goes_first_where_a_plan_asks_for_it(calls: Calls) -> None:
    calls.add(GOOD)
    risky = calls.add(("坐席：您好，有风险，小毛病",))
    plans = calls.services.review.plans
    plans.add(LEAD, "高风险", PlanKind.BY_RISK, PlanOptions(quota=1, period=Period.DAY))
    assert plans.draw() == 1
    assert calls.view(risky).reasons == {CallFor.SAMPLING: 1}


def test_new_agents_are_heard_more_for_a_while(calls: Calls) -> None:
    plans = calls.services.review.plans
    plans.add(LEAD, "新人", PlanKind.NEW_AGENTS, PlanOptions(share=1.0, new_days=30))
    first = calls.add(GOOD, agent="new")
    calls.clock.forward(days=31)
    later = calls.add(GOOD, agent="new")
    assert calls.view(first).reasons == {CallFor.SAMPLING: 1}
    assert calls.view(later).review_id is None


def test_a_plan_is_for_its_team_and_can_be_switched_off(calls: Calls) -> None:
    plans = calls.services.review.plans
    plan = plans.add(LEAD, "东区", PlanKind.RANDOM, PlanOptions(share=1.0, team="east", minimum_s=30))
    east, west = calls.add(GOOD, team="east"), calls.add(GOOD, team="west")
    plans.change(LEAD, plan.id, active=False)
    off = calls.add(GOOD, team="east")
    assert [calls.view(i).review_id is not None for i in (east, west, off)] == [True, False, False]
    changed = plans.change(LEAD, plan.id, options=PlanOptions(share=0.5))
    assert (changed.options.share, changed.active) == (0.5, False)


def test_plans_are_for_those_who_manage_the_queue_and_must_make_sense(calls: Calls) -> None:
    plans = calls.services.review.plans
    with pytest.raises(ForbiddenError):
        plans.add(WANG, "x", PlanKind.RANDOM, EVERY)
    with pytest.raises(BadOptionError):
        plans.add(LEAD, "x", PlanKind.RANDOM, PlanOptions(share=1.5))
    with pytest.raises(NotFoundError):
        plans.change(LEAD, "0" * 32, active=False)
    plans.add(LEAD, "x", PlanKind.RANDOM, EVERY)
    with pytest.raises(ConflictError):
        plans.add(LEAD, "x", PlanKind.RANDOM, EVERY)


def test_what_the_machine_misses_is_estimated_from_clean_random_calls(calls: Calls) -> None:
    review = calls.services.review
    review.plans.add(LEAD, "随机", PlanKind.RANDOM, EVERY)
    clean = [calls.add(GOOD) for _ in range(4)]
    flagged = calls.add(BAD)
    for made in (*clean[:3], flagged):
        review.queue.claim(WANG, made)
    review.desk.add_flag(WANG, clean[0], family="rude")
    review.desk.add_flag(WANG, clean[0], family="rude")
    review.desk.add_flag(WANG, flagged, family="rude")
    for flag in calls.view(flagged).flags:
        review.desk.judge(WANG, flagged, flag.finding_id, VerdictOutcome.CONFIRMED)
    for made in (*clean[:3], flagged):
        review.closing.finalise(WANG, made)
    estimate = review.plans.miss_estimate(WANG)
    assert (estimate.missed.count, estimate.missed.of, estimate.waiting) == (1, 3, 1)
    assert (estimate.missed.low, estimate.missed.high) == wilson(1, 3)
    assert {family: rate.count for family, rate in estimate.families.items()} == {"rude": 1}
    assert review.plans.miss_estimate(WANG, since=calls.clock.now.replace(year=2027)).missed.of == 0


def test_the_precision_of_a_rule_counts_finalised_verdicts_alone(calls: Calls) -> None:
    review = calls.services.review
    for outcome in (VerdictOutcome.CONFIRMED, VerdictOutcome.REJECTED, VerdictOutcome.CONFIRMED):
        made = calls.add(BAD)
        review.queue.claim(WANG, made)
        for flag in calls.view(made).flags:
            why = RejectReason.CONTEXT if outcome is VerdictOutcome.REJECTED else None
            review.desk.judge(WANG, made, flag.finding_id, outcome, reason=why)
        review.closing.finalise(WANG, made)
    draft = calls.add(BAD)
    review.queue.claim(WANG, draft)
    review.desk.judge(WANG, draft, calls.flag(draft, "zh.t.promise"), VerdictOutcome.CONFIRMED)
    rules = {r.rule: r for r in review.plans.precision(WANG)}
    promise = rules["zh.t.promise"]
    assert (promise.precision.count, promise.precision.of, promise.family) == (2, 3, "forbidden")
    assert promise.rejected_for == {"context": 1}
    assert (promise.precision.low, promise.precision.high) == wilson(2, 3)


def test_very_many_verdicts_are_counted_once_a_minute_and_person(
    calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    review, now = calls.services.review, 1000.0
    monkeypatch.setattr(plans, "_MANY", 2)
    monkeypatch.setattr(plans.time, "monotonic", lambda: now)

    def confirm_one() -> None:
        made = calls.add(BAD)
        review.queue.claim(WANG, made)
        for flag in calls.view(made).flags:
            review.desk.judge(WANG, made, flag.finding_id, VerdictOutcome.CONFIRMED)
        review.closing.finalise(WANG, made)

    def judged(who: Person) -> int:
        return next((one.precision.of for one in review.plans.precision(who) if one.rule == "zh.t.promise"), 0)

    assert judged(WANG) == 0
    confirm_one()
    confirm_one()
    assert judged(WANG) == 2, "few are counted each time"
    confirm_one()
    assert judged(WANG) == 2
    assert judged(LEAD) == 3
    now += 61
    assert judged(WANG) == 3


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(0, 0, 0.0, 1.0), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634)],
)
def test_the_interval_is_wilsons(count: int, of: int, low: float, high: float) -> None:
    assert wilson(count, of) == pytest.approx((low, high), abs=1e-4)
