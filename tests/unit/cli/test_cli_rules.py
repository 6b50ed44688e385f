"""`tingjian rules` and `lexicon` with what people hand in."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from coaching_kit import BAD_CALL, judged
from ledger_fakes import FakePipeline, wav_bytes
from typer.testing import CliRunner

from qa.cli.lexicon import app as lexicon
from qa.cli.options import load_settings
from qa.cli.rules import app as rules
from qa.cli.words import LOCALE
from qa.core import result as results
from qa.core.base import encode
from qa.core.behaviour import CallBehaviour, Silence, Source
from qa.core.errors import TingjianError
from qa.core.roles import Role
from qa.core.transcript import Transcript, Turn, Word
from qa.i18n import LOCALES, render, text
from qa.rules.loader import builtin_pack_dir
from qa.services import IntakeMeta, Services, open_services
from qa.services.doorbell import Queue, SilentDoorbell
from qa.services.work import Worker
from qa.settings import LedgerSettings


@pytest.fixture
def call(tmp_path: Path) -> Path:
    file = tmp_path / "call.txt"
    file.write_text("坐席：您好\n客户：这个保本吗\n坐席：保本的\n", encoding="utf-8")
    return file


def run(*arguments: object) -> Result:
    app = lexicon if arguments[0] == "lint" else rules
    return CliRunner().invoke(app, [str(a) for a in arguments])


def refused(*arguments: object) -> str:
    error = run(*arguments).exception
    assert isinstance(error, TingjianError)
    return error.message.code


def test_what_is_worded_like_a_step_is_told_with_its_words(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    said = "为了保证服务质量我们这边的对话都会留下音频"
    file.write_text(f"坐席：您好\n坐席：{said}\n客户：好\n", encoding="utf-8")
    told = run("try", file).output.splitlines()
    [line] = [line for line in told if line.startswith("? ")]
    assert said in line
    assert "zh.common.service-steps.recording-notice" in line


def test_a_speaker_who_is_not_known_is_named(call: Path) -> None:
    assert "小王" not in run("try", call).output
    call.write_text("小王：您好\n李先生：这个保本吗\n小王：保本的\n", encoding="utf-8")
    told = run("try", call)
    assert "小王" in told.output
    assert told.exit_code == 0


def test_several_calls_are_told_apart(tmp_path: Path) -> None:
    file = tmp_path / "calls.jsonl"
    line = '{"id": "%s", "turns": [{"role": "agent", "text": "绝对保本"}]}\n'
    file.write_text(line % "first" + line % "second", encoding="utf-8")
    told = run("try", file).output.splitlines()
    assert [line for line in told if line in ("first", "second")] == ["first", "second"]


def test_an_industry_that_nobody_knows_is_told_with_those_there_are(call: Path) -> None:
    error = run("try", call, "--industry", "nonsense").exception
    assert isinstance(error, TingjianError)
    assert error.message.code == "rules.unknown_industry"
    for locale in LOCALES:
        assert "nonsense" in render(error.message, locale)
        assert "finance, insurance" in render(error.message, locale)
    assert run("try", call, "--industry", "finance").exit_code == 0


def test_a_folder_of_packs_that_is_not_there_is_not_taken_for_none(tmp_path: Path, call: Path) -> None:
    gone = tmp_path / "gone"
    assert refused("lint", "--pack-dir", gone) == "rules.no_pack_dir"
    assert refused("test", "--pack-dir", gone) == "rules.no_pack_dir"
    assert refused("try", call, "--pack-dir", gone) == "rules.no_pack_dir"
    assert refused("backtest", call, "--against", gone) == "rules.no_pack_dir"


def test_a_back_test_needs_calls_and_something_to_compare_with(tmp_path: Path, call: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert refused("backtest", call, "--against", empty) == "rules.against_nothing"
    assert refused("backtest", empty, "--against", builtin_pack_dir()) == "rules.no_calls"


def test_a_back_test_shows_what_a_pack_no_longer_finds(tmp_path: Path, call: Path) -> None:
    older = tmp_path / "older" / "zh" / "finance"
    shutil.copytree(builtin_pack_dir() / "zh" / "finance", older)
    (older / "more.yaml").write_text(
        "id: zh.finance\nlanguage: zh\nterms: [{id: x, patterns: [您好], severity: warning, family: forbidden}]\n",
        encoding="utf-8",
    )
    told = run("backtest", call, "--against", tmp_path / "older", "--packs", "zh/finance").output
    assert "- " in told
    assert "zh.finance.x" in told
    assert f"- {text('cli.severity_warning', LOCALE)}" in told
    assert "warning" not in told or LOCALE == "en"


def test_what_cannot_be_written_is_told(tmp_path: Path, call: Path) -> None:
    assert refused("try", call, "--json", tmp_path / "no" / "a.json") == "rules.file_unwritable"


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"\xff\xfe\x00", "rules.not_utf8"), (b"", "rules.no_dialogue"), (b"{", "rules.bad_json")],
)
def test_a_file_that_holds_no_call_is_told(call: Path, content: bytes, code: str) -> None:
    call.write_bytes(content)
    assert refused("try", call) == code


def test_a_rule_file_that_is_none_is_told(call: Path) -> None:
    assert refused("import-sca", call) == "rules.sca_not_json"


def test_rules_on_silence_are_tried_with_what_a_scan_has_measured(tmp_path: Path) -> None:
    """A result of `scan --json` brings its measures; a pasted dialogue has none, and the rule is unknown."""
    pack = tmp_path / "packs" / "zh" / "t"
    pack.mkdir(parents=True)
    (pack / "a.yaml").write_text(
        "id: zh.t\nrules: [{id: gap, severity: warning, forbid: {silence: {at_least: 5}}}]\n", encoding="utf-8"
    )
    turns = ((Role.AGENT, "您好", 0.0), (Role.CUSTOMER, "喂", 9.0))
    transcript = Transcript(
        "zh",
        10.0,
        tuple(Turn(i, r, r, i, (Word(w, at, at + 1, 1.0, 1.0),), 1.0) for i, (r, w, at) in enumerate(turns)),
    )
    behaviour = CallBehaviour(
        (Silence(2.0, 9.0, 0, 1, Role.AGENT, False, False, Source.ACTIVITY),), (), (), (), (), (), None, ()
    )
    done = results.RunStatus.DONE
    result = results.Result("0" * 64, "a.wav", done, None, transcript=transcript, behaviour=behaviour)
    file = tmp_path / "result.json"
    file.write_bytes(encode(result))
    arguments = ("try", file, "--packs", "zh/t", "--pack-dir", tmp_path / "packs")
    assert "zh.t.gap" in run(*arguments).output
    file.write_bytes(encode({"turns": [{"role": "agent", "text": "您好"}]}))
    assert "zh.t.gap" not in run(*arguments).output
    file.write_bytes(encode({"transcript": transcript, "behaviour": {"silences": 5}}))
    assert refused(*arguments) == "rules.bad_json"


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """A service of its own in a folder, with a pack of one term that has changed once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TINGJIAN_HOME", str(tmp_path / "home"))
    pack = tmp_path / "packs" / "zh" / "t"
    pack.mkdir(parents=True)
    lines = "[rules]\npacks = ['zh/t']\npack_dirs = ['packs']\n"
    Path("tingjian.toml").write_text(lines, encoding="utf-8")
    services = open_services(load_settings(), migrate=True)
    for version, said in ((1, "从没说过"), (2, "保本")):
        term = f"{{id: t, family: forbidden, severity: warning, patterns: [{said}]}}"
        content = f"id: zh.t\nversion: {version}\nlanguage: zh\nterms: [{term}]\n"
        (pack / "a.yaml").write_text(content, encoding="utf-8")
        services.rules.in_force()
    yield services
    services.close()


