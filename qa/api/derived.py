"""What is made from a recording on demand and kept: the waveform and a version that browsers play.

Making either decodes the whole recording. A few are made at a time however many pages are open, and those that
wait do so in the event loop: threads that waited would be missing to everybody else.
"""

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, TypeVar
from weakref import WeakValueDictionary

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool

from qa.api.context import Context
from qa.audio.peaks import Peaks, peaks
from qa.core.base import decode as from_json
from qa.core.base import encode
from qa.core.errors import StorageError
from qa.services.views import RecordingView
from qa.text.stretches import Stretch

PEAKS_NAME: Final = "peaks-1.json"
"""Counted up when the outline is drawn differently."""
PLAYABLE_TYPE: Final = "audio/flac"
_FOLDER: Final = "playable-1"
_HIDING: Final = 1
"""Counted up when the same stretches are hidden in another way."""
_AT_ONCE: Final = 2
T = TypeVar("T")

# Decoding brings scipy with it, which would double the time until a service that was started can be asked
# anything; so it is imported where something is decoded.
if TYPE_CHECKING:
    from qa.audio.decode import DecodeLimits


class Maker:
    """Makes what is derived. One per application, made inside its event loop."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._limiter = CapacityLimiter(_AT_ONCE)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def peaks(self, view: RecordingView) -> Peaks:
        """The outline of a recording, made once. Raises what `decode` raises."""
        kept = await run_in_threadpool(self._context.services.storage.get_artefact, view.sha256, PEAKS_NAME)
        if kept is None:
            kept = await self._make(view.sha256, lambda: self._make_peaks(view.id))
        return from_json(kept, Peaks)

    async def playable(self, view: RecordingView, hidden: Sequence[Stretch] = ()) -> tuple[BinaryIO, str]:
        """A FLAC of the recording as the analysis heard it, with stretches hidden, and what to know it by; made
        once. Raises what `decode` raises.

        A file of its own rather than an artefact: hours of sound are served by range and must not pass through
        memory. The folder may be emptied at any time.
        """
        name = f"{view.sha256}-{self._digest(hidden)}" if hidden else view.sha256
        made = self._folder() / _FOLDER / view.sha256[:2] / f"{name}.flac"
        if not await run_in_threadpool(made.is_file):
            await self._make(name, lambda: self._make_playable(view.id, made, hidden))
        opened = await run_in_threadpool(self._context.services.recordings.open_copy, view.id, made)
        return opened, f"{name}-flac"

    def _digest(self, hidden: Sequence[Stretch]) -> str:
        """Changes with what is hidden and how: another analysis may find more."""
        sound = self._context.settings.privacy.sound
        return sha256(encode([_HIDING, sound, list(hidden)])).hexdigest()[:16]

    async def _make(self, sha256: str, make: Callable[[], T]) -> T:
        # Whoever asks while it is being made waits for that one, and finds it made.
        lock = self._locks.setdefault(sha256, asyncio.Lock())
        async with lock:
            return await to_thread.run_sync(make, limiter=self._limiter)

    def _make_peaks(self, recording_id: str) -> bytes:
        from qa.audio.decode import decode

        def make(audio: Path) -> bytes:
            with tempfile.TemporaryDirectory(dir=self._folder(), prefix="peaks-") as workdir:
                return encode(peaks(decode(audio, Path(workdir), self._limits()).channels))

        return self._context.services.recordings.artefact(recording_id, PEAKS_NAME, make)

    def _make_playable(self, recording_id: str, made: Path, hidden: Sequence[Stretch]) -> None:
        from qa.audio.redact import redact

        recordings = self._context.services.recordings
        sound = self._context.settings.privacy.sound
        with recordings.sound(recording_id) as audio:
            if made.is_file():
                return
            made.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=made.parent, prefix=".making-") as folder:
                plain = Path(folder) / made.name
                redact(audio, plain, hidden, sound=sound, limits=self._limits())
                recordings.keep_copy(recording_id, plain, made)

    def _limits(self) -> "DecodeLimits":
        from qa.audio.decode import DecodeLimits

        intake = self._context.settings.intake
        return DecodeLimits(intake.max_bytes, intake.max_seconds, intake.max_channels)

    def _folder(self) -> Path:
        folder = self._context.settings.home / "cache"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError("api.disk_not_writable", error=error.strerror or "?") from error
        return folder
