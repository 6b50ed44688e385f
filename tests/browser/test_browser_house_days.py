"""The days of those who keep the house: administrator, compliance and auditor, each from their first page on."""

import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from web_live import EAST, PASSWORD, LiveWeb, add_people, add_samples, live_web, web_settings

from qa.api.csrf import SESSION_COOKIE
from qa.services.people.sessions import Where

PATIENCE_MS = 60_000
"""For rule books built anew where others use the processor too."""


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveWeb]:
    """A service that nobody has an account of yet; the tests go in their order."""
    with live_web(web_settings(tmp_path_factory.mktemp("house"))) as live:
        yield live


def set_password(page: Any, path: str) -> None:
    """What a one-time link leads to."""
    page.goto(path)
    page.get_by_label("新密码").fill(PASSWORD)
    page.get_by_label("再次输入").fill(PASSWORD)
    page.get_by_role("button", name="设置密码并登录").click()
    page.wait_for_url(lambda url: "/link/" not in url)


def sign_in(page: Any, login: str) -> None:
    """By name and password."""
    page.goto("/signin")
    page.get_by_label("账号").fill(login)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()


def test_the_first_administrator_lets_people_in_and_out_again(page_of: Any, web: LiveWeb, axe: Any) -> None:
    link = web.services.people.links.first_administrator()
    assert link is not None
    administrator, reviewer = page_of(None), page_of(None)
    administrator.goto(link.path)
    axe(administrator)
    administrator.get_by_label("账号").fill("ada")
    administrator.get_by_label("姓名").fill("安达")
    set_password_here = administrator.get_by_label("新密码")
    set_password_here.fill(PASSWORD)
    administrator.get_by_label("再次输入").fill(PASSWORD)
    administrator.get_by_role("button", name="设置密码并登录").click()
    administrator.wait_for_url(f"{web.url}/")
    assert reviewer.goto(link.path).status == 404, "the link works once"
    assert web.services.people.links.first_administrator() is None

    # A team, and somebody in it.
    administrator.goto("/people")
    administrator.locator("#team").fill(EAST)
    administrator.get_by_role("button", name="添加团队").click()
    expect(administrator.locator(f"input[name=name][value='{EAST}']").first).to_be_visible()
    administrator.get_by_text("邀请人员").first.click()
    form = administrator.locator("form[action='/people']")
    form.locator("#login").fill("wang")
    form.locator("#name").fill("王敏")
    form.get_by_label("质检员").check()
    form.get_by_label(EAST).check()
    form.get_by_role("button", name="邀请人员").click()
    invitation = administrator.locator("#link").inner_text()
    axe(administrator)
    set_password(reviewer, invitation)
    assert reviewer.goto("/queue").status == 200
    assert reviewer.goto("/people").status == 403

    # A token that works until it does not.
    reviewer.goto("/account")
    reviewer.get_by_text("新建令牌").first.click()
    reviewer.get_by_label("用途").fill("报表")
    reviewer.get_by_role("button", name="新建令牌").click()
    bearer = {"Authorization": f"Bearer {reviewer.locator('#secret').inner_text()}"}
    machine = page_of(None).context.request
    assert machine.get("/api/v1/recordings", headers=bearer).status == 200
    reviewer.get_by_role("button", name="吊销").click()
    expect(reviewer.get_by_text("已吊销", exact=True)).to_be_visible()
    assert machine.get("/api/v1/recordings", headers=bearer).status == 401

    # Signed out everywhere, then not let in any more.
    administrator.goto("/people")
    administrator.get_by_role("link", name="wang").click()
    administrator.get_by_role("button", name="退出所有设备").click()
    expect(administrator.get_by_text(re.compile(r"已结束 \d+ 个会话"))).to_be_visible()
    reviewer.goto("/queue")
    expect(reviewer).to_have_url(re.compile("/signin"))
    sign_in(reviewer, "wang")
    expect(reviewer).to_have_url(f"{web.url}/")
    administrator.get_by_label("允许登录").uncheck()
    administrator.get_by_role("button", name="保存").click()
    expect(administrator.get_by_text("wang 已保存。")).to_be_visible()
    reviewer.goto("/queue")
    expect(reviewer).to_have_url(re.compile("/signin"))
    sign_in(reviewer, "wang")
    expect(reviewer.locator("#told")).to_be_visible()

    # The last one who could let others in stays.
    administrator.goto("/people")
    administrator.get_by_role("link", name="ada").click()
    administrator.get_by_label("管理员").uncheck()
    administrator.get_by_label("审计").check()
    administrator.get_by_role("button", name="保存").click()
    expect(administrator.locator(".flash.error")).to_be_visible()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveWeb]:
    """A service at work: people, and the samples analysed."""
    with live_web(web_settings(tmp_path_factory.mktemp("kept"))) as live:
        add_people(live.services)
        add_samples(live.services)
        live.work()
        yield live


def page_at(page_of: Any, live: LiveWeb, job: str) -> Any:
    """A page of somebody of the second service."""
    page = page_of(None, accept_downloads=True)
    page.context.add_cookies([{"name": SESSION_COOKIE, "value": live.session(job), "url": live.url}])
    return page