def test_what_was_in_force_is_listed_and_compared_with(service: Services, call: Path) -> None:
    lines = run("versions").output.splitlines()
    assert [line.split()[0] for line in lines] == ["2", "zh.t", "1"]
    assert "zh.t.t “保本”" in run("backtest", call, "--against", 1).output
    assert "zh.t.t" not in run("backtest", call, "--against", 2).output
    assert refused("backtest", call, "--against", 3) == "rules.no_version"
    assert (
        text("rules.cli_difference", LOCALE, calls=0, changed=0, appeared=0, disappeared=0)
        in run("backtest", "--against", 1).output
    )


def test_a_stored_recording_is_tried_by_its_id(service: Services) -> None:
    sound = service.intake.accept_stream([wav_bytes(1)], IntakeMeta("a.wav")).recording
    assert refused("try", sound.id) == "ledger.no_result"
    worker = Worker(
        service.database, service.vault, SilentDoorbell(), LedgerSettings(), FakePipeline(outcome=judged(BAD_CALL))
    )
    worker.work(Queue.SPEECH, sound.run.id)
    told = run("try", sound.id)
    assert "[zh.t.t]" in told.output
    assert refused("try", "0" * 32) == "ledger.no_recording"


def test_who_collects_at_night_is_told_by_the_time_of_the_call(tmp_path: Path) -> None:
    turns = [
        {"role": "agent", "text": "您好，请问是王先生本人吗"},
        {"role": "customer", "text": "是，这都几点了"},
        {"role": "agent", "text": "您有一笔借款已逾期十二天"},
    ]
    for called_at, told in (("2026-02-03 22:40", True), ("2026-02-03 21:40", False), ("2026-02-03", False)):
        call = tmp_path / "call.json"
        given = {"turns": turns, "industry": "collections", "attributes": {"called_at": called_at}}
        call.write_text(json.dumps(given), encoding="utf-8")
        assert ("zh.collections.calling-hours" in run("try", call).output) is told
