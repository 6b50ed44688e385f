"""Queries on resumable uploads."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qa.db.models import UploadRow


class Uploads:
    """Uploads within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, upload: UploadRow) -> None:
        """A new upload."""
        self._session.add(upload)

    def get(self, upload_id: str, tenant: str, now: datetime) -> UploadRow | None:
        """One that has not expired."""
        return self._session.scalars(
            sa.select(UploadRow).where(
                UploadRow.id == upload_id, UploadRow.tenant == tenant, UploadRow.expires_at > now
            )
        ).first()

    def open_count(self, tenant: str) -> int:
        """Unfinished uploads."""
        wanted = sa.select(sa.func.count()).where(UploadRow.tenant == tenant, UploadRow.recording_id.is_(None))
        return self._session.execute(wanted).scalar_one()

    def advance(self, upload_id: str, received: int) -> None:
        """Note how far it got."""
        self._session.execute(sa.update(UploadRow).where(UploadRow.id == upload_id).values(received=received))

    def complete(self, upload_id: str, recording_id: str) -> None:
        """Note what it became."""
        self._session.execute(
            sa.update(UploadRow).where(UploadRow.id == upload_id).values(recording_id=recording_id)
        )

    def delete(self, upload_id: str) -> None:
        """Forget it."""
        self._session.execute(sa.delete(UploadRow).where(UploadRow.id == upload_id))

    def expired(self, now: datetime) -> Sequence[UploadRow]:
        """Those whose time is over."""
        return self._session.scalars(sa.select(UploadRow).where(UploadRow.expires_at <= now)).all()
