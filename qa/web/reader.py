"""What the reader of a page prefers: language, theme, time zone; and where a form may send them back to."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from fastapi import Request, Response

from qa.core.people import Person
from qa.i18n import LOCALES, pick_locale
from qa.settings import Settings

LOCALE_COOKIE: Final = "tj_locale"
THEME_COOKIE: Final = "tj_theme"
THEMES: Final = ("auto", "light", "dark")
_YEAR: Final = 365 * 86400


@dataclass(frozen=True, slots=True)
class Reader:
    """How a page is to be written for whoever reads it."""

    locale: str
    theme: str
    zone: ZoneInfo


def reader_of(request: Request) -> Reader:
    """The cookie of this browser wins, then the account's choice, `Accept-Language`, and the service's own.

    The switch in the corner of a page sets the cookie (and the account's choice, for the next browser).
    """
    settings: Settings = request.app.state.settings
    who: Person | None = getattr(request.state, "who", None)
    chosen = request.cookies.get(LOCALE_COOKIE, "")
    if chosen not in LOCALES:
        header = request.headers.get("accept-language", "").strip()
        spoken = header if header != "*" else ""
        chosen = pick_locale((who.locale if who else None) or spoken or settings.locale or None)
    theme = request.cookies.get(THEME_COOKIE, "")
    zone = ZoneInfo(settings.time_zone)
    return Reader(chosen, theme if theme in THEMES else "auto", zone)


def remember(response: Response, name: str, value: str, *, secure: bool) -> None:
    """Keep a choice in the browser for a year."""
    response.set_cookie(name, value, max_age=_YEAR, httponly=True, samesite="lax", secure=secure)


def local_path(wanted: str | None, otherwise: str = "/") -> str:
    """`wanted` where it is a path of this service, else `otherwise`: nobody is sent to another site."""
    if not wanted or not wanted.startswith("/") or wanted.startswith(("//", "/\\")):
        return otherwise
    if any(ord(char) < 32 or char == "\\" for char in wanted):
        return otherwise
    parts = urlsplit(wanted)
    return wanted if not parts.scheme and not parts.netloc else otherwise
