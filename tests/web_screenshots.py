"""Pictures of every page in three languages, two widths, light and dark, for a person to look at.

    python tests/web_screenshots.py            all into build/screenshots
    python tests/web_screenshots.py call home  only pages with these names

The service behind them holds the samples, some reviewed, with notices, disputes, rounds of calibration, holds and
exports; what begins with `empty-` is shown by another service on its first day.
"""

import shutil
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, FloatRect, Page, sync_playwright
from web_house import House, keep_house
from web_live import LiveWeb, add_more, add_people, add_samples, live_web, web_settings
from web_story import Story, tell

from qa.api.csrf import SESSION_COOKIE

TARGET = Path(__file__).parent.parent / "build" / "screenshots"
SIZES = {"wide": (1366, 820), "phone": (390, 844)}
THEMES = ("light", "dark")
LOCALES = ("zh-Hans", "zh-Hant", "en")
TALLEST = 2600
"""Pictures are cut there, px."""
RULES = "/rules?path=zh/common/promises.yaml"

Pages = dict[str, tuple[str | None, str]]
"""Name -> who looks, at which address."""

CLICKS = {
    "rules-checked": ("form#rule-form .row button >> nth=0",),
    "rules-tested": ("form#rule-form .row button >> nth=2",),
    "audit-checked": ("form[action='/audit/check'] button",),
    "people-invite": ("details.ending summary",),
    "exports-new": ("details.ending summary",),
    "custody-forms": (
        "details.ending summary >> nth=0",
        "details.ending summary >> nth=1",
        "details summary >> nth=1",
    ),
    "settings-new": ("details.ending summary",),
    "calibration-new": ("details.ending summary",),
    "menu": (".person summary",),
    "keys": (".person summary", "[data-opens='#keys']"),
    "reveal": ("#show-hidden",),
}
"""What is pressed before the picture is taken."""


def pages_of(story: Story, house: House) -> Pages:
    """Every page with something on it."""
    return {
        "signin": (None, "/signin"),
        "link": (None, house.link),
        "link-used": (None, "/link/gone"),
        "home": ("supervisor", "/"),
        "home-agent": ("agent", "/"),
        "home-reviewer": ("reviewer", "/"),
        "home-compliance": ("compliance", "/"),
        "home-auditor": ("auditor", "/"),
        "home-administrator": ("administrator", "/"),
        "menu": ("compliance", "/recordings"),
        "keys": ("reviewer", "/queue"),
        "upload": ("supervisor", "/upload"),
        "recordings": ("compliance", "/recordings"),
        "search": ("compliance", "/recordings?q=收益"),
        "queue": ("reviewer", "/queue"),
        "queue-lead": ("compliance", "/queue"),
        "call": ("reviewer", f"/recordings/{story.open_call}?t=14"),
        "call-final": ("supervisor", f"/recordings/{story.call}"),
        "call-mono": ("auditor", f"/recordings/{story.mono}"),
        "judgements": ("reviewer", f"/recordings/{story.call}/judgements"),
        "coaching": ("supervisor", "/coaching"),
        "letter-draft": ("supervisor", f"/coaching/{story.draft}"),
        "letter": ("agent", f"/coaching/{story.notice}"),
        "disputes": ("supervisor", "/disputes"),
        "dispute": ("supervisor", f"/disputes/{story.dispute}"),
        "dispute-ruled": ("agent", f"/disputes/{story.ruled}"),
        "calibration": ("compliance", "/calibration"),
        "round": ("compliance", f"/calibration/{story.round}"),
        "blind": ("reviewer", f"/calibration/{story.open_round}/{story.call}"),
        "calibration-new": ("compliance", "/calibration"),
        "rules": ("compliance", "/rules"),
        "rules-file": ("compliance", RULES),
        "rules-checked": ("compliance", RULES),
        "rules-tested": ("compliance", RULES),
        "reveal": ("reviewer", f"/recordings/{story.mono}"),
        "settings": ("administrator", "/settings"),
        "settings-new": ("administrator", "/settings"),
        "people": ("administrator", "/people"),
        "people-invite": ("administrator", "/people"),
        "person": ("administrator", f"/people/{house.account}"),
        "account": ("reviewer", "/account"),
        "audit": ("auditor", "/audit"),
        "audit-checked": ("auditor", "/audit"),
        "exports": ("auditor", "/exports"),
        "exports-new": ("auditor", "/exports"),
        "custody": ("compliance", "/custody"),
        "custody-forms": ("compliance", "/custody"),
        "missing": ("reviewer", "/no/such/page"),
        "forbidden": ("agent", "/people"),
    }


