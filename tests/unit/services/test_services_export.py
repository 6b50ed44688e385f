"""Exports: the same rows in every format, in a pack that the verifier finds intact."""

import csv
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from coaching_kit import AGENT, BAD_CALL, LEADER, REVIEWER, SECOND, THIRD, reviewed, taken
from pypdf import PdfReader

from qa.core.coaching import Ruling
from qa.core.errors import BadOptionError, ConflictError, ForbiddenError, NotFoundError
from qa.core.hiding import HidingKind
from qa.core.review import RejectReason, VerdictOutcome
from qa.db.models import ExportRow
from qa.exports import verify
from qa.exports.formats import Kind
from qa.services import Services
from qa.services.export import ExportState, ExportView, Format, Wanted
from qa.services.export.rows import TABLES
from qa.services.work import Worker

Make = Callable[..., Worker]
NOW = datetime.now(UTC)


def wanted(**changes: Any) -> Wanted:
    given = {"start": NOW - timedelta(days=1), "end": NOW + timedelta(days=1), "as_zip": False}
    return Wanted(**{**given, **changes})


def made(services: Services, **changes: Any) -> tuple[ExportView, Path]:
    asked = services.exports.request(THIRD, wanted(**changes))
    view = services.exports.write(asked.id)
    assert view is not None
    return view, services.exports.pack(THIRD, asked.id)


@pytest.fixture
def house(services: Services, make_worker: Make) -> Services:
    """Three calls: one reviewed with a notice and a dispute, one with a rejected flag, one nobody heard."""
    first = reviewed(services, taken(services, make_worker, seed=1))
    notice = services.notices.issue(REVIEWER, services.notices.draft(REVIEWER, first, locale="zh-Hans").id)
    point = next(one.id for one in notice.points if not one.good)
    dispute = services.disputes.raise_dispute(AGENT, notice.id, point, words="=HYPERLINK(1) 我的手机13800138000")
    services.disputes.rule(SECOND, dispute.id, Ruling.OVERTURNED, reason="成立")
    second = taken(services, make_worker, seed=2, agent="A02", team="west")
    services.review.queue.claim(SECOND, second)
    flag = services.review.closing.view(SECOND, second).flags[0].finding_id
    rejected = VerdictOutcome.REJECTED
    services.review.desk.judge(SECOND, second, flag, rejected, reason=RejectReason.CONTEXT, note="+1 另有所指")
    services.review.desk.add_flag(SECOND, second, family="rude", turn=2, char_start=0, char_end=3)
    taken(services, make_worker, BAD_CALL, seed=3)
    return services


def rows_of(pack: Path, table: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (pack / "rows" / f"{table}.jsonl").read_text("utf-8").splitlines()]


def read_csv(place: Path) -> Iterator[dict[str, str]]:
    with place.open(encoding="utf-8-sig", newline="") as lines:
        yield from csv.DictReader(lines)


