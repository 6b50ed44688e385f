"""The audit log: adding to the chain, and reading it.

Events of a transaction wait in its session and join the chain as the last thing before the commit. So the one row
that all writers lock is always locked last (no two transactions can wait for each other in a circle) and only for
a moment, and an event is written exactly when what it tells of is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event as sa_event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, SessionTransaction

from qa.core.characters import whole
from qa.db.ids import new_id
from qa.db.models import AuditCheckpointRow, AuditEventRow, AuditHeadRow
from qa.db.models.audit import HOUSE
from qa.exports.chain import digest_of
from qa.exports.verify import GENESIS, canonical, link

_WAITING = "audit.waiting"
# Written out, not as a parameter: only so is the index of these events used.
_OF_THE_HOUSE = sa.text(HOUSE)


@dataclass(frozen=True, slots=True)
class Head:
    """The last event of a chain; `seq` 0 before the first."""

    tenant: str
    seq: int
    hash: str
    at: datetime | None


class AuditTrail:
    """Who did what; only ever added to."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self, tenant: str, at: datetime, actor: str, action: str, recording_id: str | None, **details: object
    ) -> None:
        """One event. `details` are ids, hashes, counts and codes, never personal data: nothing is ever deleted
        from the log."""
        self._wait([_event(tenant, at, actor, action, recording_id, details)])

    def add_many(
        self, tenant: str, at: datetime, actor: str, action: str, details: Mapping[str, Mapping[str, object]]
    ) -> None:
        """One event for each recording: recording id -> details."""
        self._wait([_event(tenant, at, actor, action, one, said) for one, said in details.items()])

    def of_recording(self, recording_id: str) -> Sequence[AuditEventRow]:
        """Events of a recording, oldest first."""
        self.seal()
        wanted = sa.select(AuditEventRow).where(AuditEventRow.recording_id == recording_id)
        return self._session.scalars(wanted.order_by(AuditEventRow.seq)).all()

    def newest(self, tenant: str, action: str) -> dict[str, Any] | None:
        """The details of the last event of a kind; None where there is none."""
        self.seal()
        wanted = sa.select(AuditEventRow.details).where(
            AuditEventRow.tenant == tenant, AuditEventRow.action == action
        )
        return self._session.scalars(wanted.order_by(AuditEventRow.seq.desc()).limit(1)).first()

    def head(self, tenant: str) -> Head:
        """Where the chain ends, the events of this transaction included: from here to the commit all other
        writers of the log wait."""
        self.seal()
        return _locked(self._session, tenant)

    def seal(self) -> None:
        """Let what waits join the chain now; otherwise it does when the transaction is committed."""
        waiting = [one for one, _ in self._session.info.pop(_WAITING, [])]
        for tenant in sorted({one["tenant"] for one in waiting}):
            _chain(self._session, tenant, [one for one in waiting if one["tenant"] == tenant])

    def _wait(self, events: Sequence[dict[str, Any]]) -> None:
        inside = self._session.get_nested_transaction()
        self._session.info.setdefault(_WAITING, []).extend((one, inside) for one in events)


def _event(
    tenant: str, at: datetime, actor: str, action: str, recording_id: str | None, details: Mapping[str, object]
) -> dict[str, Any]:
    said = dict(details)
    try:
        canonical(said)
    except UnicodeEncodeError:
        said = whole(said)
    return {
        "id": new_id(),
        "tenant": tenant,
        "at": at,
        "observed_at": at,
        "actor": whole(actor),
        "action": action,
        "recording_id": recording_id,
        "details": said,
    }


def _locked(session: Session, tenant: str) -> Head:
    """The chain's end, locked until the transaction is over."""
    wanted = sa.select(AuditHeadRow.seq, AuditHeadRow.hash, AuditHeadRow.at).where(AuditHeadRow.tenant == tenant)
    found = session.execute(wanted.with_for_update()).first()
    return Head(tenant, *found) if found else Head(tenant, 0, GENESIS, None)


def _chain(session: Session, tenant: str, events: list[dict[str, Any]]) -> None:
    head = _locked(session, tenant)
    if not head.seq:
        # Two first events at once: the second waits here for the commit of the first and then finds its row.
        dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
        first = {"tenant": tenant, "seq": 0, "hash": GENESIS, "at": events[0]["at"]}
        session.execute(dialect.insert(AuditHeadRow).values(**first).on_conflict_do_nothing())
        head = _locked(session, tenant)
    seq, last, latest = head.seq, head.hash, head.at
    for one in events:
        seq += 1
        latest = one["at"] = max(latest or one["at"], one["at"])
        one |= {"seq": seq, "previous_hash": last}
        last = one["hash"] = link(last, digest_of(one))
    session.execute(sa.insert(AuditEventRow), events)
    moved = sa.update(AuditHeadRow).where(AuditHeadRow.tenant == tenant).values(seq=seq, hash=last, at=latest)
    session.execute(moved.execution_options(synchronize_session=False))


