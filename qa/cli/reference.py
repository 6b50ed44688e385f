"""Writes `docs/reference.md`: every command with its options, every setting with its default.

`make docs` runs it in English, and a test fails when the page does not mention a command or a setting.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from qa.cli.main import ELSEWHERE, build
from qa.core.people import MAY, Job, Right
from qa.settings import Settings

_HEAD: Final = """\
# Reference

Written by `make docs` from the program itself; do not edit by hand.

## Commands

`--lang zh-Hans|zh-Hant|en` may stand anywhere on the line. Exit codes: 0 all well; 2 something given is wrong;
3 a recording could not be analysed; 4 nothing of that name; 5 a state that does not allow it; 6 the machine lacks
something; 7 not signed in, or not allowed; 10 a flag of the severity given with `--fail-on`; 130 interrupted; 1
our mistake.
"""
_TABLE_BEGINS: Final = "<!-- table: written by `make docs` -->"
_TABLE_ENDS: Final = "<!-- end of table -->"
_SETTINGS_HEAD: Final = """\
## Settings

Set them in `tingjian.toml` in the folder the command is run in (`[speech]` and then `model = "small"`), or as
environment variables (`TINGJIAN_SPEECH__MODEL=small`), which win over the file.

| setting | default | |
|---|---|---|"""


def settings_table(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[str]:
    """Markdown of all settings: those of the top level first, then group by group."""
    groups: list[tuple[str, type[BaseModel]]] = []
    for name, field in model.model_fields.items():
        if isinstance(field.default, BaseModel):
            groups.append((name, type(field.default)))
        else:
            yield f"| `{prefix}{name}` | {_default(field)} | {field.description or ''} |"
    for name, group in groups:
        yield f"| **{name}** | | {(group.__doc__ or '').strip()} |"
        yield from settings_table(group, f"{name}.")


def commands() -> Iterator[tuple[str, Any]]:
    """Every command that can be called, with its full name: `models pull`."""
    root = typer.main.get_command(build(list(ELSEWHERE)))
    yield from _walk("", root)


def roles_table() -> str:
    """Who may do what, as `qa.core.people.MAY` has it."""
    lines = ["| right | " + " | ".join(Job) + " |", "|---" * (len(Job) + 1) + "|"]
    lines += [
        f"| `{right}` | " + " | ".join("x" if right in MAY[job] else "" for job in Job) + " |" for right in Right
    ]
    return "\n".join(lines)


def roles_page(present: str) -> str:
    """The page on roles with its table written again, between the two marks."""
    before, _, rest = present.partition(_TABLE_BEGINS)
    return before + _TABLE_BEGINS + "\n" + roles_table() + "\n" + _TABLE_ENDS + rest.partition(_TABLE_ENDS)[2]


def page() -> str:
    """The whole page."""
    lines = [_HEAD]
    for name, command in commands():
        lines += [f"### `tingjian {name}`", "", command.help or "", ""]
        options = [p for p in command.params if p.name != "help"]
        if options:
            lines += ["| option | |", "|---|---|"]
            lines += [f"| `{_spelled(p)}` | {getattr(p, 'help', '') or ''} |" for p in options]
            lines.append("")
    lines += [_SETTINGS_HEAD, *settings_table(), ""]
    return "\n".join(lines)


def _walk(prefix: str, command: Any) -> Iterator[tuple[str, Any]]:
    for name, inner in getattr(command, "commands", {}).items():
        full = f"{prefix} {name}".strip()
        if getattr(inner, "commands", None):
            yield from _walk(full, inner)
        else:
            yield full, inner


def _spelled(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name.upper())
    metavar = f" {parameter.metavar}" if parameter.metavar else ""
    return ", ".join(parameter.opts) + metavar.replace("|", "\\|")


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is PydanticUndefined:
        return ""
    if isinstance(value, tuple):
        value = ", ".join(str(v) for v in value)
    return f"`{value}`" if str(value) and "*" not in str(value) else "–"


if __name__ == "__main__":
    Path("docs/reference.md").write_text(page(), encoding="utf-8")
    roles = Path("docs/roles.md")
    roles.write_text(roles_page(roles.read_text(encoding="utf-8")), encoding="utf-8")
