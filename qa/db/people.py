"""Queries on people, and which recordings are in somebody's reach."""

import sqlalchemy as sa

from qa.core.people import Person, Reach
from qa.db.models import AttributeRow, RecordingRow


def within_reach(who: Person) -> sa.ColumnElement[bool]:
    """The condition that a `RecordingRow` is `who`'s to see; to be added to every query that shows recordings."""
    in_tenant = RecordingRow.tenant == who.tenant
    match who.reach:
        case Reach.ALL:
            return in_tenant
        case Reach.TEAMS:
            return sa.and_(in_tenant, _attribute_in("team", who.teams))
        case Reach.OWN if who.agent:
            return sa.and_(in_tenant, _attribute_in("agent", (who.agent,)), was_issued(who.agent))
        case _:
            return sa.false()


def was_issued(agent: str) -> sa.ColumnElement[bool]:
    """That a notice on the `RecordingRow` was issued to `agent`: before that, the call is not theirs."""
    del agent  # no notice can be issued yet
    return sa.false()


def _attribute_in(name: str, values: tuple[str, ...]) -> sa.ColumnElement[bool]:
    if not values:
        return sa.false()
    return (
        sa.select(AttributeRow.recording_id)
        .where(
            AttributeRow.recording_id == RecordingRow.id,
            AttributeRow.name == name,
            AttributeRow.value.in_(values),
        )
        .exists()
    )
