"""Encryption at rest: what lies on the disk, who can open it, and changing the master key."""

import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from ledger_fakes import wav_bytes

from qa.core.errors import ConflictError, EnvironmentProblemError, StorageError
from qa.db.models import RecordingKeyRow
from qa.services import Services
from qa.services.intake import IntakeMeta
from qa.services.views import RecordingView
from qa.settings import CustodySettings

Open = Callable[[CustodySettings], Services]
SOUND = wav_bytes(1)


def taken(services: Services, sound: bytes = SOUND) -> RecordingView:
    return services.intake.accept_stream([sound], IntakeMeta("call.wav")).recording


def stored(services: Services, view: RecordingView) -> Path:
    return services.storage.audio_path(view.sha256, ".wav")


def master_file(services: Services) -> Path:
    return services.settings.home / "keys" / "master.key"


def keys(services: Services) -> list[RecordingKeyRow]:
    with services.database.read() as session:
        return list(session.scalars(sa.select(RecordingKeyRow).order_by(RecordingKeyRow.id)))


def test_what_lies_on_the_disk_is_encrypted_and_what_is_read_is_not(services: Services) -> None:
    view = taken(services)
    assert SOUND[2000:2064] not in stored(services, view).read_bytes()
    with services.recordings.open_sound(view.id) as sound:
        assert sound.read() == SOUND
        sound.seek(3000)
        assert sound.read(10) == SOUND[3000:3010]
    with services.recordings.sound(view.id) as path:
        assert path.read_bytes() == SOUND
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not path.exists()
    assert not list((services.settings.home / "spool").iterdir())


def test_each_recording_has_a_key_of_its_own_and_the_master_key_is_the_owners_alone(services: Services) -> None:
    taken(services)
    taken(services, wav_bytes(2))
    assert len({one.wrapped for one in keys(services)}) == 2
    assert stat.S_IMODE(master_file(services).stat().st_mode) == 0o600


def test_a_destroyed_key_destroys_the_recording(services: Services) -> None:
    view = taken(services)
    with services.database.write() as session:
        assert services.vault.destroy(session, view.sha256, ".wav", services.database.now(session))
    with pytest.raises(StorageError) as caught:
        services.recordings.open_sound(view.id)
    assert caught.value.message.code == "custody.key_destroyed"


def test_a_missing_master_key_is_told_and_never_replaced_by_another(services: Services) -> None:
    view = taken(services)
    master_file(services).unlink()
    for act in (lambda: services.recordings.open_sound(view.id), lambda: taken(services, wav_bytes(2))):
        with pytest.raises(EnvironmentProblemError) as caught:
            act()
        assert caught.value.message.code == "custody.master_missing"
    assert not master_file(services).exists()


@pytest.mark.parametrize(
    ("content", "mode", "code"),
    [
        ("0" * 64, 0o600, "custody.master_unknown"),
        ("not a key", 0o600, "custody.master_not_a_key"),
        ("0" * 64, 0o644, "custody.master_open_to_others"),
    ],
)
def test_a_wrong_master_key_is_told(services: Services, content: str, mode: int, code: str) -> None:
    view = taken(services)
    master_file(services).write_text(content)
    master_file(services).chmod(mode)
    with pytest.raises(EnvironmentProblemError) as caught:
        services.recordings.open_sound(view.id)
    assert caught.value.message.code == code


@pytest.mark.parametrize("harm", ["cut", "swapped", "plain"])
def test_a_file_that_was_tampered_with_is_told(services: Services, harm: str) -> None:
    view, other = taken(services), taken(services, wav_bytes(2))
    path = stored(services, view)
    if harm == "cut":
        path.write_bytes(path.read_bytes()[:-20_000])
    elif harm == "swapped":
        path.write_bytes(stored(services, other).read_bytes())
    else:
        data = bytearray(path.read_bytes())
        data[30_000] ^= 1
        path.write_bytes(data)
    with pytest.raises(StorageError) as caught, services.recordings.sound(view.id):
        pass
    assert caught.value.message.code == "custody.sound_changed"


def test_the_master_key_is_changed_without_touching_a_file(services: Services) -> None:
    view = taken(services)
    before, file = keys(services)[0], stored(services, view).read_bytes()
    old = master_file(services).read_text()
    number, count = services.vault.rotate()
    after = keys(services)[0]
    assert (count, after.master_id) == (1, number)
    assert after.wrapped != before.wrapped
    assert master_file(services).read_text() != old
    assert stored(services, view).read_bytes() == file
    assert services.recordings.open_sound(view.id).read() == SOUND


def test_a_change_of_master_key_that_was_cut_off_loses_nothing_and_can_be_finished(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = taken(services)

    def killed(self: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("qa.services.custody.master.MasterKeys.end_change", killed)
    with pytest.raises(KeyboardInterrupt):
        services.vault.rotate()
    monkeypatch.undo()
    second = taken(services, wav_bytes(2))
    assert services.recordings.open_sound(first.id).read() == SOUND
    number, _ = services.vault.rotate()
    assert {one.master_id for one in keys(services)} == {number}
    assert services.recordings.open_sound(second.id).read() == wav_bytes(2)


def test_the_master_key_comes_from_the_environment_a_file_or_a_command(house: Open, tmp_path: Path) -> None:
    secret = "ab" * 32
    file = tmp_path / "elsewhere.key"
    file.write_text(secret)
    file.chmod(0o600)
    one = house(CustodySettings.model_validate({"master_key": secret}))
    view = taken(one)
    command = f"echo {secret}"
    for options in ({"master_key_file": file}, {"master_key_command": command}):
        again = house(CustodySettings.model_validate(options))
        assert again.recordings.open_sound(view.id).read() == SOUND
    assert not master_file(one).exists()
    with pytest.raises(ConflictError):
        one.vault.rotate()
    new = house(CustodySettings.model_validate({"master_key": "cd" * 32}))
    with pytest.raises(EnvironmentProblemError):
        new.recordings.open_sound(view.id)
    assert new.vault.rotate(file)[1] == 1
    assert new.recordings.open_sound(view.id).read() == SOUND


def test_a_command_that_fails_is_named(house: Open) -> None:
    broken = house(CustodySettings(master_key_command=f"{sys.executable} -c exit(3)"))
    with pytest.raises(EnvironmentProblemError) as caught:
        taken(broken)
    assert caught.value.message.code == "custody.master_command_failed"
    assert broken.recordings.list().items == ()


def test_what_came_in_before_encryption_was_switched_on_is_still_read(house: Open) -> None:
    plain = house(CustodySettings(encrypt=False))
    view = taken(plain)
    assert stored(plain, view).read_bytes() == SOUND
    on = house(CustodySettings())
    assert on.recordings.open_sound(view.id).read() == SOUND
    with on.recordings.sound(view.id) as path:
        assert path == stored(on, view)


def test_a_copy_made_from_a_recording_dies_with_its_key(services: Services, tmp_path: Path) -> None:
    view = taken(services)
    made, target = tmp_path / "made.flac", tmp_path / "kept.flac"
    made.write_bytes(b"sound" * 5000)
    services.recordings.keep_copy(view.id, made, target)
    assert b"sound" not in target.read_bytes()
    assert services.recordings.open_copy(view.id, target).read() == b"sound" * 5000
    with services.database.write() as session:
        services.vault.destroy(session, view.sha256, ".wav", services.database.now(session))
    with pytest.raises(StorageError):
        services.recordings.open_copy(view.id, target)
