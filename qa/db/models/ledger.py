"""The ledger: recordings, runs, stage outputs, results, uploads."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from qa.db.models.base import ID_LENGTH, Base, UtcDateTime
from qa.db.places import this_moment, this_place

ACTIVE = "status IN ('queued', 'running')"


class RecordingRow(Base):
    """A file that was accepted."""

    __tablename__ = "recording"
    __table_args__ = (
        UniqueConstraint("tenant", "sha256"),
        Index("ix_recording_tenant_status_id", "tenant", "status", "id"),
        Index("ix_recording_place", "place", unique=True),
        Index("ix_recording_tenant_place", "tenant", "place"),
        Index("ix_recording_tenant_status_place", "tenant", "status", "place"),
        Index("ix_recording_tenant_review_status_place", "tenant", "review_status", "place"),
        Index("ix_recording_tenant_score_place", "tenant", "score", "place"),
        Index("ix_recording_tenant_duration_place", "tenant", "duration", "place"),
        Index("ix_recording_tenant_worst_rank_place", "tenant", "worst_rank", "place"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(255))
    suffix: Mapped[str] = mapped_column(String(16))
    """Extension the bytes are stored under, dot included: some telephony formats are told by it alone."""
    size: Mapped[int] = mapped_column(BigInteger)
    duration: Mapped[float | None] = mapped_column(Float)
    language: Mapped[str | None] = mapped_column(String(16))
    manual_roles: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    status: Mapped[str] = mapped_column(String(16))
    """Copy of the newest run's status, so that a list can be filtered by one index."""
    run_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    """Newest run. No foreign key: the two rows are inserted together and point at each other."""
    result_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # What follows is copied from attributes, the newest result and the review, so that lists need no join.
    place: Mapped[int] = mapped_column(BigInteger, default=this_place)
    """Grows with `called_at`, unique: what lists page along (`qa.db.places`)."""
    called_at: Mapped[datetime] = mapped_column(UtcDateTime, default=this_moment)
    """When the call took place, where the uploader said so; else when it arrived."""
    agent: Mapped[str | None] = mapped_column(String(255))
    team: Mapped[str | None] = mapped_column(String(255))
    score: Mapped[float | None] = mapped_column(Float)
    findings: Mapped[int] = mapped_column(Integer, default=0)
    worst_rank: Mapped[int] = mapped_column(Integer, default=0)
    """0 for no finding, else 1 (info) to 4 (critical)."""
    review_status: Mapped[str | None] = mapped_column(String(16))


class AttributeRow(Base):
    """One metadata field of a recording: agent, team, ticket, ..."""

    __tablename__ = "attribute"
    __table_args__ = (Index("ix_attribute_name_value_recording_id", "name", "value", "recording_id"),)

    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(String(1024))


class RunRow(Base):
    """One analysis of a recording; the queue of record."""

    __tablename__ = "run"
    __table_args__ = (
        # At most one run at work per recording, kept by the database itself.
        Index(
            "uq_run_active_recording",
            "recording_id",
            unique=True,
            sqlite_where=text(ACTIVE),
            postgresql_where=text(ACTIVE),
        ),
        Index("ix_run_queue_status_id", "queue", "status", "id"),
        Index("ix_run_recording_id", "recording_id"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(16))
    queue: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    lease_owner: Mapped[str | None] = mapped_column(String(128))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """A run that is to be tried again waits until then."""
    rung_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    stage: Mapped[str | None] = mapped_column(String(64))
    done: Mapped[float] = mapped_column(Float, default=0.0)
    total: Mapped[float] = mapped_column(Float, default=0.0)
    reason: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StageOutputRow(Base):
    """What a stage made of a recording, so that a retry resumes and a changed rule leaves speech alone."""

    __tablename__ = "stage_output"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    stage: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[str] = mapped_column(String(255), primary_key=True)
    input_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    """zlib-compressed."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ResultRow(Base):
    """The whole result of one run. Never changed; a rescan adds another."""

    __tablename__ = "result"
    __table_args__ = (UniqueConstraint("run_id"), Index("ix_result_recording_id_id", "recording_id", "id"))

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id", ondelete="CASCADE"))
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16))
    score: Mapped[float | None] = mapped_column(Float)
    findings: Mapped[int] = mapped_column(Integer)
    worst: Mapped[str | None] = mapped_column(String(16))
    packs: Mapped[dict[str, int]] = mapped_column(JSON)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    """The `qa.core.result.Result` as zlib-compressed JSON."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class FindingRow(Base):
    """One finding of a result, in columns that can be searched and counted."""

    __tablename__ = "finding"
    __table_args__ = (
        Index("ix_finding_result_id", "result_id"),
        Index("ix_finding_recording_id", "recording_id"),
        Index("ix_finding_rule", "rule"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    result_id: Mapped[str] = mapped_column(ForeignKey("result.id", ondelete="CASCADE"))
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(Integer)
    rule: Mapped[str] = mapped_column(String(255))
    rule_version: Mapped[int] = mapped_column(Integer)
    family: Mapped[str] = mapped_column(String(64))
    severity: Mapped[str] = mapped_column(String(16))
    role: Mapped[str] = mapped_column(String(16))
    start_s: Mapped[float | None] = mapped_column(Float)
    end_s: Mapped[float | None] = mapped_column(Float)
    quote: Mapped[str] = mapped_column(Text)
    confidence: Mapped[float] = mapped_column(Float)
    shadow: Mapped[bool]


class CheckRow(Base):
    """The outcome of one rule in a result."""

    __tablename__ = "check_outcome"
    __table_args__ = (Index("ix_check_outcome_rule_outcome", "rule", "outcome"),)

    result_id: Mapped[str] = mapped_column(ForeignKey("result.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    rule: Mapped[str] = mapped_column(String(255))
    rule_version: Mapped[int] = mapped_column(Integer)
    family: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str] = mapped_column(String(16))
    severity: Mapped[str] = mapped_column(String(16))
    shadow: Mapped[bool]


class UploadRow(Base):
    """A resumable upload (tus 1.0) and how far it got."""

    __tablename__ = "upload"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(255))
    length: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    attributes: Mapped[dict[str, str]] = mapped_column(JSON)
    language: Mapped[str | None] = mapped_column(String(16))
    manual_roles: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    actor: Mapped[str] = mapped_column(String(128))
    recording_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
