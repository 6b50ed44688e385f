"""The steps of a call on its page: each that was done, and what is only worded like one, can be heard."""

from collections.abc import Callable
from typing import Any

import pytest
from coaching_kit import judged
from web_live import LiveWeb

CALL = """坐席：您好，这里是金诚财富，工号8023。
客户：嗯，你说。
坐席：先跟您说一声，咱俩这通电话公司那边会存一份声音下来。
客户：行。
坐席：好的，感谢您的来电，再见。"""


@pytest.fixture
def call(web: LiveWeb) -> str:
    return web.judged("steps.wav", 7300, judged(CALL))


def test_a_step_is_heard_where_it_was_done_and_one_in_other_words_where_it_may_have_been(
    call: str, page_of: Callable[..., Any], axe: Any, shoot: Any
) -> None:
    page = page_of("reviewer")
    page.goto(f"/recordings/{call}")
    notice = page.locator("#desk .step.unknown", has_text="存一份声音")
    assert "请人工复听" in notice.inner_text()
    for step, turn in ((notice, 2), (page.locator("#desk .step.pass", has_text="问候").first, 0)):
        button = step.locator("[data-plays]")
        assert button.get_attribute("data-turn") == str(turn)
        button.click()
        start = float(button.get_attribute("data-start"))
        page.wait_for_function(
            "start => Math.abs(Number(document.getElementById('seek').value) - start) < 3", arg=start
        )
    axe(page)
    shoot(page, "call-steps")
