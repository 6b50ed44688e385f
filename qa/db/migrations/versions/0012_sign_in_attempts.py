"""Attempts to sign in are counted for all processes together.

Revision: 0012; follows 0011.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_in_attempt",
        sa.Column("minute", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("minute", "address", name=op.f("pk_sign_in_attempt")),
    )


def downgrade() -> None:
    op.drop_table("sign_in_attempt")
