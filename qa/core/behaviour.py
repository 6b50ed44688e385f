"""How a call was spoken: measured quantities with unit and source, and the tone of every turn.

A value that could not be measured is None with the reason beside it, never an invented number.
"""

from enum import StrEnum

from qa.core.base import Record
from qa.core.messages import Message
from qa.core.roles import Role


class Unit(StrEnum):
    """What a measured value counts."""

    SECONDS = "s"
    SHARE = "share"
    """0..1."""
    COUNT = "count"
    PER_MINUTE = "chars/min"
    """Chinese characters, digits and, in alphabetic script, words per minute."""
    DBFS = "dBFS"
    DB = "dB"
    HERTZ = "Hz"
    SEMITONES = "st"


class Source(StrEnum):
    """Where a measured value comes from."""

    ACTIVITY = "activity"
    """The fine voice activity detector."""
    DIARIZATION = "diarization"
    """Speaker segments on a channel that carries both parties: less exact than separate channels."""
    WORDS = "words"
    """The recogniser's words and their times."""
    SOUND = "sound"
    """Frames of the sound itself, 300 to 3400 Hz."""
    TURNS = "turns"


class Measure(Record, frozen=True):
    """One measured quantity. `value` is None where there is not enough to measure it on."""

    value: float | None
    unit: Unit
    source: Source
    missing: Message | None = None
    """Why there is no value, e.g. `behaviour.not_enough_speech`."""


class Silence(Record, frozen=True):
    """A stretch in which nobody speaks, between two that do."""

    start: float
    end: float
    before_turn: int | None
    after_turn: int | None
    awaited: Role
    """Who was to speak: who had asked for the wait, was asked a question, or broke the silence."""
    announced: bool
    """The last to speak had asked the other to wait."""
    on_hold: bool
    """Music or a tone plays for most of it."""
    source: Source


class NonSpeech(Record, frozen=True):
    """Music, singing or a tone on a channel."""

    kind: str
    start: float
    end: float
    channel: int


class CutIn(Record, frozen=True):
    """One party begins to speak while the other does."""

    turn: int
    """Index of the turn that cuts in."""
    interrupted_turn: int
    role: Role
    """Who cuts in."""
    start: float
    overlap_ms: float
    words: int
    """Characters (words in alphabetic script) said by the one who cuts in; 0 where the recogniser wrote none."""
    delay_ms: float
    """How long the other had been speaking."""
    gave_way: bool
    """The other fell silent while the one who cut in went on."""
    source: Source


class BackChannel(Record, frozen=True):
    """嗯, 对, 好的 while the other speaks: listening, not interrupting."""

    turn: int
    role: Role
    start: float
    end: float
    text: str


class Attitude(StrEnum):
    """What a service cares about in a voice and its words."""

    ANGRY = "angry"
    COLD = "cold"
    """Cold or curt."""
    PERFUNCTORY = "perfunctory"
    WARM = "warm"


class AttitudeScore(Record, frozen=True):
    """How far a turn shows an attitude."""

    score: float
    """0..1, sound and words together; calibrated for anger."""
    confidence: float
    """0..1: how much there was to go by. Short turns and a short call say little."""
    sound: float | None
    """From the sound alone; None where the sound says nothing about this attitude or is too short."""
    words: float
    """From the words alone, 0 where none tells."""


class TurnTone(Record, frozen=True):
    """The tone of one turn."""

    turn: int
    role: Role
    start: float
    end: float
    arousal: float | None
    """0 (calm) to 1 (agitated), against the speaker's own baseline in the call."""
    valence: float | None
    """-1 (displeased) to 1 (pleased). Sound alone says little about it; words carry it."""
    attitudes: dict[Attitude, AttitudeScore]
    reasons: tuple[Message, ...] = ()
    disagree: bool = False
    """Sound and words point different ways: a person should listen."""


class TonePeak(Record, frozen=True):
    """The clip in which a party shows an attitude most."""

    attitude: Attitude
    turn: int
    start: float
    end: float
    score: float


class AfterAnswer(Record, frozen=True):
    """The customer's mood after an answer of the agent, against the turn before it."""

    agent_turn: int
    customer_turn: int
    valence_change: float
    arousal_change: float | None


class PartyTone(Record, frozen=True):
    """The tone of one party over the call."""

    attitudes: dict[Attitude, float]
    """The mean of the three strongest turns, each weighted by confidence: one outburst counts, one slip does not
    make a call."""
    peaks: tuple[TonePeak, ...]
    arousal_shift: float | None
    """Last third against first third of the turns; None with fewer than six turns."""
    valence_shift: float | None


class TurnBehaviour(Record, frozen=True):
    """How one turn was spoken."""

    turn: int
    role: Role
    start: float
    end: float
    """Edges of the speech, as the fine detector hears it."""
    characters: int
    speech_rate: Measure
    """Pauses within the turn included."""
    articulation_rate: Measure
    """Pauses within the turn left out."""
    loudness: Measure
    """Against the speaker's median turn, dB."""
    pitch: Measure
    pitch_offset: Measure
    """Against the speaker's median turn, semitones."""
    pitch_range: Measure
    response: Measure
    """Silence between the end of the other's turn and this one; 0 where it overlaps."""


class PartyBehaviour(Record, frozen=True):
    """How one party spoke over the call."""

    speaker: str
    role: Role
    channel: int
    turns: int
    talk_seconds: Measure
    """Holding the floor: own pauses under a second included."""
    talk_share: Measure
    """Of the talk time of all parties."""
    speech_seconds: Measure
    """Voice alone, pauses left out."""
    characters: int
    speech_rate: Measure
    articulation_rate: Measure
    loudness: Measure
    loudness_change: Measure
    """Last third of the turns against the first."""
    pitch: Measure
    pitch_range: Measure
    pitch_change: Measure
    first_response: Measure
    mean_response: Measure
    interruptions: int
    back_channels: int
    tone: PartyTone | None = None


class Ending(Record, frozen=True):
    """How the call ends."""

    role: Role
    """Who speaks last."""
    turn: int | None
    cut_off: bool | None
    """The last sentence breaks off: sound up to the very end of the recording, or a sentence left open. None where
    nothing was understood."""
    tail_seconds: float
    """From the last speech to the end of the recording."""


class Line(Record, frozen=True):
    """How good the line was on one channel."""

    channel: int
    level: Measure
    noise: Measure
    signal_to_noise: Measure
    clipped: Measure
    dead: bool
    echo: bool
    """The other channel is heard through this one."""


class CallBehaviour(Record, frozen=True):
    """Everything measured about how a call was spoken."""

    silences: tuple[Silence, ...]
    non_speech: tuple[NonSpeech, ...]
    cut_ins: tuple[CutIn, ...]
    back_channels: tuple[BackChannel, ...]
    parties: tuple[PartyBehaviour, ...]
    turns: tuple[TurnBehaviour, ...]
    ending: Ending | None
    line: tuple[Line, ...]
    tone: tuple[TurnTone, ...] = ()
    after_answers: tuple[AfterAnswer, ...] = ()
    tone_model: str | None = None
    notes: tuple[Message, ...] = ()
