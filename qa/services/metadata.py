"""What comes with a recording besides its sound: names, fields, sidecars. All of it is from strangers."""

import json
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from qa.core.errors import BadOptionError
from qa.core.languages import SPOKEN
from qa.core.roles import Role
from qa.lexicon.schema import INDUSTRIES

SIDECAR_SUFFIX = ".json"
MAX_SIDECAR_BYTES = 2**20
MAX_NAME = 200
MAX_VALUE = 1024

_FIELD = re.compile(r"[\w][\w.\-]{0,63}")
_SPEAKER = re.compile(r"\w{1,16}")


def safe_name(name: str) -> str:
    """A file name fit to be kept and shown: no folders, no control or direction characters, at most 200 long."""
    base = unicodedata.normalize("NFC", name).replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    kept = "".join(c if unicodedata.category(c)[0] != "C" else "_" for c in base).strip()
    if len(kept) > MAX_NAME:
        stem, dot, suffix = kept.rpartition(".")
        tail = f"{dot}{suffix}" if stem and len(suffix) <= 8 else ""
        kept = kept[: MAX_NAME - len(tail)] + tail
    return kept if kept.strip(".") else "recording"


def checked_attributes(attributes: Mapping[str, str], most: int) -> dict[str, str]:
    """Metadata fields with their values tidied. Raises `BadOptionError` that names the field at fault."""
    if len(attributes) > most:
        raise BadOptionError("ledger.too_many_attributes", count=len(attributes), limit=most)
    checked: dict[str, str] = {}
    for name, value in attributes.items():
        if not _FIELD.fullmatch(name):
            raise BadOptionError("ledger.bad_attribute_name", name=safe_name(name)[:64])
        if len(value) > MAX_VALUE:
            raise BadOptionError("ledger.long_attribute", name=name, limit=MAX_VALUE)
        kept = "".join(c if unicodedata.category(c) != "Cc" else " " for c in value).strip()
        checked[name] = kept.encode("utf-8", "replace").decode("utf-8")
    return checked


def with_known_industry(attributes: dict[str, str]) -> dict[str, str]:
    """The same with the industry as packs write it. Raises `BadOptionError` for one that no pack can have: the
    rules of all industries would pass the call over.
    """
    industry = attributes.get("industry", "").lower()
    if industry and industry not in INDUSTRIES:
        raise BadOptionError(
            "rules.unknown_industry", name=safe_name(attributes["industry"])[:32], known=", ".join(INDUSTRIES)
        )
    return {**attributes, "industry": industry} if industry else attributes


def checked_language(language: str | None) -> str | None:
    """An ISO 639-1 code, or None for `auto` and nothing. Raises `BadOptionError`."""
    if language is None or language.strip().lower() in ("", "auto"):
        return None
    code = language.strip().lower()
    if code not in SPOKEN:
        raise BadOptionError("ledger.bad_language", language=safe_name(language)[:32])
    return code


def checked_roles(roles: Mapping[str, str]) -> dict[str, str]:
    """Speaker label -> role. Raises `BadOptionError`."""
    for speaker, role in roles.items():
        if not _SPEAKER.fullmatch(speaker) or role not in set(Role):
            raise BadOptionError("ledger.bad_roles", allowed=", ".join(Role))
    return dict(roles)


def name_pattern(pattern: str) -> re.Pattern[str] | None:
    """Compile `intake.filename_pattern`. Raises `BadOptionError` for one that does not compile."""
    if not pattern:
        return None
    try:
        return re.compile(pattern)
    except re.error as error:
        raise BadOptionError("ledger.bad_pattern", why=str(error)) from None


def attributes_from_name(pattern: re.Pattern[str] | None, name: str) -> dict[str, str]:
    """The named groups of `pattern` in a file name; nothing where it does not match."""
    found = pattern.search(name) if pattern else None
    return {key: value for key, value in found.groupdict().items() if value} if found else {}


def sidecar_of(path: Path) -> Path | None:
    """The JSON file beside a recording (`call.wav.json` or `call.json`), where there is one."""
    for candidate in (path.with_name(path.name + SIDECAR_SUFFIX), path.with_suffix(SIDECAR_SUFFIX)):
        if candidate.is_file():
            return candidate
    return None


def read_sidecar(path: Path) -> dict[str, str]:
    """Text, numbers and yes/no values of a JSON object; lists and nested objects are no metadata and left out.

    Raises `BadOptionError` where the file is no JSON object.
    """
    try:
        if path.stat().st_size > MAX_SIDECAR_BYTES:
            raise BadOptionError("ledger.bad_sidecar", name=safe_name(path.name))
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        raise BadOptionError("ledger.bad_sidecar", name=safe_name(path.name)) from None
    if not isinstance(data, dict):
        raise BadOptionError("ledger.bad_sidecar", name=safe_name(path.name))
    texts = {key: _scalar(value) for key, value in data.items()}
    return {key: value for key, value in texts.items() if value is not None}


def _scalar(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    return None
