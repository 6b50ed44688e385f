"""What stands on the home pages of those who answer for the house: compliance officers and auditors."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from qa.core.coaching import DisputeState
from qa.core.messages import message
from qa.core.people import Person, Right
from qa.services import Services
from qa.services.export import ExportState, ExportView
from qa.web.entries import Entry, When

_AHEAD: Final = timedelta(days=7)
"""What is due within a week is something to do now."""
_PRECISION_DAYS: Final = 30
_LEAST_JUDGED: Final = 5
"""Fewer verdicts say little of a rule, whatever the interval."""
_RULES: Final = 3
_EXPORTS: Final = 50
_WEEK: Final = (
    ("export.made", "exports"),
    ("custody.held", "custody"),
    ("custody.released", "custody"),
    ("custody.deleted", "bin"),
    ("rules.changed", "rules"),
    ("dispute.ruled", "disputes"),
    ("personal.revealed", "eye"),
    ("signin.locked", "person"),
    ("keys.rotated", "keys"),
)
"""Actions of the audit log that are told of the last seven days, and their icons."""


def audit(services: Services, who: Person) -> Iterator[Entry]:
    """Whether the log was checked, and what it says of this week."""
    if not who.may(Right.SEE_AUDIT_LOG):
        return
    standing = services.audit.standing(who)
    checked = standing.checked
    if checked is not None and checked.details.get("problem"):
        yield Entry(When.LATE, message("web_home.audit_touched"), "/audit", checked.at, "critical")
    elif standing.check_due < standing.now:
        yield Entry(When.LATE, message("web_home.audit_check"), "/audit", standing.check_due, "audit")
    elif checked is None:
        yield Entry(When.NOW, message("web_home.audit_check"), "/audit", standing.check_due, "audit")
    else:
        told = message("web_home.audit_good", n=checked.details.get("events", 0))
        yield Entry(When.CHANGED, told, "/audit?action=audit.verified", checked.at, "check")
    since = (standing.now - timedelta(days=7)).date()
    for action, icon in _WEEK:
        if count := standing.week.get(action):
            told = message(f"web_home.week_{action.replace('.', '_')}", n=count)
            yield Entry(When.CHANGED, told, f"/audit?action={action}&since={since}", icon=icon)


def exports(services: Services, who: Person) -> Iterator[Entry]:
    """Exports that failed, are under way, or are due."""
    if not who.may(Right.EXPORT):
        return
    now = datetime.now(UTC)
    items = services.exports.page(who, limit=_EXPORTS).items
    under_way = sum(one.state in (ExportState.QUEUED, ExportState.RUNNING) for one in items)
    if under_way:
        yield Entry(When.NOW, message("web_home.exports_under_way", n=under_way), "/exports", icon="exports")
    for one in items:
        if one.state is ExportState.FAILED and now - one.created_at < _AHEAD:
            yield Entry(When.NOW, message("web_home.export_failed"), "/exports", one.created_at, "warning")
    due = _export_due(services, who, items)
    if due is not None and due < now:
        yield Entry(When.LATE, message("web_home.export_due"), "/exports", due, "exports")
    elif due is not None and due < now + _AHEAD:
        yield Entry(When.NOW, message("web_home.export_due"), "/exports", due, "exports")


def _export_due(services: Services, who: Person, items: tuple[ExportView, ...]) -> datetime | None:
    """When the next export of everything is due; None where none is."""
    days = services.settings.evidence.export_days
    whole = [
        one.wanted.end
        for one in items
        if one.state is ExportState.DONE
        and not (one.chosen or one.wanted.team or one.wanted.rule or one.wanted.status)
    ]
    if not days or (not whole and len(items) == _EXPORTS) or not who.may(Right.SEE_AUDIT_LOG):
        return None
    last = max(whole) if whole else services.audit.standing(who).began
    return last + timedelta(days=days) if last else None


def custody(services: Services, who: Person) -> Iterator[Entry]:
    """What retention deletes soon, and holds nobody has looked at for long."""
    if not who.may(Right.RETAIN):
        return
    outlook = services.custody.outlook(who, _AHEAD.days)
    if outlook.going:
        told = message("web_home.retention", n=outlook.going, days=_AHEAD.days)
        yield Entry(When.NOW, told, "/custody", icon="bin")
    if outlook.old_holds:
        days = round(services.settings.custody.hold_review_days)
        yield Entry(
            When.NOW, message("web_home.old_holds", n=outlook.old_holds, days=days), "/custody", icon="custody"
        )


def rules(services: Services, who: Person) -> Iterator[Entry]:
    """Rules that people disagree with most."""
    if not (who.may(Right.CHANGE_RULES) or who.may(Right.SEE_AUDIT_LOG)) or not who.may(Right.SEE_RULES):
        return
    since = datetime.now(UTC) - timedelta(days=_PRECISION_DAYS)
    least = services.settings.review.doubtful_precision
    doubtful = [
        one
        for one in services.review.plans.precision(who, since)
        if one.precision.of >= _LEAST_JUDGED and one.precision.high < least
    ][:_RULES]
    if not doubtful:
        return
    when = When.NOW if who.may(Right.CHANGE_RULES) else When.CHANGED
    labels = {one.value: one.label for one in services.search.choices(who, ["rule"])["rule"]}
    for one in doubtful:
        names = {f"rule:{locale}": name for locale, name in (labels.get(one.rule) or {}).items()} or {
            "rule": one.rule
        }
        told = message("web_home.doubtful_rule", n=one.precision.count, of=one.precision.of, **names)
        yield Entry(when, told, f"/rules?rule={one.rule}", icon="rules")


def disputes(services: Services, who: Person) -> Iterator[Entry]:
    """Disputes past their deadline, for those who watch and do not rule."""
    if who.may(Right.RULE_DISPUTE) or not (who.may(Right.SEE_AUDIT_LOG) and who.may(Right.SEE_NOTICES)):
        return
    opened = services.disputes.page(who, states=[DisputeState.OPEN], limit=50).items
    late = [one for one in opened if one.late]
    if late:
        at = min(one.deadline for one in late)
        yield Entry(
            When.LATE, message("web_home.disputes_late", n=len(late)), "/disputes?state=open", at, "disputes"
        )
    if len(opened) > len(late):
        told = message("web_home.disputes_open", n=len(opened) - len(late))
        yield Entry(When.CHANGED, told, "/disputes?state=open", icon="disputes")


OFFERS: Final = (audit, exports, custody, rules, disputes)
