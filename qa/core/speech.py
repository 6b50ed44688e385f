"""What the speech stages hand to each other: plain data, no arrays."""

from enum import StrEnum

from qa.core.base import Record
from qa.core.transcript import Span, Word


class AudioInfo(Record, frozen=True):
    """What is known of a recording's sound after decoding it once from end to end."""

    container: str
    codec: str
    sample_rate: int
    """Of the source, Hz."""
    channels: int
    """Channels kept for analysis: 1 for mono and for dual mono, otherwise as in the source."""
    source_channels: int
    duration: float
    """Seconds, gaps included, so that times hold."""
    declared_duration: float | None
    """What the container claims, seconds; None where it does not say."""
    damaged: tuple[Span, ...] = ()
    """Spans that could not be decoded and were filled with silence."""
    bad_packets: int = 0
    truncated: bool = False
    dual_mono: bool = False
    dead_channels: tuple[int, ...] = ()
    """Channels on which nothing but silence or constant noise was recorded."""
    notes: tuple[str, ...] = ()

    @property
    def partial(self) -> bool:
        """True where sound is missing that the recording once had."""
        return bool(self.damaged) or self.truncated


class EventKind(StrEnum):
    """What is heard where nobody speaks."""

    MUSIC = "music"
    SINGING = "singing"
    TONE = "tone"
    """Ring-back, busy tone, DTMF: a few steady sinusoids."""


class AudioEvent(Record, frozen=True):
    """A stretch of non-speech sound."""

    kind: EventKind
    start: float
    end: float


class ChannelActivity(Record, frozen=True):
    """Where one channel carries speech, finely (a separate, fine VAD, never the recogniser's segments)."""

    speech: tuple[Span, ...]
    events: tuple[AudioEvent, ...] = ()

    @property
    def speech_seconds(self) -> float:
        """Total length of speech."""
        return sum(s.duration for s in self.speech)


class Activity(Record, frozen=True):
    """Speech activity of every channel, in channel order."""

    channels: tuple[ChannelActivity, ...]


class RemovedWords(Record, frozen=True):
    """Words the recogniser wrote and a guard took out again, kept so that a person can check."""

    start: float
    end: float
    text: str
    guard: str
    """Which guard: `non_speech`, `phantom`, `loop`, `low_confidence`, ..."""


class RecoveredWords(Record, frozen=True):
    """Words that were missing from the first decode and found by decoding the hole again."""

    start: float
    end: float
    text: str


class GuardReport(Record, frozen=True):
    """What the guards did on one channel."""

    removed: tuple[RemovedWords, ...] = ()
    recovered: tuple[RecoveredWords, ...] = ()
    unintelligible: tuple[Span, ...] = ()
    redecoded_seconds: float = 0.0


class ChannelTranscription(Record, frozen=True):
    """The words of one channel in order of time."""

    channel: int
    language: str
    language_probability: float
    words: tuple[Word, ...]
    guards: GuardReport


class Transcription(Record, frozen=True):
    """The words of a recording, channel by channel."""

    channels: tuple[ChannelTranscription, ...]
    model: str
    """Artefact name and revision, e.g. `whisper-base@ebe41f70`."""
    compute_type: str
    device: str


class SecondReading(Record, frozen=True):
    """A stretch of one channel heard a second time, by itself."""

    channel: int
    start: float
    end: float
    text: str
    probability: float
    """Geometric mean of the probabilities of the tokens, 0..1."""
    careful: bool = False
    """Read a third time, in a slower way, because the quick one did not bear the first reading out."""


class SecondHearing(Record, frozen=True):
    """Everything that was heard a second time; empty where the sound is gone."""

    readings: tuple[SecondReading, ...]


class SpeakerSegment(Record, frozen=True):
    """One diarised speaker talks. Segments of different speakers may overlap."""

    speaker: str
    start: float
    end: float


class VoicePoint(Record, frozen=True):
    """How a voice sounds over a stretch of speech, as a point among the voices of this recording alone.

    The axes are chosen per recording from its own stretches, so points of two recordings cannot be compared and
    nobody can be recognised by them; distances within the recording are cosine distances between voices.
    """

    start: float
    end: float
    at: tuple[float, ...]


class Diarization(Record, frozen=True):
    """Who speaks when on a channel that carries several people."""

    channel: int
    segments: tuple[SpeakerSegment, ...]
    speakers: tuple[str, ...]
    model: str
    separation: float
    """0..1: how clearly the voices differ; near 0 for two speakers whose voices alone do not tell them apart."""
    voices: tuple[VoicePoint, ...] = ()
    """What the clustering went by, for the roles to go by once more together with what is said."""
