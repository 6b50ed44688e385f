"""Every sentence exists in every language, with the same things to fill in."""

import re
import tomllib
from pathlib import Path

import pytest

import qa.i18n
from qa.core.messages import message
from qa.i18n import LOCALES, catalogue, label_in, render, text

ROOT = Path(qa.i18n.__file__).parents[1]
AREAS = sorted(Path(qa.i18n.__file__).parent.glob("*.toml"))


@pytest.mark.parametrize("path", AREAS, ids=lambda p: p.stem)
def test_an_area_says_the_same_in_every_language(path: Path) -> None:
    for name, texts in tomllib.loads(path.read_text(encoding="utf-8")).items():
        assert set(texts) - {"one"} == set(LOCALES), name
        filled = {locale: set(re.findall(r"\{(\w+)\}", text)) for locale, text in texts.items()}
        assert filled["zh-Hans"] == filled["zh-Hant"] == filled["en"], name
        assert filled.get("one", set()) <= filled["en"], name
        assert all(text.strip() for text in texts.values()), name


def test_chinese_is_in_its_own_script() -> None:
    only_simplified, only_traditional = "们这为录时话须项", "們這為錄時話須項"
    for code, texts in catalogue().items():
        assert not set(texts["zh-Hant"]) & set(only_simplified), code
        assert not set(texts["zh-Hans"]) & set(only_traditional), code


def test_every_error_the_code_raises_has_its_sentence() -> None:
    pattern = re.compile(r"""(?:Error|flash|message|text)\(\s*(?:response,\s*)?["']([a-z_]+\.[a-z0-9_]+)["']""")
    for path in sorted(ROOT.rglob("*.py")):
        for code in pattern.findall(path.read_text(encoding="utf-8")):
            if code.partition(".")[0] in {area.stem for area in AREAS}:
                assert code in catalogue(), f"{path.name}: {code}"


def test_a_label_of_a_pack_is_read_in_the_script_of_the_reader() -> None:
    label = {"zh-Hans": "收益说明", "en": "Returns"}
    assert [label_in(label, locale) for locale in LOCALES] == ["收益说明", "收益說明", "Returns"]
    assert label_in({"zh-Hans": "短信", "zh-Hant": "簡訊（自訂）"}, "zh-Hant") == "簡訊（自訂）"
    assert label_in({"en": "Only this"}, "zh-Hant") == "Only this"
    assert label_in({}, "zh-Hant") == ""


def test_english_speaks_of_one_thing_as_of_one() -> None:
    assert text("web_people.sessions_ended", "en", count=1) == "1 session ended."
    assert text("web_people.sessions_ended", "en", count=2) == "2 sessions ended."
    assert text("web_people.sessions_ended", "zh-Hans", count=1) == "已结束 1 个会话。"


def test_a_label_in_a_sentence_is_in_the_language_of_the_sentence() -> None:
    said = message("rules.said", quote="保本", **{"title:zh-Hans": "承诺保本", "title:en": "Promise of principal"})
    assert render(said, "en") == "“保本” was said; it counts as “Promise of principal”."
    assert render(said, "zh-Hans") == "说了“保本”，属于“承诺保本”。"
    assert render(said, "zh-Hant") == "說了「保本」，屬於「承諾保本」。"
