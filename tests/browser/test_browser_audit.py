"""The page of the audit log in a real browser."""

from typing import Any

import pytest

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("locale", "size", "theme"), [("zh-Hans", "wide", "light"), ("en", "phone", "dark")])
def test_the_log_is_accessible_fits_and_is_checked_at_a_click(
    page_of: Any, axe: Any, shoot: Any, locale: str, size: str, theme: str
) -> None:
    page = page_of("auditor", locale=locale, size=size, theme=theme)
    page.goto("/audit")
    shoot(page, f"audit-{locale}-{size}-{theme}")
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("form[action='/audit/check'] button").click()
    page.locator("[role=status] .chip.passed").wait_for()
    shoot(page, f"audit-checked-{locale}-{size}-{theme}")
    axe(page)
    page.goto("/audit?action=recording.accepted")
    assert page.locator("table.list tbody tr").count() >= 1
