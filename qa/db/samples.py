"""Queries on sampling plans, what they drew, and what the verdicts on it say of machine and rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVarTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qa.core.people import Person, Reach
from qa.db.models import (
    AttributeRow,
    RecordingRow,
    ResultRow,
    ReviewRow,
    SampleRow,
    SamplingPlanRow,
    VerdictRow,
)

Columns = TypeVarTuple("Columns")


@dataclass(frozen=True, slots=True)
class Drawable:
    """Calls a plan can draw from: analysed, of a time, of a team, not too short."""

    tenant: str
    since: datetime
    until: datetime
    team: str | None = None
    minimum_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Judgement:
    """How often a rule's flags were judged in one way."""

    rule: str
    family: str
    outcome: str
    same_rule: bool
    reason: str | None
    count: int


class Samples:
    """Plans and samples within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def plans(self, tenant: str, *, active: bool = False) -> Sequence[SamplingPlanRow]:
        """Plans in the order they were made."""
        wanted = sa.select(SamplingPlanRow).where(SamplingPlanRow.tenant == tenant)
        if active:
            wanted = wanted.where(SamplingPlanRow.active)
        return self._session.scalars(wanted.order_by(SamplingPlanRow.id)).all()

    def to_draw(self, kinds: Sequence[str]) -> Sequence[SamplingPlanRow]:
        """Active plans of some kinds that nobody else is just drawing for; locked."""
        wanted = sa.select(SamplingPlanRow).where(SamplingPlanRow.active, SamplingPlanRow.kind.in_(kinds))
        return self._session.scalars(wanted.with_for_update(skip_locked=True)).all()

    def plan(self, tenant: str, plan_id: str) -> SamplingPlanRow | None:
        """One plan."""
        wanted = sa.select(SamplingPlanRow).where(SamplingPlanRow.tenant == tenant, SamplingPlanRow.id == plan_id)
        return self._session.scalars(wanted).first()

    def named(self, tenant: str, name: str) -> SamplingPlanRow | None:
        """The plan of a name."""
        wanted = sa.select(SamplingPlanRow).where(SamplingPlanRow.tenant == tenant, SamplingPlanRow.name == name)
        return self._session.scalars(wanted).first()

    def add(self, row: SamplingPlanRow | SampleRow) -> None:
        """A new plan, or a call that was drawn."""
        self._session.add(row)
        self._session.flush()

    def plans_of(self, recording_id: str) -> set[str]:
        """Ids of the plans that drew a recording."""
        wanted = sa.select(SampleRow.plan_id).where(SampleRow.recording_id == recording_id)
        return set(self._session.scalars(wanted))

    def drawn(self, plan_id: str, period: str) -> dict[str, int]:
        """How many of each agent (`""` for none) a plan drew in a period."""
        wanted = (
            sa.select(SampleRow.agent, sa.func.count())
            .where(SampleRow.plan_id == plan_id, SampleRow.period == period)
            .group_by(SampleRow.agent)
        )
        return {agent or "": count for agent, count in self._session.execute(wanted)}

    def finalised(self, plan_id: str, period: str) -> int:
        """How many of those are finalised."""
        wanted = (
            sa.select(sa.func.count())
            .select_from(SampleRow)
            .join(ReviewRow, ReviewRow.recording_id == SampleRow.recording_id)
            .where(SampleRow.plan_id == plan_id, SampleRow.period == period, ReviewRow.status == "finalised")
        )
        return self._session.scalars(wanted).one()

    def calls(self, what: Drawable) -> int:
        """How many calls there are to draw from."""
        return self._session.scalars(_drawable(sa.select(sa.func.count(RecordingRow.id)), what)).one()

    def agents(self, what: Drawable) -> Sequence[str]:
        """Agents with calls to draw from."""
        wanted = sa.select(AttributeRow.value).distinct().select_from(RecordingRow)
        wanted = wanted.join(AttributeRow, _is_agent()).order_by(AttributeRow.value)
        return self._session.scalars(_drawable(wanted, what)).all()

    def undrawn(self, plan_id: str, what: Drawable, agent: str | None = None) -> Sequence[RecordingRow]:
        """Calls a plan has not drawn yet; of one agent where given."""
        taken = sa.select(SampleRow.recording_id).where(
            SampleRow.plan_id == plan_id, SampleRow.recording_id == RecordingRow.id
        )
        wanted = sa.select(RecordingRow)
        if agent is not None:
            wanted = wanted.join(AttributeRow, _is_agent()).where(AttributeRow.value == agent)
        return self._session.scalars(_drawable(wanted, what).where(~taken.exists())).all()

    def riskiest(self, plan_id: str, what: Drawable, limit: int) -> Sequence[RecordingRow]:
        """Calls a plan has not drawn yet and nobody has finalised: worst flag, most flags, lowest score first."""
        taken = sa.select(SampleRow.recording_id).where(
            SampleRow.plan_id == plan_id, SampleRow.recording_id == RecordingRow.id
        )
        done = sa.select(ReviewRow.id).where(
            ReviewRow.recording_id == RecordingRow.id, ReviewRow.status == "finalised"
        )
        rank = sa.case({"critical": 3, "warning": 2, "notice": 1}, value=ResultRow.worst, else_=0)
        wanted = _drawable(sa.select(RecordingRow), what).where(~taken.exists(), ~done.exists())
        wanted = wanted.order_by(
            rank.desc(), ResultRow.findings.desc(), sa.func.coalesce(ResultRow.score, 100.0), RecordingRow.id
        )
        return self._session.scalars(wanted.limit(limit)).all()

    def take(self, recording_id: str) -> bool:
        """Lock a recording; False where somebody else is just changing it: it has to wait for the next draw."""
        wanted = sa.select(RecordingRow).where(RecordingRow.id == recording_id)
        locked = wanted.with_for_update(skip_locked=True).execution_options(populate_existing=True)
        return self._session.scalars(locked).first() is not None

    def first_call(self, tenant: str, agent: str) -> datetime | None:
        """When an agent's first call came in."""
        wanted = sa.select(sa.func.min(RecordingRow.created_at)).join(AttributeRow, _is_agent())
        wanted = wanted.where(RecordingRow.tenant == tenant, AttributeRow.value == agent)
        return self._session.scalars(wanted).one()

    def unflagged(self, who: Person, since: datetime | None) -> tuple[int, int]:
        """Calls drawn at random in which the machine flagged nothing: finalised ones, and ones that still wait."""
        state = sa.case((ReviewRow.status == "finalised", 1), else_=0)
        wanted = sa.select(state, sa.func.count(sa.distinct(ReviewRow.id))).group_by(state)
        found = self._session.execute(_unflagged(wanted, who, since)).all()
        return sum(n for done, n in found if done), sum(n for done, n in found if not done)

    def missed(self, who: Person, since: datetime | None) -> tuple[int, dict[str, int]]:
        """In how many of the finalised ones a person added a flag worse than info; in all and by family."""
        wanted = sa.select(VerdictRow.family, sa.func.count(sa.distinct(ReviewRow.id)))
        all_of_them = sa.select(sa.func.count(sa.distinct(ReviewRow.id)))
        families = self._session.execute(_with_misses(wanted, who, since).group_by(VerdictRow.family)).all()
        total = self._session.execute(_with_misses(all_of_them, who, since)).scalar_one()
        return total, {row[0]: row[1] for row in families}

    def judgements(self, who: Person, since: datetime | None = None) -> Sequence[Judgement]:
        """What people made of the machine's flags in finalised reviews in reach."""
        same = sa.case((VerdictRow.rule == VerdictRow.machine_rule, 1), else_=0)
        by = (VerdictRow.machine_rule, VerdictRow.family, VerdictRow.outcome, same, VerdictRow.reason_code)
        wanted = (
            sa.select(*by, sa.func.count())
            .join(ReviewRow, ReviewRow.id == VerdictRow.review_id)
            .where(
                ReviewRow.tenant == who.tenant,
                ReviewRow.status == "finalised",
                VerdictRow.machine_rule.is_not(None),
                *_reach(who),
            )
            .group_by(*by)
        )
        if since is not None:
            wanted = wanted.where(VerdictRow.at >= since)
        return [
            Judgement(rule, family, outcome, bool(same_rule), reason, count)
            for rule, family, outcome, same_rule, reason, count in self._session.execute(wanted)
        ]


