"""Events of the house are found without walking the whole log.

Revision: 0013; follows 0012.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

HOUSE = sa.text(
    "action IN ('audit.verified', 'custody.deleted', 'custody.held', 'custody.released', 'dispute.ruled', "
    "'export.made', 'keys.rotated', 'personal.revealed', 'rules.changed', 'signin.locked')"
)


def upgrade() -> None:
    op.create_index(
        "ix_audit_event_house",
        "audit_event",
        ["tenant", "at", "action"],
        unique=False,
        sqlite_where=HOUSE,
        postgresql_where=HOUSE,
    )


def downgrade() -> None:
    op.drop_index("ix_audit_event_house", "audit_event")
