"""Calibration: rounds, their calls, blind answers.

Revision: 0007; follows 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calibration",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("people", sa.JSON(), nullable=False),
        sa.Column("gold_by", sa.String(length=128), nullable=True),
        sa.Column("created_by", sa.String(length=128), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration")),
    )
    op.create_index("ix_calibration_tenant_id", "calibration", ["tenant", "id"], unique=False)
    op.create_table(
        "calibration_answer",
        sa.Column("calibration_id", sa.String(length=32), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=128), nullable=False),
        sa.Column("item", sa.String(length=255), nullable=False),
        sa.Column("value", sa.String(length=16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["calibration_id"],
            ["calibration.id"],
            name=op.f("fk_calibration_answer_calibration_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_calibration_answer_recording_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(
            "calibration_id", "recording_id", "person", "item", name=op.f("pk_calibration_answer")
        ),
    )
    op.create_index("ix_calibration_answer_recording_id", "calibration_answer", ["recording_id"], unique=False)
    op.create_table(
        "calibration_call",
        sa.Column("calibration_id", sa.String(length=32), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("result_id", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["calibration_id"],
            ["calibration.id"],
            name=op.f("fk_calibration_call_calibration_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_calibration_call_recording_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("calibration_id", "recording_id", name=op.f("pk_calibration_call")),
    )


def downgrade() -> None:
    op.drop_table("calibration_call")
    op.drop_index("ix_calibration_answer_recording_id", table_name="calibration_answer")
    op.drop_table("calibration_answer")
    op.drop_index("ix_calibration_tenant_id", table_name="calibration")
    op.drop_table("calibration")
