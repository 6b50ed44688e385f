"""What each page costs the server with many recordings in the database: CPU milliseconds, one line per page.

    python -m bench.pages [--recordings 100000] [--rounds 7] [names]

The database is SQLite and its work is part of what is counted. Beside the recordings of `bench.search` it holds a
review for every second one, two verdicts for every fourth, three events of the audit log for each and a notice
for every twentieth; on top comes the story of the tests, so that every page has something on it. Each page is
asked for as a browser would, twice for nothing and then `--rounds` times.
"""

import argparse
import logging
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
import structlog

from bench import search
from bench.search import BATCH, RULES, SEED, fill
from qa.api.csrf import SESSION_COOKIE
from qa.db.engine import Database
from qa.db.ids import new_id
from qa.db.models import AuditEventRow, AuditHeadRow, NoticeRow, RecordingRow, ReviewRow, VerdictRow

TARGET_MS = 100
TESTS = Path(__file__).parent.parent / "tests"
WARM = 2


def surround(database: Database) -> None:
    """Reviews, verdicts, notices and events around the recordings."""
    dice = random.Random(SEED + 2)
    now = datetime.now(UTC)
    with database.read() as session:
        columns = (RecordingRow.id, RecordingRow.agent, RecordingRow.team, RecordingRow.score)
        found = session.execute(sa.select(*columns, RecordingRow.review_status)).all()
    seq = 0
    for first in range(0, len(found), BATCH):
        rows: dict[Any, list[dict[str, object]]] = {
            k: [] for k in (ReviewRow, VerdictRow, NoticeRow, AuditEventRow)
        }
        for number, (recording, agent, team, score, status) in enumerate(found[first : first + BATCH], first):
            at = now - timedelta(seconds=(len(found) - number) * 31)
            if status:
                review = _review(dice, recording, agent, team, score, status, at)
                rows[ReviewRow].append(review)
                if status == "finalised":
                    rows[VerdictRow] += [_verdict(dice, review, at) for _ in range(2)]
                    if number % 5 == 0:
                        rows[NoticeRow].append(_notice(dice, review, at))
            for action in ("recording.accepted", "run.done", "recording.listened"):
                seq += 1
                rows[AuditEventRow].append(_event(seq, at, action, recording))
        with database.write() as session:
            for table, some in rows.items():
                if some:
                    session.execute(sa.insert(table), some)
    with database.write() as session:
        session.merge(AuditHeadRow(tenant="default", seq=seq, hash="0" * 64, at=now))


def _review(
    dice: random.Random,
    recording: str,
    agent: str | None,
    team: str | None,
    score: float | None,
    status: str,
    at: datetime,
) -> dict[str, object]:
    final = status == "finalised"
    return {
        "id": new_id(), "tenant": "default", "recording_id": recording, "result_id": new_id(), "status": status,
        "reason": "critical", "reasons": {"critical": 2}, "priority": dice.randrange(1000), "late": False,
        "due_at": at + timedelta(days=2), "agent": agent, "team": team, "machine_score": score,
        "human_score": score if final else None, "version": int(final), "created_at": at,
        "finalised_by": "wang" if final else None, "finalised_at": at if final else None,
    }  # fmt: skip


def _verdict(dice: random.Random, review: dict[str, object], at: datetime) -> dict[str, object]:
    rule = f"zh.rule-{min(int(dice.paretovariate(0.8)), RULES) - 1}"
    outcome = dice.choice(("confirmed", "confirmed", "rejected"))
    return {
        "id": new_id(), "review_id": review["id"], "recording_id": review["recording_id"], "finding_id": new_id(),
        "outcome": outcome, "machine_rule": rule, "machine_severity": "critical", "rule": rule, "label": {},
        "family": "forbidden", "severity": "critical", "role": "agent", "quote": "稳赚不赔", "note": "",
        "reason_code": "context" if outcome == "rejected" else None, "person": "wang", "at": at,
    }  # fmt: skip


def _notice(dice: random.Random, review: dict[str, object], at: datetime) -> dict[str, object]:
    state = dice.choice(("issued", "acknowledged", "closed", "closed"))
    return {
        "id": new_id(), "tenant": "default", "recording_id": review["recording_id"], "review_id": review["id"],
        "agent": review["agent"], "team": review["team"], "state": state, "title": "承诺收益", "body": "",
        "drafted_by": "wang", "drafted_at": at, "issued_by": "wang", "issued_at": at,
        "due_at": at + timedelta(days=7),
    }  # fmt: skip


def _event(seq: int, at: datetime, action: str, recording: str) -> dict[str, object]:
    return {
        "id": new_id(), "tenant": "default", "seq": seq, "at": at, "observed_at": at, "actor": "system",
        "action": action, "recording_id": recording, "details": {}, "previous_hash": "0" * 64, "hash": "0" * 64,
    }  # fmt: skip


def cost(client: httpx.Client, path: str, rounds: int) -> tuple[float, int]:
    """CPU milliseconds of one request (median; asking for it is in them) and the size of the answer."""
    spent = []
    for number in range(WARM + rounds):
        begun = time.process_time()
        answer = client.get(path)
        if answer.status_code >= 500:
            raise SystemExit(f"{path}: {answer.status_code}")
        if number >= WARM:
            spent.append((time.process_time() - begun) * 1000)
    return statistics.median(spent), len(answer.content)


def measure(home: Path, recordings: int, rounds: int, names: Sequence[str]) -> list[str]:
    """Fill, ask for every page, print; names of those that cost too much."""
    sys.path.insert(0, str(TESTS))
    from web_house import keep_house
    from web_live import add_more, add_people, add_samples, live_web, web_settings
    from web_screenshots import pages_of
    from web_story import tell

    over = []
    with live_web(web_settings(home)) as live:
        services = live.services
        search.END = datetime.now(UTC)
        fill(services.database, recordings)
        surround(services.database)
        with services.database.write() as session:
            session.execute(sa.text("ANALYZE"))
        add_people(services)
        add_samples(services)
        add_more(services, 60)
        live.work()
        story = tell(services)
        pages = pages_of(story, keep_house(services, story))
        clients = {}
        print(f"{'page':24} {'CPU ms':>8} {'KB':>6}")
        seen = set()
        for name, (job, path) in pages.items():
            if (job, path) in seen or (names and name not in names):
                continue
            seen.add((job, path))
            if job not in clients:
                cookies = {SESSION_COOKIE: live.session(job)} if job else {}
                clients[job] = httpx.Client(
                    base_url=live.url, headers={"Accept": "text/html"}, cookies=cookies, trust_env=False
                )
            spent, size = cost(clients[job], path, rounds)
            print(f"{name:24} {spent:8.1f} {size / 1024:6.0f}{'  over' if spent > TARGET_MS else ''}")
            if spent > TARGET_MS:
                over.append(name)
    return over


def main() -> int:
    """Measure in a folder of its own; 1 where a page costs more than it should."""
    parser = argparse.ArgumentParser(description="CPU per page.")
    parser.add_argument("names", nargs="*", help="only these pages")
    parser.add_argument("--recordings", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    print(f"{platform.machine()}, {os.cpu_count()} cores; SQLite with {options.recordings:,} recordings")
    with tempfile.TemporaryDirectory(prefix="bench-pages-") as home:
        over = measure(Path(home), options.recordings, options.rounds, options.names)
    print(f"over {TARGET_MS} ms: {', '.join(over) or 'none'}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
