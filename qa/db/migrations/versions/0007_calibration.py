"""Calibration: rounds and blind answers.

Revision: 0007; follows 0006.
"""

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
