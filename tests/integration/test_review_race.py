"""Reviewers who press "next" at the same moment, as processes of their own, on both databases."""

import multiprocessing
import multiprocessing.synchronize
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from qa.core.people import Job, Person
from qa.db.engine import Database
from qa.db.ids import new_id
from qa.db.models import RecordingRow, ReviewRow
from qa.services.review.queue import QueueService
from qa.settings import ReviewSettings

PRESSES = 500
CALLS = 800
NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)


def fill(database: Database) -> None:
    """Calls that wait, without sound or results: the queue looks at neither."""
    recordings: list[dict[str, object]] = []
    reviews: list[dict[str, object]] = []
    for number in range(CALLS):
        made = new_id()
        recordings.append(
            {"id": made, "tenant": "default", "sha256": f"{number:064x}", "name": f"{number}.wav"}
            | {"suffix": ".wav", "size": 1, "status": "done", "run_id": new_id(), "created_at": NOW}
            | {"called_at": NOW, "place": number, "findings": 1, "worst_rank": 4, "review_status": "waiting"}
        )
        reviews.append(
            {"id": new_id(), "tenant": "default", "recording_id": made, "result_id": new_id()}
            | {"status": "waiting", "reason": "critical", "reasons": {"critical": 1}, "priority": number % 7}
            | {"late": False, "version": 0, "due_at": NOW + timedelta(days=1), "created_at": NOW}
        )
    with database.write() as session:
        session.execute(sa.insert(RecordingRow), recordings)
        session.execute(sa.insert(ReviewRow), reviews)


def press(
    url: str,
    login: str,
    gate: "multiprocessing.synchronize.Barrier",
    got: "multiprocessing.Queue[tuple[str, list[str]]]",
) -> None:
    database = Database(url)
    queue = QueueService(database, ReviewSettings())
    who = Person(new_id(), login, login, frozenset({Job.REVIEWER}))
    gate.wait()
    taken = [item.recording_id for item in (queue.next(who) for _ in range(PRESSES)) if item]
    got.put((login, taken))
    database.close()


@pytest.mark.slow
def test_two_reviewers_pressing_next_five_hundred_times_at_once_never_get_the_same_call(
    database_url: str, tmp_path: Path
) -> None:
    database = Database(database_url)
    database.migrate()
    fill(database)
    context = multiprocessing.get_context("spawn")
    gate, got = context.Barrier(2), context.Queue()
    people = [context.Process(target=press, args=(database_url, login, gate, got)) for login in ("wang", "liu")]
    for one in people:
        one.start()
    taken = dict(got.get(timeout=300) for _ in people)
    for one in people:
        one.join(60)
    everything = Counter(taken["wang"] + taken["liu"])
    assert max(everything.values()) == 1
    assert len(everything) == CALLS, "and none is lost: 1000 presses find all 800"
    assert all(taken.values())
    with database.read() as session:
        holders = session.execute(sa.select(ReviewRow.recording_id, ReviewRow.claimed_by)).all()
    assert {one: login for login, own in taken.items() for one in own} == {row[0]: row[1] for row in holders}
    database.close()
