import json
from pathlib import Path

import pytest

from qa.core.errors import InputError, NotFoundError
from qa.core.finding import Check, Evidence, Finding, MatchKind, Outcome, Severity
from qa.core.messages import message
from qa.core.result import Analysis, Result, RunStatus, StageTiming
from qa.core.roles import Role
from qa.core.speech import AudioInfo
from qa.core.transcript import Transcript, Turn, Word
from qa.evaluate.coverage import coverage
from qa.evaluate.der import diarization_errors
from qa.evaluate.families import STEPS, Counts, judge, step_of
from qa.evaluate.roles import role_time
from qa.evaluate.score import Cost, as_json, score_call
from qa.evaluate.timeline import Labelled
from qa.evaluate.truth import Truth, TruthTurn, read_calls, read_manifest

TURNS = (
    TruthTurn(Role.AGENT, 0.0, 4.0, "您好", id=0, channel=0, tags=("greeting",)),
    TruthTurn(Role.AGENT, 5.0, 9.0, "保本保息", id=1, channel=0, tags=("forbidden:保本", "forbidden:保息")),
    TruthTurn(Role.CUSTOMER, 10.0, 14.0, "保本吗我要投诉", id=2, channel=1, tags=("complaint:投诉",)),
)


def turn(index: int, role: Role, start: float, end: float, channel: int = 0, text: str = "字") -> Turn:
    return Turn(index, role, f"S{channel}", channel, (Word(text, start, end, 0.9, 0.9),), 1.0)


def transcript(*turns: Turn) -> Transcript:
    return Transcript("zh", 20.0, turns)


def evidence(start: float, end: float, role: Role = Role.AGENT) -> Evidence:
    return Evidence(0, role, 0, 1, start, end, 0, "话", MatchKind.EXACT, 1.0)


def finding(family: str, role: Role, start: float, end: float, *, shadow: bool = False) -> Finding:
    return Finding(
        rule=f"zh.{family}.x",
        rule_version=1,
        family=family,
        label={"zh-Hans": "x"},
        severity=Severity.WARNING,
        role=role,
        evidence=(evidence(start, end, role),),
        reason=message("x.y"),
        confidence=0.9,
        shadow=shadow,
    )


def check(rule: str, outcome: Outcome, *spans: tuple[float, float], findings: tuple[Finding, ...] = ()) -> Check:
    found = tuple(evidence(s, e) for s, e in spans)
    return Check(rule, 1, "step", {"zh-Hans": rule}, outcome, message("x.y"), Severity.WARNING, findings, found)


def analysis(*findings: Finding, checks: tuple[Check, ...] = ()) -> Analysis:
    return Analysis(checks, findings, None, {})


def test_a_turn_without_a_word_is_lost_speech_and_a_word_in_silence_is_invented() -> None:
    heard = transcript(turn(0, Role.AGENT, 0.5, 3), turn(1, Role.AGENT, 17, 18, text="幻"))
    found = coverage(TURNS, heard, by_channel=False)
    assert (found.lost_turns, found.lost_seconds, found.invented) == ((1, 2), 8.0, ("幻",))


def test_on_two_channels_words_of_the_other_channel_cover_nothing() -> None:
    heard = transcript(turn(0, Role.AGENT, 0, 14, channel=0))
    assert coverage(TURNS, heard, by_channel=True).lost_turns == (2,)
    assert coverage(TURNS, heard, by_channel=False).lost_turns == ()


def test_a_word_half_a_second_beside_its_turn_is_not_invented() -> None:
    assert coverage(TURNS, transcript(turn(0, Role.AGENT, 4.3, 4.4)), by_channel=False).invented == ()
    assert coverage(TURNS, transcript(turn(0, Role.AGENT, 16, 16)), by_channel=False).invented == ("字",)


def test_role_time_counts_only_speech_that_has_words() -> None:
    heard = transcript(turn(0, Role.AGENT, 0, 4), turn(1, Role.CUSTOMER, 5, 7), turn(2, Role.UNKNOWN, 10, 11))
    time = role_time(TURNS, heard, by_channel=False)
    assert (time.right, time.compared) == (4.0, 7.0)
    assert role_time(TURNS, None, by_channel=False).share is None


