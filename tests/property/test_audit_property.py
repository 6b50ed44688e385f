"""Whatever transactions do, and however they end, the log is one chain of exactly what was committed."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.db.audit import AuditTrail
from qa.db.engine import Database
from qa.services.audit import AuditService
from qa.services.keys import KeyService
from qa.settings import EvidenceSettings

AT = datetime(2026, 3, 1, tzinfo=UTC)
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
_EVENT = st.tuples(st.sampled_from("ab"), st.integers(-5, 5), st.dictionaries(st.text(), _JSON, max_size=3))
_STEP = st.tuples(st.sampled_from(["add", "many", "savepoint", "undone", "seal"]), _EVENT)
_TRANSACTION = st.tuples(st.booleans(), st.lists(_STEP, max_size=5))


class _GivenUpError(Exception):
    pass


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, AuditService]]:
    home = tmp_path_factory.mktemp("log")
    database = Database(f"sqlite:///{home / 'log.db'}")
    database.migrate()
    options = EvidenceSettings()
    yield database, AuditService(database, KeyService(home, options), options, home)
    database.close()


@settings(max_examples=50, deadline=None)
@given(transactions=st.lists(_TRANSACTION, max_size=6))
def test_the_log_holds_exactly_what_was_committed(
    log: tuple[Database, AuditService], transactions: list[tuple[bool, list[Any]]]
) -> None:
    database, audit = log
    example = secrets.token_hex(8)  # its own tenants: the log cannot be emptied in between
    expected: dict[str, list[object]] = {f"{example}-a": [], f"{example}-b": []}
    for committed, steps in transactions:
        for tenant, details in _transact(database, example, steps, committed=committed) if committed else ():
            expected[tenant].append(details)
        if not committed:
            _transact(database, example, steps, committed=False)
    for tenant, events in expected.items():
        rows = list(audit.walk(tenant))
        assert [row["details"] for row in rows] == events
        assert [row["seq"] for row in rows] == list(range(1, len(events) + 1))
        if events:
            assert audit.verify(tenant).problem is None


def _transact(database: Database, example: str, steps: list[Any], *, committed: bool) -> list[tuple[str, object]]:
    """Run the steps; returns the events that count if the transaction is committed, in their order per tenant."""
    written: list[tuple[str, object]] = []
    try:
        with database.write() as session:
            trail = AuditTrail(session)
            for step, (letter, hours, details) in steps:
                tenant = f"{example}-{letter}"
                at = AT + timedelta(hours=hours)
                if step == "many":
                    trail.add_many(tenant, at, "li", "a.b", {"r1": details, "r2": details})
                    written += [(tenant, details)] * 2
                elif step == "seal":
                    trail.seal()
                else:
                    point = session.begin_nested() if step != "add" else None
                    # As a caller would who knows no more names than these.
                    trail.add_many(tenant, at, "li", "a.b", {"r1": details})
                    if point is not None:
                        point.rollback() if step == "undone" else point.commit()
                    if step != "undone":
                        written.append((tenant, details))
            if not committed:
                raise _GivenUpError
    except _GivenUpError:
        pass
    return written
