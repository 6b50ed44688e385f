"""Home: what to do now, what is late, what changed this week."""

from typing import Final

from fastapi import Request, Response

from qa.api.context import ContextDep
from qa.web import entries, oversight
from qa.web.entries import When, entries_for
from qa.web.render import Who, page_router, render

router = page_router()

_OFFERS: Final = (*entries.OFFERS, *oversight.OFFERS)


@router.get("/")
def home(request: Request, who: Who, context: ContextDep) -> Response:
    """Three lists, no more than a screen."""
    return render(
        request,
        "home/home.html",
        lists=entries_for(context.services, who, _OFFERS),
        whens=list(When),
    )
