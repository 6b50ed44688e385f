"""Stage caches that need no database: a folder for the command line, nothing at all for a measurement."""

import os
import tempfile
from pathlib import Path

from typing_extensions import override

from qa.pipeline.context import StageCache


class FolderStageCache(StageCache):
    """One file per output under `root/<sha256>/`, written whole or not at all."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @override
    def get(self, sha256: str, stage: str, version: str, input_hash: str) -> bytes | None:
        """The stored output, or None."""
        try:
            return self._path(sha256, stage, version, input_hash).read_bytes()
        except FileNotFoundError:
            return None

    @override
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


class NoStageCache(StageCache):
    """Keeps nothing."""

    @override
    def get(self, sha256: str, stage: str, version: str, input_hash: str) -> bytes | None:
        """Nothing is ever stored."""
        return None

    @override
    def put(self, sha256: str, stage: str, version: str, input_hash: str, data: bytes) -> None:
        """Forget it."""
