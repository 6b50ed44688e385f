"""What `scan` does around the pipeline; the pipeline itself is replaced here and real in the integration tests."""

import json
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from rich.cells import cell_len
from rich.console import Console

from qa.cli import scan
from qa.cli.inputs import find_recordings, identify
from qa.cli.render import flags_of, show_result, steps_line
from qa.core.errors import InputError
from qa.core.finding import Check, Doubt, Evidence, Finding, MatchKind, Outcome, Severity
from qa.core.messages import message
from qa.core.result import Analysis, Result, RoleDecision, RunStatus
from qa.core.roles import Role
from qa.core.scorecard import ScorecardResult
from qa.core.speech import AudioInfo
from qa.core.transcript import Transcript
from qa.pipeline.context import RecordingInput, RunFailure
from qa.settings import Settings

LABEL = {"zh-Hans": "承诺保本", "zh-Hant": "承諾保本", "en": "promise of principal"}
PROOF = Evidence(0, Role.AGENT, 0, 2, 75.0, 76.0, 0, "[red]保本[/red]", MatchKind.HOMOPHONE, 0.9)


def finding(severity: Severity) -> Finding:
    reason = message("x.y")
    return Finding("zh.x", 1, "forbidden", LABEL, severity, Role.AGENT, (PROOF,), reason, 0.9)


def result(source: RecordingInput, *findings: Finding) -> Result:
    step = Check("zh.greeting", 1, "step", LABEL, Outcome.PASSED, message("x.y"), Severity.INFO)
    return Result(
        sha256=source.sha256,
        name=source.name,
        status=RunStatus.DONE,
        audio=AudioInfo("wav", "pcm", 8000, 2, 2, 90.0, 90.0),
        transcript=Transcript("zh", 90.0, (), roles_certain=False),
        roles=RoleDecision({}, 0.5, "content"),
        analysis=Analysis((step,), findings, ScorecardResult("c", 1, 80.0, None, ()), {}),
    )


class FakePipeline:
    """Answers by file name."""

    def __init__(self, *_: object) -> None:
        self.seen: list[str] = []

    def run(self, inputs: Sequence[RecordingInput], cache: object, progress: object) -> list[Result | RunFailure]:
        outcomes: list[Result | RunFailure] = []
        for index, source in enumerate(inputs):
            progress(index, "transcribe", 1.0, 2.0)  # type: ignore[operator]
            if "broken" in source.name:
                outcomes.append(RunFailure(message("pipeline.no_speech"), "decode", retryable=False))
            elif "stop" in source.name:
                raise KeyboardInterrupt
            else:
                outcomes.append(result(source, finding(Severity.WARNING)))
        return outcomes


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(scan, "ready_pipeline", FakePipeline)
    return Settings(home=tmp_path / "home")


def files(folder: Path, *names: str) -> list[Path]:
    paths = [folder / name for name in names]
    for path in paths:
        path.write_bytes(path.name[0].encode())
    return paths


