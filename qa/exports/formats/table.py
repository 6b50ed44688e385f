"""Rows for analysis: Parquet."""

from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from qa.exports.formats.columns import Column, Kind, read_rows

_STEP: Final = 5000
"""Rows of a row group: what is held in memory at a time."""


def write_parquet(
    source: Path, target: Path, columns: Sequence[Column], progress: Callable[[int], None] = lambda _n: None
) -> int:
    """Typed columns, zstd; returns the number of rows."""
    # Half a second and 40 MB, which nobody should pay who exports nothing.
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {
        Kind.TEXT: pa.string(),
        Kind.TIME: pa.string(),
        Kind.NUMBER: pa.float64(),
        Kind.WHOLE: pa.int64(),
        Kind.TRUTH: pa.bool_(),
    }
    schema = pa.schema([(column.name, types[column.kind]) for column in columns])
    count, rows = 0, read_rows(source)
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        while group := list(islice(rows, _STEP)):
            writer.write_table(pa.Table.from_pylist(group, schema=schema))
            count += len(group)
            progress(count)
    return count
