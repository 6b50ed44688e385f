"""What is accepted is stored whole; what is refused leaves nothing behind."""

import asyncio
import json
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest
from ledger_fakes import RecordingBell, wav_bytes, write_wav

from qa.core.errors import BadOptionError, BadRecordingError, StorageError, TooLargeError
from qa.core.result import RunStatus
from qa.services import IntakeMeta, Services, open_services
from qa.services.doorbell import Queue
from qa.services.intake import IntakeService
from qa.services.metadata import (
    attributes_from_name,
    name_pattern,
    read_sidecar,
    safe_name,
    sidecar_of,
    with_known_industry,
)
from qa.settings import IntakeSettings, Settings
from qa.storage.local import LocalStorage


def _files(services: Services) -> list[Path]:
    files = (p for p in services.settings.home.rglob("*") if p.is_file() and p.parent.name != "keys")
    return [p for p in files if p.suffix not in (".db", ".json")]


def _intake(services: Services, options: IntakeSettings) -> IntakeService:
    return IntakeService(services.database, services.storage, services.vault, RecordingBell(), options)


def test_an_accepted_recording_is_stored_queued_and_rung_for(services: Services, bell: RecordingBell) -> None:
    data = wav_bytes()
    accepted = services.intake.accept_stream([data[:100], data[100:]], IntakeMeta("call.wav", {"agent": "A1"}))
    recording = accepted.recording
    assert not accepted.duplicate
    assert recording.status is RunStatus.QUEUED
    assert recording.sha256 == sha256(data).hexdigest()
    assert recording.attributes == {"agent": "A1"}
    assert recording.duration == pytest.approx(6.0)
    assert services.recordings.open_sound(recording.id).read() == data
    assert bell.rings == [(Queue.SPEECH, recording.run.id)]


def test_the_same_bytes_again_point_to_the_first_recording(services: Services, bell: RecordingBell) -> None:
    first = services.intake.accept_stream([wav_bytes()], IntakeMeta("one.wav"))
    second = services.intake.accept_stream([wav_bytes()], IntakeMeta("two.wav"))
    assert second.duplicate
    assert second.recording.id == first.recording.id
    assert second.recording.name == "one.wav"
    assert len(bell.rings) == 1


def test_tenants_do_not_see_each_others_recordings_as_duplicates(services: Services) -> None:
    services.intake.accept_stream([wav_bytes()], IntakeMeta("one.wav", tenant="a"))
    assert not services.intake.accept_stream([wav_bytes()], IntakeMeta("one.wav", tenant="b")).duplicate


def test_many_uploads_of_the_same_bytes_at_once_make_one_recording(services: Services) -> None:
    with ThreadPoolExecutor(8) as pool:
        done = list(
            pool.map(lambda i: services.intake.accept_stream([wav_bytes()], IntakeMeta(f"{i}.wav")), range(16))
        )
    assert sum(not accepted.duplicate for accepted in done) == 1
    assert len({accepted.recording.id for accepted in done}) == 1


def test_an_async_stream_is_accepted_too(services: Services) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        data = wav_bytes(seconds=200)
        for start in range(0, len(data), 100_000):
            yield data[start : start + 100_000]

    accepted = asyncio.run(services.intake.accept_async_stream(chunks(), IntakeMeta("a.wav")))
    assert accepted.recording.size == len(wav_bytes(seconds=200))


def test_what_is_not_audio_is_refused_under_its_own_name_and_leaves_nothing(
    services: Services, bell: RecordingBell
) -> None:
    with pytest.raises(BadRecordingError) as caught:
        services.intake.accept_stream([b"just some text, no sound"], IntakeMeta("notes.wav"))
    assert caught.value.message.params["name"] == "notes.wav"
    assert services.recordings.list().items == ()
    assert _files(services) == []
    assert bell.rings == []


def test_an_upload_over_the_cap_is_refused_while_it_streams(services: Services) -> None:
    intake = _intake(services, IntakeSettings(max_bytes=1000))
    taken = 0

    def endless() -> object:
        nonlocal taken
        while True:
            taken += 1
            yield b"x" * 400

    with pytest.raises(TooLargeError):
        intake.accept_stream(endless(), IntakeMeta("big.wav"))  # type: ignore[arg-type]
    assert taken == 3
    assert _files(services) == []


def test_a_recording_over_the_longest_length_is_refused(services: Services) -> None:
    intake = _intake(services, IntakeSettings(max_seconds=5))
    with pytest.raises(TooLargeError):
        intake.accept_stream([wav_bytes()], IntakeMeta("long.wav"))


