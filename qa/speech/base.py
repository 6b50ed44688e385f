"""What the pipeline asks of a recogniser and of a diariser; the adapters beside this module answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from qa.audio.samples import SAMPLE_RATE, Hook, Samples, no_hook
from qa.core.speech import Activity, ChannelActivity, ChannelTranscription, Diarization

__all__ = [
    "SAMPLE_RATE",
    "ActivityDetector",
    "ChannelInput",
    "Diarizer",
    "Hook",
    "Samples",
    "Transcriber",
    "no_hook",
]


@dataclass(frozen=True, slots=True)
class ChannelInput:
    """One channel to transcribe. Channels of several recordings may be given together."""

    samples: Samples
    activity: ChannelActivity
    language: str | None
    """ISO 639-1, or None to detect."""


class ActivityDetector(Protocol):
    """Finds speech and other sound."""

    @property
    def name(self) -> str:
        """Artefact and revision; part of the stage's cache key."""
        ...

    def detect(self, channels: Sequence[Samples], hook: Hook) -> Activity:
        """Speech spans and events of each channel."""
        ...


class Transcriber(Protocol):
    """Turns sound into words, guards included."""

    @property
    def name(self) -> str:
        """Artefact, revision and options that change results; part of the stage's cache key."""
        ...

    @property
    def device(self) -> str:
        """Where it really runs: `cpu` or `cuda`."""
        ...

    @property
    def compute_type(self) -> str:
        """In which arithmetic it really runs, e.g. `int8`."""
        ...

    def transcribe(self, inputs: Sequence[ChannelInput], hook: Hook) -> list[ChannelTranscription]:
        """One transcription per input, in order; `channel` is the index in `inputs`."""
        ...


class Diarizer(Protocol):
    """Tells speakers apart on one channel."""

    @property
    def name(self) -> str:
        """Artefact and revision; part of the stage's cache key."""
        ...

    def diarize(
        self, samples: Samples, activity: ChannelActivity, speakers: int | None, hook: Hook
    ) -> Diarization:
        """Who speaks when; `speakers` fixes their number, None lets the model decide."""
        ...
