"""The home pages of those who answer for the house."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect
from web_live import LiveWeb
from web_story import person

from qa.core.custody import Selection


@pytest.mark.parametrize(
    ("job", "size", "theme", "locale"),
    [
        ("compliance", "wide", "light", "zh-Hans"),
        ("auditor", "wide", "dark", "en"),
        ("compliance", "phone", "dark", "zh-Hant"),
        ("auditor", "phone", "light", "zh-Hans"),
    ],
)
def test_what_the_log_says_of_the_week_stands_at_home(
    page_of: Any, web: LiveWeb, axe: Any, shoot: Any, job: str, size: str, theme: str, locale: str
) -> None:
    officer = person(web.services, "compliance")
    web.services.custody.hold(officer, Selection(attributes={"agent": "周涛"}), "诉讼")
    page = page_of(job, size=size, theme=theme, locale=locale)
    page.goto("/")
    entry = page.locator(".changed a[href*='custody.held']")
    expect(entry).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    axe(page)
    shoot(page, f"home-{job}-{size}-{theme}-{locale}")
    if job == "auditor":
        entry.click()
        expect(page).to_have_url(re.compile(r"/audit\?action=custody\.held&since="))
        expect(page.locator("tbody tr").first).to_contain_text("chen")


def test_an_auditor_checks_the_log_and_home_says_so(page_of: Any) -> None:
    page = page_of("auditor")
    page.goto("/audit")
    page.get_by_role("button", name="立即全部核验").click()
    expect(page.get_by_role("status").first).to_be_visible()
    page.goto("/")
    expect(page.locator(".changed")).to_contain_text("审计日志已核验")
    expect(page.locator(".now a[href='/audit'], .late a[href='/audit']")).to_have_count(0)
