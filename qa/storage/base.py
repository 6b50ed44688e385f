"""What the services ask of a store; a local folder answers today, an object store can tomorrow."""

import re
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")


def safe_suffix(name: str) -> str:
    """The extension of a file name in lower case with its dot, or nothing where it is none worth keeping.

    Formats without a header (VOX, raw A-law) are told by their extension alone, so it stays with the bytes.
    """
    suffix = Path(name.replace("\\", "/")).suffix.lower()
    return suffix if _SUFFIX.fullmatch(suffix) else ""


class SpoolFile(Protocol):
    """Bytes on their way in. Hashes while it writes; gone when the block ends unless it was kept."""

    @property
    def path(self) -> Path:
        """Where the bytes lie, on a local disk."""
        ...

    @property
    def size(self) -> int:
        """Bytes written so far."""
        ...

    @property
    def sha256(self) -> str:
        """Hash of the bytes written so far, hex."""
        ...

    def write(self, chunk: bytes) -> None:
        """Append. Raises `TooLargeError` over the cap, `StorageError` where the disk is full."""
        ...

    def flush(self) -> None:
        """Everything written is on the disk after this."""
        ...


class Storage(Protocol):
    """Audio by its hash and extension, artefacts by recording and name, and a spool for what comes in."""

    def spool(self, max_bytes: int, suffix: str = "") -> AbstractContextManager[SpoolFile]:
        """A new spool file; `suffix` as `safe_suffix` makes it."""
        ...

    def keep_audio(self, spooled: Path, sha256: str, suffix: str) -> None:
        """Move a finished spool file to its place; nothing happens where it is there already."""
        ...

    def has_audio(self, sha256: str, suffix: str) -> bool:
        """Whether the bytes are there."""
        ...

    def audio_path(self, sha256: str, suffix: str) -> Path:
        """A local path to read from. Raises `StorageError` where the file is gone."""
        ...

    def expected_audio_path(self, sha256: str, suffix: str) -> Path:
        """Where the bytes lie or would lie."""
        ...

    def delete_audio(self, sha256: str, suffix: str) -> None:
        """Remove; nothing happens where it is gone already."""
        ...

    def put_artefact(self, sha256: str, name: str, data: bytes) -> None:
        """Keep something derived from a recording, whole or not at all."""
        ...

    def get_artefact(self, sha256: str, name: str) -> bytes | None:
        """What was kept, or None."""
        ...

    def delete_artefacts(self, sha256: str) -> int:
        """Remove everything derived from a recording; returns how many there were."""
        ...

    def upload_path(self, upload_id: str, suffix: str) -> Path:
        """Where a resumable upload grows."""
        ...

    def clean(self) -> int:
        """Remove what killed processes left: working folders and spool files that nobody holds."""
        ...
