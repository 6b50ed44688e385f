"""Names and attributes as strangers send them, made safe to show, to log and to store.

Nothing here is ever used as a path: files on disk are named by identifiers the service makes up itself. A name
is cleaned rather than refused, because a call recorder that writes odd names is not its operator's fault;
attributes are refused when they do not fit, because a cut value would be a wrong value.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from qa.core.errors import InputError

MAX_NAME: Final = 200
"""Characters of a display name: every usual file system stops at 255 bytes, a table cell long before."""
MAX_KEY: Final = 64
MAX_VALUE: Final = 1024
_UNSEEN: Final = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Control, format (which holds the bidirectional overrides), surrogate, private, unassigned, line separators."""
_KEY = re.compile(r"^[\w][\w .\-]*$")


def clean_text(value: str) -> str:
    """`value` composed (NFC), without characters that are not seen, white space collapsed."""
    seen = (" " if c in "\t\r\n\u2028\u2029" else c for c in unicodedata.normalize("NFC", value))
    return " ".join("".join(c for c in seen if unicodedata.category(c) not in _UNSEEN).split())


def clean_name(name: str | None) -> str:
    """A display name from a file name: last path component, visible characters, at most `MAX_NAME` of them.

    The extension survives the cut. A name of which nothing is left becomes `recording`.
    """
    last = re.split(r"[/\\]", name or "")[-1]
    cleaned = clean_text(last).lstrip(". ")
    if not cleaned:
        return "recording"
    if len(cleaned) <= MAX_NAME:
        return cleaned
    stem, dot, extension = cleaned.rpartition(".")
    if not dot or len(extension) > 8:
        return cleaned[:MAX_NAME]
    return f"{stem[: MAX_NAME - len(extension) - 1]}.{extension}"


def clean_attributes(given: Mapping[str, object], most: int) -> dict[str, str]:
    """Attributes as text by name; empty values are left out.

    Raises `InputError` naming the attribute for more than `most` of them, a name that is not made of letters,
    digits, `.`, `_`, `-` and spaces, a nested value, or one longer than `MAX_VALUE` characters.
    """
    if len(given) > most:
        raise InputError("api.too_many_attributes", most=most, given=len(given))
    cleaned: dict[str, str] = {}
    for key, value in given.items():
        name = clean_text(key)
        if not name or len(name) > MAX_KEY or not _KEY.match(name):
            raise InputError("api.bad_attribute_name", name=name[:MAX_KEY], most=MAX_KEY)
        text = _scalar(name, value)
        if len(text) > MAX_VALUE:
            raise InputError("api.attribute_too_long", name=name, most=MAX_VALUE)
        if text:
            cleaned[name] = text
    return cleaned


def _scalar(name: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return clean_text(str(value))
    raise InputError("api.attribute_not_plain", name=name)
