"""Personal data on the call page: hidden until somebody who may says why, and then on record."""

from collections.abc import Callable
from typing import Any

from coaching_kit import BAD_CALL, judged
from web_live import LiveWeb

PageOf = Callable[..., Any]


def test_a_number_is_shown_for_a_reason_and_a_flag_takes_a_remark(web: LiveWeb, page_of: PageOf) -> None:
    recording = web.judged("number.wav", 4711, judged(BAD_CALL))
    page = page_of("reviewer")
    page.goto(f"/recordings/{recording}")
    assert page.locator(".words .masked").inner_text() == "138****8000"
    page.locator("#show-hidden").click()
    page.locator("#reveal-reason").fill("客户要求核对回拨号码")
    page.locator("#reveal button.first").click()
    page.locator(".words .revealed").wait_for()
    assert page.locator(".words .revealed").inner_text() == "13800138000"
    page.locator(".comment-flag").first.click()
    page.locator("#say-text").fill("请组长再听一遍")
    page.locator("#say button.first").click()
    page.locator(".flag", has_text="请组长再听一遍").wait_for()
    page.goto(f"/recordings/{recording}")
    assert page.locator(".words .masked").inner_text() == "138****8000"
