"""People: accounts, teams, sessions, tokens.

Revision: 0002; follows 0001.
"""

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