def test_where_both_talk_at_once_either_role_is_right() -> None:
    both = (*TURNS, TruthTurn(Role.CUSTOMER, 0.0, 4.0, "嗯", channel=1))
    assert role_time(both, transcript(turn(0, Role.CUSTOMER, 0, 4)), by_channel=False).share == 1.0
    assert role_time(both, transcript(turn(0, Role.CUSTOMER, 0, 4)), by_channel=True).share == 0.0


def test_diarisation_does_not_care_about_the_names_of_speakers() -> None:
    said = [Labelled("agent", 0, 10), Labelled("customer", 10, 20)]
    heard = [Labelled("S1", 0, 10), Labelled("S0", 10, 20)]
    assert diarization_errors(said, heard).rate == 0.0


def test_diarisation_errors_are_missed_false_and_confused_speech() -> None:
    said = [Labelled("agent", 0, 10), Labelled("customer", 10, 20)]
    heard = [Labelled("A", 0, 8), Labelled("B", 9, 20), Labelled("A", 20, 22)]
    errors = diarization_errors(said, heard)
    assert (errors.missed, errors.false_alarm, errors.confusion, errors.speech) == (1.0, 2.0, 1.0, 20.0)
    assert diarization_errors(said, []).rate == 1.0


def test_a_collar_forgives_what_happens_at_the_boundaries() -> None:
    said = [Labelled("agent", 0, 10), Labelled("customer", 10, 20)]
    heard = [Labelled("A", 0.2, 10.2), Labelled("B", 10.2, 19.9)]
    assert diarization_errors(said, heard).rate == pytest.approx(0.5 / 20)
    assert diarization_errors(said, heard, 0.25).rate == 0.0


def test_overlapping_speech_counts_for_each_speaker() -> None:
    said = [Labelled("agent", 0, 10), Labelled("customer", 5, 10)]
    assert diarization_errors(said, [Labelled("A", 0, 10)]).rate == pytest.approx(5 / 15)


def test_a_tagged_turn_is_found_by_an_offence_of_the_right_role_that_overlaps_it() -> None:
    judged = judge(TURNS, analysis(finding("forbidden", Role.AGENT, 6, 7), finding("forbidden", Role.AGENT, 8, 9)))
    assert judged["forbidden"].counts == Counts(tp=1)
    assert judged["complaint"].counts == Counts(fn=1)
    assert judged["complaint"].missed == ("2: 保本吗我要投诉",)


def test_an_offence_elsewhere_or_of_the_wrong_role_is_a_false_one() -> None:
    judged = judge(
        TURNS,
        analysis(finding("forbidden", Role.AGENT, 10, 11), finding("forbidden", Role.CUSTOMER, 6, 7)),
    )
    assert judged["forbidden"].counts == Counts(fp=2, fn=1)


def test_personal_data_is_personal_whoever_says_it() -> None:
    turns = (TruthTurn(Role.CUSTOMER, 0, 2, "一三八", tags=("pii:phone",)),)
    assert judge(turns, analysis(finding("pii", Role.AGENT, 1, 2)))["pii"].counts == Counts(tp=1)


def test_an_unknown_check_and_a_shadow_rule_accuse_nobody() -> None:
    unsure = finding("forbidden", Role.AGENT, 6, 7)
    said = analysis(
        unsure,
        finding("forbidden", Role.AGENT, 1, 2, shadow=True),
        checks=(check("zh.finance.x", Outcome.UNKNOWN, findings=(unsure,)),),
    )
    assert judge(TURNS, said)["forbidden"].counts == Counts(fn=1)


def test_a_step_is_found_where_its_check_passed_on_the_turn_that_did_it() -> None:
    passed = check("zh.common.greeting", Outcome.PASSED, (0, 2))
    assert judge(TURNS, analysis(checks=(passed,)))[STEPS].counts == Counts(tp=1)


def test_a_step_that_passed_elsewhere_is_both_missed_and_false() -> None:
    elsewhere = check("zh.common.greeting", Outcome.PASSED, (10, 11))
    invented = check("zh.common.closing", Outcome.PASSED, (10, 11))
    assert judge(TURNS, analysis(checks=(elsewhere, invented)))[STEPS].counts == Counts(fp=2, fn=1)


def test_a_step_that_failed_where_none_was_done_is_no_error() -> None:
    judged = judge(TURNS[1:], analysis(checks=(check("zh.common.greeting", Outcome.FAILED),)))
    assert judged[STEPS].counts == Counts()
    assert judged[STEPS].counts.precision is None


