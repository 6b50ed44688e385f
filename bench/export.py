"""What an audit export costs: rows per second and peak memory of every step, for 1,000 to 100,000 findings.

    python -m bench.export [--sizes 1000,10000,100000]

Each step runs in a process of its own, whose peak memory is then its own. Findings lie in a real SQLite database,
ten to a call.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

STEPS = ("freeze", "csv", "xlsx", "parquet", "pdf")
PER_CALL = 10
_BOTH = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def cpu() -> float:
    """CPU seconds of this process and those it waited for."""
    return sum(sum(resource.getrusage(who)[:2]) for who in _BOTH)


def fill(home: Path, findings: int) -> None:
    """A database with so many findings."""
    import sqlalchemy as sa

    from qa.core.base import encode
    from qa.core.result import Result, RunStatus
    from qa.db.engine import Database
    from qa.db.ids import new_id
    from qa.db.models import FindingRow, RecordingRow, ResultRow, RunRow

    database = Database(f"sqlite:///{home / 'bench.db'}")
    database.migrate()
    now = datetime.now(UTC)
    payload = zlib.compress(encode(Result("0" * 64, "x.wav", RunStatus.DONE, None)))
    for begin in range(0, findings // PER_CALL, 1000):
        numbers = range(begin, min(begin + 1000, findings // PER_CALL))
        calls, runs, results, found = [], [], [], []
        for number in numbers:
            recording, run, result = new_id(), new_id(), new_id()
            calls.append({
                "id": recording, "tenant": "default", "sha256": f"{number:064x}", "name": f"{number}.wav",
                "suffix": ".wav", "size": 1, "status": "done", "run_id": run, "result_id": result,
                "created_at": now, "called_at": now - timedelta(seconds=number), "place": number + 1,
                "agent": f"A{number % 97:02}", "team": f"T{number % 7}", "findings": PER_CALL, "worst_rank": 4,
            })  # fmt: skip
            runs.append({
                "id": run, "recording_id": recording, "kind": "first", "queue": "speech", "status": "done",
                "attempts": 1, "done": 1.0, "total": 1.0, "created_at": now,
            })  # fmt: skip
            results.append({
                "id": result, "recording_id": recording, "run_id": run, "kind": "first", "status": "done",
                "findings": PER_CALL, "packs": {"zh/finance": 1}, "payload": payload, "created_at": now,
            })  # fmt: skip
            found += [
                {
                    "id": new_id(), "result_id": result, "recording_id": recording, "position": place,
                    "rule": f"zh.finance.rule-{place}", "rule_version": 1, "family": "forbidden",
                    "severity": "critical", "role": "agent", "start_s": 1.0 + place, "end_s": 2.0 + place,
                    "quote": "我们这个产品保本保息，稳赚不赔", "confidence": 0.9, "shadow": False,
                }
                for place in range(PER_CALL)
            ]  # fmt: skip
        with database.write() as session:
            for table, rows in ((RecordingRow, calls), (RunRow, runs), (ResultRow, results), (FindingRow, found)):
                session.execute(sa.insert(table), rows)
    database.close()


def step(home: Path, name: str) -> int:
    """One step, in this process; returns the number of rows."""
    from qa.core.people import SYSTEM
    from qa.db.engine import Database
    from qa.db.exports import Scope
    from qa.exports.formats import write_csv, write_parquet, write_xlsx
    from qa.exports.formats.report import write_pdf
    from qa.services.export.freeze import freeze, frozen_before
    from qa.services.export.report import Findings, reports
    from qa.services.export.rows import TABLES
    from qa.services.export.views import Wanted

    source = home / "rows"
    source.mkdir(exist_ok=True)
    now = datetime.now(UTC)
    start, end = now - timedelta(days=30), now + timedelta(days=1)
    rows, columns = source / "findings.jsonl", TABLES["findings"]
    match name:
        case "freeze":
            scope = Scope(SYSTEM, start, end)
            database = Database(f"sqlite:///{home / 'bench.db'}")
            return freeze(database, scope, source, 0, lambda _done, _total: None).counts["findings"]
        case "csv":
            return write_csv(rows, home / "out.csv", columns)
        case "xlsx":
            return write_xlsx(rows, home / "out.xlsx", columns, "findings")
        case "parquet":
            return write_parquet(rows, home / "out.parquet", columns)
        case _:
            found = frozen_before(source)
            assert found is not None
            for number, one in enumerate(
                reports("bench", "bench", Wanted(start, end), found, None, Findings(source))
            ):
                write_pdf(one, home / f"out-{number}.pdf")
            return found.counts["findings"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--step", default="")
    parser.add_argument("--home", type=Path)
    options = parser.parse_args()
    if options.step:
        before = cpu()
        rows = step(options.home, options.step)
        spent = cpu() - before
        peak = max(resource.getrusage(who).ru_maxrss for who in _BOTH) // 1024
        print(json.dumps({"rows": rows, "cpu_s": spent, "peak_mb": peak}))
        return
    print(f"{'findings':>9} {'step':>8} {'CPU s':>8} {'rows/s':>9} {'peak MB':>8}")
    for size in map(int, options.sizes.split(",")):
        with tempfile.TemporaryDirectory(prefix="bench-export-") as folder:
            fill(Path(folder), size)
            for name in STEPS:
                command = [sys.executable, "-m", "bench.export", "--step", name, "--home", folder]
                told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout.splitlines()[-1])
                speed = told["rows"] / max(told["cpu_s"], 1e-9)
                print(f"{size:9,} {name:>8} {told['cpu_s']:8.2f} {speed:9,.0f} {told['peak_mb']:8}", flush=True)


if __name__ == "__main__":
    main()
