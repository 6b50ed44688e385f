"""The command line with real models on a real sample, as a person would use it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CALL = ROOT / "samples" / "call02_forbidden_promise"
RECORDING = CALL / "call02_forbidden_promise_stereo_8k.flac"

pytestmark = [pytest.mark.models, pytest.mark.slow]


def start(*arguments: str, cwd: Path) -> subprocess.Popen[str]:
    env = {**os.environ, "TINGJIAN_LOCALE": "en", "TINGJIAN_HOME": str(cwd / "home")}
    command = [sys.executable, "-m", "qa.cli.main", *arguments]
    return subprocess.Popen(
        command,
        cwd=cwd,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A suite that a shell runs in the background has Ctrl-C ignored, and would hand that down.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=300)
    assert "Traceback" not in out + err
    return process.returncode, out, err


def test_an_interrupted_scan_goes_on_where_it_was_and_finds_what_was_said(tmp_path: Path) -> None:
    command = ("scan", str(RECORDING), "--json", "result.json", "--fail-on", "critical")
    interrupted = start(*command, cwd=tmp_path)
    deadline = time.monotonic() + 200
    while not list((tmp_path / "home").rglob("activity-*.json")):
        assert interrupted.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    interrupted.send_signal(signal.SIGINT)
    code, _, err = finish(interrupted)
    assert code == 130
    assert "again" in err

    code, out, _ = finish(start(*command, cwd=tmp_path))
    assert code == 10
    assert "agent" in out
    [line] = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))["recordings"]
    cached = {timing["stage"]: timing["cached"] for timing in line["result"]["timings"]}
    assert cached["activity"]
    assert not cached["rules"]
    forbidden = [f for f in line["result"]["analysis"]["findings"] if f["family"] == "forbidden"]
    assert len(forbidden) >= 5
    assert all(f["role"] == "agent" for f in forbidden)


def test_evaluate_measures_a_call(tmp_path: Path) -> None:
    shutil.copytree(CALL, tmp_path / "calls" / CALL.name)
    code, out, err = finish(start("evaluate", "calls", "--json", "measures.json", cwd=tmp_path))
    assert code == 0, err
    assert CALL.name in out
    total = json.loads((tmp_path / "measures.json").read_text(encoding="utf-8"))["total"]
    assert total["cer"] < 0.15
    assert total["lost_speech_s"] == 0
    assert total["role_accuracy"] > 0.95
    assert total["families"]["forbidden"]["recall"] > 0.7
    assert total["families"]["forbidden"]["fp"] == 0
    assert total["cpu_s_per_audio_s"] > 0
    assert {"decode", "activity", "transcribe", "turns", "rules"} <= total["stages"].keys()


def test_what_is_no_recording_is_told_and_the_rest_is_done(tmp_path: Path) -> None:
    (tmp_path / "letter.wav").write_text("Dear customer", encoding="utf-8")
    code, out, _ = finish(start("scan", "letter.wav", cwd=tmp_path))
    assert code == 3
    assert "letter.wav" in out


@pytest.mark.parametrize(("option", "value"), [("--packs", "zh/nothing"), ("--role-map", "left=boss")])
def test_a_wrong_option_is_told_before_any_work_is_done(option: str, value: str, tmp_path: Path) -> None:
    code, _, err = finish(start("scan", str(RECORDING), option, value, cwd=tmp_path))
    assert code in (2, 4)
    assert value in err
    assert not list((tmp_path / "home").rglob("*.json"))
