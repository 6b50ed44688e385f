"""The queue, sampling plans, and what verdicts say of the machine and its rules."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from qa.api.context import ContextDep
from qa.api.dependencies import Who, require
from qa.api.records import answer, shows
from qa.core.people import Right
from qa.core.review import Period, PlanKind, PlanOptions
from qa.services.review import MissEstimate, PlanView, QueueItem, QueueOverview, RulePrecision

router = APIRouter(prefix="/api/v1", tags=["review"])

# PostgreSQL takes no NUL in a text.
_TEXT = r"^[^\x00]*$"
PlanId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="Id of a sampling plan.")]
Team = Annotated[str | None, Query(max_length=255, pattern=_TEXT, description="Only this team's calls.")]
Since = Annotated[AwareDatetime | None, Query(description="Only what was drawn or judged since; with a zone.")]
_reviewers = [require(Right.REVIEW)]
_leads = [require(Right.MANAGE_QUEUE)]
_NOTHING: Final[dict[int | str, dict[str, Any]]] = {204: {"description": "Nothing waits."}}


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PlanOptionsIn(_In):
    """What a plan draws."""

    period: Period = Period.WEEK
    share: Annotated[float, Field(allow_inf_nan=False, description="`random`, `new_agents`: of the calls.")] = 0.02
    quota: Annotated[int, Field(description="`by_agent`: of each agent in a period; `by_risk`: in a period.")] = 5
    team: Annotated[str | None, Field(max_length=255, pattern=_TEXT)] = None
    new_days: Annotated[int, Field(description="`new_agents`: days after the first call.")] = 30
    minimum_s: Annotated[float, Field(allow_inf_nan=False, description="Shortest call, seconds.")] = 0.0

    def options(self) -> PlanOptions:
        """As services take it."""
        return PlanOptions(**self.model_dump())


class PlanIn(_In):
    """A new sampling plan."""

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=_TEXT)]
    kind: PlanKind
    options: PlanOptionsIn = PlanOptionsIn()


class PlanChangeIn(_In):
    """What changes of a plan."""

    options: PlanOptionsIn | None = None
    active: bool | None = None


@router.get(
    "/queue",
    summary="The queue",
    response_class=Response,
    responses=shows(QueueOverview),
    dependencies=_reviewers,
)
def get_queue(who: Who, context: ContextDep, team: Team = None) -> Response:
    """What waits, what is late, what you hold, and what would come next."""
    return answer(context.services.review.queue.overview(who, team))


@router.get(
    "/queue/items",
    summary="Calls of the queue",
    response_class=Response,
    responses=shows(QueueItem, many=True),
    dependencies=_reviewers,
)
def list_queue(
    who: Who,
    context: ContextDep,
    team: Team = None,
    late: Annotated[bool, Query(description="Only what is late.")] = False,
    assigned_to: Annotated[str | None, Query(max_length=128, pattern=_TEXT, description="Login.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Open calls in the order they are taken; held ones too."""
    return answer(context.services.review.queue.listed(who, team=team, late=late, to=assigned_to, limit=limit))


@router.post(
    "/queue/next",
    summary="Claim the next call",
    response_class=Response,
    responses=shows(QueueItem) | _NOTHING,
    dependencies=_reviewers,
)
def next_call(who: Who, context: ContextDep, team: Team = None) -> Response:
    """The most useful call, with the reason; nobody else gets it until your lease is over."""
    found = context.services.review.queue.next(who, team)
    return answer(found) if found else Response(status_code=204)


@router.get(
    "/queue/peek",
    summary="The call after this one",
    response_class=Response,
    responses=shows(QueueItem) | _NOTHING,
    dependencies=_reviewers,
)
def peek(who: Who, context: ContextDep, team: Team = None) -> Response:
    """What `next` would claim right now, to be fetched early."""
    found = context.services.review.queue.peek(who, team)
    return answer(found) if found else Response(status_code=204)


@router.get(
    "/sampling-plans",
    summary="Sampling plans",
    response_class=Response,
    responses=shows(PlanView, many=True),
    dependencies=_reviewers,
)
def list_plans(who: Who, context: ContextDep) -> Response:
    """With what they drew in the current period."""
    return answer(context.services.review.plans.list(who))


@router.post(
    "/sampling-plans",
    status_code=201,
    summary="Add a sampling plan",
    response_class=Response,
    responses=shows(PlanView, 409, status=201),
    dependencies=_leads,
)
def add_plan(given: PlanIn, who: Who, context: ContextDep) -> Response:
    """At work from now on."""
    made = context.services.review.plans.add(who, given.name, given.kind, given.options.options())
    return answer(made, 201)


@router.patch(
    "/sampling-plans/{plan_id}",
    summary="Change a sampling plan",
    response_class=Response,
    responses=shows(PlanView, 404),
    dependencies=_leads,
)
def change_plan(plan_id: PlanId, given: PlanChangeIn, who: Who, context: ContextDep) -> Response:
    """Other options, or on and off; what was drawn stays drawn."""
    options = given.options.options() if given.options else None
    return answer(context.services.review.plans.change(who, plan_id, options=options, active=given.active))


@router.get(
    "/miss-estimate",
    summary="What the machine misses",
    response_class=Response,
    responses=shows(MissEstimate),
    dependencies=_reviewers,
)
def miss_estimate(who: Who, context: ContextDep, since: Since = None) -> Response:
    """From calls drawn at random in which nothing was flagged, with a 95 % interval."""
    return answer(context.services.review.plans.miss_estimate(who, since))


@router.get(
    "/rule-precision",
    summary="How often people agree with each rule",
    response_class=Response,
    responses=shows(RulePrecision, many=True),
    dependencies=[require(Right.SEE_RULES)],
)
def rule_precision(who: Who, context: ContextDep, since: Since = None) -> Response:
    """Confirmed among judged, with a 95 % interval, the most doubtful rule first."""
    return answer(context.services.review.plans.precision(who, since))
