"""Files are taken once, whole, and told about once when they are refused."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from ledger_fakes import wav_bytes, write_wav

from qa.core.errors import StorageError
from qa.services import Services
from qa.services.intake import IntakeService
from qa.services.watch import FolderWatcher
from qa.settings import IntakeSettings


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "drop"
    path.mkdir()
    return path


@pytest.fixture
def look(services: Services, folder: Path, clock: Clock) -> Callable[[], int]:
    watcher = FolderWatcher(folder, services.intake, IntakeSettings(settle_seconds=2), clock=clock)

    def later() -> int:
        clock.now += 1.0
        return watcher.look()

    return later


def _names(services: Services) -> list[str]:
    return sorted(item.name for item in services.recordings.list().items)


def test_a_file_is_taken_once_it_has_been_still_long_enough(
    services: Services, folder: Path, look: Callable[[], int]
) -> None:
    write_wav(folder / "a.wav")
    assert [look() for _ in range(5)] == [0, 0, 1, 0, 0]
    assert (folder / "a.wav").exists(), "what is taken is left where it lies"


def test_a_file_still_being_copied_is_left_until_it_is_complete(
    services: Services, folder: Path, look: Callable[[], int]
) -> None:
    data = wav_bytes()
    for end in range(10_000, len(data), 20_000):
        (folder / "a.wav").write_bytes(data[:end])
        assert look() == 0
    (folder / "a.wav").write_bytes(data)
    assert [look() for _ in range(3)] == [0, 0, 1]
    assert services.recordings.list().items[0].size == len(data)


def test_temporary_names_and_empty_files_wait_for_their_rename_and_their_bytes(
    services: Services, folder: Path, look: Callable[[], int]
) -> None:
    for name in ("a.wav.part", ".b.wav", "c.tmp", "d.wav~"):
        write_wav(folder / name)
    (folder / "empty.wav").touch()
    assert [look() for _ in range(5)] == [0] * 5
    (folder / "a.wav.part").rename(folder / "a.wav")
    assert sum(look() for _ in range(4)) == 1
    assert _names(services) == ["a.wav"]


def test_folders_below_are_watched_and_metadata_comes_from_the_sidecar(
    services: Services, folder: Path, look: Callable[[], int]
) -> None:
    (folder / "monday").mkdir()
    write_wav(folder / "monday" / "a.wav")
    (folder / "monday" / "a.json").write_text(json.dumps({"agent": "A7", "language": "zh"}))
    assert sum(look() for _ in range(4)) == 1
    (item,) = services.recordings.list().items
    assert (item.attributes, item.language) == ({"agent": "A7"}, "zh")


def test_a_sidecar_that_comes_later_adds_its_fields(
    services: Services, folder: Path, look: Callable[[], int]
) -> None:
    write_wav(folder / "a.wav")
    assert sum(look() for _ in range(4)) == 1
    (folder / "a.wav.json").write_text(json.dumps({"agent": "A7"}))
    assert sum(look() for _ in range(4)) == 0
    assert services.recordings.list().items[0].attributes == {"agent": "A7"}


def test_a_renamed_or_copied_file_is_not_taken_twice(
    services: Services, folder: Path, look: Callable[[], int]
) -> None:
    write_wav(folder / "a.wav")
    assert sum(look() for _ in range(4)) == 1
    (folder / "a.wav").rename(folder / "b.wav")
    write_wav(folder / "c.wav")
    assert sum(look() for _ in range(4)) == 0
    assert _names(services) == ["a.wav"]


def test_what_is_no_recording_is_refused_once_and_tried_again_when_it_changes(
    services: Services, folder: Path, look: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[Path] = []
    accept = IntakeService.accept_file

    def counting(self: IntakeService, path: Path, meta: object) -> object:
        tried.append(path)
        return accept(self, path, meta)  # type: ignore[arg-type]

    monkeypatch.setattr(IntakeService, "accept_file", counting)
    (folder / "a.wav").write_text("no sound at all, only words")
    assert sum(look() for _ in range(8)) == 0
    assert len(tried) == 1
    write_wav(folder / "a.wav")
    assert sum(look() for _ in range(4)) == 1


def test_a_full_disk_is_asked_again(
    services: Services, folder: Path, look: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: IntakeService, path: Path, meta: object) -> object:
        raise StorageError("ledger.disk_full")

    write_wav(folder / "a.wav")
    with monkeypatch.context() as patch:
        patch.setattr(IntakeService, "accept_file", full)
        assert sum(look() for _ in range(4)) == 0
    assert sum(look() for _ in range(4)) == 1


def test_a_bad_sidecar_refuses_its_recording_until_it_is_mended(
    services: Services, folder: Path, look: Callable[[], int]
) -> None:
    write_wav(folder / "a.wav")
    (folder / "a.json").write_text("{not json")
    assert sum(look() for _ in range(5)) == 0
    (folder / "a.json").write_text("{}")
    assert sum(look() for _ in range(4)) == 1


def test_a_restarted_watcher_remembers_and_does_not_read_everything_again(
    services: Services, folder: Path, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options, state = IntakeSettings(settle_seconds=0), tmp_path / "state" / "watch.json"
    write_wav(folder / "a.wav")
    first = FolderWatcher(folder, services.intake, options, state=state, clock=clock)
    assert [first.look(), first.look()] == [0, 1]
    monkeypatch.setattr(IntakeService, "accept_file", lambda *_: pytest.fail("read again"))
    second = FolderWatcher(folder, services.intake, options, state=state, clock=clock)
    assert [second.look(), second.look()] == [0, 0]


def test_a_file_somebody_has_open_for_writing_is_left_however_long_they_pause(
    services: Services, folder: Path, look: Callable[[], int]
) -> None:
    whole = wav_bytes()
    with (folder / "call.wav").open("wb") as copying:
        copying.write(whole[: len(whole) // 2])
        copying.flush()
        assert [look() for _ in range(6)] == [0] * 6
        copying.write(whole[len(whole) // 2 :])
    assert sum(look() for _ in range(4)) == 1
    assert _names(services) == ["call.wav"]


def test_a_refusal_is_told_once_and_again_only_for_another_reason(
    services: Services, folder: Path, clock: Clock
) -> None:
    told: list[tuple[str, str]] = []
    watcher = FolderWatcher(
        folder,
        services.intake,
        IntakeSettings(settle_seconds=2),
        clock=clock,
        tell=lambda name, why: told.append((name, why.code)),
    )
    (folder / "notes.wav").write_text("no sound at all\n" * 50)
    for _ in range(5):
        clock.now += 1.0
        watcher.look()
    assert told == [("notes.wav", "audio.is_text")]
