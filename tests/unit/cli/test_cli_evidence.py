"""`tingjian verify`, `tingjian audit` and `tingjian keys`, as somebody types them."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from qa.cli.main import run
from qa.db.audit import AuditTrail
from qa.exports.manifest import About, PackWriter
from qa.exports.sign import SigningKey
from qa.services import open_services
from qa.services.keys import KeyService
from qa.settings import EvidenceSettings, Settings


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TINGJIAN_HOME", str(tmp_path / "var"))
    monkeypatch.delenv("TINGJIAN_DATABASE_URL", raising=False)
    return tmp_path / "var"


@pytest.fixture
def events(home: Path) -> None:
    services = open_services(Settings(), migrate=True)
    with services.database.write() as session:
        for _ in range(3):
            AuditTrail(session).add("default", datetime(2026, 3, 1, tzinfo=UTC), "li", "a.b", None)
    services.close()


def pack(folder: Path, key: SigningKey) -> Path:
    with PackWriter(folder / "pack", About("default", "li", datetime(2026, 3, 1, tzinfo=UTC))) as made:
        made.add_bytes("rows.csv", b"a\r\n1\r\n")
        made.close(key, [key.statement(datetime(2026, 3, 1, tzinfo=UTC))])
    return made.target


def test_a_log_without_events_is_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "verify"]) == 4
    assert "default" in capsys.readouterr().err


def test_the_log_is_checked_and_signed(home: Path, events: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "verify"]) == 0
    assert run(["audit", "checkpoint"]) == 0
    assert run(["audit", "verify", "--since", "2026-01-01"]) == 0
    assert run(["audit", "verify", "--since", "yesterday"]) == 2
    told = capsys.readouterr()
    assert "yesterday" in told.err
    services = open_services(Settings())
    with services.database.write() as session:
        from sqlalchemy import text

        session.execute(text("DROP TRIGGER audit_event_no_update"))
        session.execute(text("UPDATE audit_event SET actor = 'x' WHERE seq = 2"))
    services.close()
    assert run(["audit", "verify"]) == 1
    assert "2" in capsys.readouterr().out


def test_keys_are_shown_and_changed(home: Path, events: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keys", "list"]) == 0
    assert run(["keys", "rotate"]) == 5
    assert run(["keys", "public"]) == 0
    assert "BEGIN PUBLIC KEY" in capsys.readouterr().out
    assert run(["keys", "rotate"]) == 0
    assert run(["keys", "list"]) == 0
    first, second = KeyService(home, EvidenceSettings()).list()
    shown = capsys.readouterr().out
    assert first.id in shown
    assert second.id in shown
    (home / "keys/signing.pem").unlink()
    assert run(["audit", "checkpoint"]) == 6
    assert run(["keys", "rotate", "--lost"]) == 0
    assert run(["audit", "verify"]) == 0


def test_a_pack_is_checked_against_a_key_or_the_services_own(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = SigningKey.new()
    made = pack(tmp_path, key)
    assert run(["verify", str(made)]) == 3
    assert run(["verify", str(made), "--trust", key.id[:16]]) == 0
    assert run(["verify", str(made), "--trust", key.id[:15]]) == 2
    (tmp_path / "key.pem").write_bytes(key.public_pem())
    assert run(["verify", str(made), "--key", str(tmp_path / "key.pem")]) == 0
    assert run(["verify", str(made), "--key", str(tmp_path / "gone.pem")]) == 2
    own = KeyService(home, EvidenceSettings()).current()
    assert run(["verify", str(made)]) == 1
    capsys.readouterr()
    assert run(["verify", str(pack(tmp_path / "own", own))]) == 0
    assert str(home / "keys" / "keys.jsonl") in capsys.readouterr().out
    (made / "rows.csv").write_bytes(b"a\r\n2\r\n")
    assert run(["verify", str(made), "--trust", key.id]) == 1
    assert run(["verify", str(tmp_path / "nowhere")]) == 2
    assert run(["verify", str(made), "--trust", key.id, "--authority", sys.executable]) in (1, 2)
