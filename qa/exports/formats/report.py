"""The report for people: PDF by typst, with a font of its own, so that it looks the same everywhere."""

import subprocess
import sys
import tempfile
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from qa.core.base import Record, encode
from qa.core.errors import EnvironmentProblemError

_FONT_PACKAGE: Final = "cvttf_NotoSansCJK_Regular"
"""Noto Sans CJK (SIL Open Font License 1.1): one file with the forms of the mainland and of Taiwan."""


class Section(Record, frozen=True):
    """A heading, a text and a table; either may be empty."""

    title: str
    text: str = ""
    head: tuple[str, ...] = ()
    widths: tuple[int, ...] = ()
    """Relative widths of the columns."""
    rows: tuple[tuple[str, ...], ...] = ()


class Report(Record, frozen=True):
    """One document."""

    title: str
    subtitle: str
    id: str
    by: str
    region: str
    """`CN` or `TW`: which forms of characters are drawn."""
    facts: tuple[tuple[str, str], ...] = ()
    sections: tuple[Section, ...] = ()


def write_pdf(report: Report, target: Path) -> None:
    """Typeset a report. What it says is data, never code of the typesetter.

    In a process of its own: the typesetter keeps all it has made in memory, and a large export has many parts.
    Raises `EnvironmentProblemError` where the font is missing.
    """
    found = find_spec(_FONT_PACKAGE)
    if found is None or found.origin is None:
        raise EnvironmentProblemError("export.no_font")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".report-") as folder:
        root = Path(folder)
        template = files("qa.exports.formats").joinpath("report.typ").read_text("utf-8")
        (root / "report.typ").write_text(template, "utf-8")
        (root / "data.json").write_bytes(encode(report))
        command = [sys.executable, "-c", _COMPILE, str(root), str(Path(found.origin).parent), str(target)]
        subprocess.run(command, check=True)  # noqa: S603 - our own interpreter and words


_COMPILE: Final = """
import sys, typst
root, fonts, target = sys.argv[1:]
typst.Compiler(
    f"{root}/report.typ", root=root, font_paths=[fonts], ignore_system_fonts=True, sys_inputs={"data": "data.json"}
).compile(output=target, format="pdf")
"""
