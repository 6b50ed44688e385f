"""A live service, a browser, and somebody of every job signed in.

    def test_x(page_of: PageOf) -> None:
        page = page_of("reviewer")
        page.goto("/queue")

`axe(page)` fails on serious violations; `shoot(page, "queue")` leaves a picture in build/screenshots.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from web_live import LiveWeb, add_more, add_people, add_samples, live_web, web_settings

from qa.api.csrf import SESSION_COOKIE

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
SIZES = {"wide": (1366, 820), "phone": (390, 844)}
PageOf = Callable[..., Any]

PATIENCE_MS = 30_000
"""As long as Playwright waits for all else: on two busy cores one request took longer than its five seconds."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here drives a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveWeb]:
    """The service with people, the analysed samples and some sixty further calls; shared, so add to it only."""
    with live_web(web_settings(tmp_path_factory.mktemp("web"))) as live:
        add_people(live.services)
        add_samples(live.services)
        add_more(live.services, 60)
        live.work()
        yield live


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium. Playwright holds the event loop of this thread while it runs, so not for the session."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium on this machine; on Debian: apt-get install chromium fonts-noto-cjk")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture
def page_of(web: LiveWeb, browser: Any) -> Iterator[PageOf]:
    """`page_of("reviewer", size="phone", theme="dark", locale="en")`: a page of somebody who has signed in.

    Errors of scripts and refusals of the content policy fail the test.
    """
    contexts, troubles = [], []

    def make(
        job: str | None, *, size: str = "wide", theme: str = "light", locale: str = "zh-Hans", **more: Any
    ) -> Any:
        width, height = SIZES[size]
        context = browser.new_context(
            base_url=web.url,
            viewport={"width": width, "height": height},
            locale=locale,
            color_scheme=theme,
            timezone_id="Asia/Shanghai",
            **more,
        )
        contexts.append(context)
        cookies = {"tj_theme": theme, "tj_locale": locale}
        if job is not None:
            cookies[SESSION_COOKIE] = web.session(job)
        context.add_cookies([{"name": name, "value": value, "url": web.url} for name, value in cookies.items()])
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(f"{page.url}: {error}"))
        page.on("console", lambda told: _hear(troubles, page.url, told))
        return page

    yield make
    for context in contexts:
        context.close()
    assert not troubles, "\n".join(troubles)


def _hear(troubles: list[str], url: str, told: Any) -> None:
    # axe-core, which is evaluated into the page and so has no address of its own, tries a style of its own.
    of_axe = not told.location.get("url") and "inline style" in told.text
    if told.type == "error" and "Failed to load resource" not in told.text and not of_axe:
        troubles.append(f"{url}: {told.text}")


@pytest.fixture
def axe() -> Callable[[Any], None]:
    """Fails where axe-core finds a serious or critical violation on a page."""
    from axe_playwright_python.sync_playwright import Axe

    def check(page: Any) -> None:
        found = Axe().run(page)
        bad = [v for v in found.response["violations"] if v["impact"] in ("serious", "critical")]
        told = [f"{v['id']}: {v['help']}: {[n['html'][:160] for n in v['nodes'][:4]]}" for v in bad]
        assert not told, page.url + "\n" + "\n".join(told)

    return check


@pytest.fixture
def shoot() -> Callable[..., Path]:
    """Keeps a picture of a page for a person to look at."""

    def take(page: Any, name: str, *, full: bool = False) -> Path:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        page.screenshot(path=path, full_page=full)
        return path

    return take
