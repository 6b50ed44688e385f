"""Custody: legal holds, what is due, deletion on request, certificates."""

from typing import Annotated

from fastapi import Depends, Request, Response
from starlette.datastructures import FormData

from qa.api.context import ContextDep
from qa.core.custody import Selection
from qa.core.errors import BadOptionError
from qa.core.people import Person
from qa.services.custody import Forecast
from qa.web.acts import done
from qa.web.forms import form_of
from qa.web.render import Who, page_router, render

router = page_router()

_DAYS = 30
_FIELDS = ("recording", "where", "on_word_of", "reason")
Form = Annotated[FormData, Depends(form_of)]


@router.get("/custody")
def overview(request: Request, who: Who, context: ContextDep) -> Response:
    """Everything on one page."""
    return _page(request, who, context)


@router.post("/custody/holds")
def hold(request: Request, who: Who, context: ContextDep, form: Form) -> Response:
    """Place a legal hold."""
    made = context.services.custody.hold(who, _selection(form), _text(form, "reason"))
    return done(request, "/custody", "web_custody.held", count=made.covers)


@router.post("/custody/holds/{hold_id}/release")
def release(hold_id: str, request: Request, who: Who, context: ContextDep, form: Form) -> Response:
    """Release a legal hold."""
    context.services.custody.release(who, hold_id, _text(form, "reason"))
    return done(request, "/custody", "web_custody.released")


@router.post("/custody/preview")
def preview(request: Request, who: Who, context: ContextDep, form: Form) -> Response:
    """What would be deleted, to be confirmed."""
    asked = {name: _text(form, name) for name in _FIELDS}
    return _page(request, who, context, asked, context.services.custody.preview(who, _selection(form)))


@router.post("/custody/delete")
def delete(request: Request, who: Who, context: ContextDep, form: Form) -> Response:
    """Delete for good."""
    custody = context.services.custody
    made = custody.delete(who, _selection(form), _text(form, "on_word_of"), _text(form, "reason"))
    return done(request, "/custody", "web_custody.deleted", count=made.recordings)


def _page(
    request: Request,
    who: Person,
    context: ContextDep,
    asked: dict[str, str] | None = None,
    going: Forecast | None = None,
) -> Response:
    custody = context.services.custody
    holds = custody.holds(who)
    held = [one.selection.recording_id for one in holds if one.selection.recording_id]
    return render(
        request,
        "custody/custody.html",
        holds=holds,
        names={one.id: one.name for one in context.services.search.lines(who, held)} if held else {},
        due=custody.due(who, _DAYS),
        classes=custody.classes,
        deletions=custody.deletions(who),
        days=_DAYS,
        asked=asked or dict.fromkeys(_FIELDS, ""),
        going=going,
    )


def _selection(form: FormData) -> Selection:
    """A recording's id, and conditions as `name=value`, separated by commas."""
    attributes = {}
    for one in _text(form, "where").replace("，", ",").split(","):
        name, equals, value = (part.strip() for part in one.partition("="))
        if equals and name:
            attributes[name] = value
        elif one.strip():
            raise BadOptionError("custody.bad_attribute", given=one.strip()[:80])
    return Selection(recording_id=_text(form, "recording") or None, attributes=attributes)


def _text(form: FormData, name: str) -> str:
    return str(form.get(name) or "").replace("\0", "").strip()
