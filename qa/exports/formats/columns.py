"""What a row consists of."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson

from qa.core.base import Record

Row = dict[str, Any]
"""Column name -> value of the column's kind, or None."""


class Kind(StrEnum):
    """Type of a column."""

    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole"
    TRUTH = "truth"
    TIME = "time"
    """ISO 8601 with its zone, as text: what it says is the same in every format."""


class Column(Record, frozen=True):
    """One column."""

    name: str
    kind: Kind = Kind.TEXT


def read_rows(source: Path) -> Iterator[Row]:
    """The rows of a JSONL file, one at a time."""
    with source.open("rb") as lines:
        for line in lines:
            yield orjson.loads(line)


def row_line(row: Row) -> bytes:
    """A row as a line of JSONL."""
    return orjson.dumps(row) + b"\n"
