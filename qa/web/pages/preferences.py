"""Language and theme, kept in the browser."""

from typing import Annotated

from fastapi import Form, Request, Response

from qa.i18n import LOCALES
from qa.web.reader import LOCALE_COOKIE, THEME_COOKIE, THEMES, local_path, remember
from qa.web.render import open_router, redirect

router = open_router()


@router.post("/preferences")
def prefer(
    request: Request,
    locale: Annotated[str, Form()] = "",
    theme: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "/",
) -> Response:
    """Remember a choice and return to the page it was made on."""
    response = redirect(local_path(back))
    secure = request.url.scheme == "https"
    if locale in LOCALES:
        remember(response, LOCALE_COOKIE, locale, secure=secure)
    if theme in THEMES:
        remember(response, THEME_COOKIE, theme, secure=secure)
    return response
