"""The words that the measures of behaviour look for, from `data/cues.toml`."""

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from qa.text.normalise import normal_form

_UNIT = re.compile(r"[a-z][a-z'’-]*|\d|[\u3400-\u9fff]", re.IGNORECASE)
_JOINT = re.compile(r"[^a-z\u3400-\u9fff]+", re.IGNORECASE)


def units(text: str) -> int:
    """Characters as they are counted for rates: each Chinese character, each digit, each word in other script."""
    return sum(1 for _ in _UNIT.finditer(text))


def is_back_channel(text: str) -> bool:
    """Whether nothing but back-channels is said."""
    said = [part for part in _JOINT.split(normal_form(text).lower()) if part]
    return bool(said) and all(_only_back_channels(part) for part in said)


def asks_to_wait(text: str) -> bool:
    """Whether the other is asked to wait."""
    return _pattern("hold_notice").search(normal_form(text)) is not None


def asks_question(text: str) -> bool:
    """Whether the text ends in a question."""
    return _pattern("question").search(normal_form(text)) is not None


def says_farewell(text: str) -> bool:
    """Whether the text closes a call."""
    return _pattern("farewell").search(normal_form(text)) is not None


def _only_back_channels(part: str) -> bool:
    """Whether a piece without punctuation can be cut into back-channels."""
    words, reachable = _back_channels(), {0}
    for end in range(1, len(part) + 1):
        if any(part[at:end] in words for at in reachable if at < end):
            reachable.add(end)
    return len(part) in reachable


@cache
def _back_channels() -> frozenset[str]:
    return frozenset(_cues()["back_channels"])


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(str(_cues()[name]), re.IGNORECASE)


@cache
def _cues() -> dict[str, Any]:
    return tomllib.loads((files("qa.audio") / "data" / "cues.toml").read_text(encoding="utf-8"))
