"""Settings as this command line wants them: file and environment, then what was given as options."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from qa.core.errors import BadOptionError
from qa.settings import Settings


def load_settings(**groups: Mapping[str, Any] | None) -> Settings:
    """Read the settings, with `speech={"model": ...}` and the like laid over them; None and empty values are
    left out.

    Raises `BadOptionError` that names the setting which is wrong.
    """
    given = {
        group: kept
        for group, values in groups.items()
        if (kept := {k: v for k, v in (values or {}).items() if v not in (None, "", ())})
    }
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as exc:
        first = exc.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise BadOptionError("cli.bad_setting", field=field, reason=first["msg"]) from exc
    except tomllib.TOMLDecodeError as exc:
        raise BadOptionError("cli.bad_settings_file", file=Path("tingjian.toml"), reason=exc) from exc


def pack_names(packs: str | None) -> tuple[str, ...]:
    """`zh/common,zh/finance` as a tuple."""
    return tuple(p.strip() for p in (packs or "").split(",") if p.strip())
