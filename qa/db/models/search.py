"""Search: facets that recordings are filtered by, the words that were said, saved views.

Everything hangs on `recording.place`, a number that grows with the time of the call: lists page along it, and the
text index of SQLite has it as its row number, so that the newest hits come first without sorting.

The words lie in `search_text`. What finds them is `search_index`, which is no table of the models because no
two databases agree on one: on SQLite an FTS5 table that triggers on `search_text` keep, on PostgreSQL a table
(place, part, words tsvector) with a GIN index; `qa.db.words` writes and asks both.
"""

from datetime import datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from qa.db.models.base import ID_LENGTH, Base, UtcDateTime


class FacetRow(Base):
    """Something that many recordings have in common: an agent, a rule that was broken, a tone."""

    __tablename__ = "facet"
    __table_args__ = (UniqueConstraint("tenant", "name", "value"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(16))
    value: Mapped[str] = mapped_column(String(255))
    label: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    """What a person reads instead of the value, by locale: the label of a rule."""


class RecordingFacetRow(Base):
    """A recording has a facet."""

    __tablename__ = "recording_facet"
    __table_args__ = (Index("ix_recording_facet_place", "place"), {"sqlite_with_rowid": False})

    facet_id: Mapped[int] = mapped_column(ForeignKey("facet.id"), primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("recording.place", ondelete="CASCADE", onupdate="CASCADE"), primary_key=True
    )


class SearchTextRow(Base):
    """What was said in a recording, personal data masked."""

    __tablename__ = "search_text"

    place: Mapped[int] = mapped_column(
        # INTEGER is what makes it SQLite's own row number, which FTS5 wants.
        BigInteger().with_variant(Integer, "sqlite"),
        ForeignKey("recording.place", ondelete="CASCADE", onupdate="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    turns: Mapped[bytes] = mapped_column(LargeBinary)
    """`qa.db.words.Said` records as zlib-compressed JSON."""


class SavedViewRow(Base):
    """A list as somebody wants to find it again: filters, order, columns."""

    __tablename__ = "saved_view"
    __table_args__ = (Index("ix_saved_view_tenant_owner", "tenant", "owner"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    owner: Mapped[str] = mapped_column(String(128))
    name: Mapped[str] = mapped_column(String(64))
    query: Mapped[str] = mapped_column(Text)
    """The query string of the list's address."""
    shared: Mapped[bool] = mapped_column(Boolean)
    """Seen by everybody in the tenant."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
