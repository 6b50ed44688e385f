"""Hiding by hand what the recognisers missed, with the keyboard alone, a mouse and a finger; and lifting it."""

from collections.abc import Callable
from typing import Any

import pytest
from coaching_kit import judged
from msgspec.structs import replace
from web_live import LiveWeb

from qa.core.finding import Support
from qa.core.people import Job, Person
from qa.core.result import Result
from qa.core.review import VerdictOutcome
from qa.pipeline.context import RecordingInput

PageOf = Callable[..., Any]
CALL = """坐席：您好，这里是金诚财富，工号8023。
客户：请转告马冬梅，她的产品到期了，马冬梅知道的。
坐席：您放心，这个产品保本保息。
客户：我手机号是13800138000。"""


def doubted(source: RecordingInput) -> Result:
    """The call, judged; no accusation in it is borne out by a second hearing."""
    result = judged(CALL)(source)
    assert result.analysis is not None
    findings = tuple(
        replace(
            f,
            support=Support.UNSUPPORTED,
            evidence=tuple(replace(e, second="这个产品不保本", agreement=0.5) for e in f.evidence),
        )
        if f.family == "forbidden"
        else f
        for f in result.analysis.findings
    )
    return replace(result, analysis=replace(result.analysis, findings=findings))


@pytest.fixture
def call(web: LiveWeb, request: pytest.FixtureRequest) -> str:
    return web.judged("hiding.wav", 7000 + sum(map(ord, request.node.name)), doubted)


def words(page: Any, turn: int) -> str:
    said: str = page.locator(f"#turn-{turn} .words").inner_text()
    return said


def test_a_name_is_hidden_and_shown_again_with_the_keyboard_alone(
    call: str, page_of: PageOf, axe: Callable[[Any], None]
) -> None:
    page = page_of("reviewer")
    page.goto(f"/recordings/{call}")
    press = page.keyboard.press
    press("w")
    press("ArrowDown")
    for _ in range(3):
        press("ArrowRight")
    press("Shift+ArrowRight")
    press("Shift+ArrowRight")
    assert page.locator("#picked").text_content() == "马冬梅"
    axe(page)
    press("h")
    page.locator("dialog#hide[open]").wait_for()
    assert page.locator("#hide blockquote").inner_text() == "马冬梅"
    axe(page)
    press("1")
    with page.expect_navigation():
        press("Enter")
    assert words(page, 1) == "请转告***，她的产品到期了，***知道的。"
    assert page.locator(".words .by-hand").count() == 2
    assert "马冬梅" not in page.content()
    press("w")
    press("ArrowDown")
    for _ in range(4):
        press("ArrowRight")
    press("l")
    page.locator("dialog#lift[open]").wait_for()
    axe(page)
    page.keyboard.type("其实是产品名称")
    with page.expect_navigation():
        press("Control+Enter")
    assert words(page, 1) == "请转告马冬梅，她的产品到期了，***知道的。"
    page.locator("#desk li", has_text="其实是产品名称").wait_for()


def test_escape_gives_the_keys_back_and_one_word_is_a_step(call: str, page_of: PageOf) -> None:
    page = page_of("reviewer")
    page.goto(f"/recordings/{call}")
    press = page.keyboard.press
    press("w")
    press("End")
    press("Shift+Home")
    assert page.locator("#picked").text_content() == words(page, 0)
    press("Home")
    press("w")
    press("b")
    assert page.locator("#picked").text_content() == words(page, 0)[0]
    press("Escape")
    assert page.locator("#picked").text_content() == ""
    assert page.locator("#selection").is_hidden()
    assert page.url.endswith(call)


def test_a_masked_number_is_picked_by_a_tap_and_lifted(call: str, page_of: PageOf) -> None:
    page = page_of("reviewer", size="phone", has_touch=True)
    page.goto(f"/recordings/{call}")
    masked = page.locator("#turn-3 .masked")
    assert masked.inner_text() == "138****8000"
    masked.tap()
    page.locator("#to-lift").tap()
    page.locator("#lift-reason").fill("这是公司的公开热线")
    with page.expect_navigation():
        page.locator("#lift button.first").tap()
    assert words(page, 3) == "我手机号是13800138000。"


def test_whoever_reads_only_cannot_hide(call: str, page_of: PageOf) -> None:
    page = page_of("auditor")
    page.goto(f"/recordings/{call}")
    page.keyboard.press("w")
    page.locator("#selection").wait_for()
    assert page.locator("[data-opens='#hide'], #to-lift").count() == 0


def test_after_finalising_a_hiding_asks_for_the_reason_of_the_new_version(
    web: LiveWeb, call: str, page_of: PageOf
) -> None:
    review, who = web.services.review, Person("x", "x", "X", frozenset({Job.REVIEWER}))
    review.queue.claim(who, call)
    for flag in review.closing.view(who, call).flags:
        review.desk.judge(who, call, flag.finding_id, VerdictOutcome.CONFIRMED, note="听清楚了")
    review.closing.finalise(who, call)
    page = page_of("reviewer")
    page.goto(f"/recordings/{call}")
    page.locator("#turn-1 .words").select_text()
    page.locator("[data-opens='#hide']").click()
    page.locator("#hide button.first").click()
    assert page.locator("dialog#hide[open]").count() == 1, "the reason is missing"
    page.locator("#hide-reason").fill("整句都是客户信息")
    with page.expect_navigation():
        page.locator("#hide button.first").click()
    assert "马冬梅" not in words(page, 1)
    assert page.locator("#desk li", has_text="整句都是客户信息").count() == 2, "the version and the hiding say why"


def test_confirming_what_a_second_hearing_does_not_bear_out_asks_why(
    call: str, page_of: PageOf, axe: Callable[[Any], None]
) -> None:
    page = page_of("reviewer")
    page.goto(f"/recordings/{call}")
    page.keyboard.press("x")
    page.locator("#desk .chip.active").first.wait_for()
    flag = page.locator(".flag", has_text="复听不支持").first
    flag.locator("[data-act=confirmed]").click()
    page.locator("dialog#uphold[open]").wait_for()
    assert page.locator("#uphold blockquote").inner_text() == "这个产品不保本"
    axe(page)
    page.locator("#uphold button.first").click()
    assert page.locator("dialog#uphold[open]").count() == 1
    page.locator("#uphold-note").fill("反复听过，没有“不”字")
    page.locator("#uphold button.first").click()
    page.locator(".flag .verdict", has_text="反复听过，没有“不”字").wait_for()
