"""Audit exports: what was asked for, how far it is, where the pack lies."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from qa.db.models.base import ID_LENGTH, Base, UtcDateTime


class ExportRow(Base):
    """One export. The pack itself is a file in `home/exports`."""

    __tablename__ = "export"
    __table_args__ = (Index("ix_export_tenant_id", "tenant", "id"), Index("ix_export_state", "state"))

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    wanted: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The `qa.services.export.views.Wanted`."""
    asker: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The `qa.core.people.Person` who asked: what they see is what the pack holds."""
    state: Mapped[str] = mapped_column(String(16))
    stage: Mapped[str] = mapped_column(String(16))
    done: Mapped[int] = mapped_column(Integer)
    total: Mapped[int] = mapped_column(Integer)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Whoever writes it renews this; afterwards anybody may go on where it stopped."""
    snapshot_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    counts: Mapped[dict[str, int]] = mapped_column(JSON)
    file: Mapped[str | None] = mapped_column(String(255))
    """Name of the pack."""
    digest: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of its manifest."""
    reason: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    by: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
