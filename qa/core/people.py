"""The people who work with Tingjian, and what each may do.

A `Person` is whoever acts: an account, a token, or the machine itself. What a person may do follows from their
jobs alone (`MAY`); *on which recordings* follows from `Person.sees`.
"""

from enum import StrEnum

from qa.core.base import Record
from qa.core.errors import ForbiddenError


class Job(StrEnum):
    """What somebody is here to do. One person may have several."""

    ADMINISTRATOR = "administrator"
    COMPLIANCE = "compliance"
    SUPERVISOR = "supervisor"
    REVIEWER = "reviewer"
    AGENT = "agent"
    AUDITOR = "auditor"


class Right(StrEnum):
    """One thing that can be allowed."""

    SEE_RECORDINGS = "see_recordings"
    UPLOAD = "upload"
    RETRY = "retry"
    REVIEW = "review"
    MANAGE_QUEUE = "manage_queue"
    REVEAL = "reveal"
    """See personal data unmasked; each time with a reason, and logged."""
    DOWNLOAD = "download"
    """Take the original recording away."""
    COACH = "coach"
    SEE_NOTICES = "see_notices"
    ANSWER_NOTICE = "answer_notice"
    DISPUTE = "dispute"
    RULE_DISPUTE = "rule_dispute"
    CALIBRATE = "calibrate"
    MANAGE_CALIBRATION = "manage_calibration"
    SEE_RULES = "see_rules"
    CHANGE_RULES = "change_rules"
    EXPORT = "export"
    SEE_AUDIT_LOG = "see_audit_log"
    RETAIN = "retain"
    """Legal holds, retention, deletion on request."""
    MANAGE_PEOPLE = "manage_people"
    SETTINGS = "settings"


class Reach(StrEnum):
    """Whose recordings somebody sees."""

    ALL = "all"
    TEAMS = "teams"
    OWN = "own"
    """Only their own calls, and of those only what was issued to them."""
    NONE = "none"


_REVIEWING = {
    Right.SEE_RECORDINGS,
    Right.REVIEW,
    Right.REVEAL,
    Right.SEE_NOTICES,
    Right.CALIBRATE,
    Right.SEE_RULES,
}
_LEADING = _REVIEWING | {Right.UPLOAD, Right.RETRY, Right.MANAGE_QUEUE, Right.COACH, Right.RULE_DISPUTE}

MAY: dict[Job, frozenset[Right]] = {
    Job.ADMINISTRATOR: frozenset(Right) - {Right.ANSWER_NOTICE, Right.DISPUTE},
    Job.COMPLIANCE: frozenset(
        _LEADING
        | {Right.DOWNLOAD, Right.MANAGE_CALIBRATION, Right.CHANGE_RULES}
        | {Right.EXPORT, Right.SEE_AUDIT_LOG, Right.RETAIN}
    ),
    Job.SUPERVISOR: frozenset(_LEADING | {Right.MANAGE_CALIBRATION}),
    Job.REVIEWER: frozenset(_REVIEWING | {Right.COACH, Right.RULE_DISPUTE}),
    Job.AGENT: frozenset({Right.SEE_NOTICES, Right.ANSWER_NOTICE, Right.DISPUTE}),
    Job.AUDITOR: frozenset(
        {Right.SEE_RECORDINGS, Right.SEE_NOTICES, Right.SEE_RULES, Right.EXPORT, Right.SEE_AUDIT_LOG}
    ),
}
"""What each job may do. `docs/roles.md` shows this table; a test walks every route with every job."""

_REACH = {
    Job.ADMINISTRATOR: Reach.ALL,
    Job.COMPLIANCE: Reach.ALL,
    Job.AUDITOR: Reach.ALL,
    Job.REVIEWER: Reach.ALL,
    Job.SUPERVISOR: Reach.TEAMS,
    Job.AGENT: Reach.OWN,
}


class Person(Record, frozen=True):
    """Whoever acts. `teams` and `agent` are the values their recordings carry as attributes of those names."""

    id: str
    login: str
    """Written into the audit log as the actor."""
    name: str
    jobs: frozenset[Job]
    tenant: str = "default"
    teams: tuple[str, ...] = ()
    agent: str | None = None
    locale: str | None = None

    @property
    def rights(self) -> frozenset[Right]:
        """Everything their jobs allow."""
        return frozenset().union(*(MAY[job] for job in self.jobs)) if self.jobs else frozenset()

    def may(self, right: Right) -> bool:
        """Whether one of their jobs allows it."""
        return right in self.rights

    def need(self, right: Right) -> None:
        """Raises `ForbiddenError` where none of their jobs allows it."""
        if not self.may(right):
            raise ForbiddenError("people.forbidden", right=right.value)

    @property
    def reach(self) -> Reach:
        """The widest reach of their jobs."""
        widest = (Reach.ALL, Reach.TEAMS, Reach.OWN)
        reaches = {_REACH[job] for job in self.jobs}
        return next((reach for reach in widest if reach in reaches), Reach.NONE)

    def sees(self, *, agent: str | None, team: str | None) -> bool:
        """Whether a recording with these attributes is theirs to see (for `OWN`: only what was issued on it)."""
        match self.reach:
            case Reach.ALL:
                return True
            case Reach.TEAMS:
                return team is not None and team in self.teams
            case Reach.OWN:
                return agent is not None and agent == self.agent
            case Reach.NONE:
                return False


SYSTEM = Person("", "system", "Tingjian", frozenset({Job.ADMINISTRATOR}))
"""The machine itself: workers, the sweeper, commands run by whoever owns the files."""
