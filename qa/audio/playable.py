"""Sound that a browser can play, whatever the source was: browsers know neither G.711 nor GSM nor AMR."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import soundfile
from numpy.typing import NDArray

from qa.audio.decode import DEFAULT_LIMITS, DecodeLimits, decode
from qa.audio.samples import SAMPLE_RATE, Hook, no_hook
from qa.audio.store import storage_error
from qa.core.errors import StorageError, TooLargeError

STAGE: Final = "playable"
_BLOCK: Final = 10 * SAMPLE_RATE
_LARGEST_WAV: Final = 2**32 - 4096
"""Bytes that the 32-bit size field of a WAV header can say."""


class Sliced(Protocol):
    """Samples of one channel of which slices can be read: an array, a memory map, or one that changes them."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> NDArray[np.int16]: ...


def to_playable(path: Path, out: Path, limits: DecodeLimits = DEFAULT_LIMITS, hook: Hook = no_hook) -> None:
    """Decode `path` and write it to `out` as 16-bit FLAC or WAV (by the extension), all channels, 16 kHz.

    Times in `out` are those of the analysis: damaged stretches are silent, not cut out. Raises what `decode`
    raises; `out` appears only when it is complete.
    """
    with tempfile.TemporaryDirectory(dir=_folder(out), prefix=".playable-") as workdir:
        write_playable(decode(path, Path(workdir), limits, hook).channels, out, hook)


def write_playable(channels: Sequence[Sliced], out: Path, hook: Hook = no_hook) -> None:
    """Write decoded channels, read in blocks of ten seconds, as `to_playable` does."""
    length = max(len(c) for c in channels)
    kind = "WAV" if out.suffix.lower() == ".wav" else "FLAC"
    if kind == "WAV" and 2 * length * len(channels) > _LARGEST_WAV:
        raise TooLargeError("audio.too_long_for_wav")
    part = _folder(out) / f".{out.name}.part"
    try:
        with soundfile.SoundFile(
            str(part), "w", samplerate=SAMPLE_RATE, channels=len(channels), format=kind, subtype="PCM_16"
        ) as file:
            for start in range(0, length, _BLOCK):
                block = np.stack([np.asarray(c[start : start + _BLOCK]) for c in channels], axis=1)
                file.write(block)
                hook(STAGE, min(length, start + _BLOCK) / SAMPLE_RATE, length / SAMPLE_RATE)
        part.replace(out)
    except soundfile.SoundFileError:
        raise StorageError("audio.not_writable") from None
    except OSError as problem:
        raise storage_error(problem) from None
    finally:
        part.unlink(missing_ok=True)


def _folder(out: Path) -> Path:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise storage_error(problem) from None
    return out.parent
