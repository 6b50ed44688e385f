"""The audit log on every database: one chain, written with the act, and whoever touches it is found out."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from qa.core.errors import ForbiddenError, NotFoundError
from qa.core.people import SYSTEM, Job, Person
from qa.db.audit import AuditLog, AuditTrail, Wanted
from qa.db.engine import Database
from qa.db.migrate import _config
from qa.exports.verify import GENESIS
from qa.services import Services
from qa.services.audit import ChainReport

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def write(database: Database, count: int = 1, tenant: str = "default", at: datetime = AT) -> None:
    for number in range(count):
        with database.write() as session:
            AuditTrail(session).add(tenant, at, "li", "review.verdict", f"{number:032x}", points=number, 理由="x")


def unguard(services: Services) -> None:
    """What somebody with all rights on the database can do first."""
    with services.database.write() as session:
        if services.database.is_sqlite:
            for name in ("update", "delete", "replace"):
                session.execute(sa.text(f"DROP TRIGGER audit_event_no_{name}"))
        else:
            session.execute(sa.text("DROP TRIGGER audit_event_append_only ON audit_event"))


def run(services: Services, *statements: str) -> None:
    unguard(services)
    with services.database.write() as session:
        for statement in statements:
            session.execute(sa.text(statement))


def problem(report: ChainReport) -> tuple[str, dict[str, str]]:
    assert report.problem is not None
    return report.problem.code.removeprefix("evidence."), dict(report.problem.params)


def test_events_are_numbered_without_a_gap_and_each_holds_the_hash_before(services: Services) -> None:
    write(services.database, 3)
    with services.database.write() as session:
        trail = AuditTrail(session)
        trail.add_many("default", AT, "li", "recording.rescan", {f"{n:032x}": {"n": n} for n in range(2500)})
        trail.add("other", AT, "wang", "signin.ok", None)
    rows = list(services.audit.walk("default"))
    assert [row["seq"] for row in rows] == list(range(1, 2504))
    assert [row["previous_hash"] for row in rows] == [GENESIS, *(row["hash"] for row in rows[:-1])]
    report = services.audit.verify()
    assert (report.problem, report.events, report.last) == (None, 2503, 2503)
    assert services.audit.verify("other").events == 1


def test_many_writers_at_once_make_one_chain(services: Services) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: write(services.database, 10), range(8)))
    report = services.audit.verify()
    assert (report.problem, report.events) == (None, 80)


def test_two_that_lock_things_in_another_order_do_not_wait_for_each_other(services: Services) -> None:
    """One writes its event first and locks a row after it, the other the other way round."""
    with services.database.write() as session:
        session.execute(sa.text("CREATE TABLE thing (id INTEGER PRIMARY KEY, n INTEGER)"))
        session.execute(sa.text("INSERT INTO thing VALUES (1, 0)"))
    meet = threading.Barrier(2, timeout=20)

    def act(event_first: bool) -> None:
        with services.database.write() as session:
            if not services.database.is_sqlite:  # there, one writer at a time is all there is
                meet.wait()
            for event in (True, False) if event_first else (False, True):
                if event:
                    AuditTrail(session).add("default", AT, "li", "a.b", None)
                else:
                    session.execute(sa.text("UPDATE thing SET n = n + 1"))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(act, (True, False)))
    assert services.audit.verify().events == 2


def test_what_is_rolled_back_leaves_neither_an_event_nor_a_gap(services: Services) -> None:
    write(services.database)

    def break_off() -> None:
        with services.database.write() as session:
            AuditTrail(session).add("default", AT, "li", "lost.act", None)
            AuditTrail(session).seal()
            AuditTrail(session).add("default", AT, "li", "lost.act", None)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    write(services.database)
    assert [row["action"] for row in services.audit.walk("default")] == ["review.verdict"] * 2
    assert services.audit.verify().problem is None


def test_a_savepoint_takes_its_own_events_with_it_and_no_others(services: Services) -> None:
    with services.database.write() as session:
        trail = AuditTrail(session)
        trail.add("default", AT, "li", "before.it", None)
        inside = session.begin_nested()
        trail.add("default", AT, "li", "within.it", None)
        inside.rollback()
        kept = session.begin_nested()
        trail.add("default", AT, "li", "kept.too", None)
        kept.commit()
        trail.add("default", AT, "li", "after.it", None)
    assert [row["action"] for row in services.audit.walk("default")] == ["before.it", "kept.too", "after.it"]


def test_a_clock_that_goes_back_does_not_turn_the_log_round(services: Services) -> None:
    for at in (AT, AT - timedelta(hours=1), AT + timedelta(hours=1)):
        write(services.database, at=at)
    rows = list(services.audit.walk("default"))
    assert [row["at"] for row in rows] == [AT, AT, AT + timedelta(hours=1)]
    assert rows[1]["observed_at"] == AT - timedelta(hours=1)
    assert services.audit.verify().problem is None


def test_a_name_that_no_utf8_can_carry_does_not_stop_the_act(services: Services) -> None:
    with services.database.write() as session:
        AuditTrail(session).add("default", AT, "a\ud800", "a.b", None, file="x\udcff", deep={"k": ["\ud800"]})
    assert services.audit.verify().problem is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET actor = 'x' WHERE seq = 2",
        "DELETE FROM audit_event WHERE seq = 2",
        "DELETE FROM audit_event",
        "UPDATE audit_checkpoint SET seq = 1",
        "DELETE FROM audit_checkpoint",
    ],
)
def test_the_database_itself_refuses_to_change_the_log(services: Services, statement: str) -> None:
    write(services.database, 3)
    services.audit.checkpoint()
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), services.database.write() as session:
        session.execute(sa.text(statement))


def test_other_ways_to_empty_or_replace_it_are_refused_too(services: Services) -> None:
    write(services.database, 3)
    ways = ["TRUNCATE audit_event"]
    if services.database.is_sqlite:
        columns = "tenant, seq, at, observed_at, actor, action, recording_id, details, previous_hash, hash"
        ways = [
            f"INSERT OR REPLACE INTO audit_event (id, {columns}) SELECT id, {columns} FROM audit_event",
            f"REPLACE INTO audit_event (id, {columns}) SELECT 'other', {columns} FROM audit_event",
            f"REPLACE INTO audit_event (rowid, id, {columns}) "
            f"SELECT rowid, 'other', 'b' || {columns} FROM audit_event",
        ]
    for way in ways:
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), services.database.write() as session:
            session.execute(sa.text(way))
    assert services.audit.verify().events == 3


@pytest.mark.parametrize(
    ("statements", "code", "seq"),
    [
        (["UPDATE audit_event SET actor = 'wang' WHERE seq = 4"], "chain_changed", "4"),
        (["UPDATE audit_event SET details = '{}' WHERE seq = 4"], "chain_changed", "4"),
        (["UPDATE audit_event SET recording_id = NULL WHERE seq = 1"], "chain_changed", "1"),
        (["DELETE FROM audit_event WHERE seq = 4"], "chain_gap", "4"),
        (["DELETE FROM audit_event WHERE seq = 1"], "chain_gap", "1"),
        (
            ["UPDATE audit_event SET seq = 99 WHERE seq = 4", "UPDATE audit_event SET seq = 4 WHERE seq = 5",
             "UPDATE audit_event SET seq = 5 WHERE seq = 99"],
            "chain_changed", "4",
        ),
        (["DELETE FROM audit_event WHERE seq > 6"], "chain_cut", "6"),
        (["DELETE FROM audit_event WHERE seq = 8"], "chain_head", "7"),
        (["DELETE FROM audit_event"], "chain_cut", "0"),
        (["UPDATE audit_head SET seq = 7"], "chain_head", "8"),
        (["DELETE FROM audit_head"], "chain_head", "8"),
    ],
    ids=["changed", "details", "nulled", "removed", "first removed", "exchanged", "cut", "last removed", "emptied",
         "head", "no head"],
)  # fmt: skip
def test_the_first_place_that_was_touched_is_named(
    services: Services, statements: list[str], code: str, seq: str
) -> None:
    write(services.database, 7)
    services.audit.checkpoint()
    write(services.database)
    run(services, *statements)
    found, params = problem(services.audit.verify())
    assert (found, params["seq"]) == (code, seq)


def _rewrite(services: Services, upto: int) -> None:
    """The whole log written anew, consistently, with one lie in it."""
    from qa.exports.chain import digest_of
    from qa.exports.verify import link

    rows, last = list(services.audit.walk("default"))[:upto], GENESIS
    run(services, "DELETE FROM audit_event")
    from qa.db.models import AuditEventRow, AuditHeadRow

    with services.database.write() as session:
        for row in rows:
            row |= {"actor": "nobody", "previous_hash": last}
            last = row["hash"] = link(last, digest_of(row))
            session.execute(sa.insert(AuditEventRow).values(**row))
        session.execute(sa.update(AuditHeadRow).values(seq=len(rows), hash=last))


def test_a_log_written_anew_in_full_does_not_fit_its_signed_checkpoint(services: Services) -> None:
    write(services.database, 5)
    services.audit.checkpoint()
    _rewrite(services, 5)
    assert problem(services.audit.verify())[0] == "chain_rewritten"


def test_an_end_that_was_cut_off_is_found_by_the_file_beside_the_database(services: Services) -> None:
    write(services.database, 5)
    services.audit.checkpoint()
    _rewrite(services, 3)
    with services.database.write() as session:
        name = (
            "audit_checkpoint_no_delete"
            if services.database.is_sqlite
            else "audit_checkpoint_append_only ON audit_checkpoint"
        )
        session.execute(sa.text(f"DROP TRIGGER {name}"))
        session.execute(sa.text("DELETE FROM audit_checkpoint"))
    found, params = problem(services.audit.verify())
    assert (found, params["seq"], params["signed"]) == ("chain_cut", "3", "5")


def test_without_a_checkpoint_it_says_what_cannot_be_proven(services: Services) -> None:
    write(services.database)
    report = services.audit.verify()
    assert [note.code for note in report.notes] == ["evidence.no_checkpoint"]


def test_a_forged_checkpoint_and_one_of_a_stranger_are_told(services: Services) -> None:
    write(services.database, 2)
    services.audit.checkpoint()
    file = services.settings.home / "audit/checkpoints.jsonl"
    good = file.read_text()
    file.write_text(good.replace('"seq":2', '"seq":1'))
    assert problem(services.audit.verify())[0] == "checkpoint_forged"
    key = services.keys.current().id
    file.write_text(good.replace(key, "0" * 64))
    assert problem(services.audit.verify())[0] == "checkpoint_foreign"
    file.write_text(good.replace('"signature":"', '"signature":"zz'))
    assert problem(services.audit.verify())[0] == "checkpoint_forged"


def test_a_line_torn_by_a_crash_is_passed_over_and_not_written_into(services: Services) -> None:
    write(services.database)
    services.audit.checkpoint()
    file = services.settings.home / "audit/checkpoints.jsonl"
    with file.open("ab") as out:
        out.write(b'{"at":"2026-')
    write(services.database)
    services.audit.checkpoint()
    report = services.audit.verify()
    assert (report.problem, report.checkpoints) == (None, 2)
    assert [note.code for note in report.notes] == ["evidence.checkpoint_line"]


def test_a_checkpoint_is_signed_once_for_where_the_log_stands(services: Services) -> None:
    with pytest.raises(NotFoundError):
        services.audit.checkpoint()
    write(services.database, 2)
    assert services.audit.checkpoint() == services.audit.checkpoint()
    assert services.audit.last_checkpoint(SYSTEM) == services.audit.checkpoint()
    assert len((services.settings.home / "audit/checkpoints.jsonl").read_text().splitlines()) == 1


def test_checkpoints_are_due_once_a_day_for_logs_that_grew(services: Services) -> None:
    write(services.database)
    write(services.database, tenant="other")
    assert services.audit.checkpoint_due() == 2
    write(services.database)
    assert services.audit.checkpoint_due() == 0


def test_a_changed_key_is_in_the_log_and_the_old_checkpoints_stay_good(services: Services) -> None:
    write(services.database)
    services.audit.checkpoint()
    old, new = services.audit.rotate_key("li")
    report = services.audit.verify()
    assert (report.problem, report.checkpoints) == (None, 2)
    (event,) = services.audit.page(SYSTEM, Wanted(action="keys.rotated")).items
    assert (event.actor, event.details) == ("li", {"old": old, "new": new, "lost": False})


def test_a_lost_key_costs_no_checkpoint_that_it_signed(services: Services) -> None:
    write(services.database)
    services.audit.checkpoint()
    (services.settings.home / "keys/signing.pem").unlink()
    services.audit.rotate_key("li", lost=True)
    assert services.audit.verify().problem is None


def test_a_walk_from_a_date_says_what_it_left_out(services: Services) -> None:
    for hour in range(5):
        write(services.database, at=AT + timedelta(hours=hour))
    report = services.audit.verify(since=AT + timedelta(hours=2))
    assert (report.first, report.events, report.problem) == (3, 3, None)
    assert report.notes[0].code == "evidence.chain_since"
    assert services.audit.verify(since=AT + timedelta(days=1)).events == 0


def test_an_empty_log_is_told(services: Services) -> None:
    with pytest.raises(NotFoundError):
        services.audit.verify("nobody")


def test_the_log_is_read_in_pages_and_by_who_what_which_and_when(services: Services) -> None:
    write(services.database, 5)
    with services.database.write() as session:
        AuditTrail(session).add("default", AT + timedelta(hours=1), "wang", "signin.ok", None)
        AuditTrail(session).add("other", AT, "wang", "signin.ok", None)
    page = services.audit.page(SYSTEM, Wanted(), limit=4)
    assert [one.seq for one in page.items] == [6, 5, 4, 3]
    assert [one.seq for one in services.audit.page(SYSTEM, Wanted(), page.before).items] == [2, 1]

    def found(wanted: Wanted) -> list[int]:
        return [one.seq for one in services.audit.page(SYSTEM, wanted).items]

    assert found(Wanted(actor="wang")) == [6]
    assert found(Wanted(action="review")) == [5, 4, 3, 2, 1]
    assert found(Wanted(action="review.verdict", recording_id=f"{2:032x}")) == [3]
    assert found(Wanted(action="rev")) == []
    assert found(Wanted(since=AT + timedelta(minutes=1))) == [6]
    assert found(Wanted(until=AT + timedelta(minutes=1))) == [5, 4, 3, 2, 1]


@pytest.mark.parametrize("job", [Job.AGENT, Job.REVIEWER, Job.SUPERVISOR])
def test_only_who_may_reads_the_log(services: Services, job: Job) -> None:
    somebody = Person("1", "x", "X", frozenset({job}))
    with pytest.raises(ForbiddenError):
        services.audit.page(somebody, Wanted())
    with pytest.raises(ForbiddenError):
        services.audit.last_checkpoint(somebody)


def test_events_of_before_the_chain_join_it(empty_database_url: str, tmp_path: Path) -> None:
    database = Database(empty_database_url)
    config = _config()

    def migrate(act: Callable[..., None], revision: str) -> None:
        with database.write() as session:
            config.attributes["connection"] = session.connection()
            act(config, revision)

    migrate(command.upgrade, "0002")
    with database.write() as session:
        for number in range(3):
            session.execute(
                sa.text(
                    "INSERT INTO audit_event (id, tenant, at, actor, action, details) "
                    "VALUES (:id, 'default', :at, 'li', 'a.b', '{\"n\": 1.5}')"
                ),
                {"id": f"{number:032x}", "at": (AT - timedelta(hours=number)).replace(tzinfo=None)},
            )
    migrate(command.upgrade, "head")
    write(database)
    with database.read() as session:
        rows = AuditLog(session).stretch("default", 0, 10)
    assert [row["seq"] for row in rows] == [1, 2, 3, 4]
    from qa.services.audit import AuditService
    from qa.services.keys import KeyService
    from qa.settings import EvidenceSettings

    keys = KeyService(tmp_path, EvidenceSettings())
    assert AuditService(database, keys, EvidenceSettings(), tmp_path).verify().problem is None
    migrate(command.downgrade, "0002")
    with database.read() as session:
        assert session.execute(sa.text("SELECT count(*) FROM audit_event")).scalar_one() == 4
    database.close()
