"""The list of recordings in a real browser."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect


def test_shots(page_of: Callable[..., Any], shoot: Callable[..., Any]) -> None:
    for locale in ("zh-Hans",):
        for theme in ("light", "dark"):
            for size in ("wide", "phone"):
                page = page_of("compliance", theme=theme, size=size, locale=locale)
                page.goto("/recordings")
                shoot(page, f"recordings-{locale}-{theme}-{size}")
                page.goto("/recordings?q=保本&worst=critical")
                shoot(page, f"recordings-search-{locale}-{theme}-{size}")
