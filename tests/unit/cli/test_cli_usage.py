"""A command line that makes no sense is told in the language of its user, whatever the parser says."""

import sys

import pytest

from qa.cli import main, usage, words
from qa.i18n import LOCALES, text

LINES = {
    "nosuch": ("command", {"name": "nosuch"}),
    "rules tri": ("command_meant", {"name": "tri", "known": "try"}),
    "rules try": ("missing", {"name": "FILE_OR_ID"}),
    "rules backtest a": ("missing", {"name": "--against"}),
    "rules try a --nosuch": ("option", {"name": "--nosuch"}),
    "rules try a --pack a": ("option_meant", {"name": "--pack", "known": "--pack-dir, --packs"}),
    "rules try a b c": ("extra", {"name": "b c"}),
    "rules try a --json": ("no_value", {"name": "--json"}),
    "rules try a --on x": ("date", {"name": "--on"}),
    "scan x --fail-on often": (
        "choice",
        {"name": "--fail-on", "known": "'critical', 'warning', 'notice', 'info'", "given": "often"},
    ),
    "up --port x": ("whole", {"name": "--port"}),
}


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("locale", LOCALES)
def test_told_in_every_language(
    line: str, locale: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(words, "LOCALE", locale)
    monkeypatch.setattr(sys, "argv", ["tingjian", *line.split()])
    name, values = LINES[line]
    assert main.run(line.split()) == main.USAGE
    assert text(f"cli.usage_{name}", locale, **values) in capsys.readouterr().err


def test_a_number_out_of_its_range() -> None:
    said = "Invalid value for '--days': Input should be {} than or equal to {}"
    assert usage.told(said.format("greater", 1)) == text("cli.usage_least", words.LOCALE, name="--days", bound=1)
    assert usage.told(said.format("less", 9)) == text("cli.usage_most", words.LOCALE, name="--days", bound=9)


def test_what_is_not_known_is_left_as_it_is() -> None:
    assert usage.told("Something else.") == "Something else."
