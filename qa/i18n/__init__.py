"""Every sentence a person reads, in Simplified Chinese, Traditional Chinese and English.

The catalogues are the TOML files beside this module, one per area; in each entry the three languages stand
side by side, so that a change to one is seen to want a change to the others. Placeholders are `{name}`, and the
parameters `name:locale` fill one with a label that has several languages. Where
English speaks otherwise of one thing (the parameter `n` or `count`), `one` holds that sentence.
"""

import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from qa.core.messages import Message

if TYPE_CHECKING:
    import opencc

LOCALES: Final = ("zh-Hans", "zh-Hant", "en")
DEFAULT_LOCALE: Final = "zh-Hans"
_TRADITIONAL_REGIONS: Final = ("tw", "hk", "mo", "hant")


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """All entries: `area.name` -> locale -> sentence."""
    entries: dict[str, Mapping[str, str]] = {}
    for path in sorted(Path(__file__).parent.glob("*.toml")):
        for name, texts in tomllib.loads(path.read_text(encoding="utf-8")).items():
            entries[f"{path.stem}.{name}"] = texts
    return entries


def render(message: Message, locale: str = DEFAULT_LOCALE) -> str:
    """The sentence in `locale`. An unknown code is shown as it is, so that nothing is ever swallowed."""
    texts = catalogue().get(message.code)
    if texts is None:
        return f"{message.code} {message.params}" if message.params else message.code
    single = locale == "en" and "1" in (message.params.get("n"), message.params.get("count"))
    return texts["one" if single and "one" in texts else locale].format_map(_Lenient(_in(message.params, locale)))


def _in(params: Mapping[str, str], locale: str) -> Mapping[str, str]:
    """Parameters with labels in one language."""
    labels: dict[str, dict[str, str]] = {}
    for key, value in params.items():
        name, _, tag = key.partition(":")
        if tag:
            labels.setdefault(name, {})[tag] = value
    return {**params, **{name: label_in(label, locale) for name, label in labels.items()}} if labels else params


def text(code: str, locale: str = DEFAULT_LOCALE, **params: object) -> str:
    """Shorthand for a sentence that is not kept as a `Message`."""
    return render(Message(code, {k: str(v) for k, v in params.items()}), locale)


def pick_locale(wanted: str | None) -> str:
    """The closest locale to a language tag, an `Accept-Language` header or a `LANG` value."""
    for part in (wanted or "").split(","):
        tag = part.split(";")[0].strip().lower().replace("_", "-").split(".")[0]
        if tag.startswith("zh"):
            return "zh-Hant" if any(r in tag.split("-") for r in _TRADITIONAL_REGIONS) else "zh-Hans"
        if tag.startswith(("en", "c-")) or tag in ("c", "posix"):
            return "en"
    return DEFAULT_LOCALE


def label_in(label: Mapping[str, str], locale: str) -> str:
    """One language of a label as packs write it, falling back to Simplified Chinese, then to any.

    Packs are written in Simplified Chinese; who reads Traditional is given the same words in that script.
    """
    written = label.get(locale)
    if not written and locale == "zh-Hant":
        written = _traditional(label.get(DEFAULT_LOCALE, ""))
    return written or label.get(DEFAULT_LOCALE) or next(iter(label.values()), "")


@lru_cache(maxsize=4096)
def _traditional(text: str) -> str:
    converted: str = _converter().convert(text)
    return converted


@cache
def _converter() -> "opencc.OpenCC":
    # Only where somebody reads Traditional Chinese: loading its dictionaries takes a moment.
    import opencc

    return opencc.OpenCC("s2twp")


class _Lenient(dict[str, str]):
    """Leaves a placeholder standing that has no value."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"
