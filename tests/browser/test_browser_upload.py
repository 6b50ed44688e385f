"""Uploading in a browser: progress, duplicates, failures, a line that breaks."""

from pathlib import Path
from typing import Any

import pytest
from ledger_fakes import wav_bytes, write_wav
from playwright.sync_api import expect
from web_live import LiveWeb


@pytest.fixture
def page(page_of: Any) -> Any:
    opened = page_of("compliance")
    opened.goto("/upload")
    return opened


def test_a_file_is_sent_followed_and_linked(page: Any, web: LiveWeb, tmp_path: Path) -> None:
    page.get_by_text("补充通话信息").click()
    page.get_by_label("坐席").fill("新坐席")
    page.locator("#files").set_input_files(write_wav(tmp_path / "新录音.wav", seed=90_001))
    row = page.locator("tbody tr", has_text="新录音.wav")
    expect(row).to_contain_text("排队中")
    web.work()
    expect(row).to_contain_text("已完成")
    expect(page.get_by_text("共 1 个，已完成 1 个")).to_be_visible()
    row.get_by_role("link").click()
    recording = page.url.rpartition("/")[2]
    assert web.services.recordings.get(recording).attributes["agent"] == "新坐席"


def test_the_same_recording_twice_is_told(page: Any, web: LiveWeb, tmp_path: Path) -> None:
    first = write_wav(tmp_path / "first.wav", seed=90_002)
    page.locator("#files").set_input_files(first)
    expect(page.locator("tbody tr", has_text="first.wav")).to_contain_text("排队中")
    (tmp_path / "second.wav").write_bytes(first.read_bytes())
    page.locator("#files").set_input_files(tmp_path / "second.wav")
    expect(page.locator("tbody tr", has_text="second.wav")).to_contain_text("已存在")
    web.work()


def test_what_cannot_be_read_says_why(page: Any, tmp_path: Path) -> None:
    (tmp_path / "notes.wav").write_text("this is no sound" * 99)
    (tmp_path / "empty.wav").write_bytes(b"")
    page.locator("#files").set_input_files([tmp_path / "notes.wav", tmp_path / "empty.wav"])
    expect(page.locator("tbody tr", has_text="empty.wav")).to_contain_text("文件是空的")
    row = page.locator("tbody tr", has_text="notes.wav")
    expect(row).to_contain_text("失败")
    expect(row.get_by_role("button", name="重试")).to_be_visible()


def test_a_failed_analysis_can_be_tried_again(page: Any, web: LiveWeb, tmp_path: Path) -> None:
    page.locator("#files").set_input_files(write_wav(tmp_path / "broken.wav", seed=90_003))
    row = page.locator("tbody tr", has_text="broken.wav")
    expect(row).to_contain_text("排队中")
    web.work()
    expect(row).to_contain_text("失败")
    row.get_by_role("button", name="重试").click()
    expect(row).to_contain_text("排队中")
    web.work()
    expect(row).to_contain_text("失败")


def test_a_whole_folder_is_taken(page: Any, web: LiveWeb, tmp_path: Path) -> None:
    inner = tmp_path / "calls" / "monday"
    inner.mkdir(parents=True)
    for number in range(5):
        write_wav(inner / f"{number}.wav", seed=90_010 + number)
    (inner / ".hidden").write_text("")
    page.locator("#folder").set_input_files(tmp_path / "calls")
    expect(page.get_by_text("共 5 个，已完成 0 个")).to_be_visible()
    expect(page.locator("tbody tr", has_text="排队中")).to_have_count(5)
    web.work()
    expect(page.get_by_text("共 5 个，已完成 5 个")).to_be_visible()


def test_a_broken_line_is_taken_up_where_it_broke(page: Any, web: LiveWeb, tmp_path: Path) -> None:
    sent: list[int] = []

    def flaky(route: Any) -> None:
        sent.append(int(route.request.headers["upload-offset"]))
        # The second chunk is lost on the way, once.
        if len(sent) == 2:
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route(
        "**/api/v1/uploads/*", lambda route: flaky(route) if route.request.method == "PATCH" else route.continue_()
    )
    path = tmp_path / "long.wav"
    path.write_bytes(wav_bytes(90_020, seconds=600.0))
    page.locator("#files").set_input_files(path)
    expect(page.locator("tbody tr", has_text="long.wav")).to_contain_text("排队中", timeout=15_000)
    assert sent == [0, 4 * 2**20, 4 * 2**20, 8 * 2**20]
    web.work()
