"""Coaching: the board of notices, and one notice as a letter with a player in it."""

from datetime import UTC, datetime, time
from typing import Annotated

from fastapi import Depends, Form, Query, Request, Response
from starlette.datastructures import FormData

from qa.api.context import ContextDep
from qa.core.coaching import NoticeState
from qa.core.errors import BadOptionError, ConflictError
from qa.core.people import Right
from qa.services.coaching.views import EffectView, PointEdit
from qa.web.acts import done
from qa.web.forms import form_of
from qa.web.reader import reader_of
from qa.web.render import PageLocale, Who, page_router, render

router = page_router()

BOARD = (NoticeState.DRAFT, NoticeState.ISSUED, NoticeState.DISPUTED, NoticeState.ACKNOWLEDGED)
"""Columns of the board: what somebody still has to do something about."""
OTHERS = (NoticeState.CLOSED, NoticeState.WITHDRAWN)
_COLUMN = 50


@router.get("/coaching")
def board(
    request: Request,
    who: Who,
    context: ContextDep,
    state: NoticeState | None = None,
    cursor: Annotated[str | None, Query(pattern="^[0-9a-f]{32}$")] = None,
) -> Response:
    """The board by state; one state as a list."""
    notices = context.services.notices
    shown = [s for s in BOARD if s is not NoticeState.DRAFT or who.may(Right.COACH)]
    if state is not None or not who.may(Right.COACH):
        states = (state,) if state else (*shown, *OTHERS)
        page = notices.page(who, states=states, cursor=cursor)
        columns = {}
    else:
        page = None
        columns = {s: notices.page(who, states=(s,), limit=_COLUMN).items for s in shown}
    return render(
        request,
        "coaching/board.html",
        columns=columns,
        page=page,
        state=state,
        tabs=(*shown, *OTHERS),
        counts=notices.counts(who),
    )


@router.get("/coaching/{notice_id}")
def letter(notice_id: str, request: Request, who: Who, context: ContextDep) -> Response:
    """One notice."""
    notices = context.services.notices
    notice = notices.get(who, notice_id)
    own = who.agent == notice.agent
    now = datetime.now(UTC)
    within = notice.may_dispute_until is not None and now <= notice.may_dispute_until
    effect: tuple[EffectView, ...] = ()
    if who.may(Right.COACH) and notice.issued_at is not None:
        effect = notices.effect(who, notice.id)
    return render(
        request,
        "coaching/letter.html",
        notice=notice,
        effect=effect,
        answers=own and who.may(Right.ANSWER_NOTICE),
        disputes=own and who.may(Right.DISPUTE) and within,
        coaches=who.may(Right.COACH),
        states=NoticeState,
        default_due=context.settings.coaching.answer_days,
        follow_up=context.settings.coaching.follow_up_days,
    )


@router.post("/recordings/{recording_id}/notice")
def draft(recording_id: str, request: Request, who: Who, context: ContextDep, locale: PageLocale) -> Response:
    """Draft a notice from what was confirmed."""
    notice = context.services.notices.draft(who, recording_id, locale=locale)
    return done(request, f"/coaching/{notice.id}", "web_coaching.drafted")


@router.post("/coaching/{notice_id}/edit")
def edit(
    notice_id: str, request: Request, who: Who, context: ContextDep, form: Annotated[FormData, Depends(form_of)]
) -> Response:
    """Save a draft, and issue it where that button was pressed."""
    notices = context.services.notices
    kept = [str(value) for value in form.getlist("point")]
    edits = [PointEdit(one, _text(form, f"note-{one}"), _text(form, f"wording-{one}") or None) for one in kept]
    notices.edit(who, notice_id, title=_text(form, "title"), body=_text(form, "body"), points=edits)
    if _text(form, "then") != "issue":
        return done(request, f"/coaching/{notice_id}", "web_coaching.saved")
    notices.issue(who, notice_id, due_at=_due(request, _text(form, "due")))
    return done(request, f"/coaching/{notice_id}", "web_coaching.issued")


@router.post("/coaching/{notice_id}/acknowledge")
def acknowledge(
    notice_id: str, request: Request, who: Who, context: ContextDep, comment: Annotated[str, Form()] = ""
) -> Response:
    """The agent's answer."""
    context.services.notices.acknowledge(who, notice_id, comment=comment)
    return done(request, f"/coaching/{notice_id}", "web_coaching.acknowledged")


@router.post("/coaching/{notice_id}/end")
def end(
    notice_id: str,
    request: Request,
    who: Who,
    context: ContextDep,
    reason: Annotated[str, Form()] = "",
    then: Annotated[str, Form()] = "",
) -> Response:
    """Withdraw or close it."""
    notices = context.services.notices
    if then not in ("withdraw", "close"):
        raise ConflictError("coaching.wrong_state", state=then[:20])
    (notices.withdraw if then == "withdraw" else notices.close)(who, notice_id, reason=reason)
    return done(request, f"/coaching/{notice_id}", f"web_coaching.{then}_done")


@router.post("/coaching/{notice_id}/points/{point_id}/dispute")
def dispute(
    notice_id: str,
    point_id: str,
    request: Request,
    who: Who,
    context: ContextDep,
    words: Annotated[str, Form()] = "",
) -> Response:
    """Object to one point."""
    raised = context.services.disputes.raise_dispute(who, notice_id, point_id, words=words)
    return done(request, f"/disputes/{raised.id}", "web_coaching.disputed")


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""


def _due(request: Request, day: str) -> datetime | None:
    """The end of a day in the reader's time zone."""
    if not day:
        return None
    try:
        chosen = datetime.strptime(day, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise BadOptionError("coaching.bad_day", given=day[:20]) from None
    return datetime.combine(chosen, time(23, 59, 59), reader_of(request).zone)
