"""The report for people: PDF by typst, with a font of its own, so that it looks the same everywhere."""

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
    """Typeset a report. What it says is data, never code of the typesetter. Raises `EnvironmentProblemError`
    where the font is missing."""
    import typst

    found = find_spec(_FONT_PACKAGE)
    if found is None or found.origin is None:
        raise EnvironmentProblemError("export.no_font")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".report-") as folder:
        root = Path(folder)
        template = root / "report.typ"
        template.write_text(files("qa.exports.formats").joinpath("report.typ").read_text("utf-8"), "utf-8")
        (root / "data.json").write_bytes(encode(report))
        compiler = typst.Compiler(
            str(template),
            root=str(root),
            font_paths=[str(Path(found.origin).parent)],
            ignore_system_fonts=True,
            sys_inputs={"data": "data.json"},
        )
        compiler.compile(output=str(target), format="pdf")