def verified(pack: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """What the verifier inside a pack says of it, by a plain Python that knows nothing of us."""
    with zipfile.ZipFile(pack) as opened:
        inside = next(name for name in opened.namelist() if name.endswith("verify.py"))
        program = pack.with_suffix(".verify.py")
        program.write_bytes(opened.read(inside))
    command = [sys.executable, "-I", "-S", str(program), str(pack), "--lang", "en", *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=pack.parent, check=False)


def test_compliance_tries_a_change_and_takes_proof_away(
    page_of: Any, kept: LiveWeb, axe: Any, tmp_path: Path
) -> None:
    page = page_at(page_of, kept, "compliance")
    kept.services.rules.in_force()
    page.goto(f"{kept.url}/rules")
    expect(page.get_by_role("heading", name="曾生效的版本")).to_be_visible()
    expect(page.locator("section li").first).to_contain_text("1")
    axe(page)
    page.goto(f"{kept.url}/rules?rule=zh.finance.zero-risk")
    text = page.locator("#rule-text").input_value()
    results = page.locator("#rule-results")

    page.get_by_role("button", name="检查").click()
    expect(results.locator(".chip.passed")).to_be_visible()
    page.locator("#rule-text").fill(text.replace("terms:", "terms: [", 1))
    page.get_by_role("button", name="检查").click()
    expect(results.locator(".wrong").first).to_contain_text("forbidden.yaml")

    # A rule that listens to customers alone no longer sees what an agent was flagged for.
    changed = text.replace("- id: zero-risk\n", "- id: zero-risk\n    role: customer\n", 1)
    assert changed != text
    page.locator("#rule-text").fill(changed)
    page.get_by_role("button", name="用历史通话回测").click()
    gone = results.locator("tbody tr", has_text="宣称零风险")
    expect(gone.first).to_contain_text("消失", timeout=PATIENCE_MS)
    expect(gone.first).to_contain_text("零风险")
    axe(page)
    page.get_by_label("试用对话").fill("客户：你说这个产品没有任何风险，零风险。")
    page.get_by_role("button", name="在对话上试用").click()
    expect(results.locator("h2").first).to_have_text("命中", timeout=PATIENCE_MS)
    expect(results).to_contain_text("宣称零风险")

    page.goto(f"{kept.url}/exports")
    page.get_by_role("button", name="导出", exact=True).click()
    row = page.locator("#exports tbody tr").first
    expect(row).to_contain_text("等待中")
    for waiting in kept.services.exports.waiting():
        kept.services.exports.write(waiting)
    expect(row).to_contain_text("已完成并签名")
    axe(page)
    with page.expect_download() as begun:
        row.get_by_role("link", name="下载").click()
    pack = tmp_path / begun.value.suggested_filename
    begun.value.save_as(pack)

    key = kept.services.keys.current().id
    whole = verified(pack, "--trust", key)
    assert whole.returncode == 0, whole.stdout + whole.stderr
    assert verified(pack, "--trust", "0" * 64).returncode != 0
    forged = verified(_tampered(pack), "--trust", key)
    assert forged.returncode == 1
    assert "NOT as it was signed" in forged.stdout


def _tampered(pack: Path) -> Path:
    """The same pack with one word of a finding exchanged."""
    forged = pack.with_name("forged.zip")
    with zipfile.ZipFile(pack) as whole, zipfile.ZipFile(forged, "w") as copy:
        for name in whole.namelist():
            data = whole.read(name)
            if name.endswith(".jsonl") and "finding" in name:
                data = data.replace(b"critical", b"notice", 1)
            copy.writestr(name, data)
    return forged


def test_an_auditor_reads_checks_exports_and_can_change_nothing(
    page_of: Any, kept: LiveWeb, tmp_path: Path
) -> None:
    page = page_at(page_of, kept, "auditor")
    page.goto(f"{kept.url}/audit")
    page.get_by_role("button", name="立即全部核验").click()
    expect(page.locator(".chip.passed")).to_have_text("未被动过")
    page.goto(f"{kept.url}/exports")
    if page.locator("#exports tbody tr").count() == 0:
        page.get_by_role("button", name="导出", exact=True).click()
        for waiting in kept.services.exports.waiting():
            kept.services.exports.write(waiting)
    link = page.locator("#exports tbody tr").first.get_by_role("link", name="下载")
    expect(link).to_be_visible()
    with page.expect_download() as begun:
        link.click()
    pack = shutil.copy(begun.value.path(), tmp_path / "pack.zip")
    assert verified(pack, "--trust", kept.services.keys.current().id).returncode == 0

    recording = kept.services.recordings.list(limit=1).items[0].id
    page.goto(f"{kept.url}/recordings/{recording}")
    expect(page.locator("#transcript .turn").first).to_be_visible()
    token = page.locator("meta[name=csrf]").get_attribute("content")
    before = kept.services.audit.head("default").seq
    for path in (
        f"/recordings/{recording}/claim",
        f"/recordings/{recording}/comments",
        f"/recordings/{recording}/finalise",
        "/people",
        "/custody/holds",
        "/settings/push",
        "/calibration",
        "/queue/plans",
    ):
        answer = page.context.request.post(f"{kept.url}{path}", form={"csrf": token, "reason": "x", "text": "x"})
        assert answer.status in (403, 404, 405), (path, answer.status)
    for path in (f"/api/v1/recordings/{recording}/rescan", f"/api/v1/recordings/{recording}/retry"):
        assert page.context.request.post(f"{kept.url}{path}", headers={"X-CSRF-Token": token}).status == 403
    assert page.context.request.delete(f"{kept.url}/api/v1/recordings/{recording}").status in (403, 405)
    assert kept.services.audit.head("default").seq == before, "and nothing of it is in the log as done"
    assert kept.services.people.sessions.sign_in("zhao", PASSWORD, Where("127.0.0.1", "test")).token
