"""Logs of every process: JSON lines in `home/logs`, readable lines on a terminal, personal data masked."""

import logging
import re
import sys
from collections.abc import MutableMapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import structlog

_DIGITS = re.compile(r"\d(?:[ \-]?\d){6,}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ID = re.compile(
    r"(?<![0-9a-zA-Z])(?:[0-9a-f]{32}|[0-9a-f]{64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|20[0-9]{2}-[01][0-9]-[0-3][0-9])(?![0-9a-zA-Z-])"
)
_MAX_BYTES = 20 * 2**20
_KEPT_FILES = 5


def configure(home: Path | None, process: str, *, console: bool = False, level: str = "INFO") -> None:
    """Set logging up for this process.

    `home/logs/<process>.jsonl` is written where `home` is given; `console` also writes to standard error.
    Everything that goes through the standard library (Celery, uvicorn, Alembic) takes the same way.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
        old.close()
    if home is not None:
        folder = home / "logs"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = RotatingFileHandler(
            folder / f"{process}.jsonl", maxBytes=_MAX_BYTES, backupCount=_KEPT_FILES, encoding="utf-8"
        )
        file.setFormatter(_formatter(structlog.processors.JSONRenderer(ensure_ascii=False), shared))
        root.addHandler(file)
    if console:
        stream = logging.StreamHandler(sys.stderr)
        colors = sys.stderr.isatty()
        stream.setFormatter(_formatter(structlog.dev.ConsoleRenderer(colors=colors), shared))
        root.addHandler(stream)
    if not root.handlers:
        root.addHandler(logging.NullHandler())
    root.setLevel(level)
    for chatty in ("httpx", "httpcore", "alembic.runtime"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(process=process)


def mask(value: str) -> str:
    """Hide what may be a number of a person (seven digits or more) and anything that would break a line.

    Ids of ours and hashes (UUIDs, 32 or 64 hex digits) and dates stay: without them a log is of no use.
    """
    kept = [m.span() for m in _ID.finditer(value)]
    masked = _DIGITS.sub(
        lambda m: m.group() if any(a <= m.start() and m.end() <= b for a, b in kept) else _stars(m.group()),
        value,
    )
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", masked)


def mask_event(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The processor that masks every value of an event."""
    for key, value in event.items():
        if key not in ("timestamp", "_record", "_from_structlog"):
            event[key] = _masked(value)
    return event


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return (
            "\n".join(mask(line) for line in value.split("\n")) if value.startswith("Traceback") else mask(value)
        )
    if isinstance(value, dict):
        return {key: _masked(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(item) for item in value]
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if abs(value) < 10**6 else _masked(str(value))
    return mask(str(value))


def _stars(digits: str) -> str:
    return digits[:2] + "*" * (len(digits) - 4) + digits[-2:]


def _formatter(renderer: Any, shared: list[Any]) -> structlog.stdlib.ProcessorFormatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, mask_event, renderer],
    )
