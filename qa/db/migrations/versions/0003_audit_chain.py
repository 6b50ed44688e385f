"""The audit log: numbered, chained, append-only; signed checkpoints.

Revision: 0003; follows 0002.
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from qa.exports.chain import digest_of
from qa.exports.verify import GENESIS, link

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_GUARDED = ("audit_event", "audit_checkpoint")
_STEP = 1000


def upgrade() -> None:
    # The columns that are added are part of what is hashed: the table is made anew and the events join the chain
    # in the order of their ids, which is the order in which they were made.
    events = _events()
    op.drop_index("ix_audit_event_tenant_id", "audit_event")
    op.drop_table("audit_event")
    log = op.create_table(
        "audit_event",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
        sa.UniqueConstraint("tenant", "seq", name=op.f("uq_audit_event_tenant_seq")),
    )
    op.create_index("ix_audit_event_tenant_at", "audit_event", ["tenant", "at"], unique=False)
    op.create_index("ix_audit_event_recording_id_seq", "audit_event", ["recording_id", "seq"], unique=False)
    heads = op.create_table(
        "audit_head",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "audit_checkpoint",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key_id", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_checkpoint")),
    )
    op.create_index("ix_audit_checkpoint_tenant_seq", "audit_checkpoint", ["tenant", "seq"], unique=False)
    ends = _chain(events)
    for start in range(0, len(events), _STEP):
        op.bulk_insert(log, events[start : start + _STEP])
    op.bulk_insert(heads, ends)
    _guard()


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in _GUARDED:
            op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
        op.execute("DROP FUNCTION refuse_change()")
    events = _events()
    op.drop_index("ix_audit_checkpoint_tenant_seq", "audit_checkpoint")
    op.drop_table("audit_checkpoint")
    op.drop_table("audit_head")
    op.drop_index("ix_audit_event_recording_id_seq", "audit_event")
    op.drop_index("ix_audit_event_tenant_at", "audit_event")
    op.drop_table("audit_event")
    log = op.create_table(
        "audit_event",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    op.create_index("ix_audit_event_tenant_id", "audit_event", ["tenant", "id"], unique=False)
    for start in range(0, len(events), _STEP):
        op.bulk_insert(log, events[start : start + _STEP])


def _events() -> list[dict[str, Any]]:
    table = sa.table(
        "audit_event",
        sa.column("id", sa.String),
        sa.column("tenant", sa.String),
        sa.column("at", sa.DateTime(timezone=True)),
        sa.column("actor", sa.String),
        sa.column("action", sa.String),
        sa.column("recording_id", sa.String),
        sa.column("details", sa.JSON),
    )
    return [dict(row) for row in op.get_bind().execute(sa.select(table).order_by(table.c.id)).mappings()]


def _chain(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Number and hash the events in place; returns where each tenant's chain ends."""
    ends: dict[str, dict[str, Any]] = {}
    for event in events:
        end = ends.setdefault(
            event["tenant"], {"tenant": event["tenant"], "seq": 0, "hash": GENESIS, "at": _aware(event["at"])}
        )
        event["observed_at"] = event["at"] = _aware(event["at"])
        event["at"] = max(end["at"], event["at"])
        event["seq"] = end["seq"] + 1
        event["previous_hash"] = end["hash"]
        event["hash"] = link(end["hash"], digest_of(event))
        end.update(seq=event["seq"], hash=event["hash"], at=event["at"])
    return list(ends.values())


def _aware(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def _guard() -> None:
    """What the log says can be added to and never changed."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        )
        for table in _GUARDED:
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
        return
    for table in _GUARDED:
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        # INSERT OR REPLACE removes the row in its way without a DELETE that a trigger would see.
        same = "id = NEW.id OR rowid = NEW.rowid"
        if table == "audit_event":
            same += " OR (tenant = NEW.tenant AND seq = NEW.seq)"
        clash = f"SELECT 1 FROM {table} WHERE {same}"  # noqa: S608 - nothing from outside
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN EXISTS ({clash}) "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