def as_csv(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_every_format_holds_the_same_rows_and_totals(house: Services) -> None:
    view, pack = made(house)
    for table, columns in TABLES.items():
        rows = rows_of(pack, table)
        assert len(rows) == view.counts[table]
        in_csv = list(read_csv(pack / "rows" / f"{table}.csv"))
        assert [{k: v.removeprefix("'") for k, v in row.items()} for row in in_csv] == [
            {name: as_csv(value) for name, value in row.items()} for row in rows
        ]
        assert pq.read_table(pack / "rows" / f"{table}.parquet").to_pylist() == rows
        sheet = openpyxl.load_workbook(pack / "rows" / f"{table}.xlsx", read_only=True).worksheets[0]
        cells = [list(line) for line in sheet.iter_rows(min_row=2, values_only=True)]
        # A sheet does not tell an empty cell from an empty text.
        assert [[cell or None if cell == "" else cell for cell in line] for line in cells] == [
            [row[c.name] if row[c.name] != "" else None for c in columns] for row in rows
        ]
    text = "".join(page.extract_text() for page in PdfReader(pack / "report.pdf").pages)
    assert f"{view.counts['findings']}" in text
    assert view.id in text


def test_the_verifier_finds_the_pack_intact_and_a_changed_row_by_its_number(house: Services) -> None:
    view, pack = made(house)
    key = house.keys.current().id
    report = verify.verify(pack, [key], house.keys.statements())
    assert report.exit_code == 0, report.problems
    place = pack / "rows" / "findings.jsonl"
    lines = place.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(b"critical", b"warning!", 1) if b"critical" in lines[1] else b" " + lines[1]
    place.write_bytes(b"".join(lines))
    assert verify.verify(pack, [key], house.keys.statements()).exit_code == 1
    assert view.digest


def test_verdicts_disputes_and_notices_stand_beside_what_they_are_about(house: Services) -> None:
    _, pack = made(house, formats=())
    findings = rows_of(pack, "findings")
    assert {row["verdict"] for row in findings} >= {"confirmed", "rejected", "added", None}
    assert {row["found_by"] for row in findings} == {"machine", "person"}
    (ruled,) = rows_of(pack, "disputes")
    assert (ruled["outcome"], ruled["ruled_by"]) == ("overturned", SECOND.login)
    assert any(row["good"] for row in rows_of(pack, "notices"))
    rules = {(row["rule"], row["version"]) for row in rows_of(pack, "rules")}
    assert {(row["rule"], row["rule_version"]) for row in findings} <= rules


def test_no_personal_data_and_no_formula_leaves_the_house(house: Services) -> None:
    _, pack = made(house, transcripts=True)
    for place in pack.rglob("*"):
        if place.is_file() and place.suffix in (".jsonl", ".csv", ".json"):
            assert "13800138000" not in place.read_text("utf-8"), place
    cells = [cell for row in read_csv(pack / "rows" / "disputes.csv") for cell in row.values()]
    assert not any(cell.startswith(("=", "+", "@")) for cell in cells)
    notes = [row["verdict_note"] for row in read_csv(pack / "rows" / "findings.csv") if row["verdict_note"]]
    assert notes == ["'+1 另有所指"]
    assert len(list((pack / "transcripts").iterdir())) == 3


def test_words_hidden_by_hand_leave_the_house_nowhere(house: Services) -> None:
    west = next(one for one in house.recordings.list().items if one.attributes["team"] == "west").id
    flag = house.review.closing.view(SECOND, west).flags[0]
    secret = "保本保息"
    house.review.desk.judge(SECOND, west, flag.finding_id, VerdictOutcome.CONFIRMED, note=f"说了{secret}")
    house.review.desk.add_flag(SECOND, west, family="rude", turn=2, char_start=0, char_end=12)
    transcript = house.recordings.result(west).result.transcript
    assert transcript is not None
    start = transcript.turns[2].text.index(secret)
    house.review.hiding.hide(
        SECOND, west, turn=2, start=start, end=start + 4, kind=HidingKind.OTHER, everywhere=True
    )
    _, pack = made(house, transcripts=True, team="west")
    for place in pack.rglob("*"):
        if place.is_file() and place.suffix in (".jsonl", ".csv", ".json") and "rules" not in place.name:
            assert secret not in place.read_text("utf-8"), place
    findings = rows_of(pack, "findings")
    assert "说了****" in [row["verdict_note"] for row in findings]
    assert any("****" in row["quote"] for row in findings if row["found_by"] == "person")


@pytest.mark.parametrize(
    ("changes", "calls"), [({"team": "west"}, 1), ({"status": "none"}, 0), ({"status": "finalised"}, 1)]
)
def test_an_export_holds_what_was_asked_for(house: Services, changes: dict[str, Any], calls: int) -> None:
    if calls == 0:
        with pytest.raises(BadOptionError, match="period_empty"):
            made(house, **changes)
    else:
        assert made(house, formats=(), **changes)[0].counts["calls"] == calls


def test_an_export_by_rule_holds_only_findings_of_it(house: Services) -> None:
    _, everything = made(house, formats=())
    rule = next(row["rule"] for row in rows_of(everything, "findings") if row["rule"].startswith("zh.finance"))
    _, pack = made(house, formats=(), rule=rule)
    assert {row["rule"] for row in rows_of(pack, "findings")} == {rule}


AGES_AGO = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=8)))
"""Before the first moment there is in UTC."""


