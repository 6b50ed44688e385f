"""The rows of a snapshot, frozen in one transaction as JSONL; every format is made from these files."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from qa.core.base import Record, decode, encode
from qa.db.engine import Database
from qa.db.exports import Bundle, Evidence, Scope, frozen
from qa.db.results import Results
from qa.exports.formats.columns import Row, row_line
from qa.services.export.rows import (
    TABLES,
    RuleUse,
    call_row,
    dispute_rows,
    finding_rows,
    notice_rows,
)
from qa.services.mapping import result_view
from qa.text.masking import hidden_words

_STEP: Final = 200
MARK: Final = "frozen.json"


class Frozen(Record, frozen=True):
    """What was frozen."""

    at: datetime
    head: int
    """Number of the last event of the audit log that belongs to it."""
    counts: dict[str, int]
    severities: dict[str, int]
    verdicts: dict[str, int]
    packs: dict[str, list[int]]
    """Pack -> versions that judged."""


def frozen_before(folder: Path) -> Frozen | None:
    """What an earlier attempt froze completely."""
    mark = folder / MARK
    return decode(mark.read_bytes(), Frozen) if mark.exists() else None


def freeze(
    database: Database, scope: Scope, folder: Path, head: int, progress: Callable[[int, int], None]
) -> Frozen:
    """Write `<table>.jsonl` for every table into `folder`; constant memory, however many calls there are."""
    counts = dict.fromkeys(TABLES, 0)
    severities: dict[str, int] = {}
    verdicts: dict[str, int] = {}
    packs: dict[str, set[int]] = {}
    rules = RuleUse()
    files = {name: (folder / f"{name}.jsonl").open("wb") for name in TABLES}

    def write(table: str, row: Row) -> None:
        files[table].write(row_line(row))
        counts[table] += 1

    def keep(one: Bundle) -> None:
        write("calls", call_row(one))
        rules.add(one)
        for pack, version in one.packs.items():
            packs.setdefault(pack, set()).add(version)
        for row in finding_rows(one, scope.rule):
            write("findings", row)
            severities[row["severity"]] = severities.get(row["severity"], 0) + 1
            said = row["verdict"] or "none"
            verdicts[said] = verdicts.get(said, 0) + 1
        for row in notice_rows(one):
            write("notices", row)
        for row in dispute_rows(one):
            write("disputes", row)

    try:
        with frozen(database) as session:
            now = database.now(session)
            evidence = Evidence(session, scope)
            total, done = evidence.count(), 0
            for bundles in evidence.bundles(_STEP):
                for one in bundles:
                    result = Results(session).get(one.recording.id, one.result_id) if one.amended else None
                    if result is not None:
                        one.hidden = hidden_words(result_view(result).result.transcript)
                    keep(one)
                done += len(bundles)
                progress(done, total)
        for row in rules.rows():
            write("rules", row)
    finally:
        for file in files.values():
            file.close()
    found = Frozen(
        now, head, counts, severities, verdicts, {pack: sorted(versions) for pack, versions in packs.items()}
    )
    part = folder / f"{MARK}.part"
    part.write_bytes(encode(found))
    part.rename(folder / MARK)
    return found
