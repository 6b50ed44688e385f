"""Coaching: notices to agents, their disputes, and what is pushed to the outside."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Float, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from qa.db.models.base import ID_LENGTH, Base, UtcDateTime


class NoticeRow(Base):
    """A coaching notice about one call to its agent."""

    __tablename__ = "notice"
    __table_args__ = (
        Index("ix_notice_tenant_state_id", "tenant", "state", "id"),
        Index("ix_notice_tenant_agent_id", "tenant", "agent", "id"),
        Index("ix_notice_recording_id", "recording_id"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id", ondelete="CASCADE"))
    review_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    agent: Mapped[str] = mapped_column(String(1024))
    """The recording's attribute `agent` when the notice was drafted."""
    team: Mapped[str | None] = mapped_column(String(1024))
    state: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(255))
    body: Mapped[str] = mapped_column(Text)
    drafted_by: Mapped[str] = mapped_column(String(128))
    drafted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    issued_by: Mapped[str | None] = mapped_column(String(128))
    issued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Until when the agent should answer."""
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer: Mapped[str | None] = mapped_column(Text)
    closed_by: Mapped[str | None] = mapped_column(String(128))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    close_reason: Mapped[str | None] = mapped_column(Text)


class NoticePointRow(Base):
    """One thing a notice speaks of: a confirmed flag or a good moment."""

    __tablename__ = "notice_point"
    __table_args__ = (Index("ix_notice_point_notice_id", "notice_id"), Index("ix_notice_point_rule", "rule"))

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    notice_id: Mapped[str] = mapped_column(ForeignKey("notice.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(Integer)
    verdict_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    """The verdict it rests on; None for a good moment."""
    good: Mapped[bool]
    rule: Mapped[str] = mapped_column(String(255))
    rule_version: Mapped[int] = mapped_column(Integer)
    severity: Mapped[str | None] = mapped_column(String(16))
    label: Mapped[dict[str, str]] = mapped_column(JSON)
    quote: Mapped[str] = mapped_column(Text)
    """Masked; what is shown to the agent."""
    start_s: Mapped[float | None] = mapped_column(Float)
    end_s: Mapped[float | None] = mapped_column(Float)
    basis: Mapped[str | None] = mapped_column(Text)
    wording: Mapped[str | None] = mapped_column(Text)
    """What would have been right."""
    note: Mapped[str] = mapped_column(Text)


class DisputeRow(Base):
    """An agent's objection to one point of a notice."""

    __tablename__ = "dispute"
    __table_args__ = (
        UniqueConstraint("point_id"),
        Index("ix_dispute_tenant_state_id", "tenant", "state", "id"),
        Index("ix_dispute_recording_id", "recording_id"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id", ondelete="CASCADE"))
    review_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    notice_id: Mapped[str] = mapped_column(ForeignKey("notice.id", ondelete="CASCADE"))
    point_id: Mapped[str] = mapped_column(ForeignKey("notice_point.id", ondelete="CASCADE"))
    verdict_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    agent: Mapped[str] = mapped_column(String(1024))
    team: Mapped[str | None] = mapped_column(String(1024))
    state: Mapped[str] = mapped_column(String(16))
    step: Mapped[int] = mapped_column(Integer)
    words: Mapped[str] = mapped_column(Text)
    raised_by: Mapped[str] = mapped_column(String(128))
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deadline: Mapped[datetime] = mapped_column(UtcDateTime)
    """Until when the present step is to be ruled, or, once ruled, until when it may be taken further."""
    assigned_to: Mapped[str | None] = mapped_column(String(128))
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RulingRow(Base):
    """What was decided at one step of a dispute, and what it did to the score."""

    __tablename__ = "ruling"
    __table_args__ = (UniqueConstraint("dispute_id", "step"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    dispute_id: Mapped[str] = mapped_column(ForeignKey("dispute.id", ondelete="CASCADE"))
    step: Mapped[int] = mapped_column(Integer)
    words: Mapped[str] = mapped_column(Text)
    """The agent's words at this step."""
    outcome: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text)
    ruled_by: Mapped[str] = mapped_column(String(128))
    ruled_at: Mapped[datetime] = mapped_column(UtcDateTime)
    score_before: Mapped[float | None] = mapped_column(Float)
    score_after: Mapped[float | None] = mapped_column(Float)


class PushTargetRow(Base):
    """Where news is pushed to: a mailbox, a webhook, a chat robot."""

    __tablename__ = "push_target"
    __table_args__ = (Index("ix_push_target_tenant", "tenant"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(2048))
    secret: Mapped[str] = mapped_column(String(255))
    """Signs what is sent; empty where the kind takes none."""
    events: Mapped[list[str]] = mapped_column(JSON)
    team: Mapped[str | None] = mapped_column(String(1024))
    """Only news of this team; None for all."""
    locale: Mapped[str] = mapped_column(String(16))
    active: Mapped[bool]
    created_by: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DeliveryRow(Base):
    """One message on its way out; written with what it tells of, sent afterwards."""

    __tablename__ = "delivery"
    __table_args__ = (Index("ix_delivery_state_next_at", "state", "next_at"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    target_id: Mapped[str | None] = mapped_column(ForeignKey("push_target.id", ondelete="CASCADE"))
    """None for mail to a person's own address."""
    address: Mapped[str] = mapped_column(String(2048))
    event: Mapped[str] = mapped_column(String(64))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(Integer)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
    error: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
