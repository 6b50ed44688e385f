"""Files appear whole or not at all, and a full disk is told as one."""

import errno
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from qa.core.errors import StorageError, TooLargeError
from qa.storage.base import safe_suffix
from qa.storage.local import LocalStorage, human_bytes, write_atomically

SHA = sha256(b"abc").hexdigest()


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path)


def _files(folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*") if p.is_file()]


def test_a_spool_file_hashes_what_it_is_given_and_goes_where_it_is_kept(
    storage: LocalStorage, tmp_path: Path
) -> None:
    with storage.spool(100, ".vox") as spooled:
        spooled.write(b"a")
        spooled.write(b"bc")
        assert (spooled.size, spooled.sha256, spooled.path.suffix) == (3, SHA, ".vox")
        spooled.flush()
        storage.keep_audio(spooled.path, spooled.sha256, ".vox")
    assert storage.audio_path(SHA, ".vox").read_bytes() == b"abc"
    assert len(_files(tmp_path)) == 1


def test_a_spool_file_that_is_not_kept_is_gone_also_after_an_error(storage: LocalStorage, tmp_path: Path) -> None:
    with storage.spool(2) as spooled:
        spooled.write(b"ab")
        with pytest.raises(TooLargeError):
            spooled.write(b"c")
    assert _files(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
def test_a_full_disk_while_spooling_is_a_storage_error(
    storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with storage.spool(10**9) as spooled, Path("/dev/full").open("wb", buffering=0) as full:
        monkeypatch.setattr(spooled, "_file", full)
        with pytest.raises(StorageError) as caught:
            spooled.write(b"x" * 10_000)
    assert caught.value.message.code == "ledger.disk_full"


def test_an_atomic_write_that_fails_leaves_the_old_bytes_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "file"
    write_atomically(target, b"old")

    def full(fd: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    assert _files(tmp_path) == [target]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where a folder should be")
    with pytest.raises(StorageError) as caught:
        LocalStorage(tmp_path / "home")
    assert caught.value.message.code == "ledger.not_writable"


def test_audio_that_is_gone_is_said_to_be(storage: LocalStorage) -> None:
    assert not storage.has_audio(SHA, ".wav")
    with pytest.raises(StorageError):
        storage.audio_path(SHA, ".wav")
    storage.delete_audio(SHA, ".wav")


def test_artefacts_are_kept_by_recording_and_name(storage: LocalStorage) -> None:
    assert storage.get_artefact(SHA, "peaks-1") is None
    storage.put_artefact(SHA, "peaks-1", b"12")
    assert storage.get_artefact(SHA, "peaks-1") == b"12"


KILLED = """
import os, sys, time
from pathlib import Path
from qa.storage.local import LocalStorage
with LocalStorage(Path(sys.argv[1])).spool(100) as spooled:
    spooled.write(b"half")
    spooled.flush()
    os.utime(spooled.path, (0, 0))
    print(spooled.path, flush=True)
    time.sleep(600)
"""


def test_half_a_recording_goes_once_its_process_is_dead_and_not_before(
    storage: LocalStorage, tmp_path: Path
) -> None:
    owner = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    left = Path(owner.stdout.readline().strip())
    assert storage.clean() == 0
    owner.kill()
    owner.wait()
    assert left.exists()
    with storage.spool(100) as growing:
        growing.write(b"x")
        assert storage.clean() == 1
        assert not left.exists()
        assert growing.path.exists()


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "UPPER"])
def test_names_that_could_leave_the_folder_are_refused(storage: LocalStorage, name: str) -> None:
    with pytest.raises(ValueError, match="not an artefact name"):
        storage.put_artefact(SHA, name, b"")
    with pytest.raises(ValueError, match="not a SHA-256"):
        storage.audio_path("../../etc/passwd", "")
    with pytest.raises(ValueError, match="not a safe extension"):
        storage.audio_path(SHA, "/../x")


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("a.WAV", ".wav"), ("a.tar.gz", ".gz"), ("a", ""), ("a.toolongsuffix", ""), ("a.w/../v", ""), ("a.通话", "")],
)
def test_only_plain_extensions_stay_with_the_bytes(name: str, suffix: str) -> None:
    assert safe_suffix(name) == suffix


def test_sizes_are_written_as_people_write_them() -> None:
    assert [human_bytes(n) for n in (5, 2048, 3 * 2**20, 2 * 2**30)] == ["5 B", "2 KiB", "3 MiB", "2.0 GiB"]
