"""The queue: one big "next" with its reason, what is late, and the sampling plans with what they tell."""

from typing import Annotated

from fastapi import Form, Path, Query, Request, Response

from qa.api.context import ContextDep, RecordingId
from qa.api.dependencies import require
from qa.core.errors import BadOptionError
from qa.core.people import Right
from qa.core.review import Period, PlanKind, PlanOptions
from qa.web.acts import done
from qa.web.render import Who, page_router, render

router = page_router()

# PostgreSQL takes no NUL in a text.
_TEXT = r"^[^\x00]*$"
Team = Annotated[str | None, Query(max_length=255, pattern=_TEXT)]
PlanId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
_reviewers = [require(Right.REVIEW)]
_leads = [require(Right.MANAGE_QUEUE)]


@router.get("/queue", dependencies=_reviewers)
def queue(request: Request, who: Who, context: ContextDep, team: Team = None) -> Response:
    """Whoever manages the queue sees all open calls and who holds them, others what would come next."""
    review, leads = context.services.review, who.may(Right.MANAGE_QUEUE)
    seen = review.queue.overview(who, team or None)
    return render(
        request,
        "queue/queue.html",
        queue=seen,
        coming=review.queue.peek(who, team or None),
        items=review.queue.listed(who, team=team or None) if leads else seen.upcoming[1:],
        leads=leads,
        team=team or None,
        plans=review.plans.list(who),
        estimate=review.plans.miss_estimate(who),
        kinds=PlanKind,
        periods=Period,
    )


@router.post("/queue/next", dependencies=_reviewers)
def take_next(
    request: Request, who: Who, context: ContextDep, team: Annotated[str, Form(max_length=255, pattern=_TEXT)] = ""
) -> Response:
    """Claim the most useful call and open it."""
    found = context.services.review.queue.next(who, team or None)
    if found is None:
        return done(request, "/queue", "web_queue.nothing_waits")
    return done(request, f"/recordings/{found.recording_id}", f"review.reason_{found.reason.value}",
                count=found.reasons[found.reason])  # fmt: skip


@router.post("/queue/{recording_id}/release", dependencies=_leads)
def give_back(recording_id: RecordingId, request: Request, who: Who, context: ContextDep) -> Response:
    """Give back what somebody else holds, drafts kept."""
    context.services.review.queue.release(who, recording_id)
    return done(request, "/queue", "web_call.released")


@router.post("/queue/plans", dependencies=_leads)
def add_plan(
    request: Request,
    who: Who,
    context: ContextDep,
    name: Annotated[str, Form()] = "",
    kind: Annotated[str, Form()] = PlanKind.RANDOM.value,
    period: Annotated[str, Form()] = Period.WEEK.value,
    percent: Annotated[str, Form()] = "2",
    quota: Annotated[str, Form()] = "5",
    team: Annotated[str, Form(max_length=255, pattern=_TEXT)] = "",
) -> Response:
    """A new sampling plan."""
    if kind not in list(PlanKind) or period not in list(Period):
        raise BadOptionError("web_queue.plan_unclear")
    options = PlanOptions(
        period=Period(period),
        share=_number(percent, "share") / 100,
        quota=int(_number(quota, "quota")),
        team=team.strip() or None,
    )
    context.services.review.plans.add(who, name, PlanKind(kind), options)
    return done(request, "/queue#plans", "web_queue.plan_added")


@router.post("/queue/plans/{plan_id}", dependencies=_leads)
def switch_plan(
    plan_id: PlanId, request: Request, who: Who, context: ContextDep, active: Annotated[str, Form()] = ""
) -> Response:
    """On or off."""
    changed = context.services.review.plans.change(who, plan_id, active=active == "yes")
    code = "web_queue.plan_on" if changed.active else "web_queue.plan_off"
    return done(request, "/queue#plans", code, name=changed.name)


def _number(typed: str, field: str) -> float:
    try:
        value = float(typed)
    except ValueError:
        value = float("nan")
    if not 0 <= value <= 100_000:
        raise BadOptionError("web_queue.not_a_number", field=field)
    return value
