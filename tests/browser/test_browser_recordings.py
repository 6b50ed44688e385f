"""The list of recordings, lived through in a browser."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect
from web_live import LiveWeb


def test_words_that_were_said_are_found_while_one_types(page_of: Any) -> None:
    page = page_of("compliance")
    page.goto("/recordings")
    page.keyboard.press("/")
    page.keyboard.type("收益", delay=20)
    hit = page.locator("tr.hit").first
    expect(hit).to_contain_text("收益")
    expect(page).to_have_url(re.compile(r"q=%E6%94%B6%E7%9B%8A"))
    where = hit.locator("a").get_attribute("href")
    assert re.fullmatch(r"/recordings/[0-9a-f]{32}\?t=[0-9.]+", where or "")


def test_filters_are_chips_that_can_be_taken_away(page_of: Any) -> None:
    page = page_of("compliance")
    page.goto("/recordings")
    everything = page.locator("tbody tr[id]").count()
    page.get_by_text("筛选", exact=True).click()
    page.locator("select[name=worst]").select_option("critical")
    page.locator("select[name=agent]").select_option("李静")
    page.get_by_role("button", name="应用").click()
    expect(page.locator(".chip.filter")).to_have_count(2)
    fewer = page.locator("tbody tr[id]").count()
    assert 0 < fewer < everything
    for row in page.locator("tbody tr[id]").all():
        expect(row).to_contain_text("李静")
    page.get_by_label("去掉筛选条件「最高级别」").click()
    expect(page.locator(".chip.filter")).to_have_count(1)
    assert page.locator("tbody tr[id]").count() > fewer


def test_a_list_is_kept_as_a_view_and_thrown_away_again(page_of: Any) -> None:
    page = page_of("compliance")
    page.goto("/recordings?worst=critical&agent=%E6%9D%8E%E9%9D%99")
    page.get_by_text("保存为视图").click()
    page.get_by_label("视图名称").fill("李静的严重问题")
    page.get_by_role("button", name="保存", exact=True).click()
    tab = page.get_by_role("link", name="李静的严重问题")
    expect(tab).to_have_attribute("aria-current", "page")
    page.get_by_role("button", name="删除视图").click()
    page.get_by_role("button", name="删除", exact=True).click()
    expect(page.get_by_text("视图已删除。")).to_be_visible()
    expect(tab).to_have_count(0)


def test_by_keyboard_one_moves_chooses_and_opens(page_of: Any) -> None:
    page = page_of("compliance")
    page.goto("/recordings")
    for key in "jjkjx":
        page.keyboard.press(key)
    expect(page.locator("tr.here")).to_have_count(1)
    expect(page.get_by_role("toolbar").get_by_text("已选 1 条")).to_be_visible()
    address = page.locator("tr.here a").first.get_attribute("href")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(str(address)))


def test_several_are_judged_again_at_once(page_of: Any, web: LiveWeb) -> None:
    page = page_of("compliance")
    page.goto("/recordings?agent=%E5%91%A8%E6%B6%9B")
    page.locator('tbody input[name="id"]').nth(1).check()
    page.locator('tbody input[name="id"]').nth(3).click(modifiers=["Shift"])
    expect(page.get_by_role("toolbar").get_by_text("已选 3 条")).to_be_visible()
    page.get_by_role("button", name="按现行规则重判").click()
    expect(page.get_by_text("已提交 3 条。")).to_be_visible()
    waiting = page.locator("tbody tr[data-open]")
    expect(waiting).to_have_count(3)
    web.work()
    # Without loading the page again.
    expect(waiting).to_have_count(0, timeout=10_000)


def test_more_lines_come_below_those_that_are_there(page_of: Any) -> None:
    page = page_of("compliance")
    page.goto("/recordings")
    before = page.locator("tbody tr[id]").count()
    assert before == 50
    page.get_by_role("link", name="加载更多").click()
    expect(page.locator("tbody tr[id]")).not_to_have_count(before)
    ids = [row.get_attribute("id") for row in page.locator("tbody tr[id]").all()]
    assert len(ids) == len(set(ids)) > before


def test_a_column_can_be_hidden_and_the_order_changed(page_of: Any) -> None:
    page = page_of("compliance")
    page.goto("/recordings")
    page.get_by_text("列", exact=True).click()
    page.get_by_role("menuitemcheckbox", name="文件").click()
    expect(page.get_by_role("columnheader", name="文件")).to_have_count(0)
    page.get_by_role("columnheader", name="得分").get_by_role("link").click()
    expect(page.get_by_role("columnheader", name="得分")).to_have_attribute("aria-sort", "ascending")
    scores = [float(cell) for cell in page.locator("tbody td .score").all_inner_texts()]
    assert scores == sorted(scores)


def test_a_supervisor_sees_the_calls_of_their_team_only(page_of: Any) -> None:
    page = page_of("supervisor")
    page.goto("/recordings")
    teams = set(page.locator("tbody tr[id] td:nth-child(4)").all_inner_texts())
    assert teams == {"华东一组"}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_reader_chooses_language_and_theme(page_of: Any, theme: str) -> None:
    page = page_of("reviewer", theme="light")
    page.goto("/recordings")
    page.locator(".person summary").click()
    page.get_by_role("button", name="繁體").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hant")
    page.locator(".person summary").click()
    page.get_by_role("button", name={"light": "淺色", "dark": "深色"}[theme]).click()
    expect(page.locator("html")).to_have_attribute("data-theme", theme)


@pytest.mark.parametrize("size", ["wide", "phone"])
def test_the_menu_of_ones_own_lies_within_the_window(page_of: Any, size: str) -> None:
    page = page_of("reviewer", size=size)
    page.goto("/recordings")
    page.locator(".person summary").click()
    for name in ("English", "深色", "键盘快捷键", "退出登录"):
        expect(page.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)


def test_the_keys_of_a_page_are_listed(page_of: Any) -> None:
    page = page_of("reviewer")
    page.goto("/recordings")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="键盘快捷键")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("h")
    expect(page).to_have_url(re.compile(r"/$"))
