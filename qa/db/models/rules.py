"""Rules: which texts of the packs were in force since when. Packs hold no personal data: nothing deletes these."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from qa.db.models.base import Base, UtcDateTime


class RuleVersionRow(Base):
    """The packs as they came into force at one time."""

    __tablename__ = "rule_version"

    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    """1, 2, 3: what people call it by."""
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    files: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """Each `pack`, `path`, `id`, `version` and the `sha256` of its text, in order."""


class PackTextRow(Base):
    """The text of a file of a pack, kept once however many versions hold it."""

    __tablename__ = "pack_text"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    """zlib-compressed UTF-8."""
