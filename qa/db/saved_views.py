"""Queries on saved views."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qa.db.models import SavedViewRow


class SavedViews:
    """Saved views within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, tenant: str, owner: str) -> Sequence[SavedViewRow]:
        """Somebody's own and those that are shared, oldest first."""
        wanted = sa.select(SavedViewRow).where(
            SavedViewRow.tenant == tenant, sa.or_(SavedViewRow.owner == owner, SavedViewRow.shared)
        )
        return self._session.scalars(wanted.order_by(SavedViewRow.id)).all()

    def add(self, row: SavedViewRow) -> None:
        """A new one."""
        self._session.add(row)

    def delete(self, view_id: str, tenant: str, owner: str) -> bool:
        """Delete one's own; False where there is none."""
        gone = sa.delete(SavedViewRow).where(
            SavedViewRow.id == view_id, SavedViewRow.tenant == tenant, SavedViewRow.owner == owner
        )
        return self._session.execute(gone.returning(SavedViewRow.id)).first() is not None
