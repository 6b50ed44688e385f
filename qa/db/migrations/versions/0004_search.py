"""Search: what a list is filtered by, the words of turns, saved views.

Revision: 0004; follows 0003.
"""

import secrets
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    # Added one by one: SQLite's batch mode would drop the table, and everything that hangs on it with it.
    op.add_column("recording", sa.Column("place", sa.BigInteger(), nullable=False, server_default="0"))
    early = "1970-01-01 00:00:00.000000" if sqlite else "1970-01-01T00:00:00Z"
    called = sa.Column("called_at", sa.DateTime(timezone=True), nullable=False, server_default=early)
    op.add_column("recording", called)
    op.add_column("recording", sa.Column("agent", sa.String(length=255), nullable=True))
    op.add_column("recording", sa.Column("team", sa.String(length=255), nullable=True))
    op.add_column("recording", sa.Column("score", sa.Float(), nullable=True))
    op.add_column("recording", sa.Column("findings", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("recording", sa.Column("worst_rank", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("recording", sa.Column("review_status", sa.String(length=16), nullable=True))
    _fill(sqlite)
    if not sqlite:
        for name in ("place", "called_at", "findings", "worst_rank"):
            op.alter_column("recording", name, server_default=None)
    op.create_index("ix_recording_place", "recording", ["place"], unique=True)
    op.create_index("ix_recording_tenant_place", "recording", ["tenant", "place"], unique=False)
    for name in ("status", "score", "duration", "worst_rank"):
        op.create_index(f"ix_recording_tenant_{name}_place", "recording", ["tenant", name, "place"], unique=False)

    op.create_table(
        "facet",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("value", sa.String(length=255), nullable=False),
        sa.Column("label", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facet")),
        sa.UniqueConstraint("tenant", "name", "value", name=op.f("uq_facet_tenant_name_value")),
    )
    op.create_table(
        "recording_facet",
        sa.Column("facet_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["facet_id"], ["facet.id"], name=op.f("fk_recording_facet_facet_id")),
        sa.ForeignKeyConstraint(
            ["place"],
            ["recording.place"],
            name=op.f("fk_recording_facet_place"),
            ondelete="CASCADE",
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("facet_id", "place", name=op.f("pk_recording_facet")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_recording_facet_place", "recording_facet", ["place"], unique=False)
    op.create_table(
        "search_text",
        sa.Column("place", _BIG, autoincrement=False, nullable=False),
        sa.Column("turns", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["place"],
            ["recording.place"],
            name=op.f("fk_search_text_place"),
            ondelete="CASCADE",
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_search_text")),
    )
    op.create_table(
        "saved_view",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
    )
    op.create_index("ix_saved_view_tenant_owner", "saved_view", ["tenant", "owner"], unique=False)
    for statement in _SQLITE_INDEX if sqlite else _POSTGRESQL_INDEX:
        op.execute(statement)


# Words come ready cut (`search_words`, given to every connection), so that any tokeniser that splits at blanks
# will do; the ascii one takes every other character as part of a word. The index keeps no text of its own: what
# it has to forget is cut again from the row that goes.
_CUT = "search_words({row}.turns, 'agent'), search_words({row}.turns, 'customer'), search_words({row}.turns, '')"
_COLUMNS = "agent, customer, other"
_ADD = f"INSERT INTO search_index(rowid, {_COLUMNS}) VALUES (new.place, {_CUT.format(row='new')});"  # noqa: S608
_TAKE = (
    f"INSERT INTO search_index(search_index, rowid, {_COLUMNS}) "  # noqa: S608
    f"VALUES ('delete', old.place, {_CUT.format(row='old')});"
)
_SQLITE_INDEX = (
    f"CREATE VIRTUAL TABLE search_index USING fts5({_COLUMNS}, content='', columnsize=0, tokenize='ascii')",
    f"CREATE TRIGGER search_text_added AFTER INSERT ON search_text BEGIN {_ADD} END",
    f"CREATE TRIGGER search_text_gone AFTER DELETE ON search_text BEGIN {_TAKE} END",
    f"CREATE TRIGGER search_text_changed AFTER UPDATE ON search_text BEGIN {_TAKE} {_ADD} END",
)
_POSTGRESQL_INDEX = (
    "CREATE TABLE search_index ("
    "place bigint NOT NULL REFERENCES search_text(place) ON DELETE CASCADE ON UPDATE CASCADE, "
    "part smallint NOT NULL, words tsvector NOT NULL, PRIMARY KEY (place, part))",
    "CREATE INDEX ix_search_index_words ON search_index USING gin (words)",
)


def _fill(sqlite: bool) -> None:
    """Places and copies for recordings that are there already."""
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT id, created_at FROM recording")).all()
    for recording_id, created_at in rows:
        moment = datetime.fromisoformat(created_at).replace(tzinfo=UTC) if sqlite else created_at
        place = int(moment.timestamp()) << 30 | secrets.randbits(30)
        connection.execute(
            sa.text("UPDATE recording SET place = :place, called_at = created_at WHERE id = :id"),
            {"place": place, "id": recording_id},
        )
    for name in ("agent", "team"):
        connection.execute(
            sa.text(
                f"UPDATE recording SET {name} = (SELECT substr(value, 1, 255) FROM attribute a "  # noqa: S608
                f"WHERE a.recording_id = recording.id AND a.name = '{name}')"
            )
        )
    connection.execute(
        sa.text(
            "UPDATE recording SET "
            "score = (SELECT r.score FROM result r WHERE r.id = recording.result_id), "
            "findings = coalesce((SELECT r.findings FROM result r WHERE r.id = recording.result_id), 0), "
            "worst_rank = coalesce((SELECT CASE r.worst WHEN 'critical' THEN 4 WHEN 'warning' THEN 3 "
            "WHEN 'notice' THEN 2 WHEN 'info' THEN 1 ELSE 0 END FROM result r "
            "WHERE r.id = recording.result_id), 0)"
        )
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for trigger in ("added", "gone", "changed"):
            op.execute(f"DROP TRIGGER search_text_{trigger}")
    op.drop_table("search_index")
    for table in ("saved_view", "search_text", "recording_facet", "facet"):
        op.drop_table(table)
    op.drop_index("ix_recording_place", table_name="recording")
    for name in ("place", "status_place", "score_place", "duration_place", "worst_rank_place"):
        op.drop_index(f"ix_recording_tenant_{name}", table_name="recording")
    for name in ("review_status", "worst_rank", "findings", "score", "team", "agent", "called_at", "place"):
        op.drop_column("recording", name)
