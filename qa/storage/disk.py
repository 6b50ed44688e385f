"""What the operating system says about a disk, as errors a person understands."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qa.core.errors import StorageError


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turns what the operating system says about a disk into one sentence for a person."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageError("ledger.disk_full") from error
        raise StorageError("ledger.not_writable", path=str(path.parent)) from error
