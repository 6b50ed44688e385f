"""Review: the queue, verdicts, answers, comments, corrections, versions, sampling.

A person is kept by login, as in the audit log: it outlives the account. Whatever a person wrote or said (quotes,
notes, comments, corrections) lies here unmasked and is masked when it is shown.
Everything goes with its recording; results and findings are named without a foreign key, since they go no sooner
and a key without an index would make deleting a recording read whole tables.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
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

LOGIN_LENGTH = 128
OPEN = "status <> 'finalised'"


def _open_index(name: str, *columns: str) -> Index:
    return Index(name, "tenant", *columns, sqlite_where=text(OPEN), postgresql_where=text(OPEN))


class ReviewRow(Base):
    """The review of one recording. It pins a result; while it is open it follows the newest one."""

    __tablename__ = "review"
    __table_args__ = (
        # Millions of finalised reviews cost the queue nothing: they are not in the indexes it walks. Each begins
        # with the tenant, so that it is taken also where the database has no statistics yet.
        _open_index("ix_review_open", "priority", "id"),
        _open_index("ix_review_assigned", "assigned_to", "priority", "id"),
        _open_index("ix_review_claimed", "claimed_by", "claim_until"),
        _open_index("ix_review_due", "due_at"),
        _open_index("ix_review_team", "team"),
        Index("ix_review_finalised_at", "finalised_at"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id", ondelete="CASCADE"), unique=True)
    result_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    status: Mapped[str] = mapped_column(String(16))
    """`waiting`, `claimed` or `finalised`."""
    reason: Mapped[str] = mapped_column(String(32))
    """The weightiest reason why a person is called for; all of them are in `reasons`."""
    reasons: Mapped[dict[str, int]] = mapped_column(JSON)
    """Reason code -> count behind it (flags, checks, 1)."""
    priority: Mapped[int] = mapped_column(Integer)
    """The smallest goes first (`qa.core.review.priority_of`)."""
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    late: Mapped[bool] = mapped_column(Boolean, default=False)
    """Its time has passed and its priority was raised for that."""
    agent: Mapped[str | None] = mapped_column(String(1024))
    team: Mapped[str | None] = mapped_column(String(1024))
    """Copies of the recording's attributes, so that `next` reads one table."""
    assigned_to: Mapped[str | None] = mapped_column(String(LOGIN_LENGTH))
    """Handed over to this person: nobody else is offered it."""
    claimed_by: Mapped[str | None] = mapped_column(String(LOGIN_LENGTH))
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    claim_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    machine_score: Mapped[float | None] = mapped_column(Float)
    human_score: Mapped[float | None] = mapped_column(Float)
    """That of the newest version; drafts do not touch it."""
    version: Mapped[int] = mapped_column(Integer, default=0)
    """Number of the newest version; 0 before the first."""
    reopened_for: Mapped[str | None] = mapped_column(Text)
    """Why a finalised review is open again; becomes the reason of the next version."""
    finalised_by: Mapped[str | None] = mapped_column(String(LOGIN_LENGTH))
    finalised_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class VerdictRow(Base):
    """What a person says of a flag of the machine, or a flag that a person added (`finding_id` is None)."""

    __tablename__ = "verdict"
    __table_args__ = (
        UniqueConstraint("review_id", "finding_id"),
        Index("ix_verdict_recording_id", "recording_id"),
        Index("ix_verdict_machine_rule", "machine_rule"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    review_id: Mapped[str] = mapped_column(ForeignKey("review.id", ondelete="CASCADE"))
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id", ondelete="CASCADE"))
    finding_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    outcome: Mapped[str] = mapped_column(String(16))
    """`confirmed`, `rejected`, `changed` or `added`."""
    machine_rule: Mapped[str | None] = mapped_column(String(255))
    """The rule that raised the flag; None where a person did. Stays when a new result has no such finding."""
    machine_severity: Mapped[str | None] = mapped_column(String(16))
    rule: Mapped[str] = mapped_column(String(255))
    family: Mapped[str] = mapped_column(String(64))
    severity: Mapped[str] = mapped_column(String(16))
    """What it is after the verdict."""
    label: Mapped[dict[str, str]] = mapped_column(JSON)
    role: Mapped[str] = mapped_column(String(16))
    turn: Mapped[int | None] = mapped_column(Integer)
    char_start: Mapped[int | None] = mapped_column(Integer)
    char_end: Mapped[int | None] = mapped_column(Integer)
    start_s: Mapped[float | None] = mapped_column(Float)
    end_s: Mapped[float | None] = mapped_column(Float)
    channel: Mapped[int | None] = mapped_column(Integer)
    quote: Mapped[str] = mapped_column(Text)
    reason_code: Mapped[str | None] = mapped_column(String(32))
    """Why it was rejected or changed."""
    note: Mapped[str] = mapped_column(Text)
    person: Mapped[str] = mapped_column(String(LOGIN_LENGTH))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class ManualAnswerRow(Base):
    """A person's answer where the machine has none: a manual item of the scorecard, or an unknown check."""

    __tablename__ = "manual_answer"

    review_id: Mapped[str] = mapped_column(ForeignKey("review.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    """`item` or `check`."""
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    """Id of the item, or rule of the check."""
    outcome: Mapped[str] = mapped_column(String(16))
    """`pass`, `fail` or `n/a`."""
    points: Mapped[float | None] = mapped_column(Float)
    """For items: points given where it is not all or nothing."""
    note: Mapped[str] = mapped_column(Text)
    person: Mapped[str] = mapped_column(String(LOGIN_LENGTH))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class CommentRow(Base):
    """A remark on a call, a flag (machine's or person's) or a turn."""

    __tablename__ = "comment"
    __table_args__ = (Index("ix_comment_recording_id_id", "recording_id", "id"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id", ondelete="CASCADE"))
    finding_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    verdict_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    turn: Mapped[int | None] = mapped_column(Integer)
    text: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)
    """Version of the review that was in force: what was said before finalising stays."""
    person: Mapped[str] = mapped_column(String(LOGIN_LENGTH))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class CorrectionRow(Base):
    """The words of a turn as a person heard them; every analysis from then on reads these.

    Told by channel and start in milliseconds, which outlive a change of roles; `before` must still be there.
    """

    __tablename__ = "correction"

    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id", ondelete="CASCADE"), primary_key=True)
    channel: Mapped[int] = mapped_column(Integer, primary_key=True)
    start_ms: Mapped[int] = mapped_column(Integer, primary_key=True)
    before: Mapped[str] = mapped_column(Text)
    """What the recogniser wrote."""
    after: Mapped[str] = mapped_column(Text)
    person: Mapped[str] = mapped_column(String(LOGIN_LENGTH))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class HidingRow(Base):
    """Words that a person hid, or a hiding that a person lifted (`qa.core.hiding.Hiding`); only ever added.

    The words are not kept here: the digest knows them again.
    """

    __tablename__ = "hiding"

    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    act: Mapped[str] = mapped_column(String(8))
    """`hide` or `lift`."""
    kind: Mapped[str] = mapped_column(String(32))
    channel: Mapped[int] = mapped_column(Integer)
    start_s: Mapped[float] = mapped_column(Float)
    end_s: Mapped[float] = mapped_column(Float)
    signs: Mapped[int] = mapped_column(Integer)
    digest: Mapped[str] = mapped_column(String(64))
    undoes: Mapped[int | None] = mapped_column(Integer)
    reason: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int | None] = mapped_column(Integer)
    """Of the review, where it was finalised and so got another version."""
    person: Mapped[str] = mapped_column(String(LOGIN_LENGTH))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class ReviewVersionRow(Base):
    """What was finalised, whole: the result, every verdict and answer, both scorecards. Never changed."""

    __tablename__ = "review_version"

    review_id: Mapped[str] = mapped_column(ForeignKey("review.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    result_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    reason: Mapped[str | None] = mapped_column(Text)
    """Why there is another version; None for the first."""
    machine_score: Mapped[float | None] = mapped_column(Float)
    human_score: Mapped[float | None] = mapped_column(Float)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    """The `qa.core.review.Finalised` as zlib-compressed JSON."""
    person: Mapped[str] = mapped_column(String(LOGIN_LENGTH))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class ReviewSkipRow(Base):
    """Somebody passed this call on; it is not offered to them again until then."""

    __tablename__ = "review_skip"

    review_id: Mapped[str] = mapped_column(ForeignKey("review.id", ondelete="CASCADE"), primary_key=True)
    person: Mapped[str] = mapped_column(String(LOGIN_LENGTH), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class SamplingPlanRow(Base):
    """Which calls a person hears whatever the machine found. Switched off, never deleted."""

    __tablename__ = "sampling_plan"
    __table_args__ = (UniqueConstraint("tenant", "name"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(128))
    kind: Mapped[str] = mapped_column(String(16))
    """`random`, `by_agent`, `by_risk` or `new_agents`."""
    options: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The `qa.core.review.PlanOptions`."""
    seed: Mapped[str] = mapped_column(String(ID_LENGTH))
    active: Mapped[bool] = mapped_column(Boolean)
    person: Mapped[str] = mapped_column(String(LOGIN_LENGTH))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SampleRow(Base):
    """A recording that a plan has drawn."""

    __tablename__ = "sample"
    __table_args__ = (
        Index("ix_sample_plan_id_period_agent", "plan_id", "period", "agent"),
        Index("ix_sample_recording_id", "recording_id"),
    )

    plan_id: Mapped[str] = mapped_column(ForeignKey("sampling_plan.id", ondelete="CASCADE"), primary_key=True)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id", ondelete="CASCADE"), primary_key=True)
    period: Mapped[str] = mapped_column(String(16))
    """`2026-11-21`, `2026-W47` or `2026-11`."""
    agent: Mapped[str | None] = mapped_column(String(1024))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
