"""From form fields or tus metadata to what intake wants to know about a recording."""

import json
from collections.abc import Mapping
from typing import Final

import msgspec

from qa.core.errors import BadOptionError, InputError
from qa.core.people import Person, Reach
from qa.core.roles import Role
from qa.services import IntakeMeta

OWN_FIELDS: Final = ("metadata", "roles", "language")


def build_meta(filename: str, fields: Mapping[str, str], who: Person) -> IntakeMeta:
    """Make the metadata of an upload by `who`.

    `metadata` is a JSON object of plain values, `roles` one of speaker label -> role, `language` an ISO 639
    code; every other field is an attribute, and wins over the same name in `metadata`.
    Names and values are checked by intake; here only their form is. Whoever sees their teams' recordings only
    uploads for one of these teams: the one they have where they say nothing. Raises `InputError`.
    """
    given: dict[str, str] = {}
    if text := fields.get("metadata", "").strip():
        given.update(_plain_object(text))
    language = fields.get("language") or given.pop("language", None)
    given.update({name: value for name, value in fields.items() if name not in OWN_FIELDS})
    if who.reach is Reach.TEAMS:
        if "team" not in given and len(who.teams) == 1:
            given["team"] = who.teams[0]
        if given.get("team", "").strip() not in who.teams:
            raise BadOptionError("people.not_your_team", teams=", ".join(who.teams))
    return IntakeMeta(
        name=filename,
        attributes=given,
        language=language,
        manual_roles=_roles(fields.get("roles", "")),
        actor=who.login,
        tenant=who.tenant,
    )


def _plain_object(text: str) -> dict[str, str]:
    # The type itself refuses nesting, so depth is bounded before anything is built.
    try:
        found = msgspec.json.decode(text, type=dict[str, str | int | float | bool | None])
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise InputError("api.metadata_not_object") from None
    return {name: _text(value) for name, value in found.items() if value is not None}


def _text(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


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
