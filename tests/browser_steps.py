"""What people do again and again in a day, by the keys and words of the pages in Simplified Chinese."""

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import expect
from web_live import ROOT


def sample(name: str) -> Path:
    """The sound of a sample."""
    return next((ROOT / "samples" / name).glob("*.flac"))


def chosen(page: Any) -> Any:
    """The flag that keys act on."""
    return page.locator(".flag.chosen")


def reject(page: Any, reason: int) -> None:
    """Reject the chosen flag without touching the mouse."""
    page.keyboard.press("r")
    expect(page.locator("#reject")).to_be_visible()
    page.keyboard.press(str(reason))
    page.keyboard.press("Enter")
    expect(page.locator("#reject")).to_be_hidden()
    expect(chosen(page).locator(".verdict.rejected")).to_have_count(1)


def undo(page: Any) -> None:
    """Take back what was said of the chosen flag, once the desk has come to rest from what was said of it."""
    page.wait_for_function("() => !document.querySelector('.htmx-request, .htmx-settling')")
    page.keyboard.press("z")
    expect(chosen(page).locator("[data-act=reject]")).to_be_visible()


def judge_by_keyboard(page: Any, recording: str, keep: str) -> None:
    """Claim a call, confirm the first flag that says `keep`, reject every other one."""
    page.goto(f"/recordings/{recording}")
    page.keyboard.press("x")
    expect(page.locator(".desk .claim")).to_contain_text("您正在复核")
    kept = False
    for _ in range(page.locator(".flag").count()):
        page.keyboard.press("j")
        if not kept and keep in chosen(page).inner_text():
            page.keyboard.press("c")
            expect(chosen(page).locator(".verdict.confirmed")).to_have_count(1)
            kept = True
        else:
            reject(page, 3)
    assert kept


def finalise(page: Any, recording: str) -> None:
    """Finalise with one key and come back to the call."""
    page.keyboard.press("g")
    page.wait_for_url(lambda url: not url.endswith(recording))
    page.goto(f"/recordings/{recording}")


def human_score(page: Any) -> float:
    """What people made of the score, as the call page shows it."""
    text = page.locator("h2", has_text="评分表").inner_text()
    return float(re.findall(r"[\d.]+", text)[-1])


def issue(page: Any) -> str:
    """Draft a notice with one key and issue it with another; its address."""
    page.keyboard.press("t")
    page.wait_for_url("**/coaching/*")
    page.keyboard.press("g")
    expect(page.get_by_text("通知已下发。")).to_be_visible()
    return str(page.url)


def acknowledge(page: Any, notice: str, words: str) -> None:
    """The agent accepts a notice."""
    page.goto(notice)
    page.get_by_label("留言（可不填）").fill(words)
    page.get_by_role("button", name="确认收悉").click()
    expect(page.locator("main")).to_contain_text(words)


def dispute(page: Any, notice: str, about: str, words: str) -> str:
    """The agent objects to the point that says `about`; address of the dispute."""
    page.goto(notice)
    point = page.locator(".point", has_text=about).first
    point.get_by_text("提出申诉").first.click()
    point.get_by_label("您认为哪里有误？").fill(words)
    point.get_by_role("button", name="提出申诉").click()
    page.wait_for_url("**/disputes/*")
    return str(page.url)


def overturn(page: Any, address: str, reason: str) -> None:
    """Somebody else rules that the agent is right."""
    page.goto(address)
    page.get_by_label("撤销").check()
    page.get_by_label("理由").fill(reason)
    page.get_by_role("button", name="裁定").click()
    expect(page.locator(".history")).to_contain_text("→")
