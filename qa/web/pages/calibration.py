"""Calibration: rounds, blind judging, and how far people and the machine agree."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Request, Response
from starlette.datastructures import FormData

from qa.api.context import ContextDep
from qa.core.errors import BadOptionError
from qa.core.people import Right
from qa.services.calibration import OVERALL, Drift, NewRound
from qa.web.acts import done
from qa.web.forms import form_of
from qa.web.render import Who, for_script, page_router, redirect, render
from qa.web.transcript import shown_turns

router = page_router()

_PRECISION_DAYS = 90


@router.get("/calibration")
def rounds(request: Request, who: Who, context: ContextDep) -> Response:
    """Rounds, how people drift, and which rules people disagree with most."""
    service, manages = context.services.calibration, who.may(Right.MANAGE_CALIBRATION)
    since = datetime.now(UTC) - timedelta(days=_PRECISION_DAYS)
    precision = context.services.review.plans.precision(who, since) if manages else ()
    drift = service.drift(who) if manages else ()
    return render(
        request,
        "calibration/rounds.html",
        rounds=service.rounds(who),
        drift=drift,
        lines=for_script(_lines(drift)),
        several=len({one.round_id for one in drift}) > 1,
        precision=precision,
        labels={one.value: one.label for one in context.services.search.choices(who, ["rule"])["rule"]}
        if precision
        else {},
        manages=manages,
        days=_PRECISION_DAYS,
    )


def _lines(drift: Sequence[Drift]) -> dict[str, object]:
    """Agreement with gold per person and round, per cent."""
    rounds = list(dict.fromkeys((one.round_id, one.name) for one in drift))
    share = {(one.person, one.round_id): round(100 * one.same / one.of, 1) for one in drift if one.of}
    people = sorted({one.person for one in drift})
    return {
        "labels": [name for _, name in rounds],
        "series": {person: [share.get((person, id_)) for id_, _ in rounds] for person in people},
    }


@router.post("/calibration")
def create(
    request: Request, who: Who, context: ContextDep, form: Annotated[FormData, Depends(form_of)]
) -> Response:
    """Set up a round."""
    count = str(form.get("count") or "10")
    if not count.isdecimal() or len(count) > 4:
        raise BadOptionError("calibration.calls_needed", most=200)
    new = NewRound(
        name=str(form.get("name", "")),
        people=tuple(str(form.get("people", "")).replace(",", " ").replace("，", " ").split()),
        gold_by=str(form.get("gold_by", "")).strip() or None,
        count=int(count),
    )
    made = context.services.calibration.create(who, new)
    return done(request, f"/calibration/{made.id}", "web_calibration.created")


@router.get("/calibration/{round_id}")
def one(round_id: str, request: Request, who: Who, context: ContextDep) -> Response:
    """A round: what is left to judge, or how far everybody agreed."""
    service = context.services.calibration
    view = service.get(who, round_id)
    outcomes = service.outcomes(who, round_id) if view.closed_at else None
    return render(
        request,
        "calibration/round.html",
        round=view,
        outcomes=outcomes,
        manages=who.may(Right.MANAGE_CALIBRATION),
    )


@router.post("/calibration/{round_id}/close")
def close(round_id: str, request: Request, who: Who, context: ContextDep) -> Response:
    """End a round."""
    context.services.calibration.close(who, round_id)
    return done(request, f"/calibration/{round_id}", "web_calibration.closed")


@router.get("/calibration/{round_id}/{recording_id}")
def blind(round_id: str, recording_id: str, request: Request, who: Who, context: ContextDep) -> Response:
    """Judge one call without seeing what anybody found."""
    call = context.services.calibration.blind(who, round_id, recording_id)
    turns = shown_turns(call.transcript, ()) if call.transcript else []
    return render(request, "calibration/blind.html", call=call, turns=turns, overall=OVERALL)


@router.post("/calibration/{round_id}/{recording_id}")
def judge(
    round_id: str,
    recording_id: str,
    request: Request,
    who: Who,
    context: ContextDep,
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """Keep the answers and go on with the next call."""
    service = context.services.calibration
    given = {key: str(value) for key, value in form.items()}
    answers = {key.removeprefix("answer:"): value for key, value in given.items() if key.startswith("answer:")}
    notes = {key.removeprefix("note:"): value for key, value in given.items() if key.startswith("note:")}
    service.answer(who, round_id, recording_id, answers, notes)
    following = service.blind(who, round_id, recording_id).following
    if following is None:
        return done(request, f"/calibration/{round_id}", "web_calibration.all_judged")
    return redirect(f"/calibration/{round_id}/{following}")