class AuditLog:
    """Reading the log, and its checkpoints, within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def tenants(self) -> Sequence[str]:
        """Whoever has a log."""
        return self._session.scalars(sa.select(AuditHeadRow.tenant).order_by(AuditHeadRow.tenant)).all()

    def head(self, tenant: str) -> Head:
        """Where the chain says it ends."""
        wanted = sa.select(AuditHeadRow.seq, AuditHeadRow.hash, AuditHeadRow.at)
        found = self._session.execute(wanted.where(AuditHeadRow.tenant == tenant)).first()
        return Head(tenant, *found) if found else Head(tenant, 0, GENESIS, None)

    def stretch(self, tenant: str, after: int, limit: int) -> Sequence[sa.RowMapping]:
        """The next events after number `after`, all columns of each, oldest first."""
        wanted = sa.select(*AuditEventRow.__table__.columns).where(
            AuditEventRow.tenant == tenant, AuditEventRow.seq > after
        )
        return self._session.execute(wanted.order_by(AuditEventRow.seq).limit(limit)).mappings().all()

    def first_since(self, tenant: str, since: datetime) -> int:
        """Number of the first event at or after a time; one past the end where there is none."""
        wanted = sa.select(sa.func.min(AuditEventRow.seq)).where(
            AuditEventRow.tenant == tenant, AuditEventRow.at >= since
        )
        return self._session.scalars(wanted).one() or self.head(tenant).seq + 1

    def page(self, tenant: str, wanted: "Wanted", before: int | None, limit: int) -> Sequence[AuditEventRow]:
        """Events newest first, from those numbered below `before`."""
        query = sa.select(AuditEventRow).where(AuditEventRow.tenant == tenant)
        if before is not None:
            query = query.where(AuditEventRow.seq < before)
        if wanted.actor:
            query = query.where(AuditEventRow.actor == wanted.actor)
        if wanted.action:
            # `review` means everything of that area, `review.verdict` itself alone.
            of_area = AuditEventRow.action.startswith(f"{wanted.action}.", autoescape=True)
            query = query.where(sa.or_(AuditEventRow.action == wanted.action, of_area))
        if wanted.recording_id:
            query = query.where(AuditEventRow.recording_id == wanted.recording_id)
        if wanted.since:
            query = query.where(AuditEventRow.at >= wanted.since)
        if wanted.until:
            query = query.where(AuditEventRow.at < wanted.until)
        return self._session.scalars(query.order_by(AuditEventRow.seq.desc()).limit(limit)).all()

    def house(self, tenant: str, since: datetime) -> dict[str, int]:
        """How often each thing happened to the house as a whole: exports, holds, deletions, revealed data."""
        wanted = (
            sa.select(AuditEventRow.action, sa.func.count())
            .where(AuditEventRow.tenant == tenant, AuditEventRow.at >= since, _OF_THE_HOUSE)
            .group_by(AuditEventRow.action)
        )
        return {row[0]: row[1] for row in self._session.execute(wanted)}

    def last_of_house(self, tenant: str, action: str) -> AuditEventRow | None:
        """The newest event of one of these kinds."""
        wanted = sa.select(AuditEventRow).where(
            AuditEventRow.tenant == tenant, AuditEventRow.action == action, _OF_THE_HOUSE
        )
        return self._session.scalars(wanted.order_by(AuditEventRow.at.desc()).limit(1)).first()

    def add_checkpoint(self, row: AuditCheckpointRow) -> None:
        """Keep a checkpoint."""
        self._session.add(row)
        self._session.flush()

    def checkpoints(self, tenant: str) -> Sequence[AuditCheckpointRow]:
        """Every checkpoint, oldest first."""
        wanted = sa.select(AuditCheckpointRow).where(AuditCheckpointRow.tenant == tenant)
        return self._session.scalars(wanted.order_by(AuditCheckpointRow.seq, AuditCheckpointRow.id)).all()

    def last_checkpoint(self, tenant: str) -> AuditCheckpointRow | None:
        """The newest checkpoint."""
        wanted = sa.select(AuditCheckpointRow).where(AuditCheckpointRow.tenant == tenant)
        newest = wanted.order_by(AuditCheckpointRow.seq.desc(), AuditCheckpointRow.id.desc())
        return self._session.scalars(newest.limit(1)).first()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events a page shows; None or empty: all."""

    actor: str | None = None
    action: str | None = None
    """An action, or an area of actions: `review` for all of `review.…`."""
    recording_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@sa_event.listens_for(Session, "before_commit")
def _join(session: Session) -> None:
    if not session.in_nested_transaction():
        AuditTrail(session).seal()


@sa_event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, undone: SessionTransaction) -> None:
    """What was rolled back did not happen: its events go too, those of a savepoint alone where it was one."""
    waiting = session.info.pop(_WAITING, [])
    if undone.nested:
        session.info[_WAITING] = [(one, inside) for one, inside in waiting if inside is not undone]
