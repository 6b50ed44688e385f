"""Queries on receivers and deliveries."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qa.db.models import AccountRow, DeliveryRow, PushTargetRow


class Push:
    """Receivers and deliveries within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def targets(self, tenant: str) -> Sequence[PushTargetRow]:
        """All receivers, by name."""
        wanted = sa.select(PushTargetRow).where(PushTargetRow.tenant == tenant)
        return self._session.scalars(wanted.order_by(PushTargetRow.name, PushTargetRow.id)).all()

    def target(self, tenant: str, target_id: str) -> PushTargetRow | None:
        """One receiver."""
        return self._session.scalars(
            sa.select(PushTargetRow).where(PushTargetRow.tenant == tenant, PushTargetRow.id == target_id)
        ).first()

    def listening(self, tenant: str, event: str, team: str | None) -> list[PushTargetRow]:
        """Active receivers that want this event of this team."""
        wanted = sa.select(PushTargetRow).where(
            PushTargetRow.tenant == tenant,
            PushTargetRow.active,
            sa.or_(PushTargetRow.team.is_(None), PushTargetRow.team == team),
        )
        return [row for row in self._session.scalars(wanted) if event in row.events]

    def mailboxes(self, tenant: str, agent: str) -> Sequence[str]:
        """Addresses of the active accounts of an agent."""
        wanted = sa.select(AccountRow.email).where(
            AccountRow.tenant == tenant,
            AccountRow.agent == agent,
            AccountRow.active,
            AccountRow.email.is_not(None),
        )
        return [email for email in self._session.scalars(wanted) if email]

    def add(self, row: PushTargetRow | DeliveryRow) -> None:
        """A new receiver or delivery."""
        self._session.add(row)

    def remove(self, row: PushTargetRow) -> None:
        """A receiver, with what is still on its way to it."""
        self._session.delete(row)

    def claim_due(self, now: datetime, until: datetime, limit: int) -> list[DeliveryRow]:
        """Deliveries whose time has come, held until `until`; who died while sending lets go of them by itself."""
        due = (
            sa.select(DeliveryRow)
            .where(DeliveryRow.state.in_(("queued", "sending")), DeliveryRow.next_at <= now)
            .order_by(DeliveryRow.next_at, DeliveryRow.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        rows = list(self._session.scalars(due))
        for row in rows:
            row.state, row.next_at, row.attempts = "sending", until, row.attempts + 1
        return rows

    def delivery(self, delivery_id: str, tenant: str | None = None) -> DeliveryRow | None:
        """One delivery."""
        wanted = sa.select(DeliveryRow).where(DeliveryRow.id == delivery_id)
        if tenant is not None:
            wanted = wanted.where(DeliveryRow.tenant == tenant)
        return self._session.scalars(wanted).first()

    def recent(self, tenant: str, limit: int) -> Sequence[DeliveryRow]:
        """The newest deliveries, newest first."""
        wanted = sa.select(DeliveryRow).where(DeliveryRow.tenant == tenant)
        return self._session.scalars(wanted.order_by(DeliveryRow.id.desc()).limit(limit)).all()
