"""Review: queue, claims, verdicts, comments, corrections, sampling.

Revision: 0005; follows 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

OPEN = "status <> 'finalised'"
OPEN_INDEXES = {
    "ix_review_open": ("priority", "id"),
    "ix_review_assigned": ("assigned_to", "priority", "id"),
    "ix_review_claimed": ("claimed_by", "claim_until"),
    "ix_review_due": ("due_at",),
    "ix_review_team": ("team",),
}


def upgrade() -> None:
    op.create_table(
        "sampling_plan",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("seed", sa.String(length=32), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("person", sa.String(length=128), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sampling_plan")),
        sa.UniqueConstraint("tenant", "name", name=op.f("uq_sampling_plan_tenant_name")),
    )
    op.create_table(
        "comment",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("finding_id", sa.String(length=32), nullable=True),
        sa.Column("verdict_id", sa.String(length=32), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(length=128), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_comment_recording_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment")),
    )
    op.create_index("ix_comment_recording_id_id", "comment", ["recording_id", "id"], unique=False)
    op.create_table(
        "correction",
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.Integer(), nullable=False),
        sa.Column("start_ms", sa.Integer(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("person", sa.String(length=128), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_correction_recording_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("recording_id", "channel", "start_ms", name=op.f("pk_correction")),
    )
    op.create_table(
        "review",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("result_id", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("agent", sa.String(length=1024), nullable=True),
        sa.Column("team", sa.String(length=1024), nullable=True),
        sa.Column("assigned_to", sa.String(length=128), nullable=True),
        sa.Column("claimed_by", sa.String(length=128), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claim_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("machine_score", sa.Float(), nullable=True),
        sa.Column("human_score", sa.Float(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reopened_for", sa.Text(), nullable=True),
        sa.Column("finalised_by", sa.String(length=128), nullable=True),
        sa.Column("finalised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_review_recording_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
        sa.UniqueConstraint("recording_id", name=op.f("uq_review_recording_id")),
    )
    for name, columns in OPEN_INDEXES.items():
        op.create_index(
            name,
            "review",
            ["tenant", *columns],
            unique=False,
            sqlite_where=sa.text(OPEN),
            postgresql_where=sa.text(OPEN),
        )
    op.create_index("ix_review_finalised_at", "review", ["finalised_at"], unique=False)
    op.create_table(
        "sample",
        sa.Column("plan_id", sa.String(length=32), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("period", sa.String(length=16), nullable=False),
        sa.Column("agent", sa.String(length=1024), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["sampling_plan.id"], name=op.f("fk_sample_plan_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_sample_recording_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("plan_id", "recording_id", name=op.f("pk_sample")),
    )
    op.create_index("ix_sample_plan_id_period_agent", "sample", ["plan_id", "period", "agent"], unique=False)
    op.create_index("ix_sample_recording_id", "sample", ["recording_id"], unique=False)
    op.create_table(
        "manual_answer",
        sa.Column("review_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("points", sa.Float(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("person", sa.String(length=128), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_manual_answer_review_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("review_id", "kind", "key", name=op.f("pk_manual_answer")),
    )
    op.create_table(
        "review_skip",
        sa.Column("review_id", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=128), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_review_skip_review_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("review_id", "person", name=op.f("pk_review_skip")),
    )
    op.create_table(
        "review_version",
        sa.Column("review_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("result_id", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("machine_score", sa.Float(), nullable=True),
        sa.Column("human_score", sa.Float(), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("person", sa.String(length=128), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_review_version_review_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("review_id", "version", name=op.f("pk_review_version")),
    )
    op.create_table(
        "verdict",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("review_id", sa.String(length=32), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("finding_id", sa.String(length=32), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("machine_rule", sa.String(length=255), nullable=True),
        sa.Column("machine_severity", sa.String(length=16), nullable=True),
        sa.Column("rule", sa.String(length=255), nullable=False),
        sa.Column("family", sa.String(length=64), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("label", sa.JSON(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=True),
        sa.Column("char_start", sa.Integer(), nullable=True),
        sa.Column("char_end", sa.Integer(), nullable=True),
        sa.Column("start_s", sa.Float(), nullable=True),
        sa.Column("end_s", sa.Float(), nullable=True),
        sa.Column("channel", sa.Integer(), nullable=True),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("reason_code", sa.String(length=32), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("person", sa.String(length=128), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_verdict_recording_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_verdict_review_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdict")),
        sa.UniqueConstraint("review_id", "finding_id", name=op.f("uq_verdict_review_id_finding_id")),
    )
    op.create_index("ix_verdict_machine_rule", "verdict", ["machine_rule"], unique=False)
    op.create_index("ix_verdict_recording_id", "verdict", ["recording_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_verdict_recording_id", table_name="verdict")
    op.drop_index("ix_verdict_machine_rule", table_name="verdict")
    op.drop_table("verdict")
    op.drop_table("review_version")
    op.drop_table("review_skip")
    op.drop_table("manual_answer")
    op.drop_index("ix_sample_recording_id", table_name="sample")
    op.drop_index("ix_sample_plan_id_period_agent", table_name="sample")
    op.drop_table("sample")
    op.drop_index("ix_review_finalised_at", table_name="review")
    for name in OPEN_INDEXES:
        op.drop_index(name, table_name="review", sqlite_where=sa.text(OPEN), postgresql_where=sa.text(OPEN))
    op.drop_table("review")
    op.drop_table("correction")
    op.drop_index("ix_comment_recording_id_id", table_name="comment")
    op.drop_table("comment")
    op.drop_table("sampling_plan")