def _is_agent() -> sa.ColumnElement[bool]:
    return sa.and_(AttributeRow.recording_id == RecordingRow.id, AttributeRow.name == "agent")


def _unflagged(wanted: sa.Select[*Columns], who: Person, since: datetime | None) -> sa.Select[*Columns]:
    """Calls that random plans drew and in whose result nothing worse than info was found."""
    wanted = (
        wanted.select_from(ReviewRow)
        .join(SampleRow, SampleRow.recording_id == ReviewRow.recording_id)
        .join(SamplingPlanRow, SamplingPlanRow.id == SampleRow.plan_id)
        .join(ResultRow, ResultRow.id == ReviewRow.result_id)
        .where(
            ReviewRow.tenant == who.tenant,
            SamplingPlanRow.kind == "random",
            sa.or_(ResultRow.worst.is_(None), ResultRow.worst == "info"),
            *_reach(who),
        )
    )
    return wanted if since is None else wanted.where(SampleRow.at >= since)


def _with_misses(wanted: sa.Select[*Columns], who: Person, since: datetime | None) -> sa.Select[*Columns]:
    return (
        _unflagged(wanted, who, since)
        .join(VerdictRow, VerdictRow.review_id == ReviewRow.id)
        .where(
            ReviewRow.status == "finalised",
            VerdictRow.outcome == "added",
            VerdictRow.machine_rule.is_(None),
            VerdictRow.severity != "info",
        )
    )


def _drawable(wanted: sa.Select[*Columns], what: Drawable) -> sa.Select[*Columns]:
    wanted = wanted.join(ResultRow, ResultRow.id == RecordingRow.result_id).where(
        RecordingRow.tenant == what.tenant,
        RecordingRow.created_at >= what.since,
        RecordingRow.created_at < what.until,
        ResultRow.status == "done",
        sa.func.coalesce(RecordingRow.duration, 0.0) >= what.minimum_s,
    )
    if what.team is not None:
        team = sa.select(AttributeRow.recording_id).where(
            AttributeRow.recording_id == RecordingRow.id,
            AttributeRow.name == "team",
            AttributeRow.value == what.team,
        )
        wanted = wanted.where(team.exists())
    return wanted


def _reach(who: Person) -> list[sa.ColumnElement[bool]]:
    return [] if who.reach is Reach.ALL else [ReviewRow.team.in_(who.teams)]
