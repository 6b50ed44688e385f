"""Reads calls as text from what people have at hand: pasted lines, dialogues, transcripts, results of a scan."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from qa.core.characters import whole
from qa.core.errors import InputError
from qa.core.transcript import Transcript
from qa.rules.dialogue import from_text, from_turns

Call = tuple[str, Transcript, dict[str, str]]
"""Name, transcript, attributes."""


def read_calls(content: str, file: str) -> Iterator[Call]:
    """The calls of a file's content; raises `InputError` where it is none of the known forms."""
    stripped = content.lstrip()
    if not stripped.startswith(("{", "[")):
        yield "1", from_text(content), {}
        return
    for number, value in enumerate(_values(stripped, file), 1):
        yield from _calls(value, str(number), file)


def _values(content: str, file: str) -> Iterator[Any]:
    try:
        yield whole(json.loads(content))
        return
    except (ValueError, RecursionError) as e:
        problem = str(e)
    lines = [line for line in content.splitlines() if line.strip()]
    if len(lines) < 2:
        raise InputError("rules.bad_json", file=file, problem=problem)
    for line in lines:
        try:
            yield whole(json.loads(line))
        except (ValueError, RecursionError) as e:
            raise InputError("rules.bad_json", file=file, problem=e) from None


def _calls(value: object, number: str, file: str) -> Iterator[Call]:
    if isinstance(value, list):
        if value and all(isinstance(v, dict) and "role" in v for v in value):
            yield number, from_turns(value), {}
            return
        for i, item in enumerate(value, 1):
            yield from _calls(item, f"{number}.{i}", file)
        return
    if not isinstance(value, dict):
        raise InputError("rules.bad_json", file=file, problem="no turns")
    if isinstance(value.get("recordings"), list):
        yield from _calls(value["recordings"], number, file)
        return
    name = str(value.get("id") or value.get("name") or number)
    attributes = {k: str(v) for k, v in dict(value.get("attributes") or {}).items()}
    if isinstance(value.get("industry"), str):
        attributes["industry"] = value["industry"]
    yield name, _transcript(value, file), attributes


def _transcript(value: Mapping[str, Any], file: str) -> Transcript:
    inner = value.get("transcript", value)
    if not isinstance(inner, Mapping) or not isinstance(inner.get("turns"), list):
        raise InputError("rules.bad_json", file=file, problem="no turns")
    if "duration" in inner and all("words" in t for t in inner["turns"]):
        try:
            return msgspec.convert(inner, Transcript)
        except msgspec.ValidationError as e:
            raise InputError("rules.bad_json", file=file, problem=e) from None
    return from_turns(inner["turns"], str(value.get("language", "zh")).split("-")[0])
