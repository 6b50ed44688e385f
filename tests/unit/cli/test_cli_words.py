import importlib
import string
from pathlib import Path

import pytest

from qa.cli.words import language_of, without_language
from qa.i18n import LOCALES, catalogue


@pytest.mark.parametrize(
    ("arguments", "environment", "locale"),
    [
        (["scan", "x", "--lang", "en"], {"LANG": "zh_CN.UTF-8"}, "en"),
        (["--lang=zh-TW"], {}, "zh-Hant"),
        ([], {"TINGJIAN_LOCALE": "en", "LANG": "zh_CN"}, "en"),
        ([], {"LC_ALL": "C.UTF-8", "LANG": "zh_CN"}, "en"),
        ([], {"LANG": "zh_HK.UTF-8"}, "zh-Hant"),
        ([], {}, "zh-Hans"),
        (["--lang"], {"LANG": "en_US"}, "en"),
    ],
)
def test_the_language_is_found(
    arguments: list[str], environment: dict[str, str], locale: str, tmp_path: Path
) -> None:
    assert language_of(arguments, environment, tmp_path) == locale


def test_the_settings_file_names_the_language_where_nothing_nearer_does(tmp_path: Path) -> None:
    (tmp_path / "tingjian.toml").write_text('locale = "zh-Hant"\n', encoding="utf-8")
    assert language_of([], {"LANG": "en_US"}, tmp_path) == "zh-Hant"
    (tmp_path / "tingjian.toml").write_text("locale = [broken", encoding="utf-8")
    assert language_of([], {"LANG": "en_US"}, tmp_path) == "en"


def test_the_language_may_stand_anywhere_on_the_line() -> None:
    assert without_language(["scan", "--lang", "en", "x", "--lang=zh"]) == ["scan", "x"]


@pytest.mark.parametrize("area", ["cli", "models", "evaluate"])
def test_every_sentence_has_three_languages_with_the_same_placeholders(area: str) -> None:
    entries = {k: v for k, v in catalogue().items() if k.startswith(f"{area}.")}
    assert entries
    for code, texts in entries.items():
        assert set(texts) == set(LOCALES), code
        fields = {locale: {f for _, f, _, _ in string.Formatter().parse(texts[locale]) if f} for locale in LOCALES}
        assert len({frozenset(f) for f in fields.values()}) == 1, code


def test_every_sentence_the_command_line_asks_for_exists() -> None:
    import re

    folder = Path(importlib.import_module("qa.cli").__file__ or "").parent
    known = catalogue()
    for source in folder.glob("*.py"):
        if source.stem.startswith(("demo", "lexicon", "rules")):
            continue
        text = source.read_text(encoding="utf-8")
        for name in re.findall(r'(?<![\w.])t\(\s*"([a-z_]+)"', text):
            assert f"cli.{name}" in known, (source.name, name)
        for name in re.findall(r'(?<![\w.])word\(\s*"([a-z_]+)"', text):
            assert f"evaluate.{name}" in known, (source.name, name)
        for code in re.findall(r'Error\(\s*"([a-z]+\.[a-z_]+)"', text):
            assert code in known, (source.name, code)
