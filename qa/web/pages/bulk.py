"""What the list of recordings does to many calls at once: those chosen, or all that match its filters."""

import re
from collections import Counter
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Response
from starlette.datastructures import FormData

from qa.api.context import ContextDep
from qa.api.dependencies import require
from qa.core.errors import BadOptionError
from qa.core.people import Right
from qa.services.bulk import Chosen
from qa.services.export import Format, Wanted
from qa.services.review import AskOutcome
from qa.web import listing
from qa.web.acts import done
from qa.web.forms import flash, form_of
from qa.web.reader import local_path
from qa.web.render import PageLocale, Who, page_router, redirect, render

router = page_router()

Form = Annotated[FormData, Depends(form_of)]
_ID: Final = re.compile(r"[0-9a-f]{32}")
_TOLD: Final = 200
"""Calls that were left alone, each named; beyond that the numbers say enough."""


@router.post("/recordings/retry", dependencies=[require(Right.RETRY)])
@router.post("/recordings/rescan", dependencies=[require(Right.RETRY)])
def again(request: Request, who: Who, context: ContextDep, form: Form) -> Response:
    """Analyse those that failed again, or judge by the present rules; what does not allow it is counted."""
    bulk = context.services.bulk
    act = bulk.retry if request.url.path.endswith("/retry") else bulk.rescan
    told = act(who, _chosen(form))
    response = redirect(_back(form))
    code = "web_recordings.queued_some" if told.refused else "web_recordings.queued"
    flash(response, code, "info" if told.refused else "done", n=told.queued, refused=told.refused)
    return response


@router.post("/recordings/ask", dependencies=[require(Right.MANAGE_QUEUE)])
def ask(request: Request, who: Who, context: ContextDep, form: Form) -> Response:
    """Put them before a reviewer or into the queue. What is left as it was is named on a page of its own."""
    to = str(form.get("to", "")).strip()
    told = context.services.bulk.ask(who, _chosen(form), to or None, str(form.get("reason", "")))
    counts: Counter[AskOutcome] = Counter(one.outcome for one in told)
    if counts.keys() <= {AskOutcome.ASKED}:
        code = "web_recordings.asked_person" if to else "web_recordings.asked_queue"
        return done(request, _back(form), code, n=counts[AskOutcome.ASKED], person=to)
    left = [one for one in told if one.outcome is not AskOutcome.ASKED]
    return render(
        request,
        "recordings/asked.html",
        counts=counts,
        outcomes=[one for one in AskOutcome if counts[one]],
        left=left[:_TOLD],
        more=max(0, len(left) - _TOLD),
        to=to,
        back=_back(form),
    )


@router.post("/recordings/export", dependencies=[require(Right.EXPORT)])
def export(request: Request, who: Who, context: ContextDep, locale: PageLocale, form: Form) -> Response:
    """Order an export of exactly these."""
    kinds = [str(kind) for kind in form.getlist("formats")]
    if not set(kinds) <= set(Format):
        raise BadOptionError("export.bad_format", given=kinds[0][:20], known=", ".join(Format))
    now = datetime.now(UTC)  # the period is that of the calls
    wanted = Wanted(
        start=now,
        end=now,
        formats=tuple(Format(kind) for kind in kinds),
        clips=bool(form.get("clips")),
        transcripts=bool(form.get("transcripts")),
        locale=locale,
    )
    ordered = context.services.bulk.export(who, _chosen(form), wanted)
    code = "web_recordings.ordered_some" if ordered.left_out else "web_recordings.ordered"
    return done(request, "/exports", code, n=ordered.export.total, left_out=ordered.left_out)


def _chosen(form: FormData) -> Chosen:
    if form.get("all"):
        return Chosen(matching=listing.filter_of(listing.clean(_text(form, "query"))))
    given = (str(one) for one in form.getlist("id"))
    return Chosen(tuple(one for one in given if _ID.fullmatch(one)))


def _back(form: FormData) -> str:
    return local_path(_text(form, "back"), listing.PATH)


def _text(form: FormData, name: str) -> str:
    given: Any = form.get(name, "")
    return given if isinstance(given, str) else ""
