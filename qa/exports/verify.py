"""Checks an evidence pack: that nothing in it was changed, removed, added, doubled or put in another order."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime

GENESIS = "0" * 64
"""What the first event of a chain names as the hash before it."""

_quoted = json.encoder.encode_basestring


def canonical(value: object) -> bytes:
    """The one way to write a JSON value, so that its hash is always the same (RFC 8785).

    UTF-8, no spaces, keys in the order of their UTF-16 code units, shortest escapes, numbers as ECMAScript prints
    them. Beyond the RFC, integers of any size are written with all their digits.
    Raises `ValueError` for NaN, an infinity or half a surrogate pair, and `TypeError` for what JSON has not.
    """
    return _canonical(value).encode("utf-8")


def _canonical(value: object) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dict):
        keys = sorted(value) if all(map(str.isascii, value)) else sorted(value, key=_utf16)
        return "{" + ",".join(f"{_quoted(key)}:{_canonical(value[key])}" for key in keys) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_canonical, value)) + "]"
    raise TypeError(f"{type(value).__name__} is no JSON value")


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def _number(value: float) -> str:
    """As ECMAScript's `Number::toString`: Python finds the same digits but places the point otherwise."""
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError("not a finite number")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    digits, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = digits.partition(".")
    point = len(whole) + int(exponent or 0)
    figures = whole + fraction
    stripped = figures.lstrip("0")
    point -= len(figures) - len(stripped)
    figures = stripped.rstrip("0")
    count = len(figures)
    if count <= point <= 21:
        return sign + figures + "0" * (point - count)
    if 0 < point <= 21:
        return sign + figures[:point] + "." + figures[point:]
    if -6 < point <= 0:
        return sign + "0." + "0" * -point + figures
    mantissa = figures[0] + ("." + figures[1:] if count > 1 else "")
    return f"{sign}{mantissa}e{point - 1:+d}"


def moment(at: datetime) -> str:
    """A time as it stands in what is hashed and signed: UTC, microseconds, `2026-03-01T12:30:15.000000Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


EVENT_FIELDS = (
    "action",
    "actor",
    "at",
    "details",
    "id",
    "observed_at",
    "previous_hash",
    "recording_id",
    "seq",
    "tenant",
)
"""What the hash of an audit event covers."""


def event_hash(event: Mapping[str, object]) -> str:
    """SHA-256 over the canonical JSON of an event's fields, among them the hash of the event before it."""
    return hashlib.sha256(canonical({name: event[name] for name in EVENT_FIELDS})).hexdigest()
