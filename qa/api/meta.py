"""From form fields or tus metadata to what intake wants to know about a recording."""

import json
from collections.abc import Mapping
from typing import Final

import msgspec

from qa.api.names import clean_attributes, clean_name
from qa.core.errors import BadOptionError, InputError
from qa.core.roles import Role
from qa.services import IntakeMeta

_OWN_FIELDS: Final = ("metadata", "roles", "language")
ACTOR: Final = "api"


def build_meta(filename: str, fields: Mapping[str, str], *, most: int) -> IntakeMeta:
    """Make the metadata of an upload.

    `metadata` is a JSON object of plain values, `roles` one of speaker label -> role, `language` an ISO 639
    code; every other field is an attribute, and wins over the same name in `metadata`.
    Raises `InputError` naming the field that does not fit.
    """
    given: dict[str, object] = {}
    if text := fields.get("metadata", "").strip():
        given.update(_plain_object(text))
    language = fields.get("language") or _take(given, "language")
    roles = fields.get("roles") or ""
    given.update({name: value for name, value in fields.items() if name not in _OWN_FIELDS})
    return IntakeMeta(
        name=clean_name(filename),
        attributes=clean_attributes(given, most),
        language=_language(language),
        manual_roles=_roles(roles),
        actor=ACTOR,
    )


def _take(given: dict[str, object], name: str) -> str:
    value = given.pop(name, "")
    return value if isinstance(value, str) else "?"


def _plain_object(text: str) -> dict[str, object]:
    # The type itself refuses nesting, so depth is bounded before anything is built.
    try:
        return dict(msgspec.json.decode(text, type=dict[str, str | int | float | bool | None]))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise InputError("api.metadata_not_object") from None


def _language(value: str) -> str | None:
    value = value.strip().lower()
    if value in ("", "auto"):
        return None
    if not (2 <= len(value) <= 3 and value.isascii() and value.isalpha()):
        raise BadOptionError("api.bad_language")
    return value


def _roles(text: str) -> dict[str, str] | None:
    if not text.strip():
        return None
    try:
        roles = msgspec.json.decode(text, type=dict[str, Role])
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise BadOptionError("api.bad_roles", roles=", ".join(Role)) from None
    return {label: role.value for label, role in roles.items()}


def attributes_as_json(attributes: Mapping[str, str]) -> str:
    """The form of the `metadata` part, for clients."""
    return json.dumps(dict(attributes), ensure_ascii=False)
