"""Custody: holds, keys, retention, deletions.

Revision: 0008; follows 0007.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_LIVE, _OPEN, _BEGUN = sa.text("destroyed_at IS NULL"), sa.text("released_at IS NULL"), sa.text("state = 'begun'")


def upgrade() -> None:
    op.create_table(
        "recording_key",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("suffix", sa.String(length=16), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("master_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_key")),
    )
    op.create_index(
        "uq_recording_key_live",
        "recording_key",
        ["sha256", "suffix"],
        unique=True,
        sqlite_where=_LIVE,
        postgresql_where=_LIVE,
    )
    op.create_index("ix_recording_key_master_id", "recording_key", ["master_id"], unique=False)
    op.create_table(
        "hold",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("selection", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.String(length=128), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_by", sa.String(length=128), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("release_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    op.create_index(
        "ix_hold_open", "hold", ["tenant", "id"], unique=False, sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.create_index("ix_hold_tenant_id", "hold", ["tenant", "id"], unique=False)
    op.create_table(
        "deletion",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("basis", sa.String(length=16), nullable=False),
        sa.Column("rule", sa.String(length=128), nullable=True),
        sa.Column("on_word_of", sa.String(length=255), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("begun_by", sa.String(length=128), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("certificate", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deletion")),
    )
    op.create_index("ix_deletion_tenant_id", "deletion", ["tenant", "id"], unique=False)
    op.create_index(
        "ix_deletion_begun", "deletion", ["id"], unique=False, sqlite_where=_BEGUN, postgresql_where=_BEGUN
    )
    op.create_table(
        "deletion_item",
        sa.Column("deletion_id", sa.String(length=32), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("suffix", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("cleaned", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["deletion_id"], ["deletion.id"], name=op.f("fk_deletion_item_deletion_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("deletion_id", "recording_id", name=op.f("pk_deletion_item")),
    )
    op.create_index("ix_deletion_item_recording_id", "deletion_item", ["recording_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_deletion_item_recording_id", table_name="deletion_item")
    op.drop_table("deletion_item")
    op.drop_index("ix_deletion_begun", table_name="deletion")
    op.drop_index("ix_deletion_tenant_id", table_name="deletion")
    op.drop_table("deletion")
    op.drop_index("ix_hold_tenant_id", table_name="hold")
    op.drop_index("ix_hold_open", table_name="hold")
    op.drop_table("hold")
    op.drop_index("ix_recording_key_master_id", table_name="recording_key")
    op.drop_index("uq_recording_key_live", table_name="recording_key")
    op.drop_table("recording_key")