@pytest.mark.parametrize(
    ("rule", "step"),
    [
        ("zh.common.greeting", "greeting"),
        ("zh.common.recording-notice", "recording_notice"),
        ("zh.common.service.identity-check", "identity"),
        ("zh.finance.risk-disclosure", "risk_disclosure"),
        ("zh.finance.wealth-sale.closing", "closing"),
        ("zh.finance.guaranteed-principal", None),
    ],
)
def test_the_step_of_a_rule_is_read_from_its_id(rule: str, step: str | None) -> None:
    assert step_of(rule) == step


def test_the_document_has_the_promised_shape() -> None:
    truth = Truth("call", TURNS, {})
    heard = transcript(turn(0, Role.AGENT, 0, 4), turn(1, Role.AGENT, 5, 9), turn(2, Role.CUSTOMER, 10, 14, 1))
    result = Result(
        sha256="0" * 64,
        name="call.flac",
        status=RunStatus.DONE,
        audio=AudioInfo("wav", "pcm_s16le", 8000, 2, 2, 20.0, 20.0),
        transcript=heard,
        analysis=analysis(finding("forbidden", Role.AGENT, 6, 7)),
        timings=(StageTiming("transcribe", 2.0, 3.0, cached=False),),
    )
    score = score_call(truth, "call.flac", result)
    document = as_json([score], Cost(wall_s=4.0, cpu_s=6.0, peak_mb=500.0, cached=False))
    total = document["total"]
    assert isinstance(total, dict)
    assert {"cer", "lost_speech_s", "invented_words", "role_accuracy", "der", "families", "rtf"} <= total.keys()
    assert total["rtf"] == 0.2
    assert total["cpu_s_per_audio_s"] == 0.3
    assert total["role_accuracy"] == 1.0
    assert total["families"]["forbidden"] == {"tp": 1, "fp": 0, "fn": 0, "precision": 1.0, "recall": 1.0}
    assert total["families"]["rude"]["precision"] is None
    assert total["stages"] == {"transcribe": {"rtf": 0.1, "cpu": 0.15}}
    json.dumps(document)


def test_times_are_not_told_where_work_came_from_a_cache() -> None:
    assert Cost(1.0, 1.0, 1.0, cached=True).as_json(10.0)["rtf"] is None


def test_a_recording_that_failed_lost_everything() -> None:
    failed = Result(sha256="", name="x", status=RunStatus.FAILED, audio=None)
    score = score_call(Truth("x", TURNS, {}, duration=20.0), "x.flac", failed)
    assert score.characters.rate == 1.0
    assert score.coverage is not None
    assert score.coverage.lost_seconds == 12.0
    assert score.families["forbidden"].counts == Counts(fn=1)


def test_calls_are_read_and_other_json_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    call = {
        "id": "a",
        "files": {"mono_8k": "a.flac"},
        "turns": [{"role": "agent", "start": 0, "end": 1, "text": "好"}],
    }
    (tmp_path / "a" / "a.json").write_text(json.dumps(call))
    (tmp_path / "b.json").write_text("[1, 2]")
    (tmp_path / "c.json").write_text("{not json")
    (tmp_path / "a" / "a.flac").write_bytes(b"")
    [found] = read_calls(tmp_path)
    assert found.audio(None) == tmp_path / "a" / "a.flac"
    assert found.audio("stereo_8k") is None


def test_a_truth_with_a_wrong_field_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"id": "a", "files": {}, "turns": [{"role": "boss"}]}')
    with pytest.raises(InputError, match=r"a\.json"):
        read_calls(tmp_path)


def test_a_manifest_gives_the_utterances_that_have_text_and_sound(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.tsv"
    manifest.write_text("file\ttranscript\na.flac\t你好\nb.flac\t\nc.flac\t没有\n", encoding="utf-8")
    (tmp_path / "a.flac").write_bytes(b"")
    (tmp_path / "b.flac").write_bytes(b"")
    assert [u.text for u in read_manifest(manifest)] == ["你好"]
    manifest.write_text("name\n", encoding="utf-8")
    with pytest.raises(InputError):
        read_manifest(manifest)
    manifest.write_text("file\ttranscript\n", encoding="utf-8")
    with pytest.raises(NotFoundError):
        read_manifest(manifest)


def test_the_samples_of_the_project_are_complete() -> None:
    samples = Path(__file__).parents[3] / "samples"
    calls = read_calls(samples)
    assert len(calls) >= 3
    assert all(call.audio(None) for call in calls)
