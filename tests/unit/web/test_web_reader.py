"""Where a form may send people back to, how times and numbers are written, messages that survive a redirect."""

import base64
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from fastapi import Response
from hypothesis import given
from hypothesis import strategies as st

from qa.web.filters import clock, number, percent, relative, score, size
from qa.web.forms import FLASH_COOKIE, flash, flashes
from qa.web.reader import local_path

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize("wanted", ["/", "/recordings?q=%E4%BF%9D&a=b", "/recordings/1?t=2#x"])
def test_a_path_of_ours_is_kept(wanted: str) -> None:
    assert local_path(wanted) == wanted


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "", None, "x", "/\t/evil",
     "/a\r\nSet-Cookie: x=1", "\\\\evil", "/%0a/..\\x"],
)  # fmt: skip
def test_anything_else_leads_home(wanted: str | None) -> None:
    assert local_path(wanted) == "/"


@given(st.text(max_size=40))
def test_nobody_is_ever_sent_to_another_site(wanted: str) -> None:
    parts = urlsplit(local_path(wanted))
    assert parts.scheme == parts.netloc == ""


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0, "0:00"), (41.2, "0:41"), (372, "6:12"), (3723, "1:02:03"), (None, "–"), (59.9999999, "1:00")],
)  # fmt: skip
def test_places_in_a_call_are_minutes_and_seconds(seconds: float | None, written: str) -> None:
    assert clock(seconds) == written


def test_numbers_scores_shares_and_sizes() -> None:
    assert number(1234567) == "1,234,567"
    assert [score(62.0), score(86.5), score(100.0), score(None)] == ["62", "86.5", "100", "–"]
    assert percent(0.125, 1) == "12.5%"
    assert [size(900), size(2048), size(3 * 2**20)] == ["900 B", "2 KB", "3.0 MB"]


@pytest.mark.parametrize(
    ("apart", "written"),
    [
        (timedelta(seconds=-20), "刚刚"),
        (timedelta(minutes=-5), "5 分钟前"),
        (timedelta(hours=-3), "3 小时前"),
        (timedelta(hours=-14), "昨天 22:00"),
        (timedelta(days=-3), "3 天前"),
        (timedelta(days=-30), "02-03 12:00"),
        (timedelta(days=-300), "2025-05-09"),
        (timedelta(hours=2), "2 小时后"),
        (timedelta(days=1), "明天 12:00"),
    ],
)
def test_times_are_told_as_people_do(apart: timedelta, written: str) -> None:
    assert relative(NOW + apart, NOW, "zh-Hans", ZONE) == written


def asked(cookie: str) -> Any:
    return SimpleNamespace(cookies={FLASH_COOKIE: cookie} if cookie else {})


def test_a_message_survives_a_redirect() -> None:
    response = Response()
    flash(response, "web_recordings.queued", "done", n=3)
    cookie = response.headers["set-cookie"].split(";")[0].partition("=")[2].strip('"')
    ((kind, told),) = flashes(asked(cookie))
    assert (kind, told.code, told.params) == ("done", "web_recordings.queued", {"n": "3"})


@pytest.mark.parametrize(
    "cookie",
    ["", "%%%", "AAAA", base64.urlsafe_b64encode(b'["done",{"code":"not.ours","params":{}}]').decode(), "A" * 9000,
     base64.urlsafe_b64encode(b'["evil",{"code":"web.home","params":{}}]').decode()],
)  # fmt: skip
def test_a_made_up_message_is_not_shown(cookie: str) -> None:
    assert flashes(asked(cookie)) == []
