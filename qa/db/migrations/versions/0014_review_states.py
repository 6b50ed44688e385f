"""Recordings in a rare state of review are found without walking all of them.

Revision: 0014; follows 0013.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_recording_tenant_review_status_place", "recording", ["tenant", "review_status", "place"], unique=False
    )


def downgrade() -> None:
    op.drop_index("ix_recording_tenant_review_status_place", "recording")
