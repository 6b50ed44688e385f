"""Recordings: one table, filters as chips, views as tabs. What is done to many at once: `qa.web.pages.bulk`."""

from typing import Annotated, Any, Final

from fastapi import Form, Query, Request, Response

from qa.api.context import Context, ContextDep
from qa.api.dependencies import require
from qa.core.people import Person, Right
from qa.i18n import catalogue, label_in, text
from qa.services.bulk import Count
from qa.services.export import Format
from qa.services.search import Choice, ListPage
from qa.web import listing
from qa.web.forms import flash
from qa.web.render import Who, locale_for, page_router, redirect, render, render_part

router = page_router()

PAGE_SIZE: Final = 50
_CURSOR = Query(pattern=r"^[0-9.e+\-]{1,40}~[0-9]{1,20}$")


@router.get("/recordings", dependencies=[require(Right.SEE_RECORDINGS)])
def recordings(
    request: Request, who: Who, context: ContextDep, cursor: Annotated[str | None, _CURSOR] = None
) -> Response:
    """The list. A script gets the rows after `cursor`, or the list without the frame around it."""
    pairs = listing.clean(request.query_params)
    view_id = dict(pairs).get("view")
    views = context.services.search.views(who)
    view = next((one for one in views if one.id == view_id), None)
    if view is not None and len(pairs) == 1:
        pairs = (*listing.clean(view.query), ("view", view.id))
    wanted = listing.filter_of(pairs)
    page = context.services.search.page(who, wanted, cursor=cursor, limit=PAGE_SIZE)
    choices = _choices(context, who)
    counted = None
    if request.query_params.get("pick") == "all" and _may_choose(who):
        counted = context.services.bulk.count(who, wanted)
    return render(
        request,
        "recordings/list.html",
        block="rows" if cursor else "list",
        views=views,
        view=view,
        changed=view is not None and listing.view_query(pairs) != view.query,
        pairs=pairs,
        wanted=wanted,
        chips=listing.chips_of(pairs),
        sorting=listing.sort_links(pairs, wanted),
        choices=choices,
        dict_pairs=dict(pairs),
        view_query=listing.view_query(pairs),
        receivers=context.services.review.asking.receivers(who) if who.may(Right.MANAGE_QUEUE) else (),
        formats=[one for one in Format if one is not Format.JSONL],
        **_rows(request, pairs, page, who, choices, counted),
    )


def _rows(
    request: Request,
    pairs: listing.Pairs,
    page: ListPage,
    who: Person,
    choices: dict[str, list[Choice]] | None = None,
    counted: Count | None = None,
) -> dict[str, Any]:
    locale = locale_for(request)
    kept = "all" if counted else None
    labels = {
        (name, one.value): one.label for name, found in (choices or {}).items() for one in found if one.label
    }

    def shown(name: str, value: str) -> str:
        if label := labels.get((name, value)):
            return label_in(label, locale)
        code = f"web_recordings.{name}_{value.replace('-', '_')}"
        return text(code, locale) if code in catalogue() else value

    return {
        "shown": shown,
        "page": page,
        "columns": listing.columns_of(pairs),
        "all_columns": listing.COLUMNS,
        "address": listing.address,
        "here_list": listing.address(pairs),
        "all_list": listing.address(pairs, pick="all"),
        "more": listing.address(pairs, cursor=page.next_cursor, pick=kept) if page.next_cursor else None,
        "counted": counted,
        "chooses": _may_choose(who),
    }


def _may_choose(who: Person) -> bool:
    """Whether there is anything they could do to many at once."""
    return any(who.may(right) for right in (Right.RETRY, Right.MANAGE_QUEUE, Right.EXPORT))


def _choices(context: Context, who: Person) -> dict[str, list[Choice]]:
    found = context.services.search.choices(who, [name for name in listing.FACETS if name != "worst"])
    fixed = {
        "worst": listing.SEVERITIES,
        "status": listing.STATUSES,
        "review": listing.REVIEWS,
        "said": listing.SPEAKERS,
    }
    return found | {name: [Choice(value) for value in values] for name, values in fixed.items()}


@router.get("/recordings/rows", dependencies=[require(Right.SEE_RECORDINGS)])
def rows(
    request: Request,
    who: Who,
    context: ContextDep,
    recording: Annotated[list[str], Query(max_length=PAGE_SIZE, alias="id")],
) -> Response:
    """Lines that were under way when the list was made, as they are now."""
    lines = context.services.search.lines(who, recording)
    pairs = listing.clean(request.query_params)
    return render_part(
        request, "recordings/list.html", "lines", **_rows(request, pairs, ListPage(lines, None), who)
    )


@router.post("/recordings/views", dependencies=[require(Right.SEE_RECORDINGS)])
def save_view(
    who: Who,
    context: ContextDep,
    name: Annotated[str, Form()] = "",
    query: Annotated[str, Form()] = "",
    shared: Annotated[bool, Form()] = False,
) -> Response:
    """Keep the list as it is as a view."""
    pairs = listing.clean(query)
    made = context.services.search.save_view(who, name, listing.view_query(pairs), shared=shared)
    return redirect(listing.address((("view", made.id),)))


@router.post("/recordings/views/{view_id}/delete", dependencies=[require(Right.SEE_RECORDINGS)])
def delete_view(view_id: str, who: Who, context: ContextDep) -> Response:
    """Forget a view of one's own."""
    context.services.search.delete_view(who, view_id)
    response = redirect(listing.PATH)
    flash(response, "web_recordings.view_deleted")
    return response