def test_a_full_disk_is_told_and_nothing_half_written_stays(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: LocalStorage, spooled: Path, sha256: str, suffix: str) -> None:
        raise StorageError("ledger.disk_full")

    monkeypatch.setattr(LocalStorage, "keep_audio", full)
    with pytest.raises(StorageError):
        services.intake.accept_stream([wav_bytes()], IntakeMeta("call.wav"))
    assert services.recordings.list().items == ()
    assert _files(services) == []
    monkeypatch.undo()
    assert not services.intake.accept_stream([wav_bytes()], IntakeMeta("call.wav")).duplicate


def test_a_duplicate_brings_lost_audio_back(services: Services) -> None:
    first = services.intake.accept_stream([wav_bytes()], IntakeMeta("call.wav"))
    services.storage.audio_path(first.recording.sha256, ".wav").unlink()
    assert services.intake.accept_stream([wav_bytes()], IntakeMeta("call.wav")).duplicate
    assert services.recordings.open_sound(first.recording.id).read() == wav_bytes()


@pytest.mark.parametrize(
    ("meta", "code"),
    [
        (IntakeMeta("a.wav", {"bad name!": "x"}), "ledger.bad_attribute_name"),
        (IntakeMeta("a.wav", {"note": "x" * 5000}), "ledger.long_attribute"),
        (IntakeMeta("a.wav", {"industry": "fiance"}), "rules.unknown_industry"),
        (IntakeMeta("a.wav", {f"f{i}": "x" for i in range(65)}), "ledger.too_many_attributes"),
        (IntakeMeta("a.wav", language="Mandarin!"), "ledger.bad_language"),
        (IntakeMeta("a.wav", manual_roles={"ch0": "boss"}), "ledger.bad_roles"),
    ],
)
def test_bad_metadata_is_refused_by_name(services: Services, meta: IntakeMeta, code: str) -> None:
    with pytest.raises(BadOptionError) as caught:
        services.intake.accept_stream([wav_bytes()], meta)
    assert caught.value.message.code == code


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\calls\\a.wav", "a.wav"),
        ("a\nb\x00.wav", "a_b_.wav"),
        ("\u202egnp.wav", "_gnp.wav"),
        ("...", "recording"),
        ("", "recording"),
        ("通话 录音.wav", "通话 录音.wav"),
        ("x" * 500 + ".wav", "x" * 196 + ".wav"),
    ],
)
def test_names_of_strangers_are_made_safe(given: str, kept: str) -> None:
    assert safe_name(given) == kept


def test_a_hostile_name_is_kept_safely(services: Services) -> None:
    accepted = services.intake.accept_stream([wav_bytes()], IntakeMeta("../../x\n.wav"))
    assert accepted.recording.name == "x_.wav"
    assert services.storage.audio_path(accepted.recording.sha256, ".wav").is_relative_to(services.settings.home)


def test_a_file_is_copied_and_left_alone(services: Services, tmp_path: Path) -> None:
    source = write_wav(tmp_path / "call.wav")
    services.intake.accept_file(source, IntakeMeta(source.name))
    assert source.read_bytes() == wav_bytes()


def test_metadata_is_read_from_the_file_name_but_what_was_sent_wins(tmp_path: Path) -> None:
    options = IntakeSettings(filename_pattern=r"(?P<agent>\w+?)_(?P<ticket>\d+)")
    pattern = name_pattern(options.filename_pattern)
    assert attributes_from_name(pattern, "wang_991.wav") == {"agent": "wang", "ticket": "991"}
    assert attributes_from_name(pattern, "other.wav") == {}
    services = open_services(_settings(tmp_path, options), migrate=True)
    sent = IntakeMeta("wang_991.wav", {"agent": "li"})
    kept = services.intake.accept_stream([wav_bytes()], sent).recording.attributes
    assert kept == {"agent": "li", "ticket": "991"}
    services.close()


def test_a_pattern_that_does_not_compile_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadOptionError):
        open_services(_settings(tmp_path, IntakeSettings(filename_pattern="(")))


def test_a_sidecar_gives_its_plain_values(tmp_path: Path) -> None:
    sound = write_wav(tmp_path / "call.wav")
    assert sidecar_of(sound) is None
    side = tmp_path / "call.json"
    side.write_text(json.dumps({"agent": "王", "score": 4.5, "vip": True, "turns": [1], "none": None}))
    assert sidecar_of(sound) == side
    assert read_sidecar(side) == {"agent": "王", "score": "4.5", "vip": "true"}
    side.write_text("[1, 2")
    with pytest.raises(BadOptionError):
        read_sidecar(side)


def _settings(tmp_path: Path, intake: IntakeSettings) -> Settings:
    return Settings(home=tmp_path / "home", intake=intake)


def test_an_industry_is_kept_as_packs_write_it() -> None:
    assert with_known_industry({"industry": "Finance", "team": "A"}) == {"industry": "finance", "team": "A"}
    for none in ({"industry": ""}, {"team": "A"}):
        assert with_known_industry(none) == none
