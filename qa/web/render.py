"""Templates to responses: `render(request, "recordings/list.html", page=page)`.

In a template stand, beside what the page passes: `who` (None before signing in), `locale`, `zone`, `theme`,
`_("area.name", n=1)`, `csrf()`, `asset("main.js")`, `may("review")` and the filters of `qa.web.filters`.
Everything is escaped, and a name that does not exist is an error.
"""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from qa.api.dependencies import Who, who_asks
from qa.core.base import encode
from qa.core.people import Person, Right
from qa.i18n import LOCALES, text
from qa.web.assets import asset
from qa.web.filters import FILTERS
from qa.web.forms import FIELD, FLASH_COOKIE, check_csrf, csrf_token, flashes, keep_seed
from qa.web.navigation import place_at, places_of
from qa.web.reader import THEMES, reader_of

TEMPLATES: Final = Path(__file__).parent / "templates"

PAGE_HEADERS: Final = {
    # blob: is what players and drawings are handed over as between scripts; nothing is loaded from elsewhere.
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; form-action 'self'; "
        "img-src 'self' data: blob:; media-src 'self' blob:; worker-src 'self' blob:"
    ),
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}


@cache
def environment() -> Environment:
    """The templates, compiled once per process."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(FILTERS)
    made.globals["asset"] = asset
    return made


def is_fragment(request: Request) -> bool:
    """Whether a script asks for a part of the page only."""
    return request.headers.get("hx-request-type") == "partial"


def render(
    request: Request,
    template: str,
    *,
    block: str | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> Response:
    """A page; only its `block` where a script asked for a fragment and the page names one."""
    if block is not None and not is_fragment(request):
        block = None
    return _response(request, template, block, status, headers or {}, context)


def render_part(request: Request, template: str, block: str, **context: Any) -> Response:
    """A block of a page, for addresses that only scripts ask: it never comes with the frame around it."""
    return _response(request, template, block, 200, {}, context)


def _response(
    request: Request,
    template: str,
    block: str | None,
    status: int,
    headers: Mapping[str, str],
    context: Mapping[str, Any],
) -> Response:
    page = environment().get_template(template)
    everything = {**page_context(request), **context}
    if block is not None:
        body = "".join(page.blocks[block](page.new_context(everything)))
    else:
        body = page.render(everything)
    response = HTMLResponse(body, status, headers={**PAGE_HEADERS, "Vary": "HX-Request-Type", **headers})
    keep_seed(request, response)
    if FLASH_COOKIE in request.cookies:
        response.delete_cookie(FLASH_COOKIE)
    return response


def page_context(request: Request) -> dict[str, Any]:
    """What every template may use."""
    reader = reader_of(request)
    who: Person | None = getattr(request.state, "who", None)

    def token() -> Markup:
        return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, csrf_token(request))

    sentences = _sentences(reader.locale)
    return {
        "_": sentences,
        "csrf": token,
        "csrf_token": lambda: csrf_token(request),
        "flashes": flashes(request),
        "here": place_at(request.url.path),
        "locale": reader.locale,
        "locales": LOCALES,
        "may": lambda right: who is not None and who.may(Right(right)),
        "path": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        "places": places_of(who) if who else [],
        "theme": reader.theme,
        "themes": THEMES,
        "ui": environment().get_template("parts/ui.html").make_module({"_": sentences}),
        "who": who,
        "zone": reader.zone,
    }


@cache
def _sentences(locale: str) -> Callable[..., str]:
    def sentence(code: str, **params: object) -> str:
        return text(code, locale, **params)

    return sentence


def for_script(value: object) -> Markup:
    """JSON that may stand inside a script element: nothing in it can end the element."""
    return Markup(encode(value).decode().replace("<", "\\u003c"))  # noqa: S704 - no < is left


def redirect(path: str) -> Response:
    """Go to another page after a form: GET, whatever the form's method was."""
    return RedirectResponse(path, 303)


def _remember_who(request: Request, who: Who) -> None:
    request.state.who = who


def page_router() -> APIRouter:
    """A router for pages of people who have signed in; forms are checked for their token."""
    return APIRouter(include_in_schema=False, dependencies=[Depends(_remember_who), Depends(check_csrf)])


def open_router() -> APIRouter:
    """A router for pages that need no account, such as signing in."""
    return APIRouter(include_in_schema=False, dependencies=[Depends(check_csrf)])


def locale_for(request: Request) -> str:
    """Dependency: the reader's language on a page."""
    return reader_of(request).locale


PageLocale = Annotated[str, Depends(locale_for)]
__all__ = ["PAGE_HEADERS", "PageLocale", "Who", "open_router", "page_router", "redirect", "render", "who_asks"]
