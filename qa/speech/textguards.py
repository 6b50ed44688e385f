"""What can be told from a text alone: phantoms, loops, and letters that the language does not have."""

import re
import tomllib
import unicodedata
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import opencc

_SCRIPTS: Final[Mapping[str, tuple[str, ...]]] = {
    "zh": ("CJK", "LATIN"),
    "yue": ("CJK", "LATIN"),
    "ja": ("CJK", "HIRAGANA", "KATAKANA", "LATIN"),
    "ko": ("HANGUL", "CJK", "LATIN"),
    "ru": ("CYRILLIC", "LATIN"),
    "uk": ("CYRILLIC", "LATIN"),
    "ar": ("ARABIC", "LATIN"),
    "th": ("THAI", "LATIN"),
    "el": ("GREEK", "LATIN"),
    "he": ("HEBREW", "LATIN"),
} | dict.fromkeys(
    ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da", "fi", "cs", "tr", "vi", "id", "ms"), ("LATIN",)
)
"""Scripts that a language is written in; a language not listed is not checked."""

_LOOPS: Final = ((1, 1, 10), (2, 3, 6), (4, 30, 4))
"""Shortest and longest repeated unit, and how often it must stand in a row. 对对对对 and a number of eight equal
digits are speech; a sentence said four times without a breath is not."""


def letters(text: str) -> str:
    """The letters and digits of a text, lower case, Traditional as Simplified: what phantoms are compared on."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in to_simplified(folded) if unicodedata.category(c)[0] in "LN")


def compression(text: str) -> float:
    """Bytes over compressed bytes, as Whisper's authors measure repetition."""
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0


def has_letters(text: str) -> bool:
    """Whether a text says anything at all."""
    return any(unicodedata.category(c)[0] in "LN" for c in text)


def syllables_like(text: str) -> int:
    """How much is said: one for every Chinese, Japanese or Korean character and every other letter or digit."""
    return sum(unicodedata.category(c)[0] in "LN" for c in text)


def is_cjk(text: str) -> bool:
    """Whether the first letter of a text is Chinese, Japanese or Korean."""
    return any("\u2e80" <= c <= "\u9fff" or "\uac00" <= c <= "\ud7af" for c in text)


def foreign_script(text: str, language: str) -> bool:
    """Whether a text holds a letter of a script that the language is not written in."""
    allowed = _SCRIPTS.get(language)
    if allowed is None:
        return False
    return any(unicodedata.category(c)[0] == "L" and not _script(c).startswith(allowed) for c in text)


def phantoms_in(words: Sequence[str], language: str, *, unsure: bool) -> list[range]:
    """Ranges of words that belong to a phantom sentence. `unsure` also counts those that could be said."""
    parts = [letters(w) for w in words]
    text = "".join(parts)
    always, alone = _phantoms(language)
    if unsure and text in alone:
        return [range(len(words))]
    found: list[range] = []
    for phantom in always:
        at = text.find(phantom)
        while at >= 0:
            found.append(_words_over(parts, at, at + len(phantom)))
            at = text.find(phantom, at + 1)
    return found


def loop_words(words: Sequence[str]) -> list[range]:
    """Ranges of words that only repeat what stands before them; the first time it is said is kept."""
    parts = [letters(w) for w in words]
    text = "".join(parts)
    found: list[range] = []
    for shortest, longest, times in _LOOPS:
        found += (
            _words_over(parts, match.start() + len(match[1]), match.end())
            for match in re.finditer(rf"(.{{{shortest},{longest}}}?)\1{{{times - 1},}}", text)
        )
    return found


def _words_over(parts: Sequence[str], start: int, end: int) -> range:
    at = 0
    inside: list[int] = []
    for index, part in enumerate(parts):
        if part and at < end and at + len(part) > start:
            inside.append(index)
        at += len(part)
    return range(inside[0], inside[-1] + 1) if inside else range(0)


@cache
def _phantoms(language: str) -> tuple[tuple[str, ...], frozenset[str]]:
    with Path(__file__).with_name("phantoms.toml").open("rb") as file:
        entry = tomllib.load(file).get({"yue": "zh"}.get(language, language), {})
    return tuple(entry.get("always", ())), frozenset(entry.get("alone", ()))


@cache
def _script(character: str) -> str:
    return unicodedata.name(character, "")


def to_simplified(text: str) -> str:
    """Traditional to Simplified, character for character."""
    return str(_converter().convert(text))


@cache
def _converter() -> "opencc.OpenCC":
    return opencc.OpenCC("t2s")
