"""Stage caches that need no database: a folder for the command line, nothing at all for a measurement."""

import os
import tempfile
from pathlib import Path


class FolderStageCache:
    """One file per output under `root/<sha256>/`, written whole or not at all."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def get(self, sha256: str, stage: str, version: str, input_hash: str) -> bytes | None:
        """The stored output, or None."""
        try:
            return self._path(sha256, stage, version, input_hash).read_bytes()
        except FileNotFoundError:
            return None

    def put(self, sha256: str, stage: str, version: str, input_hash: str, data: bytes) -> None:
        """Store an output; a crash half-way leaves no half file under its name."""
        path = self._path(sha256, stage, version, input_hash)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".part-")
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(data)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _path(self, sha256: str, stage: str, version: str, input_hash: str) -> Path:
        return self._root / sha256 / f"{stage}-{version}-{input_hash[:32]}.json"


class NoStageCache:
    """Keeps nothing."""

    def get(self, sha256: str, stage: str, version: str, input_hash: str) -> bytes | None:
        """Nothing is ever stored."""
        return None

    def put(self, sha256: str, stage: str, version: str, input_hash: str, data: bytes) -> None:
        """Forget it."""
