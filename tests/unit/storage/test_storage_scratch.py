"""Working folders are gone with their owner, and never before."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from qa.core.errors import StorageError
from qa.storage import scratch
from qa.storage.local import LocalStorage
from qa.storage.scratch import remove_unused, scratch_folder

OWNER = """
import sys, time
from pathlib import Path
from qa.storage.scratch import scratch_folder
with scratch_folder(Path(sys.argv[1])) as folder:
    (folder / "samples").write_bytes(b"x")
    print(folder, flush=True)
    time.sleep(600)
"""


def test_a_folder_is_there_inside_the_block_alone(tmp_path: Path) -> None:
    with scratch_folder(tmp_path / "scratch") as folder:
        (folder / "samples").write_bytes(b"x")
        assert remove_unused(tmp_path / "scratch") == 0
        assert (folder / "samples").exists()
    assert list((tmp_path / "scratch").iterdir()) == []


def test_what_a_killed_process_left_goes_with_the_next_cleaning_and_what_is_in_use_stays(tmp_path: Path) -> None:
    root = tmp_path / "scratch"
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(root)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    left = Path(owner.stdout.readline().strip())
    with scratch_folder(root) as mine:
        assert LocalStorage(tmp_path).clean() == 0
        owner.kill()
        owner.wait()
        assert left.exists()
        assert LocalStorage(tmp_path).clean() == 1
        assert list(root.iterdir()) == [mine]


def test_no_folder_is_no_trouble(tmp_path: Path) -> None:
    assert remove_unused(tmp_path / "never made") == 0


def test_a_folder_taken_for_a_dead_one_before_it_was_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = scratch._try_lock
    cleaned: list[Path] = []

    def cleaner_comes_first(path: Path) -> int | None:
        if not cleaned:
            cleaned.append(path)
            monkeypatch.setattr(scratch, "_try_lock", real)
            assert remove_unused(tmp_path) == 1
        return real(path)

    monkeypatch.setattr(scratch, "_try_lock", cleaner_comes_first)
    with scratch_folder(tmp_path) as folder:
        assert folder.is_dir()
        assert folder != cleaned[0]


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.mkdtemp", full)
    with pytest.raises(StorageError) as caught, scratch_folder(tmp_path):
        raise AssertionError
    assert caught.value.message.code == "ledger.disk_full"
    assert list(tmp_path.iterdir()) == []
