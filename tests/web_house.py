"""What those who keep the house did: exports, holds, deletions, receivers of messages, accounts."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from web_live import EAST
from web_story import Story, person

from qa.core.custody import Selection
from qa.core.people import SYSTEM, Job
from qa.services import Services
from qa.services.export import Format, Wanted
from qa.services.people.accounts import Changes
from qa.services.push import NewTarget


@dataclass(frozen=True)
class House:
    """What can be shown of it."""

    account: str
    """Somebody who has been invited."""
    link: str
    """Path of the page on which they set a password."""
    export: str


def keep_house(services: Services, story: Story) -> House:
    """Let it happen, after `tell`."""
    compliance, administrator = person(services, "compliance"), person(services, "administrator")
    now = datetime.now(UTC)
    custody = services.custody
    custody.hold(compliance, Selection(recording_id=story.call), "消费者协会调解，编号 2026-118。")
    released = custody.hold(compliance, Selection(attributes={"agent": "吴倩", "team": "华南二组"}), "监管问询")
    custody.release(compliance, released.id, "问询已结束")
    old = [one.id for one in services.recordings.list(limit=200).items if one.status == "failed"]
    custody.delete(compliance, Selection(recording_id=old[0]), "客户来信", "客户要求删除个人信息。")

    wanted = Wanted(now - timedelta(days=30), now + timedelta(days=1), formats=(Format.CSV, Format.PDF))
    export = services.exports.request(compliance, wanted)
    services.exports.write(export.id)
    services.exports.request(
        compliance, Wanted(now - timedelta(days=7), now + timedelta(days=1), team=EAST, formats=(Format.XLSX,))
    )

    events = ("notice.issued", "dispute.raised")
    push = services.push
    push.add_target(
        administrator,
        NewTarget("质检群", "wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=0f", events),
    )
    hook = push.add_target(
        administrator,
        NewTarget(
            "工单系统", "webhook", "https://hooks.example.com/quality", events, "a secret of the hook", EAST
        ),
    )
    push.set_active(administrator, hook.id, active=False)

    accounts = services.people.accounts
    made, link = accounts.invite(SYSTEM, "qianwei", Changes(name="钱薇", jobs=[Job.REVIEWER], teams=(EAST,)))
    left, _ = accounts.invite(SYSTEM, "sunli", Changes(name="孙丽", jobs=[Job.AGENT], teams=(EAST,), agent="孙丽"))
    accounts.change(administrator, left.id, Changes(active=False))
    services.people.tokens.make(person(services, "reviewer"), "报表脚本", None, now + timedelta(days=90))
    return House(made.id, link.path, export.id)
