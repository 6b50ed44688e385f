"""What goes into an analysis, what travels along with it, and how it can end."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeVar

from qa.audio.decode import DecodedAudio
from qa.core.behaviour import CallBehaviour
from qa.core.correction import CorrectedTurn, Correction
from qa.core.messages import Message
from qa.core.result import Analysis, RoleDecision, StageTiming
from qa.core.speech import Activity, AudioInfo, Diarization, SecondHearing, Transcription
from qa.core.transcript import Transcript

T = TypeVar("T")

Progress = Callable[[int, str, float, float], None]
"""`progress(index, stage, done, total)` for the recording at `index`; may raise `RunAbortedError`."""


class Phase(StrEnum):
    """Which stages to run. A changed rule needs the text stages alone."""

    SPEECH = "speech"
    TEXT = "text"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class RecordingInput:
    """One recording to analyse, wherever it comes from."""

    path: Path
    """Where it lies; what names it in sentences."""
    sha256: str
    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    called_at: datetime | None = None
    """When the call took place, with its zone; None where nobody knows: no rule is out of date then."""
    language: str | None = None
    """ISO 639-1; None leaves it to the setting."""
    manual_roles: Mapping[str, str] | None = None
    """Speaker label -> role, where a person has said so."""
    corrections: tuple[Correction, ...] = ()
    """The words of turns, where a person has said so."""
    opened: Callable[[], AbstractContextManager[Path]] | None = field(default=None, compare=False)
    """Gives a path to read from within a block, where the sound does not lie open at `path`."""

    def sound(self) -> AbstractContextManager[Path]:
        """A path to read the sound from within the block."""
        return self.opened() if self.opened else nullcontext(self.path)


class StageCache(Protocol):
    """Keeps what a stage produced. Keys are content hashes, so an entry never becomes wrong, only unused."""

    def get(self, sha256: str, stage: str, version: str, input_hash: str) -> bytes | None:
        """The stored output, or None."""
        ...

    def put(self, sha256: str, stage: str, version: str, input_hash: str, data: bytes) -> None:
        """Store an output; storing the same key again is harmless."""
        ...


class RunAbortedError(Exception):
    """Raised by a progress hook to stop a run, e.g. because its lease was lost. Never caught by stages."""


class SkipRecording(Exception):  # noqa: N818 - not an error: there is nothing to analyse
    """There is nothing to analyse in this recording."""

    def __init__(self, reason: Message) -> None:
        self.reason = reason
        super().__init__(reason.code)


@dataclass(frozen=True, slots=True)
class RunFailure:
    """A run that could not be finished."""

    reason: Message
    stage: str
    retryable: bool
    """Trying again later can help: the machine, not the recording, was at fault."""


@dataclass(slots=True)
class RunContext:
    """One recording on its way through the stages. Each stage fills the field it is named for."""

    source: RecordingInput
    workdir: Path
    input_hashes: dict[str, str] = field(default_factory=dict)
    """Stage -> hash of everything its output depends on."""
    timings: list[StageTiming] = field(default_factory=list)
    info: AudioInfo | None = None
    decoded: DecodedAudio | None = None
    """The sound itself; absent while every stage that needs it came from the cache."""
    activity: Activity | None = None
    transcription: Transcription | None = None
    diarization: Diarization | None = None
    transcript: Transcript | None = None
    corrected: tuple[CorrectedTurn, ...] = ()
    roles: RoleDecision | None = None
    behaviour: CallBehaviour | None = None
    analysis: Analysis | None = None
    hearing: SecondHearing | None = None
    outcome: Message | RunFailure | None = None
    """Why it left the road early: a `Message` for skipped, a `RunFailure` for failed."""

    @property
    def alive(self) -> bool:
        """Still on the road."""
        return self.outcome is None


def present(value: T | None) -> T:
    """A field that an earlier stage must have filled."""
    if value is None:
        raise LookupError("a stage ran before the one it builds on")
    return value
