"""Working folders that die with their owner: each is locked as long as it is used, and the kernel unlocks it.

A process that is killed cannot clean up. But its lock (flock(2), on the folder itself) is gone with it, so that
whoever comes next can tell a folder nobody uses from one at work, however long it has been there.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from qa.storage.disk import storage_errors

_PREFIX = "run-"


@contextmanager
def scratch_folder(root: Path) -> Iterator[Path]:
    """A new folder below `root`, removed at the end of the block. Raises `StorageError`."""
    with storage_errors(root / _PREFIX):
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        path, lock = _locked_folder(root)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def remove_unused(root: Path) -> int:
    """Remove the folders whose owner is gone; returns how many. Safe beside owners and others that clean."""
    removed = 0
    for path in root.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            lock = _try_lock(path)
            if lock is None:
                continue
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)
            removed += 1
    return removed


def _locked_folder(root: Path) -> tuple[Path, int]:
    while True:
        path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=root))
        with suppress(FileNotFoundError):
            lock = _try_lock(path)
            if lock is not None:
                if path.exists():
                    return path, lock
                os.close(lock)
        # Between making and locking it somebody took it for a dead one; the next is as good.


def _try_lock(path: Path) -> int | None:
    """A handle that holds the lock, or None where somebody else does."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        if isinstance(error, BlockingIOError):
            return None
        raise
    return handle
