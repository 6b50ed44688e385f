"""Disputes: what waits for a ruling, and both sides' words over the same clip."""

from typing import Annotated

from fastapi import Form, Query, Request, Response

from qa.api.context import ContextDep
from qa.core.coaching import DisputeState, Ruling
from qa.core.errors import BadOptionError
from qa.core.finding import Severity
from qa.core.people import Right
from qa.web.acts import done
from qa.web.render import Who, page_router, render

router = page_router()


@router.get("/disputes")
def listed(
    request: Request,
    who: Who,
    context: ContextDep,
    state: DisputeState | None = None,
    cursor: Annotated[str | None, Query(pattern="^[0-9a-f]{32}$")] = None,
) -> Response:
    """All disputes, or those in one state."""
    page = context.services.disputes.page(who, states=(state,) if state else (), cursor=cursor)
    return render(request, "disputes/list.html", page=page, state=state, states=DisputeState)


@router.get("/disputes/{dispute_id}")
def one(dispute_id: str, request: Request, who: Who, context: ContextDep) -> Response:
    """One dispute with its history."""
    dispute = context.services.disputes.get(who, dispute_id)
    judged = who.login in dispute.judged_by or (who.agent is not None and who.agent == dispute.agent)
    lower = [s for s in Severity if dispute.point.severity and s.rank < dispute.point.severity.rank]
    return render(
        request,
        "disputes/one.html",
        dispute=dispute,
        rules=who.may(Right.RULE_DISPUTE) and dispute.state is DisputeState.OPEN,
        judged=judged,
        assigns=who.may(Right.MANAGE_QUEUE) and dispute.state is DisputeState.OPEN,
        further=who.agent == dispute.agent and dispute.state is DisputeState.RULED,
        lower=lower,
    )


@router.post("/disputes/{dispute_id}/ruling")
def rule(
    dispute_id: str,
    request: Request,
    who: Who,
    context: ContextDep,
    outcome: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    severity: Annotated[str, Form()] = "",
) -> Response:
    """Decide the present step."""
    if outcome not in list(Ruling):
        raise BadOptionError("coaching.outcome_needed")
    lower = Severity(severity) if severity in list(Severity) else None
    context.services.disputes.rule(who, dispute_id, Ruling(outcome), reason=reason, severity=lower)
    return done(request, f"/disputes/{dispute_id}", "web_coaching.ruled")


@router.post("/disputes/{dispute_id}/further")
def take_further(
    dispute_id: str, request: Request, who: Who, context: ContextDep, words: Annotated[str, Form()] = ""
) -> Response:
    """The agent does not accept the ruling."""
    context.services.disputes.take_further(who, dispute_id, words=words)
    return done(request, f"/disputes/{dispute_id}", "web_coaching.disputed")


@router.post("/disputes/{dispute_id}/assign")
def assign(
    dispute_id: str, request: Request, who: Who, context: ContextDep, login: Annotated[str, Form()] = ""
) -> Response:
    """Give it to somebody."""
    context.services.disputes.assign(who, dispute_id, login.strip())
    return done(request, f"/disputes/{dispute_id}", "web_coaching.assigned")
