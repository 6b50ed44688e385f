"""What stands on somebody's home page: each area offers entries, the page puts them into three lists.

`qa.web.pages.home` says which areas offer. An offer looks at the rights of whoever asks first, and is quick: the
page is opened many times a day.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from qa.core.coaching import DisputeState, NoticeState
from qa.core.messages import Message, message
from qa.core.people import Person, Right
from qa.services import Services

_SHOWN: Final = 5
"""Single calls and notices listed; beyond that the number says enough."""


class When(StrEnum):
    """The three lists."""

    NOW = "now"
    LATE = "late"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: a sentence that leads somewhere."""

    when: When
    text: Message
    path: str
    at: datetime | None = None
    """When it was due or happened."""
    icon: str = ""
    first: bool = False
    """The one thing to do next: shown as a button."""


Offer = Callable[[Services, Person], Iterator[Entry]]


def review(services: Services, who: Person) -> Iterator[Entry]:
    """What waits for a reviewer."""
    if not who.may(Right.REVIEW):
        return
    queue = services.review.queue.overview(who)
    for item in queue.mine[:_SHOWN]:
        text = message("web_home.go_on", name=_call(item.agent, item.name))
        yield Entry(When.NOW, text, f"/recordings/{item.recording_id}", item.claim_until, "play")
    if queue.open:
        text = message("web_home.queue", n=queue.open)
        yield Entry(When.NOW, text, "/queue", icon="queue", first=not queue.mine)
    if queue.handed:
        yield Entry(When.NOW, message("web_home.handed", n=len(queue.handed)), "/queue", icon="person")
    for item in queue.overdue[:_SHOWN]:
        text = message("web_home.review_late", name=_call(item.agent, item.name))
        yield Entry(When.LATE, text, f"/recordings/{item.recording_id}", item.due_at, "queue")
    if queue.late > _SHOWN:
        yield Entry(When.LATE, message("web_home.reviews_late", n=queue.late), "/queue", icon="queue")


def coaching(services: Services, who: Person) -> Iterator[Entry]:
    """Notices to write, to issue and to answer."""
    if not who.may(Right.SEE_NOTICES):
        return
    answers = who.may(Right.ANSWER_NOTICE)
    if answers:
        issued = services.notices.page(who, states=[NoticeState.ISSUED], limit=_SHOWN).items
        for notice in issued:
            text = message("web_home.notice_to_answer", title=notice.title)
            when = When.LATE if notice.late else When.NOW
            yield Entry(when, text, f"/coaching/{notice.id}", notice.due_at, "coaching", first=notice is issued[0])
        return
    counts = services.notices.counts(who)
    if who.may(Right.COACH) and counts[NoticeState.DRAFT]:
        text = message("web_home.drafts", n=counts[NoticeState.DRAFT])
        yield Entry(When.NOW, text, "/coaching?state=draft", icon="coaching")
    waiting = services.notices.page(who, states=[NoticeState.ISSUED], limit=50).items
    for notice in [one for one in waiting if one.late][:_SHOWN]:
        text = message("web_home.notice_unanswered", agent=notice.agent, title=notice.title)
        yield Entry(When.LATE, text, f"/coaching/{notice.id}", notice.due_at, "coaching")


def disputes(services: Services, who: Person) -> Iterator[Entry]:
    """Disputes to rule on, and what became of one's own."""
    if who.may(Right.RULE_DISPUTE):
        opened = services.disputes.page(who, states=[DisputeState.OPEN], limit=50).items
        for dispute in [one for one in opened if one.late][:_SHOWN]:
            text = message("web_home.dispute_late", agent=dispute.agent)
            yield Entry(When.LATE, text, f"/disputes/{dispute.id}", dispute.deadline, "disputes")
        ahead = [one for one in opened if not one.late]
        if ahead:
            yield Entry(When.NOW, message("web_home.disputes", n=len(ahead)), "/disputes", icon="disputes")
    elif who.may(Right.DISPUTE):
        ruled = (DisputeState.RULED, DisputeState.FINAL)
        for dispute in services.disputes.page(who, states=ruled, limit=3).items:
            at = dispute.rulings[-1].ruled_at if dispute.rulings else dispute.raised_at
            text = message("web_home.ruled", title=dispute.notice_title)
            yield Entry(When.CHANGED, text, f"/disputes/{dispute.id}", at, "disputes")


def recordings(services: Services, who: Person) -> Iterator[Entry]:
    """What came in this week, and what could not be analysed."""
    if not who.may(Right.SEE_RECORDINGS):
        return
    week = services.search.week(who)
    if who.may(Right.RETRY) and week.failed:
        path = "/recordings?status=failed"
        yield Entry(When.NOW, message("web_home.failed", n=week.failed), path, icon="warning")
    if week.under_way:
        path = "/recordings?status=queued&status=running"
        yield Entry(When.CHANGED, message("web_home.under_way", n=week.under_way), path, icon="recordings")
    path = f"/recordings?from={week.since}"
    if week.calls:
        yield Entry(When.CHANGED, message("web_home.calls", n=week.calls), path, icon="recordings")
    if week.critical:
        text = message("web_home.critical", n=week.critical)
        yield Entry(When.CHANGED, text, f"{path}&worst=critical", icon="critical")
    if week.score is not None:
        known = {"score": f"{week.score:.1f}"}
        if week.score_before is None:
            text = message("web_home.score", **known)
        else:
            text = message("web_home.score_moved", **known, change=f"{week.score - week.score_before:+.1f}")
        yield Entry(When.CHANGED, text, f"{path}&sort=score", icon="calibration")


def beginning(services: Services, who: Person) -> Iterator[Entry]:
    """What to do where nothing has been done yet."""
    if who.may(Right.UPLOAD) and services.search.is_empty(who):
        yield Entry(When.NOW, message("web_home.upload_first"), "/upload", icon="upload", first=True)
    if who.may(Right.MANAGE_PEOPLE) and len(services.people.accounts.list(who)) == 1:
        yield Entry(When.NOW, message("web_home.invite"), "/people", icon="people")


def _call(agent: str | None, name: str) -> str:
    return f"{agent} · {name}" if agent else name


OFFERS: Final[tuple[Offer, ...]] = (review, coaching, disputes, recordings, beginning)


def entries_for(services: Services, who: Person, offers: Sequence[Offer]) -> dict[When, list[Entry]]:
    """Everything on the home page of `who`, the most urgent first."""
    lists: dict[When, list[Entry]] = {when: [] for when in When}
    for offer in offers:
        for entry in offer(services, who):
            lists[entry.when].append(entry)

    lists[When.LATE].sort(key=lambda entry: (entry.at is None, entry.at.timestamp() if entry.at else 0.0))
    lists[When.NOW].sort(key=lambda entry: not entry.first)
    return lists
