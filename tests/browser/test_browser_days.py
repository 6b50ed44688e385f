"""What each job does in a day, lived through in a browser on what the real pipeline made of the samples."""

from collections.abc import Iterator
from typing import Any

import pytest
from browser_steps import (
    acknowledge,
    chosen,
    dispute,
    finalise,
    human_score,
    issue,
    judge_by_keyboard,
    overturn,
    reject,
    sample,
    undo,
)
from playwright.sync_api import expect
from web_live import EAST, PEOPLE, LiveWeb, add_people, live_web, web_settings

CALL = "call02_forbidden_promise"
OTHER = "call04_rude_agent"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveWeb]:
    """A service on its first day: people, and nothing else."""
    with live_web(web_settings(tmp_path_factory.mktemp("day"))) as live:
        add_people(live.services)
        yield live


def upload(page: Any, web: LiveWeb, name: str) -> str:
    """Upload a call of 李静's; returns its id once it is analysed."""
    page.goto("/upload")
    page.get_by_text("补充通话信息").click()
    page.get_by_label("坐席").fill("李静")
    page.get_by_label("团队").fill(EAST)
    page.locator("#files").set_input_files(sample(name))
    row = page.locator("tbody tr", has_text=name)
    expect(row).to_contain_text("排队中")
    web.work()
    expect(row).to_contain_text("已完成")
    return str(row.get_by_role("link").first.get_attribute("href")).rpartition("/")[2]


def test_from_an_upload_to_a_changed_score(page_of: Any, web: LiveWeb, axe: Any) -> None:
    supervisor, reviewer, agent = page_of("supervisor"), page_of("reviewer"), page_of("agent")
    first, second = upload(supervisor, web, CALL), upload(supervisor, web, OTHER)

    # Before anything is issued an agent sees nothing at all.
    for path in (f"/recordings/{first}", "/recordings", "/queue", "/people"):
        assert agent.goto(path).status in (403, 404), path
    agent.goto("/coaching")
    expect(agent.locator("main")).to_contain_text("这里还没有通知。")

    # The reviewer's mouse stays where it is.
    judge_by_keyboard(reviewer, first, "零风险")
    _change_undo_add_and_comment(reviewer)
    axe(reviewer)
    finalise(reviewer, first)
    expect(reviewer.locator(".desk .claim")).to_contain_text(PEOPLE["reviewer"][0])
    before = human_score(reviewer)
    notice = issue(reviewer)

    judge_by_keyboard(reviewer, second, "严重")
    finalise(reviewer, second)
    acknowledged = issue(reviewer)

    # The agent: one is right, the other is not.
    agent.goto(acknowledged)
    axe(agent)
    acknowledge(agent, acknowledged, "以后注意。")
    address = dispute(agent, notice, "零风险", "我说的是：没有产品是零风险的。")
    axe(agent)

    # Who judged does not rule; somebody else does, and the score follows.
    reviewer.goto(address)
    expect(reviewer.locator("main")).to_contain_text("须由其他人裁定")
    assert reviewer.get_by_role("button", name="裁定").count() == 0
    supervisor.goto(address)
    axe(supervisor)
    overturn(supervisor, address, "原话是否定句。")
    agent.goto(address)
    expect(agent.locator(".history")).to_contain_text("原话是否定句。")
    reviewer.goto(f"/recordings/{first}")
    after = human_score(reviewer)
    assert after > before
    expect(reviewer.locator("#desk")).to_contain_text("原话是否定句。")

    # Their own letters only, and the board knows where each is.
    assert agent.goto(f"/recordings/{first}").status in (200, 403, 404)
    supervisor.goto("/coaching")
    expect(supervisor.locator("section", has_text="已确认").first).to_contain_text("李静")


def _change_undo_add_and_comment(page: Any) -> None:
    """The other keys, on the last flag."""
    undo(page)
    page.keyboard.press("e")
    expect(page.locator("#change-severity")).to_be_focused()
    page.locator("#change-severity").select_option("notice")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("轻一些")
    page.keyboard.press("Control+Enter")
    expect(chosen(page).locator(".verdict.changed")).to_have_count(1)
    undo(page)
    reject(page, 1)
    flags = page.locator(".flag").count()
    page.keyboard.press("a")
    expect(page.locator("#add-rule")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("手工加的")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".flag")).to_have_count(flags + 1)
    added = page.locator(".flag", has_text="手工加的")
    added.locator("[data-act=undo]").press("Enter")
    expect(page.locator(".flag")).to_have_count(flags)
    page.keyboard.press("n")
    page.keyboard.type("值得再听一遍")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".comments")).to_contain_text("值得再听一遍")


def test_a_round_is_judged_blind_by_two_and_closed(page_of: Any, web: LiveWeb, axe: Any) -> None:
    lead, reviewer, supervisor = page_of("compliance"), page_of("reviewer"), page_of("supervisor")
    if not web.services.recordings.list().items:
        upload(supervisor, web, CALL)
    lead.goto("/calibration")
    lead.get_by_text("新建轮次").click()
    lead.locator("#name").fill("十一月校准")
    lead.locator("#people").fill("wang lin")
    lead.locator("#count").fill("1")
    lead.locator("form[action='/calibration'] button.first").click()
    lead.wait_for_url("**/calibration/*")
    axe(lead)
    address = lead.url
    for page, answer in ((reviewer, 0), (supervisor, 1)):
        page.goto(address)
        page.locator("tbody a.main").first.click()
        expect(page.locator("form.desk")).to_be_visible()
        axe(page)
        assert page.locator(".flagged").count() == 0
        for fieldset in page.locator("form.desk fieldset").all():
            radios = fieldset.locator("input[type=radio]")
            radios.nth(min(answer, radios.count() - 1)).check()
        page.locator("form.desk button.first").click()
        page.wait_for_url(address)
    lead.goto(address)
    lead.locator("form[action$='/close'] button").click()
    expect(lead.locator("#people-title")).to_be_visible()
    expect(lead.locator("#apart-title + .scroll tbody tr").first).to_contain_text("call")
    axe(lead)


def test_an_auditor_reads_everything_and_changes_nothing(page_of: Any, web: LiveWeb, axe: Any) -> None:
    page = page_of("auditor")
    page.goto("/audit")
    expect(page.locator("table.list tbody tr").first).to_be_visible()
    axe(page)
    page.goto("/recordings")
    page.locator("tbody a").first.click()
    expect(page.locator("#transcript .turn").first).to_be_visible()
    for button in ("认领", "确认", "定稿"):
        assert page.locator("#desk").get_by_role("button", name=button).count() == 0
    assert page.goto("/queue").status == 403
    assert page.goto("/people").status == 403
