"""What compliance officers and auditors are told when they come in, on every database."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from coaching_kit import AGENT, BAD_CALL, LEADER, REVIEWER, SECOND, THIRD, person, reviewed, taken

from qa.core.coaching import Ruling
from qa.core.custody import Selection
from qa.core.errors import ForbiddenError
from qa.core.people import Job, Person
from qa.core.review import RejectReason, VerdictOutcome
from qa.db.audit import AuditTrail
from qa.db.models import DisputeRow, HoldRow
from qa.services import Services
from qa.services.custody import CustodyService
from qa.services.export import Format, Wanted
from qa.services.work import Worker
from qa.settings import CustodySettings, RetentionRule
from qa.web import entries, oversight
from qa.web.entries import When, entries_for

Make = Callable[..., Worker]
AUDITOR = person("zoe", Job.AUDITOR)
OFFERS = (*entries.OFFERS, *oversight.OFFERS)
LONG_AGO = datetime.now(UTC) - timedelta(days=60)


def told(services: Services, who: Person) -> dict[When, set[str]]:
    """The codes of what stands on somebody's home page."""
    lists = entries_for(services, who, OFFERS)
    return {when: {one.text.code.removeprefix("web_home.") for one in found} for when, found in lists.items()}


def begin(services: Services) -> None:
    """The log of a house that has been at work for two months."""
    with services.database.write() as session:
        AuditTrail(session).add("default", LONG_AGO, "system", "keys.made", None)


def test_a_log_nobody_has_checked_is_late_and_a_check_says_what_came_of_it(services: Services) -> None:
    begin(services)
    assert "audit_check" in told(services, AUDITOR)[When.LATE]
    assert services.audit.check(AUDITOR).problem is None
    after = told(services, AUDITOR)
    assert "audit_check" not in after[When.LATE] | after[When.NOW]
    assert "audit_good" in after[When.CHANGED]
    checked = services.audit.standing(AUDITOR).checked
    assert checked is not None
    assert (checked.actor, checked.details["events"], checked.details["problem"]) == ("zoe", 1, None)


def test_a_log_that_was_touched_comes_first(services: Services) -> None:
    begin(services)
    if not services.database.is_sqlite:
        pytest.skip("the trigger is the same; taking it off differs")
    with services.database.write() as session:
        names = session.execute(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars()
        for name in [one for one in names if "audit_event" in one]:
            session.execute(sa.text(f"DROP TRIGGER {name}"))
        session.execute(sa.text("UPDATE audit_event SET actor = 'nobody' WHERE seq = 1"))
    assert services.audit.check(AUDITOR).problem is not None
    assert "audit_touched" in told(services, AUDITOR)[When.LATE]


def test_only_who_may_read_the_log_checks_it(services: Services) -> None:
    begin(services)
    for who in (REVIEWER, LEADER, AGENT):
        with pytest.raises(ForbiddenError):
            services.audit.check(who)
        with pytest.raises(ForbiddenError):
            services.audit.standing(who)
        assert not any(
            "audit" in code or "export" in code for found in told(services, who).values() for code in found
        )


def test_an_audit_export_is_due_a_month_after_the_last(services: Services, make_worker: Make) -> None:
    begin(services)
    assert "export_due" in told(services, AUDITOR)[When.LATE]
    taken(services, make_worker)
    now = datetime.now(UTC)
    wanted = Wanted(start=now - timedelta(days=1), end=now, formats=(Format.CSV,))
    part = services.exports.request(AUDITOR, Wanted(wanted.start, wanted.end, team="east", formats=(Format.CSV,)))
    services.exports.write(part.id)
    assert "export_due" in told(services, AUDITOR)[When.LATE]
    whole = services.exports.request(AUDITOR, wanted)
    assert "exports_under_way" in told(services, AUDITOR)[When.NOW]
    services.exports.write(whole.id)
    after = told(services, AUDITOR)
    assert "export_due" not in after[When.LATE] | after[When.NOW]
    assert "week_export_made" in after[When.CHANGED]


def test_retention_and_old_holds_are_told_before_anything_is_gone(services: Services, make_worker: Make) -> None:
    begin(services)
    taken(services, make_worker)
    keep = RetentionRule(name="all", days=5)
    custody = CustodyService(services.database, services.custody._deleter, CustodySettings(retention=(keep,)))
    assert (custody.outlook(THIRD, 7).going, custody.outlook(THIRD, 3).going) == (1, 0)
    hold = services.custody.hold(THIRD, Selection(attributes={"team": "east"}), "诉讼")
    assert custody.outlook(THIRD, 7).going == 0
    assert "old_holds" not in told(services, THIRD)[When.NOW]
    with services.database.write() as session:
        session.execute(
            sa.update(HoldRow).where(HoldRow.id == hold.id).values(placed_at=LONG_AGO - timedelta(days=200))
        )
    assert "old_holds" in told(services, THIRD)[When.NOW]
    assert "week_custody_held" in told(services, AUDITOR)[When.CHANGED]
    with pytest.raises(ForbiddenError):
        services.custody.outlook(AUDITOR, 7)


def test_rules_people_disagree_with_are_named_once_enough_was_judged(
    services: Services, make_worker: Make
) -> None:
    begin(services)
    for seed in range(1, 7):
        call = taken(services, make_worker, BAD_CALL, seed=seed)
        services.review.queue.claim(REVIEWER, call)
        for flag in services.review.closing.view(REVIEWER, call).flags:
            services.review.desk.judge(
                REVIEWER, call, flag.finding_id, VerdictOutcome.REJECTED, reason=RejectReason.CONTEXT
            )
        services.review.closing.finalise(REVIEWER, call)
        if seed == 4:
            assert "doubtful_rule" not in told(services, THIRD)[When.NOW]
    assert "doubtful_rule" in told(services, THIRD)[When.NOW]
    assert "doubtful_rule" in told(services, AUDITOR)[When.CHANGED]
    assert "doubtful_rule" not in told(services, REVIEWER)[When.NOW]
    named = [one for one in entries_for(services, THIRD, OFFERS)[When.NOW] if one.path.startswith("/rules")]
    assert 0 < len(named) <= 3
    assert all("rule:zh-Hans" in one.text.params for one in named)


def test_an_auditor_is_told_of_disputes_past_their_deadline(services: Services, make_worker: Make) -> None:
    begin(services)
    call = reviewed(services, taken(services, make_worker))
    notice = services.notices.issue(REVIEWER, services.notices.draft(REVIEWER, call, locale="zh-Hans").id)
    points = [one.id for one in notice.points if not one.good]
    dispute = services.disputes.raise_dispute(AGENT, notice.id, points[0], words="不是我说的")
    assert "disputes_open" in told(services, AUDITOR)[When.CHANGED]
    with services.database.write() as session:
        session.execute(sa.update(DisputeRow).values(deadline=LONG_AGO))
    assert "disputes_late" in told(services, AUDITOR)[When.LATE]
    services.disputes.rule(SECOND, dispute.id, Ruling.OVERTURNED, reason="成立")
    after = told(services, AUDITOR)
    assert "disputes_late" not in after[When.LATE]
    assert "week_dispute_ruled" in after[When.CHANGED]
