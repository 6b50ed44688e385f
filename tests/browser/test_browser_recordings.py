"""Home, upload and the list of recordings in a real browser."""

from collections.abc import Callable
from typing import Any


def test_shots(page_of: Callable[..., Any], shoot: Callable[..., Any]) -> None:
    for locale in ("zh-Hans",):
        for theme in ("light", "dark"):
            for size in ("wide", "phone"):
                page = page_of("compliance", theme=theme, size=size, locale=locale)
                for name, path in {"home": "/", "upload": "/upload", "recordings": "/recordings", "search": "/recordings?q=收益&team=华东一组"}.items():
                    page.goto(path)
                    shoot(page, f"{name}-{locale}-{theme}-{size}")
                page.goto("/recordings")
                page.locator("tbody input").nth(9).check()
                page.click("text=筛选")
                shoot(page, f"filter-{locale}-{theme}-{size}")
