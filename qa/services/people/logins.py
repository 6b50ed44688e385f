"""Logins as they are compared and written down."""

import re
import unicodedata
from typing import Final

from qa.core.errors import BadOptionError

_LOGIN: Final = re.compile(r"[^\W_][\w.@+\-]{1,63}")
_RESERVED: Final = frozenset({"system", "server-token", "unknown", "api"})
"""Actors of the audit log that are nobody's account."""


def normalise(typed: str) -> str:
    """Compatibility form, lower case, no space around: full-width letters from a Chinese keyboard are the same."""
    return unicodedata.normalize("NFKC", typed).strip().casefold()


def check_login(typed: str) -> str:
    """The login of a new account. Raises `BadOptionError` where it is not 2-64 letters, digits or `._@+-`."""
    login = normalise(typed)
    if not _LOGIN.fullmatch(login) or login in _RESERVED:
        raise BadOptionError("people.bad_login", login="".join(c for c in typed[:64] if c.isprintable()))
    return login


def check_text(field: str, typed: str, most: int = 128) -> str:
    """A name as a person writes it: one line, not empty. Raises `BadOptionError` that names `field`."""
    said = unicodedata.normalize("NFC", typed).strip()
    if not said or len(said) > most or not said.isprintable():
        raise BadOptionError("people.bad_text", field=field, most=most)
    return said
