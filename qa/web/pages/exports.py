"""Audit exports: ask for one, follow it, take it away."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Depends, Query, Request, Response
from starlette.datastructures import FormData

from qa.api.context import ContextDep
from qa.api.dependencies import require
from qa.core.errors import BadOptionError
from qa.core.people import Right
from qa.services.export import ExportState, Format, Wanted, day_start
from qa.web.acts import done
from qa.web.forms import form_of
from qa.web.reader import reader_of
from qa.web.render import PageLocale, Who, page_router, render

router = page_router()

STATUSES = ("waiting", "claimed", "finalised", "none")


@router.get("/exports", dependencies=[require(Right.EXPORT)])
def exports(
    request: Request,
    who: Who,
    context: ContextDep,
    cursor: Annotated[str | None, Query(pattern="^[0-9a-f]{32}$")] = None,
) -> Response:
    """All exports and the form for another; the list alone while one is being written."""
    page = context.services.exports.page(who, cursor)
    today = datetime.now(reader_of(request).zone).date()
    return render(
        request,
        "exports/list.html",
        block="list",
        page=page,
        busy=any(one.state in (ExportState.QUEUED, ExportState.RUNNING) for one in page.items),
        formats=list(Format),
        statuses=STATUSES,
        choices=context.services.search.choices(who, ("team", "rule")),
        first=today.replace(day=1),
        today=today,
        key=context.services.keys.current().id,
    )


@router.post("/exports", dependencies=[require(Right.EXPORT)])
def ask(
    request: Request,
    who: Who,
    context: ContextDep,
    locale: PageLocale,
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """Ask for an export; both days belong to the period."""
    given = {name: str(form.get(name, "")).strip() for name in ("start", "end", "team", "rule", "status")}
    kinds = [str(kind) for kind in form.getlist("formats")]
    if not set(kinds) <= set(Format):
        raise BadOptionError("export.bad_format", given=kinds[0][:20], known=", ".join(Format))
    zone = reader_of(request).zone
    wanted = Wanted(
        start=day_start(given["start"], zone),
        end=day_start(given["end"], zone) + timedelta(days=1),
        team=given["team"] or None,
        rule=given["rule"] or None,
        status=given["status"] or None,
        formats=tuple(Format(kind) for kind in kinds),
        clips=bool(form.get("clips")),
        transcripts=bool(form.get("transcripts")),
        locale=locale,
    )
    context.services.exports.request(who, wanted)
    return done(request, "/exports", "web_exports.asked")


@router.post("/exports/{export_id}/retry", dependencies=[require(Right.EXPORT)])
def retry(export_id: str, request: Request, who: Who, context: ContextDep) -> Response:
    """Go on with one that failed."""
    context.services.exports.retry(who, export_id)
    return done(request, "/exports", "web_exports.asked")
