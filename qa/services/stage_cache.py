"""Stage outputs in the database, as the speech queue and the light queue use them."""

import time
import zlib
from collections.abc import Sequence
from types import TracebackType

import structlog
from typing_extensions import override

from qa.core.base import LEVEL
from qa.core.errors import TingjianError
from qa.db.engine import Database
from qa.db.models import StageOutputRow
from qa.db.results import StageOutputs
from qa.pipeline.context import RunAbortedError, StageCache

SOUND_STAGES = frozenset({"decode", "activity", "transcribe", "diarize", "hear_again"})
"""Stages that need the sound and large models: never the business of the light queue."""
_READ_TOGETHER = SOUND_STAGES | {"turns", "behaviour"}
"""What a text run finds stored. Not the judgement itself, of which there is one for each version of the rules."""
_WRITE_EVERY_S = 1.0

_log = structlog.get_logger(__name__)

_Key = tuple[str, str, str, str]


class SpeechMissingError(RunAbortedError):
    """A text run found that the speech stages have to run first: models or their options have changed."""


class DatabaseStageCache(StageCache):
    """Stage outputs, compressed. Keys are content hashes, so nothing in it ever becomes wrong."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @override
    def get(self, sha256: str, stage: str, version: str, input_hash: str) -> bytes | None:
        """The stored output; one that cannot be unpacked counts as missing."""
        with self._database.read() as session:
            return _unpacked(StageOutputs(session).get(sha256, stage, version, input_hash))

    @override
    def put(self, sha256: str, stage: str, version: str, input_hash: str, data: bytes) -> None:
        """Store an output."""
        _store(self._database, [((sha256, stage, version, input_hash), data)])


class TextStageCache(StageCache):
    """For many short text runs in a row: reads a recording's outputs at once, writes those of several together.

    As a context manager it has written everything at the end of the block. `get` raises `SpeechMissingError` where
    a run would need the models.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sha256 = ""
        self._found: dict[_Key, bytes] = {}
        self._unwritten: list[tuple[_Key, bytes]] = []
        self._written = time.monotonic()

    def __enter__(self) -> "TextStageCache":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._write()
        except TingjianError as trouble:
            # What was not kept costs the next run some time and nothing else.
            _log.warning("stage_outputs.not_written", code=trouble.message.code)

    @override
    def get(self, sha256: str, stage: str, version: str, input_hash: str) -> bytes | None:
        """The stored output, or None."""
        if stage not in _READ_TOGETHER:
            return DatabaseStageCache(self._database).get(sha256, stage, version, input_hash)
        if sha256 != self._sha256:
            with self._database.read() as session:
                rows = StageOutputs(session).of_recording(sha256, _READ_TOGETHER)
            self._sha256 = sha256
            self._found = {(row.sha256, row.stage, row.version, row.input_hash): row.payload for row in rows}
        found = _unpacked(self._found.get((sha256, stage, version, input_hash)))
        if found is None and stage in SOUND_STAGES:
            raise SpeechMissingError
        return found

    @override
    def put(self, sha256: str, stage: str, version: str, input_hash: str, data: bytes) -> None:
        """Store an output, at the latest with the first that comes a second after the last writing."""
        self._unwritten.append(((sha256, stage, version, input_hash), data))
        if time.monotonic() - self._written >= _WRITE_EVERY_S:
            self._write()

    def _write(self) -> None:
        waiting, self._unwritten = self._unwritten, []
        if waiting:
            _store(self._database, waiting)
        self._written = time.monotonic()


def _unpacked(payload: bytes | None) -> bytes | None:
    try:
        return None if payload is None else zlib.decompress(payload)
    except zlib.error:
        return None


def _store(database: Database, outputs: Sequence[tuple[_Key, bytes]]) -> None:
    packed = [(key, zlib.compress(data, LEVEL)) for key, data in outputs]
    with database.write() as session:
        now = database.now(session)
        for (sha256, stage, version, input_hash), payload in packed:
            row = StageOutputRow(
                sha256=sha256, stage=stage, version=version, input_hash=input_hash, payload=payload, created_at=now
            )
            StageOutputs(session).put(row)
