"""Settings as this command line wants them: file and environment, then what was given as options."""

import os
import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from qa.cli.terminal import err
from qa.cli.words import t
from qa.core.errors import BadOptionError
from qa.core.languages import SPOKEN
from qa.settings import Settings

_FILE: Final = Path("tingjian.toml")
_PREFIX: Final = "TINGJIAN_"
_NO_SETTINGS: Final = frozenset({"TINGJIAN_PROCESS", "TINGJIAN_TOKEN"})
"""Variables of that prefix which are for somebody else: our own processes, the Python client."""
_KINDS: Final = {"int": "setting_whole_number", "float": "setting_number", "bool": "setting_yes_or_no"}
_BOUNDS: Final = {"greater_than_equal": "ge", "less_than_equal": "le", "greater_than": "gt", "less_than": "lt"}


def load_settings(**groups: Mapping[str, Any] | None) -> Settings:
    """Read the settings, with `speech={"model": ...}` and the like laid over them; None and empty values are
    left out. A variable that looks like a setting and is none is told.

    Raises `BadOptionError` that names the setting which is wrong.
    """
    given = {
        group: kept
        for group, values in groups.items()
        if (kept := {k: v for k, v in (values or {}).items() if v not in (None, "", ())})
    }
    for variable in _unknown_variables():
        err.print(t("unknown_variable", name=variable))
    try:
        settings = Settings(**given)  # type: ignore[arg-type]
    except ValidationError as exc:
        raise _first(exc.errors()) from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise BadOptionError("cli.bad_settings_file", file=_FILE, reason=exc) from exc
    except OSError as exc:
        raise BadOptionError("cli.bad_settings_file", file=_FILE, reason=exc.strerror) from exc
    if settings.speech.language not in SPOKEN | {"auto"}:
        raise BadOptionError("ledger.bad_language", language=settings.speech.language)
    return settings


def pack_names(packs: str | None) -> tuple[str, ...]:
    """`zh/common,zh/finance` as a tuple."""
    return tuple(p.strip() for p in (packs or "").split(",") if p.strip())


def _unknown_variables() -> list[str]:
    named = (v for v in os.environ if v.startswith(_PREFIX) and v not in _NO_SETTINGS)
    return [v for v in named if v.removeprefix(_PREFIX).lower().split("__")[0] not in Settings.model_fields]


def _first(problems: Iterable[ErrorDetails]) -> BadOptionError:
    problem = next(iter(problems))
    field = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return BadOptionError("cli.unknown_setting", field=field, near=_nearest(field))
    return BadOptionError("cli.bad_setting", field=field, reason=_reason(problem))


def _reason(problem: ErrorDetails) -> str:
    kind, context = problem["type"], problem.get("ctx", {})
    if kind == "literal_error":
        return t("setting_one_of", allowed=str(context["expected"]).replace(" or ", ", "))
    if kind in _BOUNDS:
        return t(f"setting_{kind}", bound=context[_BOUNDS[kind]])
    wanted = _KINDS.get(kind.partition("_")[0])
    return t(wanted) if wanted else problem["msg"]


def _nearest(field: str) -> str:
    """The known setting a stranger's one is most like, else where they all are listed."""
    known = list(_names(Settings))
    return (get_close_matches(field, known, n=1) or ["docs/reference.md"])[0]


def _names(model: type[BaseModel], before: str = "") -> Iterable[str]:
    for name, info in model.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield from _names(info.annotation, f"{before}{name}.")
        else:
            yield before + name
