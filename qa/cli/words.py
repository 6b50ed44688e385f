"""The language of this command line, decided once when it starts, and its sentences in that language.

In order: `--lang` anywhere on the line, `TINGJIAN_LOCALE`, `locale` in `tingjian.toml`, then what the system says
(`LC_ALL`, `LC_MESSAGES`, `LANG`).
"""

import os
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from qa.core.messages import Message
from qa.i18n import pick_locale, render, text


def language_of(arguments: Sequence[str], environment: Mapping[str, str], folder: Path = Path()) -> str:
    """The locale for a command line, its environment and the folder it is run in."""
    for position, argument in enumerate(arguments):
        if argument == "--lang" and position + 1 < len(arguments):
            return pick_locale(arguments[position + 1])
        if argument.startswith("--lang="):
            return pick_locale(argument.removeprefix("--lang="))
    named = environment.get("TINGJIAN_LOCALE") or _in_settings_file(folder)
    system = next((v for k in ("LC_ALL", "LC_MESSAGES", "LANG") if (v := environment.get(k))), "")
    return pick_locale(named or system)


def without_language(arguments: Sequence[str]) -> list[str]:
    """The arguments less `--lang`, which may stand anywhere."""
    kept: list[str] = []
    skip = False
    for argument in arguments:
        if skip:
            skip = False
        elif argument == "--lang":
            skip = True
        elif not argument.startswith("--lang="):
            kept.append(argument)
    return kept


def _in_settings_file(folder: Path) -> str:
    try:
        found = tomllib.loads((folder / "tingjian.toml").read_text(encoding="utf-8")).get("locale", "")
    except (OSError, ValueError):
        return ""  # a broken settings file is told where settings are read
    return found if isinstance(found, str) else ""


LOCALE = language_of(sys.argv[1:], os.environ)


def t(name: str, /, **params: object) -> str:
    """A sentence of the area `cli`."""
    return text(f"cli.{name}", LOCALE, **params)


def say(message: Message) -> str:
    """Any message in the language of this command line."""
    return render(message, LOCALE)
