"""What the pipeline asks of a recogniser and of a diariser; the adapters beside this module answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from qa.audio.samples import SAMPLE_RATE, Hook, Samples, no_hook
from qa.core.speech import Activity, ChannelActivity, ChannelTranscription, Diarization
from qa.core.transcript import Span

__all__ = [
    "LONGEST_AGAIN",
    "SAMPLE_RATE",
    "ActivityDetector",
    "Again",
    "ChannelInput",
    "Diarizer",
    "Hook",
    "Reheard",
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


@dataclass(frozen=True, slots=True)
class Again:
    """Stretches of one channel to hear a second time, each by itself."""

    samples: Samples
    spans: tuple[Span, ...]
    """Not longer than `LONGEST_AGAIN` seconds each."""
    language: str
    """ISO 639-1."""


@dataclass(frozen=True, slots=True)
class Reheard:
    """What was heard in one stretch."""

    text: str
    probability: float
    """Geometric mean of the probabilities of the tokens, 0..1."""


LONGEST_AGAIN: Final = 27.0
"""Seconds that can be heard a second time in one piece."""


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
    def second_name(self) -> str:
        """The same for `hear_again`."""
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

    def hear_again(self, again: Again, *, careful: bool) -> list[Reheard]:
        """What each stretch holds, in order, heard by itself: nothing of the first decode is used.

        `careful` is another way of reading, slower and better, for what the quick one does not bear out.
        """
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
