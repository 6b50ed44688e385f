"""Every page with something on it: accessible, in every language, on both widths, by keyboard."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect
from web_house import House, keep_house
from web_live import LiveWeb, add_more, add_people, add_samples, live_web, web_settings
from web_screenshots import open_page, pages_of
from web_story import Story, tell

HAN = re.compile(r"[\u4e00-\u9fff]")
KEY = re.compile(r"\bweb(_[a-z]+)?\.[a-z_]+\b|\{[a-z_]+\}")
REFUSED = {"missing": 404, "link-used": 404, "forbidden": 403}
INTERFACE = "nav a .text, .head .tools, h2, th, label, legend, summary, button, .tabs a, .empty, .hint"
"""What is ours and never somebody's words."""
THEIRS = re.compile(
    r"[^\s]*(华东一组|华南二组|李静|周涛|吴倩|郑凯|安达|陈晓|林峰|王敏|赵磊|简体中文|繁體|简体|十.月校准)"
)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveWeb, Story, House]]:
    """A service where something has happened."""
    with live_web(web_settings(tmp_path_factory.mktemp("story"))) as live:
        add_people(live.services)
        add_samples(live.services)
        add_more(live.services, 60)
        live.work()
        story = tell(live.services)
        yield live, story, keep_house(live.services, story)


@pytest.fixture
def web(told: tuple[LiveWeb, Story, House]) -> LiveWeb:
    """In place of the shared service."""
    return told[0]


@pytest.mark.parametrize(("size", "theme"), [("wide", "light"), ("phone", "dark")])
def test_every_page_is_accessible_and_fits(
    page_of: Any, axe: Any, told: tuple[LiveWeb, Story, House], size: str, theme: str
) -> None:
    opened: dict[str | None, Any] = {}
    troubles = []
    for name, (job, path) in pages_of(*told[1:]).items():
        page = opened.get(job) or page_of(job, size=size, theme=theme)
        opened[job] = page
        status = open_page(page, name, path)
        if status != REFUSED.get(name, 200):
            troubles.append(f"{name}: {status}")
        try:
            axe(page)
        except AssertionError as trouble:
            troubles.append(f"{name}: {trouble}")
        if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            troubles.append(f"{name}: wider than the window")
    assert not troubles, "\n".join(troubles)


@pytest.mark.parametrize("locale", ["en", "zh-Hant", "zh-Hans"])
def test_every_sentence_of_ours_is_in_the_readers_language(
    page_of: Any, told: tuple[LiveWeb, Story, House], locale: str
) -> None:
    opened: dict[str | None, Any] = {}
    troubles = []
    for name, (job, path) in pages_of(*told[1:]).items():
        page = opened.get(job) or page_of(job, locale=locale)
        opened[job] = page
        open_page(page, name, path)
        shown = page.locator("body").inner_text()
        troubles += [f"{name}: {found.group()}" for found in KEY.finditer(shown)]
        if locale == "en":
            texts = page.locator(INTERFACE).all_inner_texts()
            troubles += [f"{name}: {one}" for one in texts if HAN.search(THEIRS.sub("", one))]
    assert not troubles, "\n".join(troubles)


def test_dialogs_hold_the_focus_and_give_it_back(page_of: Any, told: tuple[LiveWeb, Story, House]) -> None:
    page = page_of("reviewer")
    page.goto(f"/recordings/{told[1].open_call}")
    page.keyboard.press("Tab")
    expect(page.locator("a.skip")).to_be_focused()
    expect(page.locator("a.skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    for _ in range(4):
        page.keyboard.press("j")
    held = page.evaluate("document.activeElement.id")
    assert held.startswith("flag-")
    page.keyboard.press("r")
    for _ in range(12):
        assert page.evaluate(
            "document.activeElement === document.body || document.activeElement.closest('dialog') !== null"
        )
        page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert page.evaluate("document.activeElement.closest('.flag')?.id") == held


def test_tab_goes_past_the_waveform(page_of: Any, told: tuple[LiveWeb, Story, House]) -> None:
    page = page_of("reviewer")
    page.goto(f"/recordings/{told[1].open_call}")
    page.locator("#play").focus()
    seen = []
    for _ in range(6):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert len(set(seen)) == len(seen)
    assert "transcript" in seen
