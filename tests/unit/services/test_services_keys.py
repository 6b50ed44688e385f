"""Signing keys: made once, changed with the old key's word, missed where they are lost."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from qa.core.errors import ConflictError, EnvironmentProblemError, StorageError
from qa.exports.sign import SigningKey
from qa.exports.verify import vouched
from qa.services.keys import KeyService
from qa.settings import EvidenceSettings

START = datetime(2026, 3, 1, tzinfo=UTC)


def service(home: Path, at: datetime = START, **options: Any) -> KeyService:
    return KeyService(home, EvidenceSettings(**options), lambda: at)


def told(home: Path, **options: Any) -> str:
    with pytest.raises(EnvironmentProblemError) as caught:
        service(home, **options).current()
    return caught.value.message.code


def test_the_first_start_makes_a_key_for_the_owner_alone(tmp_path: Path) -> None:
    key = service(tmp_path).current()
    assert stat.S_IMODE((tmp_path / "keys/signing.pem").stat().st_mode) == 0o600
    assert service(tmp_path).current().id == key.id
    (view,) = service(tmp_path).list()
    assert (view.id, view.ended, view.vouched) == (key.id, None, True)


def test_many_processes_that_start_at_once_get_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(lambda _: service(tmp_path).current().id, range(16)))
    assert len(ids) == 1
    assert len(service(tmp_path).list()) == 1


def test_before_the_first_key_there_is_nothing_to_list_or_follow(tmp_path: Path) -> None:
    assert service(tmp_path).list() == []
    with pytest.raises(ConflictError):
        service(tmp_path).rotate()


def test_the_old_key_vouches_for_the_new_one(tmp_path: Path) -> None:
    old = service(tmp_path).current()
    assert service(tmp_path, START + timedelta(days=1)).rotate()[0] == old.id
    new = service(tmp_path).current()
    assert new.id != old.id
    first, second = service(tmp_path).statements()
    assert vouched(second, first)
    assert [one.ended for one in service(tmp_path).list()] == ["2026-03-02T00:00:00.000000Z", None]


def test_a_lost_key_is_missed_and_not_replaced_in_silence(tmp_path: Path) -> None:
    old = service(tmp_path).current()
    (tmp_path / "keys/signing.pem").unlink()
    assert told(tmp_path) == "evidence.key_lost"
    with pytest.raises(EnvironmentProblemError):
        service(tmp_path).rotate()
    service(tmp_path).rotate(lost=True)
    new = service(tmp_path).current()
    first, second = service(tmp_path).statements()
    assert vouched(second, None)
    assert not vouched(second, first)
    assert [(one.id, one.vouched) for one in service(tmp_path).list()] == [(old.id, True), (new.id, False)]


@pytest.mark.parametrize("history_first", [False, True])
def test_a_change_of_keys_that_was_cut_off_leaves_one_of_the_two(tmp_path: Path, history_first: bool) -> None:
    old, new = service(tmp_path).current(), SigningKey.new()
    pending = tmp_path / "keys/signing.pem.next"
    pending.write_bytes(new.pem())
    pending.chmod(0o600)
    if history_first:
        with (tmp_path / "keys/keys.jsonl").open("ab") as history:
            history.write(json.dumps(new.statement(START, old)).encode() + b"\n")
    assert service(tmp_path).current().id == (new.id if history_first else old.id)
    assert not pending.exists()


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    service(tmp_path).current()
    (tmp_path / "keys/signing.pem").chmod(0o644)
    assert told(tmp_path) == "evidence.key_open_to_others"


def test_rubbish_in_place_of_a_key_is_told(tmp_path: Path) -> None:
    service(tmp_path).current()
    (tmp_path / "keys/signing.pem").write_text("rubbish")
    assert told(tmp_path) == "evidence.key_not_a_key"


def test_a_key_that_is_a_folder_cannot_be_read_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "key").mkdir()
    assert told(tmp_path, signing_key_file=tmp_path / "key") == "evidence.key_unreadable"


def test_a_key_signs_no_longer_than_it_may(tmp_path: Path) -> None:
    service(tmp_path).current()
    late = START + timedelta(days=31)
    assert service(tmp_path, late, key_days=0).current()
    with pytest.raises(EnvironmentProblemError) as caught:
        service(tmp_path, late, key_days=30).current()
    assert caught.value.message.code == "evidence.key_expired"
    service(tmp_path, late, key_days=30).rotate()
    assert service(tmp_path, late, key_days=30).current()


def test_a_changed_history_is_refused(tmp_path: Path) -> None:
    service(tmp_path).current()
    history = tmp_path / "keys/keys.jsonl"
    good = history.read_text()
    for bad in (good.replace("2026-03-01", "2025-03-01"), good + good, "rubbish\n", "[]\n", "{}\n"):
        history.write_text(bad)
        assert told(tmp_path) == "evidence.history_changed"


def test_the_secret_comes_from_a_file_the_environment_or_a_command(tmp_path: Path) -> None:
    key = SigningKey.new()
    file = tmp_path / "elsewhere.pem"
    file.write_bytes(key.pem())
    one_line = key.pem().decode().replace("\n", "\\n")
    for number, options in enumerate(
        ({"signing_key_file": file}, {"signing_key": SecretStr(one_line)}, {"signing_key_command": f"cat {file}"})
    ):
        home = tmp_path / str(number)
        assert service(home, **options).current().id == key.id
        assert not (home / "keys/signing.pem").exists()


@pytest.mark.parametrize("command", ["false", "/no/such/program", "echo 'unbalanced"])
def test_a_command_that_fails_is_told(tmp_path: Path, command: str) -> None:
    assert told(tmp_path, signing_key_command=command) == "evidence.key_command_failed"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert told(tmp_path, signing_key_file=tmp_path / "gone.pem") == "evidence.key_missing"


def test_a_secret_that_was_exchanged_is_not_used_before_somebody_says_so(tmp_path: Path) -> None:
    old, new = SigningKey.new(), SigningKey.new()
    file, kept = tmp_path / "key.pem", tmp_path / "old.pem"
    file.write_bytes(old.pem())
    kept.write_bytes(old.pem())
    options = {"signing_key_file": file}
    service(tmp_path, **options).current()
    with pytest.raises(ConflictError):
        service(tmp_path, **options).rotate()
    file.write_bytes(new.pem())
    assert told(tmp_path, **options) == "evidence.key_unknown"
    with pytest.raises(ConflictError) as caught:
        service(tmp_path, **options).rotate()
    assert caught.value.message.code == "evidence.old_key_wanted"
    with pytest.raises(ConflictError) as caught:
        service(tmp_path, **options).rotate(old=file)
    assert caught.value.message.code == "evidence.not_the_old_key"
    service(tmp_path, **options).rotate(old=kept)
    assert service(tmp_path, **options).current().id == new.id
    first, second = service(tmp_path).statements()
    assert vouched(second, first)
    file.write_bytes(old.pem())
    assert told(tmp_path, **options) == "evidence.key_ended"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        service(tmp_path / "file").current()
