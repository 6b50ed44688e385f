"""Hands settings to child processes, which read them as anybody does: from the environment."""

import json
import os
from pathlib import Path

from pydantic import BaseModel, SecretStr

from qa.settings import Settings

PREFIX = "TINGJIAN_"


def child_environment(settings: Settings) -> dict[str, str]:
    """This process's environment with exactly these settings in it, whatever they came from.

    Secrets travel in the environment, which only this user can read, never on a command line.
    """
    environment = {key: value for key, value in os.environ.items() if not key.upper().startswith(PREFIX)}
    values = settings.model_copy(update={"home": settings.home.absolute()})
    for name in type(settings).model_fields:
        environment[f"{PREFIX}{name.upper()}"] = _text(getattr(values, name))
    return environment


def _text(value: object) -> str:
    if isinstance(value, str | Path):
        return str(value)
    plain = value.model_dump() if isinstance(value, BaseModel) else value
    return json.dumps(plain, default=_plain, ensure_ascii=False)


def _plain(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
