"""The queue by keyboard: the next call with one key, and the sampling plans of whoever leads."""

from typing import Any

import pytest


def test_one_key_claims_the_next_call_and_opens_it(page_of: Any) -> None:
    page = page_of("reviewer")
    page.goto("/queue")
    coming = page.locator(".coming .named").inner_text()
    page.keyboard.press("n")
    page.wait_for_url("**/recordings/*")
    page.goto("/queue")
    assert coming in page.locator("section[aria-labelledby=mine-title]").inner_text()
    assert page.locator(".coming .named").inner_text() != coming


def test_a_supervisor_adds_a_plan_and_switches_it_off(page_of: Any, axe: Any, shoot: Any) -> None:
    page = page_of("compliance")
    page.goto("/queue")
    page.locator("details.more-plans summary").click()
    page.get_by_label("名称").fill("每周随机")
    page.get_by_label("比例（%）").fill("5")
    page.get_by_role("button", name="添加", exact=True).click()
    row = page.locator("#plans tr", has_text="每周随机")
    assert "5.0%" in row.inner_text()
    row.get_by_role("button").click()
    page.locator("#plans tr.off", has_text="每周随机").wait_for()
    axe(page)
    shoot(page, "queue-plans")


def test_a_reviewer_does_not_see_what_only_leads_change(page_of: Any) -> None:
    page = page_of("reviewer")
    page.goto("/queue")
    assert page.locator("details.more-plans").count() == 0
    assert page.context.request.post("/queue/plans", form={"name": "x"}).status == 403


@pytest.mark.parametrize(
    ("size", "theme", "locale"),
    [("wide", "light", "zh-Hans"), ("wide", "dark", "en"), ("phone", "light", "zh-Hant")],
)
def test_the_queue_can_be_read_by_everybody(
    page_of: Any, axe: Any, shoot: Any, size: str, theme: str, locale: str
) -> None:
    page = page_of("reviewer", size=size, theme=theme, locale=locale)
    page.goto("/queue")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    axe(page)
    shoot(page, f"queue-{size}-{theme}-{locale}")
