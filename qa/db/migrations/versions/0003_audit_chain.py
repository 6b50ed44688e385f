"""The audit log: numbered, chained, append-only.

Revision: 0003; follows 0002.
"""

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
