"""Forms of the call page that the browser sends by itself, without a script or before it has loaded."""

from typing import Any

import pytest
from coaching_kit import BAD_CALL, judged
from playwright.sync_api import expect
from web_live import LiveWeb


@pytest.fixture(scope="module")
def call(web: LiveWeb) -> str:
    return web.judged("native.wav", 7400, judged(BAD_CALL))


def last_flag(page: Any, call: str) -> Any:
    """The last flag of the call, which is held by the reviewer."""
    page.goto(f"/recordings/{call}")
    if page.locator(f"form[action='/recordings/{call}/claim']").count():
        page.locator(f"form[action='/recordings/{call}/claim'] button").click()
    page.locator("[data-act=confirmed]").first.wait_for()
    return page.locator(f"#{page.locator('.flag').last.get_attribute('id')}")


def test_without_scripts_a_verdict_leads_back_to_its_flag(call: str, page_of: Any) -> None:
    page = page_of("reviewer", size="phone", java_script_enabled=False)
    flag = last_flag(page, call)
    for act in ("confirmed", "undo"):
        flag.locator(f"[data-act={act}]").click()
        expect(page).to_have_url(f"{page.url.partition('#')[0]}#{flag.get_attribute('id')}")
        expect(flag).to_be_in_viewport()
    expect(flag.locator("[data-act=confirmed]")).to_be_visible()


def test_a_flag_judged_before_the_script_was_there_is_still_the_chosen_one(call: str, page_of: Any) -> None:
    page = page_of("reviewer")
    flag = last_flag(page, call)
    form = flag.locator("form", has=page.locator("[data-act=confirmed]"))
    with page.expect_navigation():
        form.evaluate("form => form.submit()")
    expect(flag.locator(".verdict.confirmed")).to_be_visible()
    expect(page.locator(".flag.chosen")).to_have_id(str(flag.get_attribute("id")))
    expect(flag).to_be_focused()
    page.keyboard.press("z")
    expect(flag.locator("[data-act=confirmed]")).to_be_visible()
    expect(page.locator(".flag.chosen")).to_have_id(str(flag.get_attribute("id")))