def test_the_ends_of_the_calendar_are_no_limit(house: Services) -> None:
    last = datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-8)))
    asked = house.exports.request(THIRD, wanted(start=AGES_AGO, end=last))
    assert (asked.wanted.start.year, asked.wanted.end.year) == (1970, 9000)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"start": NOW, "end": NOW}, "period_turned"),
        ({"start": NOW + timedelta(days=2), "end": NOW + timedelta(days=3)}, "period_in_future"),
        ({"start": NOW - timedelta(days=9), "end": NOW - timedelta(days=8)}, "period_empty"),
        ({"start": AGES_AGO, "end": AGES_AGO + timedelta(days=9)}, "period_empty"),
        ({"status": "odd"}, "bad_status"),
        ({"locale": "fr"}, "bad_locale"),
    ],
)
def test_what_cannot_be_exported_is_refused_in_one_sentence(
    house: Services, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(BadOptionError, match=code):
        house.exports.request(THIRD, wanted(**changes))


def test_only_who_may_export_does_and_nothing_is_fetched_before_it_is_whole(house: Services) -> None:
    with pytest.raises(ForbiddenError):
        house.exports.request(LEADER, wanted())
    asked = house.exports.request(THIRD, wanted())
    with pytest.raises(ConflictError, match="not_done"):
        house.exports.pack(THIRD, asked.id)
    with pytest.raises(NotFoundError):
        house.exports.get(THIRD, "0" * 32)
    assert house.exports.waiting() == [asked.id]


def test_two_writers_make_one_pack_and_two_exports_of_one_snapshot_make_two(house: Services) -> None:
    first, second = (house.exports.request(THIRD, wanted(formats=())) for _ in range(2))
    assert house.exports.write(first.id) is not None
    assert house.exports.write(first.id) is None
    assert house.exports.write(second.id) is not None
    assert house.exports.pack(THIRD, first.id) != house.exports.pack(THIRD, second.id)


def test_an_interrupted_export_goes_on_with_the_rows_it_froze(
    house: Services, make_worker: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = house.exports.request(THIRD, wanted(formats=(Format.CSV, Format.PARQUET)))

    class KilledError(BaseException):
        pass

    def stop(stage: str, _done: int, _total: int) -> None:
        if stage == "parquet":
            raise KilledError

    with pytest.raises(KilledError):
        house.exports.write(asked.id, stop)
    assert list(house.exports.folder.glob("audit-*")) == []
    taken(house, make_worker, seed=9)
    with house.database.write() as session:
        session.execute(sa.update(ExportRow).values(lease_until=None))
    view = house.exports.write(asked.id)
    assert view is not None
    assert view.state is ExportState.DONE
    assert view.counts["calls"] == 3


def test_a_failure_is_kept_with_its_sentence_and_can_be_tried_again(
    house: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = house.exports.request(THIRD, wanted(formats=()))
    taken_name = f"audit-{wanted().start:%Y%m%d}-{wanted().last:%Y%m%d}-{asked.id[-8:]}"
    house.exports.folder.mkdir(parents=True, exist_ok=True)
    (house.exports.folder / taken_name).mkdir()
    with pytest.raises(ConflictError, match="pack_exists"):
        house.exports.write(asked.id)
    failed = house.exports.get(THIRD, asked.id)
    assert failed.state is ExportState.FAILED
    assert failed.reason is not None
    (house.exports.folder / taken_name).rmdir()
    house.exports.retry(THIRD, asked.id)
    assert house.exports.write(asked.id) is not None


def test_a_recording_that_is_gone_meanwhile_is_named_and_its_rows_stay(house: Services) -> None:
    asked = house.exports.request(THIRD, wanted(formats=(), clips=True))
    gone = house.recordings.list().items[0]
    house.storage.audio_path(gone.sha256, ".wav").unlink()
    assert house.exports.write(asked.id) is not None
    pack = house.exports.pack(THIRD, asked.id)
    assert gone.id in json.loads((pack / "missing.json").read_text())
    assert any(row["recording_id"] == gone.id for row in rows_of(pack, "findings"))
    assert list((pack / "clips").glob("*.flac"))


def test_times_are_text_so_that_they_say_the_same_everywhere() -> None:
    for columns in TABLES.values():
        assert all(c.kind is Kind.TIME for c in columns if c.name.endswith("_at"))
