"""Calibration: the same calls judged blind by several people."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from qa.db.models.base import ID_LENGTH, Base, UtcDateTime


class CalibrationRow(Base):
    """A round of calibration."""

    __tablename__ = "calibration"
    __table_args__ = (Index("ix_calibration_tenant_id", "tenant", "id"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(255))
    people: Mapped[list[str]] = mapped_column(JSON)
    """Logins of those who judge."""
    gold_by: Mapped[str | None] = mapped_column(String(128))
    """Whose answers count as right; None: those of the majority."""
    created_by: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Until then nobody sees what others said."""


class CalibrationCallRow(Base):
    """A call of a round, with the result its items come from."""

    __tablename__ = "calibration_call"

    calibration_id: Mapped[str] = mapped_column(ForeignKey("calibration.id", ondelete="CASCADE"), primary_key=True)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id", ondelete="CASCADE"), primary_key=True)
    result_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    position: Mapped[int] = mapped_column(Integer)


class CalibrationAnswerRow(Base):
    """What one person says of one item of one call."""

    __tablename__ = "calibration_answer"
    __table_args__ = (Index("ix_calibration_answer_recording_id", "recording_id"),)

    calibration_id: Mapped[str] = mapped_column(ForeignKey("calibration.id", ondelete="CASCADE"), primary_key=True)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id", ondelete="CASCADE"), primary_key=True)
    person: Mapped[str] = mapped_column(String(128), primary_key=True)
    item: Mapped[str] = mapped_column(String(255), primary_key=True)
    """Rule of a check, or `overall`."""
    value: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
