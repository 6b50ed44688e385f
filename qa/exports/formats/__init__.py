"""The same rows in every format: each writer reads the frozen JSONL and adds nothing of its own.

    write_csv(rows.jsonl, out.csv, columns)

A writer holds a bounded number of rows in memory. `Column` says what a field is.
"""

from qa.exports.formats.columns import Column, Kind, read_rows
from qa.exports.formats.sheets import write_csv, write_xlsx
from qa.exports.formats.table import write_parquet

__all__ = ["Column", "Kind", "read_rows", "write_csv", "write_parquet", "write_xlsx"]
