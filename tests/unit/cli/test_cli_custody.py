"""`tingjian custody`, as somebody types it."""

import json
from pathlib import Path

import pytest
from ledger_fakes import wav_bytes

from qa.cli.main import run
from qa.services import open_services
from qa.services.intake import IntakeMeta
from qa.settings import Settings


@pytest.fixture
def recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TINGJIAN_HOME", str(tmp_path / "var"))
    monkeypatch.delenv("TINGJIAN_DATABASE_URL", raising=False)
    (tmp_path / "tingjian.toml").write_text('[[custody.retention]]\nname = "all"\ndays = 30\n')
    services = open_services(Settings(), migrate=True)
    meta = IntakeMeta("a.wav", {"product": "loan"})
    made = services.intake.accept_stream([wav_bytes(1)], meta).recording.id
    services.close()
    return made


def test_a_hold_is_placed_shown_and_released_and_then_the_recording_goes(
    recording: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["custody", "hold", "--where", "product=loan", "--reason", "lawsuit"]) == 0
    hold = capsys.readouterr().out.strip()
    assert run(["custody", "holds"]) == 0
    assert hold in capsys.readouterr().out
    asked = ["custody", "delete", "--recording", recording, "--on-word-of", "officer", "--reason", "asked"]
    assert run(asked) == 5
    assert hold in capsys.readouterr().err
    assert run([*asked, "--dry-run"]) == 0
    assert hold in capsys.readouterr().out
    assert run(["custody", "release", hold, "--reason", "settled"]) == 0
    capsys.readouterr()
    assert run(asked) == 0
    assert run(["custody", "certificates"]) == 0
    deletion = capsys.readouterr().out.splitlines()[-1].split()[0]
    assert run(["custody", "certificate", deletion]) == 0
    assert json.loads(capsys.readouterr().out)["certificate"]["recordings"][0]["recording"] == recording
    assert run(asked) == 4


def test_the_dry_run_of_retention_deletes_nothing(recording: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["custody", "retention", "--dry-run", "--days", "60"]) == 0
    assert recording in capsys.readouterr().out
    assert run(["custody", "retention"]) == 0
    assert "0" in capsys.readouterr().out


def test_the_master_key_is_changed_and_mistakes_are_told(recording: str, tmp_path: Path) -> None:
    before = (tmp_path / "var/keys/master.key").read_text()
    assert run(["custody", "rotate-key"]) == 0
    assert (tmp_path / "var/keys/master.key").read_text() != before
    assert run(["custody", "hold", "--reason", "x"]) == 2
    assert run(["custody", "hold", "--reason", "x", "--where", "product"]) == 2
    assert run(["custody", "hold", "--reason", "x", "--before", "yesterday"]) == 2
    assert run(["custody", "certificate", "0" * 32]) == 4
