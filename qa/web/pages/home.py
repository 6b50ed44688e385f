"""Home: what to do now, what is late, what changed this week."""

from fastapi import Request, Response

from qa.web.render import page_router, render

router = page_router()


@router.get("/")
def home(request: Request) -> Response:
    """Three lists, no more than a screen."""
    return render(request, "home/home.html")
