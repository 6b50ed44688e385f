"""Reads calls as text from what people have at hand: pasted lines, dialogues, transcripts, results of a scan or
of the service."""

import json
import re
from collections.abc import Iterator, Mapping
from math import inf
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from qa.core.behaviour import CallBehaviour
from qa.core.characters import whole
from qa.core.errors import BadPackError, InputError, NotFoundError
from qa.core.transcript import Transcript, Word
from qa.lexicon.schema import INDUSTRIES
from qa.rules.dialogue import from_text, from_turns


class Call(NamedTuple):
    """A call of a file."""

    name: str
    transcript: Transcript
    attributes: dict[str, str]
    behaviour: CallBehaviour | None = None
    """How it was spoken, where the file is the result of a scan."""


_T = TypeVar("_T")

_JSON: Final = re.compile(r"\{|\[\s*([\[{\]]|\d+\s*[,\]]|$)")
"""How JSON of calls begins: `[00:01] 客户：` and `[客户]` are lines of a dialogue."""


def read_text(path: Path) -> str:
    """A file that somebody names. Raises `NotFoundError`, and `InputError` where it is no text in UTF-8."""
    if not path.exists() or path.is_dir():
        raise NotFoundError("rules.no_file", file=path)
    try:
        return decoded(path.read_bytes(), str(path))
    except OSError as e:
        raise InputError("rules.file_unreadable", file=path, problem=e.strerror or "I/O") from None


def decoded(content: bytes, file: str) -> str:
    """The text of a file's content; raises `InputError` where it is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        raise InputError("rules.not_utf8", file=file, line=content.count(b"\n", 0, e.start) + 1) from None


def read_calls(content: str, file: str) -> Iterator[Call]:
    """The calls of a file's content; raises `InputError` where it is none of the known forms, or nothing."""
    stripped = content.strip()
    if not stripped:
        raise InputError("rules.no_dialogue", file=file)
    if not _JSON.match(stripped):
        yield Call("1", from_text(content), {})
        return
    first = content[: content.index(stripped)].count("\n") + 1
    found = False
    for number, (line, value) in enumerate(_values(stripped, first, file), 1):
        for call in _calls(value, str(number), (file, line)):
            found = True
            if call is not None:
                yield call
    if not found:
        raise InputError("rules.no_dialogue", file=file)


_Place = tuple[str, int]
"""File, and the line in it where a value begins."""


def _values(content: str, first: int, file: str) -> Iterator[tuple[int, Any]]:
    """Each JSON value with the line on which it begins."""
    try:
        yield first, whole(json.loads(content))
        return
    except (ValueError, RecursionError) as e:
        problem = e
    lines = [(first + i, line) for i, line in enumerate(content.split("\n")) if line.strip()]
    if len(lines) < 2 or not _is_json(lines[0][1]):
        raise _not_json(problem, file, first)
    for number, line in lines:
        try:
            yield number, whole(json.loads(line))
        except (ValueError, RecursionError) as e:
            raise _not_json(e, file, number) from None


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _not_json(error: Exception, file: str, first: int) -> InputError:
    if isinstance(error, json.JSONDecodeError):
        return InputError("rules.bad_json", file=file, line=first + error.lineno - 1, problem=error.msg)
    return InputError("rules.bad_json", file=file, line=first, problem=error)


def _calls(value: object, number: str, at: _Place) -> Iterator[Call | None]:
    """The calls in a value; None for a recording in which nobody spoke: there is nothing to judge."""
    if isinstance(value, list):
        if value and all(isinstance(v, dict) and "role" in v for v in value):
            yield Call(number, _from_turns(value, "zh", at), {})
            return
        for i, item in enumerate(value, 1):
            yield from _calls(item, f"{number}.{i}", at)
        return
    if not isinstance(value, dict):
        raise _no_turns(at)
    if isinstance(value.get("recordings"), list):
        yield from _calls(value["recordings"], number, at)
        return
    if "status" in value and value.get("transcript", value) is None:
        yield None
        return
    name = str(value.get("id") or value.get("name") or number)
    given = value.get("attributes")
    attributes = {k: str(v) for k, v in given.items()} if isinstance(given, dict) else {}
    if isinstance(value.get("industry"), str):
        attributes["industry"] = value["industry"]
    industry = attributes.get("industry")
    if industry and industry not in INDUSTRIES:
        known = ", ".join(INDUSTRIES)
        raise InputError("rules.industry_in_file", file=at[0], line=at[1], name=industry[:32], known=known)
    yield Call(name, _transcript(value, at), attributes, _behaviour(value, at))


def _behaviour(value: Mapping[str, Any], at: _Place) -> CallBehaviour | None:
    given = value.get("behaviour")
    return _converted(given, CallBehaviour, at) if isinstance(given, Mapping) else None


def _converted(value: object, kind: type[_T], at: _Place) -> _T:
    try:
        return msgspec.convert(_without_texts(value), kind)
    except msgspec.ValidationError as e:
        raise InputError("rules.bad_json", file=at[0], line=at[1], problem=e) from None


def _without_texts(value: Any) -> Any:
    """A result as it is kept: the service hands it out with the sentence beside the code of every message."""
    if isinstance(value, dict):
        kept = value if value.keys() != {"code", "params", "text"} else {k: value[k] for k in ("code", "params")}
        return {key: _without_texts(item) for key, item in kept.items()}
    return [_without_texts(item) for item in value] if isinstance(value, list) else value


def _transcript(value: Mapping[str, Any], at: _Place) -> Transcript:
    inner = value.get("transcript", value)
    if not isinstance(inner, Mapping) or not isinstance(inner.get("turns"), list):
        raise _no_turns(at)
    if "duration" in inner and all(isinstance(t, dict) and "words" in t for t in inner["turns"]):
        made = _converted(inner, Transcript, at)
        for number, turn in enumerate(made.turns, 1):
            if not all(_possible(word) for word in turn.words):
                raise InputError("rules.bad_words", file=at[0], line=at[1], turn=number)
        return made
    return _from_turns(inner["turns"], str(value.get("language", "zh")).split("-")[0], at)


def _possible(word: Word) -> bool:
    """Whether a word stands at a time, and is as likely as anything can be."""
    return 0 <= word.start <= word.end < inf and 0 <= word.trust <= 1 and 0 <= word.probability <= 1


def _from_turns(turns: list[Any], language: str, at: _Place) -> Transcript:
    try:
        return from_turns(turns, language)
    except BadPackError as e:
        turn = int(e.message.params["turn"]) + 1
        code = "rules.bad_turn_times" if e.message.code == "rules.bad_times" else "rules.bad_turn"
        raise InputError(code, file=at[0], line=at[1], turn=turn) from None


def _no_turns(at: _Place) -> InputError:
    return InputError("rules.no_turns", file=at[0], line=at[1])
