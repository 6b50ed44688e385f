"""Decoded sound on disk: one raw 16-bit file per channel, written in blocks, read as memory maps."""

import errno
from contextlib import suppress
from io import BufferedWriter
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from qa.audio.samples import Samples
from qa.core.errors import NotFoundError, StorageError


def channel_path(workdir: Path, channel: int) -> Path:
    """Where the samples of a kept channel lie: little-endian 16 bit, 16 kHz, no header."""
    return workdir / f"channel{channel}.s16le"


def open_channels(workdir: Path, channels: int) -> tuple[Samples, ...]:
    """The channels as read-only memory maps. Raises `NotFoundError` where they were cleaned away."""
    paths = [channel_path(workdir, c) for c in range(channels)]
    try:
        return tuple(np.memmap(p, dtype="<i2", mode="r") for p in paths)
    except (OSError, ValueError):
        raise NotFoundError("audio.decoded_sound_gone") from None


def storage_error(problem: OSError) -> StorageError:
    """The sentence for a disk that cannot take more."""
    full = problem.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return StorageError("audio.disk_full" if full else "audio.not_writable")


class ChannelWriter:
    """Writes channels under temporary names; they get their real ones in `keep`, or vanish with an exception."""

    def __init__(self, workdir: Path, channels: int) -> None:
        self._workdir = workdir
        self._parts = [workdir / f"channel{c}.part" for c in range(channels)]
        self._files: list[BufferedWriter] = []

    def __enter__(self) -> "ChannelWriter":
        try:
            self._workdir.mkdir(parents=True, exist_ok=True)
            self._files.extend(p.open("wb") for p in self._parts)
        except OSError as problem:
            self._remove()
            raise storage_error(problem) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()

    def write(self, block: NDArray[np.int16]) -> None:
        """Append a (channels, n) block. Raises `StorageError` when the disk does not take it."""
        try:
            for file, samples in zip(self._files, block, strict=True):
                file.write(np.ascontiguousarray(samples, dtype="<i2").data)
        except OSError as problem:
            raise storage_error(problem) from None

    def keep(self, channels: int) -> None:
        """Finish: the first `channels` files stay, the others go."""
        try:
            for file in self._files:
                file.close()
            for number, part in enumerate(self._parts[:channels]):
                part.replace(channel_path(self._workdir, number))
            stale = channels
            while (path := channel_path(self._workdir, stale)).exists():  # of an earlier decode
                path.unlink()
                stale += 1
        except OSError as problem:
            raise storage_error(problem) from None

    def _remove(self) -> None:
        for file in self._files:
            with suppress(OSError):  # closing flushes, and a full disk fails a second time
                file.close()
        for part in self._parts:
            with suppress(OSError):
                part.unlink(missing_ok=True)
