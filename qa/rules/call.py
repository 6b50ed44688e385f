"""What a rule may know of a call beside its words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from qa.core.base import Record
from qa.core.lazy import lazy
from qa.core.roles import Role


class SilenceGap(Record, frozen=True):
    """A stretch without speech of anybody, as a fine voice activity detector hears it."""

    start: float
    end: float


class Interruption(Record, frozen=True):
    """One speaker cuts in while the other talks."""

    turn: int
    """Index of the turn that cuts in."""
    role: Role
    start: float
    overlap_ms: float
    words: int
    delay_ms: float
    """How long the other had been speaking before."""


class TurnLevel(Record, frozen=True):
    """How a turn sounds against the speaker's own median in the call."""

    turn: int
    loudness_db: float | None
    pitch_semitones: float | None


class TurnMood(Record, frozen=True):
    """The tone of a turn."""

    turn: int
    scores: dict[str, tuple[float, float]]
    """`angry`, `cold`, `perfunctory`, `warm`: score and confidence, 0..1."""
    arousal: float | None
    """0 (calm) to 1 (agitated)."""
    valence: float | None
    """-1 (displeased) to 1 (pleased)."""


class CallMetrics(Record, frozen=True):
    """Measured quantities; None where something was not measured, so that a rule on it is *unknown*."""

    silences: tuple[SilenceGap, ...] | None = None
    interruptions: tuple[Interruption, ...] | None = None
    levels: tuple[TurnLevel, ...] | None = None
    tone: tuple[TurnMood, ...] | None = None
    cut_off: bool | None = None
    """The call broke off in the middle of a sentence."""


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """What a language model said to a yes/no question about a call."""

    yes: bool
    confidence: float
    quotes: tuple[str, ...]


Asker = Callable[[str, str], ModelAnswer | None]
"""`asker(question, dialogue)`; None where the model could not be reached or made no sense."""


@dataclass(frozen=True)
class CallContext:
    """Everything that came with the recording or was measured on it."""

    attributes: Mapping[str, str] = field(default_factory=dict)
    on: date | None = None
    """Day of the call; rules outside their validity are not applicable. None: all are valid."""
    industries: tuple[str, ...] = ()
    """Industry hints; the attribute `industry` counts as well. Empty: every pack judges the call."""
    metrics: CallMetrics | None = None
    scorecard: str | None = None
    """Qualified id of the card to fill; the first that applies where it is None or not loaded."""
    ask: Asker | None = None

    @lazy
    def all_industries(self) -> frozenset[str]:
        """Hints and the attribute together; kept, because every term with an industry asks."""
        named = self.attributes.get("industry")
        return frozenset(self.industries) | ({named} if named else frozenset())
