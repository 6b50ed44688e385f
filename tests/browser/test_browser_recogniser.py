"""From upload to ruling with nothing replaced: the processes that `tingjian up` starts, and the models."""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
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
    sample,
)
from ledger_harness import Service, wait_until
from playwright.sync_api import expect
from web_live import EAST, PASSWORD, PEOPLE, add_people, web_settings

from qa.services import Services, open_services
from qa.services.people.sessions import Where

pytestmark = [pytest.mark.models, pytest.mark.slow]

PROMISE, RUDE = "call02_forbidden_promise", "call04_rude_agent"
PATIENCE_MS = 280_000
"""For two minutes of speech on two cores that others use too."""
LISTEN = """() => {
  const Plain = window.Audio;
  window.players = [];
  window.Audio = function (...given) {
    const made = new Plain(...given);
    window.players.push(made);
    return made;
  };
}"""
SOUNDS = "start => window.players.some((one) => one.played.length > 0 && one.currentTime > start)"
WATCH = """() => {
  window.told = [];
  new MutationObserver(() => {
    for (const row of document.querySelectorAll("table.uploads tbody tr")) {
      const said = (name) => row.querySelector(`[data-${name}]`).textContent;
      const line = `${said("state")} ${said("told")}`;
      if (!window.told.includes(line)) window.told.push(line);
    }
  }).observe(document.querySelector("table.uploads"), { subtree: true, childList: true, characterData: true });
}"""


@dataclass
class RealWeb:
    """Processes that answer at `url`."""

    url: str
    services: Services
    """Beside them, over the same database."""

    def session(self, job: str) -> str:
        """The cookie of a new session of the person with this job."""
        return self.services.people.sessions.sign_in(PEOPLE[job][0], PASSWORD, Where("127.0.0.1", "test")).token


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealWeb]:
    """Broker, workers, sweeper and pages as processes, with people and nothing else."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    home = tmp_path_factory.mktemp("real")
    settings = web_settings(home)
    settings = settings.model_copy(update={"server": settings.server.model_copy(update={"port": port})})
    services = open_services(settings, migrate=True)
    add_people(services)
    running = Service(settings, celery_app="workers.app", api=True)
    running.start()
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: _answers(url), "the pages are served")
        yield RealWeb(url, services)
    finally:
        running.stop()
        services.close()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", trust_env=False).is_success
    except httpx.HTTPError:
        return False


def test_two_recordings_are_heard_judged_disputed_and_ruled_on(page_of: Any, web: RealWeb) -> None:
    supervisor, reviewer, agent = page_of("supervisor"), page_of("reviewer"), page_of("agent")
    promise, rude = _upload_and_watch(supervisor, PROMISE, RUDE)

    # What the models heard is what was said (the small one spells some of it otherwise), and the flags are there.
    expected = json.loads(sample(PROMISE).with_name(f"{PROMISE}.json").read_text(encoding="utf-8"))["expect"]
    reviewer.add_init_script(f"({LISTEN})()")
    reviewer.goto(f"/recordings/{promise}")
    words = reviewer.locator("#transcript").inner_text()
    assert any(one in words for one in expected["forbidden"]), words
    assert reviewer.locator(".flag[data-severity=critical]").count() >= 3
    _hear_a_flag(reviewer)

    judge_by_keyboard(reviewer, promise, "零风险")
    finalise(reviewer, promise)
    before = human_score(reviewer)
    notice = issue(reviewer)
    judge_by_keyboard(reviewer, rude, "严重")
    finalise(reviewer, rude)
    accepted = issue(reviewer)

    acknowledge(agent, accepted, "以后注意。")
    address = dispute(agent, notice, "零风险", "我在转述客户的问题。")
    supervisor.goto(f"/recordings/{promise}")
    overturn(supervisor, address, "录音里确实是转述。")
    reviewer.goto(f"/recordings/{promise}")
    assert human_score(reviewer) > before
    expect(reviewer.locator("#desk")).to_contain_text("录音里确实是转述。")
    report = web.services.audit.verify("default")
    assert report.problem is None


def _upload_and_watch(page: Any, *names: str) -> list[str]:
    """Ids of the recordings once their stages have been seen to pass by."""
    page.goto("/upload")
    page.get_by_text("补充通话信息").click()
    page.get_by_label("坐席").fill("李静")
    page.get_by_label("团队").fill(EAST)
    page.evaluate(WATCH)
    page.locator("#files").set_input_files([sample(name) for name in names])
    ids = []
    for name in names:
        row = page.locator("table.uploads tbody tr", has_text=name)
        expect(row).to_contain_text("已完成", timeout=PATIENCE_MS)
        expect(row).to_contain_text("个问题")
        ids.append(str(row.get_by_role("link").first.get_attribute("href")).rpartition("/")[2])
    stages = {line.partition(" ")[2] for line in page.evaluate("window.told") if line.startswith("分析中")}
    assert len(stages - {""}) >= 2, stages
    return ids


def _hear_a_flag(page: Any) -> None:
    """The first flag's clip sounds: the player moves past where the words begin."""
    page.keyboard.press("j")
    while chosen(page).get_attribute("data-start") is None:
        page.keyboard.press("j")
    page.wait_for_function(SOUNDS, arg=float(chosen(page).get_attribute("data-start")))
