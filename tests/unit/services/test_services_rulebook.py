"""What a change of a pack would do, before anybody commits it."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml
from coaching_kit import AGENT, BAD_CALL, LEADER, OTHER_LEADER, THIRD, judged, taken
from ledger_fakes import FakePipeline, wav_bytes

from qa.core.errors import BadPackError, DependencyError, ForbiddenError, NotFoundError
from qa.core.finding import Check, Doubt, Evidence, MatchKind, Outcome, Severity
from qa.core.messages import message
from qa.core.result import Result
from qa.core.roles import Role
from qa.db.models import AuditEventRow, PackTextRow
from qa.db.rule_versions import RuleVersions
from qa.pipeline.context import RecordingInput
from qa.rules.loader import from_text
from qa.rules.trial import Backtest, Difference
from qa.services import IntakeMeta, Services, rulebook
from qa.services.bulk import Chosen
from qa.services.doorbell import Queue
from qa.services.rulebook import RuleService
from qa.services.work import Worker
from qa.settings import RuleSettings

Make = Callable[..., Worker]
FILE = "zh/finance/forbidden.yaml"


def test_a_file_is_found_by_path_and_by_the_rule_in_it(services: Services) -> None:
    shown = services.rules.file(THIRD, FILE)
    assert shown.file.terms > 10
    rule = next(line for line in shown.text.splitlines() if line.strip().startswith("- id:")).split(":")[1].strip()
    found = services.rules.file(THIRD, rule=f"zh.finance.{rule}")
    assert found.line > 1
    with pytest.raises(NotFoundError):
        services.rules.file(THIRD, "../../etc/passwd")
    with pytest.raises(ForbiddenError):
        services.rules.files(AGENT)


def test_a_mistake_is_told_with_file_and_line_and_a_sound_text_with_nothing(services: Services) -> None:
    text = services.rules.file(THIRD, FILE).text
    assert services.rules.check(THIRD, FILE, text) == ()
    (problem,) = services.rules.check(THIRD, FILE, text.replace("terms:", "termz:", 1))
    assert problem.params["file"] == FILE
    assert int(problem.params["line"]) > 0


def test_a_dialogue_is_tried_and_a_near_miss_says_why_not(services: Services) -> None:
    trial = services.rules.attempt(THIRD, BAD_CALL)
    assert any(one.rule.startswith("zh.finance") for one in trial.analysis.findings)
    near = services.rules.attempt(THIRD, "坐席：本产品不保本。").near_misses
    assert near


def test_a_pasted_dialogue_is_tried_as_a_call_of_today(services: Services) -> None:
    text = services.rules.file(THIRD, FILE).text
    over = text.replace("\ndefaults:\n", "\napplies: {until: 2020-12-31}\ndefaults:\n", 1)
    assert services.rules.check(THIRD, FILE, over) == ()
    in_force, gone = (services.rules.attempt(THIRD, BAD_CALL, FILE, one).analysis for one in (text, over))
    ours = {t["id"] for t in yaml.safe_load(text)["terms"]}
    assert ours & {f.rule.rsplit(".", 1)[-1] for f in in_force.findings}
    assert not ours & {f.rule.rsplit(".", 1)[-1] for f in gone.findings}


def test_a_worker_hands_on_when_the_call_was(services: Services, make_worker: Make) -> None:
    seen: list[RecordingInput] = []

    def outcome(source: RecordingInput) -> Result:
        seen.append(source)
        return judged(BAD_CALL)(source)

    meta = IntakeMeta("1.wav", attributes={"called_at": "2024-03-01T00:30:00+08:00"})
    recording = services.intake.accept_stream([wav_bytes(1)], meta).recording
    make_worker(FakePipeline(outcome=outcome)).work(Queue.SPEECH, recording.run.id)
    assert seen[0].called_at == datetime(2024, 2, 29, 16, 30, tzinfo=UTC)


def test_a_back_test_asks_which_rules_were_in_force_on_the_day_of_the_call(
    services: Services, make_worker: Make
) -> None:
    taken(services, make_worker, BAD_CALL)
    text = services.rules.file(THIRD, FILE).text
    assert services.rules.backtest(LEADER, FILE, text).differences == ()
    over = text.replace("\ndefaults:\n", "\napplies: {until: 2020-12-31}\ndefaults:\n", 1)
    assert services.rules.backtest(LEADER, FILE, over).differences[0].disappeared


def test_a_back_test_names_calls_in_reach_with_masked_quotes(services: Services, make_worker: Make) -> None:
    call = taken(services, make_worker, BAD_CALL.replace("稳赚不赔。", "稳赚不赔，电话13800138000。"))
    text = services.rules.file(THIRD, FILE).text
    emptied = text[: text.index("terms:")] + "terms: []\n"
    found = services.rules.backtest(LEADER, FILE, emptied)
    assert found.calls == 1
    assert found.differences[0].call.startswith(call)
    assert found.differences[0].disappeared
    assert "13800138000" not in repr(found)
    assert services.rules.backtest(OTHER_LEADER, FILE, emptied).calls == 0


def test_what_a_check_doubts_is_masked_too(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "手机号是13800138000"
    proof = Evidence(0, Role.CUSTOMER, 0, len(said), 0.0, 1.0, 0, said, MatchKind.EXACT, 0.2)
    doubt = Doubt(message("rules.unlike", quote=said, share="3%"), (proof,), "zh.t")
    check = Check("zh.t", 1, "pii", {}, Outcome.UNKNOWN, doubt.reason, Severity.INFO, doubts=(doubt,))
    difference = Difference("a", (), (), ((check, check),), None, None)
    monkeypatch.setattr(rulebook, "backtest", lambda *_: Backtest(1, (difference,), {}, {}))
    found = services.rules.backtest(LEADER, FILE, services.rules.file(THIRD, FILE).text)
    assert found.differences[0].changed[0][0].doubts[0].term == "zh.t"
    assert "13800138000" not in repr(found)


BROKEN = {
    "syntax": ("zh/t/all.yaml", "terms: ["),
    "from the future": ("zh/t/all.yaml", "id: zh.t\nschema_version: 9\n"),
    "a name that is not there": (
        "zh/t/all.yaml",
        "id: zh.t\nrules: [{id: r, severity: notice, forbid: {says: x}}]\n",
    ),
}


@pytest.fixture
def own(services: Services, tmp_path: Path) -> RuleService:
    """Rules over two packs of a house: `zh/t` and `zh/u`."""
    for name in ("t", "u"):
        (tmp_path / "zh" / name).mkdir(parents=True)
        (tmp_path / "zh" / name / "all.yaml").write_text(f"id: zh.{name}\nversion: 1\n", encoding="utf-8")
    options = RuleSettings(packs=("zh/t", "zh/u"), pack_dirs=(tmp_path,))
    return RuleService(services.database, options, "Asia/Shanghai")


@pytest.mark.parametrize(("file", "text"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_pack_is_told_and_the_others_are_shown(
    own: RuleService, tmp_path: Path, file: str, text: str
) -> None:
    assert own.problem(THIRD) is None
    own.need_usable()
    (tmp_path / file).write_text(text, encoding="utf-8")
    for _ in range(2):
        told = own.problem(THIRD)
        assert told is not None
        assert told.params["file"] == file
        with pytest.raises(BadPackError):
            own.need_usable()
    assert "zh/u/all.yaml" in {one.path for one in own.files(THIRD)}
    assert own.file(THIRD, "zh/u/all.yaml").text.startswith("id: zh.u")
    (tmp_path / file).write_text("id: zh.t\nversion: 2\n", encoding="utf-8")
    assert own.problem(THIRD) is None
    with pytest.raises(ForbiddenError):
        own.problem(AGENT)


def test_nothing_is_judged_again_by_packs_that_cannot_be_used(
    services: Services, make_worker: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = taken(services, make_worker, BAD_CALL)

    def broken(*_: object) -> None:
        raise BadPackError("rules.empty_pack", pack="zh/t")

    monkeypatch.setattr(rulebook, "load_book", broken)
    with pytest.raises(BadPackError):
        services.bulk.rescan(THIRD, Chosen((call,)))
    assert services.recordings.get(call).run.kind == "first"


def versions_told(services: Services) -> list[dict[str, int]]:
    with services.database.read() as session:
        rows = session.scalars(
            sa.select(AuditEventRow).where(AuditEventRow.action == "rules.changed").order_by(AuditEventRow.seq)
        )
        return [row.details["versions"] for row in rows]


def test_the_log_tells_once_which_rules_are_in_force(services: Services) -> None:
    services.rules.in_force()
    services.rules.in_force()
    (versions,) = versions_told(services)
    assert versions["zh.finance.forbidden"] >= 1


def test_the_log_tells_a_change_once_it_can_be_used(services: Services, tmp_path: Path) -> None:
    file = tmp_path / "zh" / "t" / "all.yaml"
    file.parent.mkdir(parents=True)
    options = RuleSettings(packs=("zh/t",), pack_dirs=(tmp_path,))
    rules = RuleService(services.database, options, "Asia/Shanghai")
    file.write_text("id: zh.t\nversion: 1\n", encoding="utf-8")
    rules.in_force()
    # It can be read, but a rule names what is not there: nobody judges by it.
    file.write_text(
        "id: zh.t\nversion: 2\nrules: [{id: r, severity: notice, forbid: {says: gone}}]\n", encoding="utf-8"
    )
    with pytest.raises(BadPackError):
        rules.in_force()
    rules.in_force()
    assert versions_told(services) == [{"zh.t": 1}]
    file.write_text("id: zh.t\nversion: 3\n", encoding="utf-8")
    rules.in_force()
    assert versions_told(services) == [{"zh.t": 1}, {"zh.t": 3}]


def pack_of(folder: Path, text: str) -> RuleSettings:
    file = folder / "zh" / "t" / "all.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return RuleSettings(packs=("zh/t",), pack_dirs=(folder,))


def one_term(version: int, pattern: str) -> str:
    term = f"{{id: t, family: forbidden, severity: warning, patterns: [{pattern}]}}"
    return f"id: zh.t\nversion: {version}\nlanguage: zh\nterms: [{term}]\n"


def test_every_text_that_was_in_force_can_be_compared_with(services: Services, tmp_path: Path) -> None:
    options = pack_of(tmp_path, one_term(1, "绝对保本"))
    rules = RuleService(services.database, options, "Asia/Shanghai")
    texts = [one_term(1, "绝对保本"), one_term(1, "肯定保本"), one_term(2, "保本"), one_term(1, "绝对保本")]
    for text in texts:
        pack_of(tmp_path, text)
        rules.in_force()
        rules.in_force()
    known = rules.versions(THIRD)
    assert [one.number for one in known] == [4, 3, 2, 1]
    assert [one.files for one in known] == [{"zh.t": 1}, {"zh.t": 2}, {"zh.t": 1}, {"zh.t": 1}]
    assert {one.changed for one in known} == {("zh.t",)}
    assert [rules.version(THIRD, n)[0].text for n in (1, 2, 3, 4)] == texts
    with services.database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(PackTextRow)) == 3
    with pytest.raises(NotFoundError) as told:
        rules.version(THIRD, 9)
    assert told.value.message.params["known"] == "4, 3, 2, 1"
    with pytest.raises(ForbiddenError):
        rules.versions(AGENT)


def test_what_could_not_be_kept_is_kept_the_next_time(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = RuleService(services.database, pack_of(tmp_path, one_term(1, "保本")), "Asia/Shanghai")
    with monkeypatch.context() as patched:
        patched.setattr(
            RuleVersions, "keep", lambda *_: (_ for _ in ()).throw(DependencyError("ledger.database_gone"))
        )
        with pytest.raises(DependencyError):
            rules.in_force()
    rules.in_force()
    assert [one.number for one in rules.versions(THIRD)] == [1]


def test_who_looks_again_after_a_restart_keeps_no_second_version(services: Services, tmp_path: Path) -> None:
    options = pack_of(tmp_path, one_term(1, "保本"))
    for _ in range(2):
        RuleService(services.database, options, "Asia/Shanghai").in_force()
    assert [one.number for one in services.rules.versions(THIRD)] == [1]


def test_versions_are_compared_on_all_stored_calls(
    services: Services, make_worker: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rulebook, "MOST_CALLS", 2)
    for seed in (1, 2, 3):
        taken(services, make_worker, seed=seed)
    before = [from_text("zh/t", one_term(1, "从来没人说的话"))]
    after = [from_text("zh/t", one_term(2, "保本"))]
    seen: list[tuple[int, int]] = []
    result = services.rules.backtest_stored(THIRD, before, after, lambda done, total: seen.append((done, total)))
    assert result.calls == 3
    assert seen == [(0, 3), (1, 3), (2, 3)]
    assert len(result.differences) == 3
    assert not services.rules.backtest_stored(THIRD, after, after).differences