def test_flags_steps_and_score_are_printed(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert scan.run(files(tmp_path, "a.wav"), settings, None, None) == 0
    printed = capsys.readouterr().out
    assert "01:15" in printed
    assert "[red]保本[/red]" in printed  # a quote is shown as it is, never read as markup
    assert "80" in printed


@pytest.mark.parametrize(
    ("fail_on", "code"), [(None, 0), (Severity.CRITICAL, 0), (Severity.WARNING, 10), (Severity.NOTICE, 10)]
)
def test_scripts_can_ask_for_a_severity(
    fail_on: Severity | None, code: int, settings: Settings, tmp_path: Path
) -> None:
    assert scan.run(files(tmp_path, "a.wav"), settings, None, fail_on) == code


def test_one_bad_recording_does_not_stop_the_others_and_is_told(settings: Settings, tmp_path: Path) -> None:
    target = tmp_path / "out" / "result.json"
    given = files(tmp_path, "broken.wav", "good.wav", "twin.wav", "gone.wav")
    given[2].write_bytes(given[1].read_bytes())
    given[3].unlink()
    assert scan.run(given, settings, target, None) == scan.SOME_FAILED
    lines = {Path(r["file"]).name: r for r in json.loads(target.read_text(encoding="utf-8"))["recordings"]}
    assert {name: line["outcome"] for name, line in lines.items()} == {
        "broken.wav": "failed",
        "good.wav": "done",
        "twin.wav": "duplicate",
        "gone.wav": "failed",
    }
    assert lines["twin.wav"]["same_as"] == "good.wav"
    assert lines["good.wav"]["result"]["analysis"]["findings"][0]["severity"] == "warning"


def test_interrupted_it_stops_at_once(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        scan.run(files(tmp_path, "stop.wav"), settings, None, None)


def test_folders_are_searched_for_sound_and_hidden_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "sub" / ".cache").mkdir(parents=True)
    files(tmp_path / "sub", "b.FLAC", "a.mp3", "notes.txt", ".hidden.wav")
    files(tmp_path / "sub" / ".cache", "c.wav")
    named = files(tmp_path, "odd.bin")
    assert [p.name for p in find_recordings([tmp_path / "sub", *named, *named])] == ["a.mp3", "b.FLAC", "odd.bin"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="nothing_in_folder"):
        find_recordings([tmp_path / "empty"])


def test_names_of_strangers_cannot_forge_lines(tmp_path: Path) -> None:
    [given] = identify(files(tmp_path, "a\nb\u202e.wav"))
    assert "\n" not in given.name
    assert "\u202e" not in given.name


def test_steps_stand_in_the_order_of_a_call_and_are_told_once() -> None:
    def step(rule: str, outcome: Outcome) -> Check:
        name = rule.rpartition(".")[2]
        return Check(rule, 1, "step", dict.fromkeys(LABEL, name), outcome, message("x.y"), Severity.INFO)

    common = [step("zh.common.hello", Outcome.PASSED), step("zh.common.bye", Outcome.UNKNOWN)]
    sale = [step(f"zh.sale.{name}", Outcome.PASSED) for name in ("hello", "risk", "bye")]
    line = steps_line([*common, *sale], 200).plain
    assert [item.strip() for item in line.split("  ")[1:]] == ["✓ hello", "✓ risk", "? bye"]
    assert "2" in line.split("  ")[0]
    assert all(cell_len(part) <= 24 for part in steps_line([*common, *sale], 24).plain.splitlines())


def test_a_missing_step_is_no_flag(tmp_path: Path) -> None:
    missing = msgspec.structs.replace(finding(Severity.CRITICAL), family="step")
    shown = result(RecordingInput(tmp_path, "0" * 64, "a.wav"), missing, finding(Severity.NOTICE))
    assert [flag.severity for flag in flags_of(shown)] == [Severity.NOTICE]


def test_what_was_found_and_is_doubted_is_told_beside_the_flags(tmp_path: Path) -> None:
    def check(outcome: Outcome, *codes: str, family: str = "forbidden") -> Check:
        doubts = tuple(Doubt(message(code, quote="不保本", share="3%", trust="0.2"), (PROOF,)) for code in codes)
        return Check("zh.x", 1, family, LABEL, outcome, message("rules.x"), Severity.INFO, doubts=doubts)

    shown = result(RecordingInput(tmp_path, "0" * 64, "a.wav"))
    assert shown.analysis is not None
    checks = (
        check(Outcome.UNKNOWN, "rules.unlike", "rules.unlike"),
        check(Outcome.FAILED, "rules.low_trust"),
        check(Outcome.UNKNOWN, "rules.roles_uncertain"),  # said once of the whole call
        check(Outcome.UNKNOWN, "rules.step_alike", family="step"),
    )
    console = Console(width=200)
    with console.capture() as capture:
        analysis = msgspec.structs.replace(shown.analysis, checks=checks)
        show_result(console, msgspec.structs.replace(shown, analysis=analysis))
    first, second, step = [line for line in capture.get().splitlines() if line.startswith("? ")]
    assert "不保本" in first
    assert "0.2" in second
    assert "不保本" in step
