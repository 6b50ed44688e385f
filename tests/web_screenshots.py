"""Pictures of every page in three languages, two widths, light and dark, for a person to look at.

    python tests/web_screenshots.py            all into build/screenshots
    python tests/web_screenshots.py call home  only pages with these names

The service behind them holds the samples, some reviewed, with notices, disputes and rounds of calibration.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from web_live import LiveWeb, add_more, add_people, add_samples, live_web, web_settings
from web_story import Story, tell

from qa.api.csrf import SESSION_COOKIE

TARGET = Path(__file__).parent.parent / "build" / "screenshots"
SIZES = {"wide": (1366, 820), "phone": (390, 844)}
LOCALES = ("zh-Hans", "zh-Hant", "en")


def pages_of(story: Story) -> dict[str, tuple[str | None, str]]:
    """Name -> who looks, at which address."""
    return {
        "signin": (None, "/signin"),
        "home": ("supervisor", "/"),
        "home-agent": ("agent", "/"),
        "upload": ("supervisor", "/upload"),
        "recordings": ("compliance", "/recordings"),
        "search": ("compliance", "/recordings?q=收益"),
        "queue": ("reviewer", "/queue"),
        "queue-lead": ("compliance", "/queue"),
        "call": ("reviewer", f"/recordings/{story.open_call}?t=14"),
        "call-final": ("supervisor", f"/recordings/{story.call}"),
        "call-mono": ("auditor", f"/recordings/{story.mono}"),
        "coaching": ("supervisor", "/coaching"),
        "letter-draft": ("supervisor", f"/coaching/{story.draft}"),
        "letter": ("agent", f"/coaching/{story.notice}"),
        "disputes": ("supervisor", "/disputes"),
        "dispute": ("supervisor", f"/disputes/{story.dispute}"),
        "dispute-ruled": ("agent", f"/disputes/{story.ruled}"),
        "calibration": ("compliance", "/calibration"),
        "round": ("compliance", f"/calibration/{story.round}"),
        "blind": ("reviewer", f"/calibration/{story.open_round}/{story.call}"),
        "settings": ("administrator", "/settings"),
        "people": ("administrator", "/people"),
        "account": ("reviewer", "/account"),
        "audit": ("auditor", "/audit"),
        "exports": ("auditor", "/exports"),
        "custody": ("compliance", "/custody"),
        "missing": ("reviewer", "/no/such/page"),
    }


def shoot(live: LiveWeb, browser: Browser, story: Story, names: set[str]) -> int:
    """Take them all; the number of pages wider than the window, each told."""
    overflowing = 0
    pages = {name: at for name, at in pages_of(story).items() if not names or name in names}
    sessions = {job: live.session(job) for job in {job for job, _ in pages.values()} if job is not None}
    for size, (width, height) in SIZES.items():
        for theme in ("light", "dark"):
            for locale in LOCALES:
                for job in {job for job, _ in pages.values()}:
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
                    for name, (_, path) in ((n, at) for n, at in pages.items() if at[0] == job):
                        page.goto(path)
                        if "call" in name:
                            page.locator("#wave canvas, #wave > div").first.wait_for(state="attached")
                            page.wait_for_timeout(300)
                        folder = TARGET / f"{size}-{theme}"
                        folder.mkdir(parents=True, exist_ok=True)
                        page.screenshot(path=folder / f"{name}-{locale}.png")
                        if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
                            overflowing += 1
                            sys.stderr.write(f"wider than the window: {name} {size} {locale}\n")
                    context.close()
    return overflowing


def main(names: set[str]) -> int:
    """Start a service of its own, tell the story, take the pictures."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.stderr.write("No chromium here. On Debian: apt-get install chromium fonts-noto-cjk\n")
        return 1
    with tempfile.TemporaryDirectory() as home, live_web(web_settings(Path(home))) as live:
        add_people(live.services)
        add_samples(live.services)
        add_more(live.services, 60)
        live.work()
        story = tell(live.services)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            overflowing = shoot(live, browser, story, names)
            browser.close()
    sys.stdout.write(f"Pictures are in {TARGET}\n")
    return 1 if overflowing else 0


if __name__ == "__main__":
    sys.exit(main(set(sys.argv[1:])))