def empty_pages() -> Pages:
    """What a service shows on its first day."""
    places = {
        "supervisor": ("", "recordings", "upload", "coaching", "disputes"),
        "compliance": ("queue", "calibration", "custody", "exports"),
        "administrator": ("settings",),
        "agent": ("coaching", "disputes"),
    }
    return {f"empty-{place or 'home'}-{job}": (job, f"/{place}") for job, some in places.items() for place in some}


@dataclass(frozen=True)
class Camera:
    """Which pictures to take; nothing given: all."""

    names: frozenset[str]
    sizes: Sequence[str]
    themes: Sequence[str]
    locales: Sequence[str]

    def shoot(self, live: LiveWeb, browser: Browser, pages: Pages) -> int:
        """Take them; the number of pages wider than the window, each told."""
        wanted = {name: at for name, at in pages.items() if not self.names or name in self.names}
        jobs = sorted({job for job, _ in wanted.values()}, key=str)
        sessions = {job: live.session(job) for job in jobs if job is not None}
        overflowing = 0
        for size, theme, locale, job in product(self.sizes, self.themes, self.locales, jobs):
            width, height = SIZES[size]
            context = browser.new_context(
                base_url=live.url,
                viewport={"width": width, "height": height},
                locale=locale,
                color_scheme="dark" if theme == "dark" else "light",
                timezone_id="Asia/Shanghai",
            )
            cookies = {"tj_theme": theme, "tj_locale": locale}
            if job is not None:
                cookies[SESSION_COOKIE] = sessions[job]
            context.add_cookies([{"name": k, "value": v, "url": live.url} for k, v in cookies.items()])
            page = context.new_page()
            folder = TARGET / f"{size}-{theme}"
            folder.mkdir(parents=True, exist_ok=True)
            for name in (name for name, at in wanted.items() if at[0] == job):
                open_page(page, name, wanted[name][1])
                page.evaluate("scrollTo(0, 0)")
                tall = min(TALLEST, max(height, page.evaluate("document.documentElement.scrollHeight")))
                clip: FloatRect = {"x": 0, "y": 0, "width": width, "height": tall}
                page.screenshot(path=folder / f"{name}-{locale}.png", full_page=True, clip=clip)
                if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
                    overflowing += 1
                    sys.stderr.write(f"wider than the window: {name} {size} {locale}\n")
            context.close()
        return overflowing


def open_page(page: Page, name: str, path: str) -> int:
    """Go there and press what `CLICKS` says; the status it was answered with."""
    answer = page.goto(path)
    assert answer is not None
    if "call" in name or name == "reveal":
        page.locator("#wave canvas, #wave > div").first.wait_for(state="attached")
        page.wait_for_timeout(300)
    for wanted in CLICKS.get(name, ()):
        page.locator(wanted).first.click()
    if name.startswith("rules-") and name in CLICKS:
        page.locator("#rule-results > *").first.wait_for()
    return answer.status


def main(camera: Camera) -> int:
    """Start services of its own, tell the story, take the pictures."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.stderr.write("No chromium here. On Debian: apt-get install chromium fonts-noto-cjk\n")
        return 1
    with ExitStack() as stack:
        full, fresh = (
            stack.enter_context(live_web(web_settings(Path(stack.enter_context(TemporaryDirectory())))))
            for _ in range(2)
        )
        for live in (full, fresh):
            add_people(live.services)
        add_samples(full.services)
        add_more(full.services, 60)
        full.work()
        story = tell(full.services)
        house = keep_house(full.services, story)
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        overflowing = camera.shoot(full, browser, pages_of(story, house))
        overflowing += camera.shoot(fresh, browser, empty_pages())
        browser.close()
    sys.stdout.write(f"Pictures are in {TARGET}\n")
    return 1 if overflowing else 0


def _parsed() -> Camera:
    parser = ArgumentParser(description="Pictures of every page.")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--size", choices=SIZES, action="append")
    parser.add_argument("--theme", choices=THEMES, action="append")
    parser.add_argument("--locale", choices=LOCALES, action="append")
    given = parser.parse_args()
    return Camera(
        frozenset(given.names), given.size or list(SIZES), given.theme or THEMES, given.locale or LOCALES
    )


if __name__ == "__main__":
    sys.exit(main(_parsed()))
