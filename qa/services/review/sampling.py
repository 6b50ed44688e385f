"""Sampling plans: which calls a person hears whatever the machine found, and what that says of the machine.

Whether a plan takes a call depends on the plan's seed and the recording alone, never on when somebody looks:
`hash(seed, recording)` is the call's number in 0..1. A plan by share takes every call below the share (each call
with the same probability, so that rates estimated from it are unbiased); a plan with a quota takes the lowest
numbers first, as much of the quota as of the period has gone by.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from math import ceil

from msgspec.structs import asdict
from sqlalchemy.orm import Session

from qa.core.base import decode, encode
from qa.core.result import Result, RunStatus
from qa.core.review import PlanKind, PlanOptions
from qa.db.ids import new_id
from qa.db.models import RecordingRow, SampleRow, SamplingPlanRow
from qa.db.samples import Drawable, Samples


def unit(seed: str, sha256_of_recording: str) -> float:
    """The number in 0..1 that a plan gives to a recording; uniform over recordings, independent between plans."""
    digest = sha256(f"{seed}:{sha256_of_recording}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def options_of(plan: SamplingPlanRow) -> PlanOptions:
    """The plan's options."""
    return decode(encode(plan.options), PlanOptions)


def new_plan(
    tenant: str, name: str, kind: PlanKind, options: PlanOptions, person: str, at: datetime
) -> SamplingPlanRow:
    """A plan with a seed of its own."""
    return SamplingPlanRow(
        id=new_id(),
        tenant=tenant,
        name=name,
        kind=kind.value,
        options=asdict(options) | {"period": options.period.value},
        seed=new_id(),
        active=True,
        person=person,
        created_at=at,
    )


def draw_on_arrival(
    session: Session, recording: RecordingRow, result: Result, attributes: Mapping[str, str], now: datetime
) -> bool:
    """Let plans by share decide on a recording that has a result; True where any plan has drawn it, now or before.

    A plan judges calls that came in after it was made, so that a rescan of old ones draws nothing.
    """
    samples = Samples(session)
    drawn = samples.plans_of(recording.id)
    if result.status is not RunStatus.DONE:
        return bool(drawn)
    for plan in samples.plans(recording.tenant, active=True):
        if plan.id not in drawn and _takes(samples, plan, recording, attributes):
            samples.add(sample_of(plan, recording, attributes.get("agent"), now))
            drawn.add(plan.id)
    return bool(drawn)


def _takes(
    samples: Samples, plan: SamplingPlanRow, recording: RecordingRow, attributes: Mapping[str, str]
) -> bool:
    options, agent = options_of(plan), attributes.get("agent")
    if (
        plan.kind not in (PlanKind.RANDOM, PlanKind.NEW_AGENTS)
        or recording.created_at < plan.created_at
        or (recording.duration or 0.0) < options.minimum_s
        or options.team not in (None, attributes.get("team"))
        or unit(plan.seed, recording.sha256) >= options.share
    ):
        return False
    if plan.kind == PlanKind.RANDOM:
        return True
    first = samples.first_call(recording.tenant, agent) if agent else None
    return first is not None and recording.created_at < first + timedelta(days=options.new_days)


def due_of_quota(session: Session, plan: SamplingPlanRow, now: datetime) -> list[tuple[RecordingRow, str | None]]:
    """What is due of a plan with a quota: calls, each with the agent it is drawn for."""
    samples, options = Samples(session), options_of(plan)
    start, end = options.period.bounds(now)
    target = ceil(options.quota * ((now - start) / (end - start)))
    what = drawable(plan.tenant, options, now)
    drawn = samples.drawn(plan.id, options.period.of(now))
    taken: list[tuple[RecordingRow, str | None]] = []
    if plan.kind == PlanKind.BY_RISK:
        worst = samples.riskiest(plan.id, what, max(0, target - sum(drawn.values())))
        taken = [(recording, None) for recording in worst]
    else:
        for agent in samples.agents(what):
            missing = target - drawn.get(agent, 0)
            if missing > 0:
                calls = sorted(
                    samples.undrawn(plan.id, what, agent), key=lambda call: unit(plan.seed, call.sha256)
                )
                taken += [(call, agent) for call in calls[:missing]]
    return taken


def drawable(tenant: str, options: PlanOptions, now: datetime) -> Drawable:
    """The calls of the current period a plan can draw from."""
    start, end = options.period.bounds(now)
    return Drawable(tenant, start, end, options.team, options.minimum_s)


def sample_of(plan: SamplingPlanRow, recording: RecordingRow, agent: str | None, now: datetime) -> SampleRow:
    """A call that a plan has drawn."""
    return SampleRow(
        plan_id=plan.id,
        recording_id=recording.id,
        period=options_of(plan).period.of(recording.created_at),
        agent=agent,
        at=now,
    )
