"""The audit log: events in one numbered, chained order per tenant, and the signed checkpoints of that chain."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from qa.db.models.base import ID_LENGTH, Base, UtcDateTime

HOUSE = (
    "action IN ('audit.verified', 'custody.deleted', 'custody.held', 'custody.released', 'dispute.ruled', "
    "'export.made', 'keys.rotated', 'personal.revealed', 'rules.changed', 'signin.locked')"
)
"""What those who answer for the house look for among millions of events: few, and with an index of their own."""
DIGEST_LENGTH = 64
"""SHA-256 as lower-case hex digits."""


class AuditEventRow(Base):
    """Who did what to which recording. Only ever added to; triggers refuse anything else."""

    __tablename__ = "audit_event"
    __table_args__ = (
        UniqueConstraint("tenant", "seq"),
        Index("ix_audit_event_tenant_at", "tenant", "at"),
        Index("ix_audit_event_recording_id_seq", "recording_id", "seq"),
        Index(
            "ix_audit_event_house",
            "tenant",
            "at",
            "action",
            sqlite_where=text(HOUSE),
            postgresql_where=text(HOUSE),
        ),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    seq: Mapped[int] = mapped_column(BigInteger)
    """From 1, without a gap."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Never before the event ahead of it, even where the clock went back."""
    observed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """What the clock said."""
    actor: Mapped[str] = mapped_column(String(128))
    action: Mapped[str] = mapped_column(String(64))
    recording_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Ids, hashes, counts and codes; never personal data, which could not be deleted from here."""
    previous_hash: Mapped[str] = mapped_column(String(DIGEST_LENGTH))
    hash: Mapped[str] = mapped_column(String(DIGEST_LENGTH))
    """`qa.exports.verify.link` of the hash before it and the digest of all that the event says."""


class AuditHeadRow(Base):
    """Where a tenant's chain ends. Whoever adds to the chain locks this row first."""

    __tablename__ = "audit_head"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(DIGEST_LENGTH))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class AuditCheckpointRow(Base):
    """A signature over where the chain ended at some moment. Only ever added to."""

    __tablename__ = "audit_checkpoint"
    __table_args__ = (Index("ix_audit_checkpoint_tenant_seq", "tenant", "seq"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(DIGEST_LENGTH))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    key_id: Mapped[str] = mapped_column(String(DIGEST_LENGTH))
    signature: Mapped[str] = mapped_column(String(128))
    """Ed25519, hex."""
