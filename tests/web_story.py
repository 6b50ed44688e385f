"""What happened to the sample calls, so that every page has something to show."""

from dataclasses import dataclass

from web_live import PEOPLE

from qa.core.coaching import Ruling
from qa.core.people import SYSTEM, Person
from qa.core.review import RejectReason, VerdictOutcome
from qa.core.roles import Role
from qa.services import Services
from qa.services.calibration import NewRound
from qa.services.coaching.views import NoticeView


@dataclass(frozen=True)
class Story:
    """Ids of what can be shown."""

    call: str
    """Reviewed to the end."""
    open_call: str
    """Held by the reviewer, half judged."""
    mono: str
    notice: str
    draft: str
    dispute: str
    ruled: str
    round: str
    open_round: str


def person(services: Services, job: str) -> Person:
    """The account with this job as somebody who acts."""
    login, name, kind, teams, agent = PEOPLE[job]
    account = services.people.accounts.by_login(SYSTEM, login)
    return Person(account.id, login, name, frozenset({kind}), teams=teams, agent=agent)


def tell(services: Services) -> Story:
    """Let it happen. Needs `add_people`, `add_samples`, `add_more` and the work done."""
    reviewer, lead = person(services, "reviewer"), person(services, "supervisor")
    agent, compliance = person(services, "agent"), person(services, "compliance")
    calls = {one.name: one for one in services.recordings.list(limit=200).items}
    samples = {name[:6]: one.id for name, one in calls.items() if name.startswith("call0")}
    # The agent's own calls among the others, those with most to talk about first.
    own = sorted(
        (one for one in calls.values() if one.attributes.get("agent") == agent.agent and one.status == "done"),
        key=lambda one: (-(one.duration or 0) % 61.6, one.name),
    )
    flagged = [one.id for one in own if _agents_flags(services, reviewer, one.id) > 2][:3]
    letters = [_letter(services, reviewer, one) for one in flagged]
    notices = services.notices
    issued = [notices.issue(reviewer, one.id) for one in letters[:2]]
    points = [[point for point in one.points if not point.good] for one in issued]
    disputed = services.disputes.raise_dispute(
        agent, issued[0].id, points[0][0].id, words="我当时是在解释为什么不能这样承诺。"
    )
    waiting = services.disputes.raise_dispute(
        agent, issued[1].id, points[1][0].id, words="这句话是客户说的，不是我说的。"
    )
    services.disputes.rule(lead, disputed.id, Ruling.OVERTURNED, reason="听录音确认：坐席是在复述客户的话。")

    open_call = samples["call02"]
    services.review.queue.claim(reviewer, open_call)
    for flag in _flags(services, reviewer, open_call)[:2]:
        services.review.desk.judge(reviewer, open_call, flag, VerdictOutcome.CONFIRMED)
    services.review.desk.comment(reviewer, open_call, "开头没有报工号，请与质检组长一起听。")

    rounds = []
    for name in ("十月校准", "十一月校准"):
        recordings = (flagged[0], samples["call04"])
        made = services.calibration.create(
            compliance, NewRound(name, (reviewer.login, lead.login), reviewer.login, recordings)
        )
        rounds.append(made.id)
    for number, who in enumerate((reviewer, lead)):
        blind = services.calibration.blind(who, rounds[0], flagged[0])
        answers = {one.item: one.values[number * (place % 2)] for place, one in enumerate(blind.items)}
        services.calibration.answer(who, rounds[0], flagged[0], answers, {})
    services.calibration.close(compliance, rounds[0])
    return Story(
        call=flagged[0],
        open_call=open_call,
        mono=samples["call03"],
        notice=issued[1].id,
        draft=letters[2].id,
        dispute=waiting.id,
        ruled=disputed.id,
        round=rounds[0],
        open_round=rounds[1],
    )


def _flags(services: Services, who: Person, recording: str) -> list[str]:
    return [one.finding_id for one in services.review.closing.view(who, recording).flags]


def _agents_flags(services: Services, who: Person, recording: str) -> int:
    flags = services.review.closing.view(who, recording).flags
    return sum(any(one.role is Role.AGENT for one in flag.evidence) for flag in flags)


def _letter(services: Services, reviewer: Person, recording: str) -> NoticeView:
    services.review.queue.claim(reviewer, recording)
    kept = 0
    for flag in services.review.closing.view(reviewer, recording).flags:
        if kept < 3 and any(one.role is Role.AGENT for one in flag.evidence):
            kept += 1
            services.review.desk.judge(reviewer, recording, flag.finding_id, VerdictOutcome.CONFIRMED)
        else:
            services.review.desk.judge(
                reviewer, recording, flag.finding_id, VerdictOutcome.REJECTED, reason=RejectReason.CONTEXT
            )
    services.review.closing.finalise(reviewer, recording)
    return services.notices.draft(reviewer, recording, locale="zh-Hans")
