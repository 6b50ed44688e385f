"""A resumable upload may come with its roles.

Revision: 0010; follows 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("upload", sa.Column("manual_roles", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("upload", "manual_roles")
