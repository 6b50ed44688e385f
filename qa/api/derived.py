"""What is made from a recording on demand and kept: the waveform and a version that browsers play.

Making either decodes the whole recording, so few are made at a time however many pages are open.
"""

import tempfile
import threading
from pathlib import Path
from typing import Final

from qa.api.context import Context
from qa.audio.decode import DecodeLimits, decode
from qa.audio.peaks import Peaks, peaks
from qa.audio.playable import to_playable
from qa.core.base import decode as from_json
from qa.core.base import encode
from qa.core.errors import StorageError
from qa.services.views import RecordingView

PEAKS_NAME: Final = "peaks-1.json"
"""Counted up when the outline is drawn differently."""
PLAYABLE_TYPE: Final = "audio/flac"
_FOLDER: Final = "playable-1"
_AT_ONCE: Final = threading.BoundedSemaphore(2)


def peaks_of(context: Context, recording_id: str) -> Peaks:
    """The outline of a recording, made once. Raises what `decode` raises."""

    def make(audio: Path) -> bytes:
        with _AT_ONCE, tempfile.TemporaryDirectory(dir=_workroom(context), prefix="peaks-") as workdir:
            return encode(peaks(decode(audio, Path(workdir), _limits(context)).channels))

    return from_json(context.services.recordings.artefact(recording_id, PEAKS_NAME, make), Peaks)


def playable_of(context: Context, view: RecordingView) -> Path:
    """A FLAC of the recording as the analysis heard it, made once. Raises what `decode` raises.

    A file of its own rather than an artefact: hours of sound are served by range and must not pass through
    memory. The folder may be emptied at any time.
    """
    made = context.settings.home / "cache" / _FOLDER / view.sha256[:2] / f"{view.sha256}.flac"
    if made.is_file():
        return made
    audio = context.services.recordings.audio_path(view.id)
    with _AT_ONCE:
        if not made.is_file():
            to_playable(audio, made, _limits(context))
    return made


def _limits(context: Context) -> DecodeLimits:
    intake = context.settings.intake
    return DecodeLimits(intake.max_bytes, intake.max_seconds, intake.max_channels)


def _workroom(context: Context) -> Path:
    folder = context.settings.home / "cache"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError("api.disk_not_writable", error=error.strerror or "?") from error
    return folder
