"""Many calls at once, lived through in a browser: assigned, exported, chosen by hand or by a filter."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect
from web_live import LiveWeb
from web_story import person

from qa.core.people import SYSTEM
from qa.db.audit import Wanted
from qa.services import Services

OF_ONE = "/recordings?agent=%E5%90%B4%E5%80%A9&worst=critical"


def ids_of(page: Any) -> list[str]:
    return [row.get_attribute("id").removeprefix("r-") for row in page.locator("tbody tr[id]").all()]


def test_by_keyboard_alone_calls_are_put_before_a_reviewer(page_of: Any, web: LiveWeb, axe: Any) -> None:
    page = page_of("compliance")
    page.goto("/recordings?agent=%E9%83%91%E5%87%AF&review=waiting")
    chosen = ids_of(page)[:2]
    for key in ("j", "x", "j", "x", "b", "Enter"):
        page.keyboard.press(key)
    dialog = page.get_by_role("dialog", name="分派复核")
    expect(dialog).to_contain_text("已选 2 条")
    axe(page)
    dialog.get_by_label("分派给").select_option("wang")
    dialog.get_by_label("原因").focus()
    page.keyboard.type("客户投诉，请今天听")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("已将 2 条通话分派给 wang。")).to_be_visible()
    handed = web.services.review.queue.overview(person(web.services, "reviewer")).handed
    assert set(chosen) <= {one.recording_id for one in handed}
    reviewer = page_of("reviewer")
    reviewer.goto(f"/recordings/{chosen[0]}")
    expect(reviewer.get_by_text("客户投诉，请今天听").first).to_be_visible()


def test_what_somebody_reviews_is_named_and_left_alone(page_of: Any, web: LiveWeb, axe: Any, shoot: Any) -> None:
    page = page_of("compliance")
    page.goto(OF_ONE)
    held = ids_of(page)[0]
    web.services.review.queue.claim(person(web.services, "reviewer"), held)
    page.keyboard.press("a")
    page.get_by_role("button", name="分派复核").click()
    page.get_by_role("dialog").get_by_label("原因").fill("抽查")
    page.get_by_role("dialog").get_by_role("button", name="分派复核").click()
    row = page.locator("tbody tr", has_text="正在复核")
    expect(row).to_contain_text("wang")
    assert web.services.review.closing.view(SYSTEM, held).claimed_by == "wang"
    axe(page)
    shoot(page, "bulk-asked")
    page.get_by_role("link", name="返回列表").click()
    expect(page).to_have_url(re.compile(r"worst=critical"))


@pytest.mark.parametrize(
    ("size", "theme", "locale"),
    [("wide", "light", "zh-Hans"), ("phone", "dark", "en"), ("phone", "light", "zh-Hant")],
)
def test_all_that_match_are_counted_and_exported_with_proof(
    page_of: Any, web: LiveWeb, axe: Any, shoot: Any, size: str, theme: str, locale: str
) -> None:
    page = page_of("auditor", size=size, theme=theme, locale=locale)
    page.goto("/recordings")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.locator(".bulk a", has_text=re.compile("符合|match")).click()
    told = page.locator(".bulk .many").inner_text()
    count = int(re.sub(r"\D", "", told))
    assert count > page.locator("tbody tr[id]").count() == 50
    page.locator(".bulk button[data-opens='#order']").click()
    expect(page.locator("#order")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    axe(page)
    shoot(page, f"bulk-export-{size}-{theme}-{locale}")
    page.locator("#order button[formaction]").click()
    expect(page).to_have_url(re.compile("/exports$"))
    export = _newest(web.services)
    assert export.chosen == count
    assert export.total <= count
    (event,) = web.services.audit.page(SYSTEM, Wanted(action="export.requested"), limit=1).items
    assert (event.actor, event.details["chosen"]) == ("zhao", count)


def test_who_may_do_nothing_to_many_has_nothing_to_choose(page_of: Any) -> None:
    page = page_of("reviewer")
    page.goto("/recordings?pick=all")
    expect(page.locator("tbody tr[id]").first).to_be_visible()
    assert page.locator("input[name=id]").count() == page.locator(".bulk").count() == 0
    for act in ("ask", "export", "rescan", "retry"):
        assert page.context.request.post(f"/recordings/{act}", form={"all": "1"}).status == 403


def test_enter_on_a_chosen_line_does_nothing_to_it(page_of: Any, web: LiveWeb) -> None:
    page = page_of("supervisor")
    page.goto("/recordings")
    before = web.services.recordings.counts()
    page.locator('tbody input[name="id"]').first.check()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/recordings$"))
    assert web.services.recordings.counts() == before


def test_a_phone_shows_each_line_whole(page_of: Any) -> None:
    for job, path in (("compliance", "/recordings"), ("compliance", "/queue"), ("reviewer", "/queue")):
        page = page_of(job, size="phone")
        page.goto(path)
        assert page.evaluate(
            "[...document.querySelectorAll('.scroll')].every(one => one.scrollWidth <= one.clientWidth + 1)"
        ), path


def _newest(services: Services) -> Any:
    return services.exports.page(SYSTEM, limit=1).items[0]
