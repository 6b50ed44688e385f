"""Custody: data keys of recordings, legal holds, deletions.

None of these rows hangs on a recording: a destroyed key, a hold and a certificate outlive what they speak of.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from qa.db.models.base import ID_LENGTH, Base, UtcDateTime

LIVE = "destroyed_at IS NULL"
OPEN_HOLD = "released_at IS NULL"


class RecordingKeyRow(Base):
    """The key that one stored file is encrypted with, itself encrypted with a master key.

    Keyed by what the store keys by, hash and extension. Destroyed: the row stays as proof, the key is gone.
    """

    __tablename__ = "recording_key"
    __table_args__ = (
        Index(
            "uq_recording_key_live",
            "sha256",
            "suffix",
            unique=True,
            sqlite_where=text(LIVE),
            postgresql_where=text(LIVE),
        ),
        Index("ix_recording_key_master_id", "master_id"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    suffix: Mapped[str] = mapped_column(String(16))
    wrapped: Mapped[bytes | None] = mapped_column(LargeBinary)
    """AES key wrap (RFC 3394); None once it is destroyed."""
    master_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    """Which master key opens `wrapped`."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    destroyed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class HoldRow(Base):
    """A legal hold: until it is released nothing it covers is deleted, by anybody or any rule."""

    __tablename__ = "hold"
    __table_args__ = (
        Index("ix_hold_open", "tenant", "id", sqlite_where=text(OPEN_HOLD), postgresql_where=text(OPEN_HOLD)),
        Index("ix_hold_tenant_id", "tenant", "id"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    selection: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The `qa.core.custody.Selection`; what comes in later and fits is held as well."""
    reason: Mapped[str] = mapped_column(Text)
    placed_by: Mapped[str] = mapped_column(String(128))
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    released_by: Mapped[str | None] = mapped_column(String(128))
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    release_reason: Mapped[str | None] = mapped_column(Text)


class DeletionRow(Base):
    """A deletion, of one recording or many: `begun` before anything goes, `done` once there is a certificate."""

    __tablename__ = "deletion"
    __table_args__ = (
        Index("ix_deletion_tenant_id", "tenant", "id"),
        Index(
            "ix_deletion_begun",
            "id",
            sqlite_where=text("state = 'begun'"),
            postgresql_where=text("state = 'begun'"),
        ),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    basis: Mapped[str] = mapped_column(String(16))
    """`request` or `retention`."""
    rule: Mapped[str | None] = mapped_column(String(128))
    """Name of the retention rule."""
    on_word_of: Mapped[str] = mapped_column(String(255))
    reason: Mapped[str] = mapped_column(Text)
    begun_by: Mapped[str] = mapped_column(String(128))
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    certificate: Mapped[str | None] = mapped_column(Text)
    """Canonical JSON, signed."""


class DeletionItemRow(Base):
    """One recording of a deletion, and what has become of it."""

    __tablename__ = "deletion_item"
    __table_args__ = (Index("ix_deletion_item_recording_id", "recording_id"),)

    deletion_id: Mapped[str] = mapped_column(ForeignKey("deletion.id", ondelete="CASCADE"), primary_key=True)
    recording_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    suffix: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(255))
    """Masked."""
    cleaned: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What went, by store; None while the recording is still there."""
