"""Rows for spreadsheets."""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from qa.exports.formats.columns import Column, Kind, read_rows

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_SHEET_ROWS: Final = 1_048_575
"""Rows of a sheet below its heading: what Excel 2007 and later can open."""
_CELL: Final = 32_767
"""Characters of a cell, likewise."""
_STEP: Final = 500

Progress = Callable[[int], None]


def write_csv(source: Path, target: Path, columns: Sequence[Column], progress: Progress = lambda _n: None) -> int:
    """UTF-8 with a mark that spreadsheets look for; returns the number of rows.

    Text that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, CSV injection).
    """
    count = 0
    with target.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow([column.name for column in columns])
        for row in read_rows(source):
            writer.writerow([csv_value(row[column.name]) for column in columns])
            count += 1
            if count % _STEP == 0:
                progress(count)
    return count


def csv_value(value: Any) -> str:
    """A value as it stands in a CSV cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def write_xlsx(
    source: Path, target: Path, columns: Sequence[Column], title: str, progress: Progress = lambda _n: None
) -> int:
    """One sheet per million rows; nothing in it is ever a formula or a link. Returns the number of rows."""
    options = {
        "constant_memory": True,
        "tmpdir": str(target.parent),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    count = 0
    with xlsxwriter.Workbook(str(target), options) as book:
        bold = book.add_format({"bold": True})
        sheet = None
        for row in read_rows(source):
            line = count % _SHEET_ROWS
            if line == 0:
                sheet = _sheet(book, columns, title, count // _SHEET_ROWS, bold)
            for place, column in enumerate(columns):
                _cell(sheet, line + 1, place, column.kind, row[column.name])
            count += 1
            if count % _STEP == 0:
                progress(count)
        if sheet is None:
            _sheet(book, columns, title, 0, bold)
    return count


def _sheet(book: Any, columns: Sequence[Column], title: str, number: int, bold: Any) -> Any:
    sheet = book.add_worksheet(title if number == 0 else f"{title} {number + 1}")
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column.name, bold)
    return sheet


def _cell(sheet: Any, line: int, place: int, kind: Kind, value: Any) -> None:
    if value is None:
        return
    if kind is Kind.TRUTH:
        sheet.write_boolean(line, place, value)
    elif kind in (Kind.NUMBER, Kind.WHOLE):
        sheet.write_number(line, place, value)
    else:
        sheet.write_string(line, place, str(value)[:_CELL])
