"""What was said, by whom, when, and how far it can be trusted."""

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

from qa.core.base import Record
from qa.core.roles import Role


class Span(Record, frozen=True):
    """A stretch of time, `start <= end`, in seconds."""

    start: float
    end: float

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.end - self.start

    def overlap(self, other: "Span") -> float:
        """Seconds that both spans cover."""
        return max(0.0, min(self.end, other.end) - max(self.start, other.start))


class Word(Record, frozen=True):
    """One word or, in Chinese, one to a few characters, as the recogniser wrote it, punctuation attached.

    `probability` is the recogniser's own (0..1). `trust` (0..1) is what the guards leave of it: lower where
    the word lies outside detected speech, was recovered by a second decode, or in a suspicious segment.
    """

    text: str
    start: float
    end: float
    probability: float
    trust: float


class Turn(Record, frozen=True):
    """One speaker's uninterrupted talk. `text` is exactly the words joined, so offsets map to words."""

    index: int
    role: Role
    speaker: str
    """Speaker label within the recording: `ch0`, `ch1` for channels, `S0`, `S1` for diarised speakers."""
    channel: int
    words: tuple[Word, ...]
    role_confidence: float
    """How sure the system is that `role` is right, 0..1."""
    overlapped: bool = False
    """Another speaker talks during part of this turn."""

    @property
    def start(self) -> float:
        """Start of the first word."""
        return self.words[0].start if self.words else 0.0

    @property
    def end(self) -> float:
        """End of the last word to end."""
        return max([w.end for w in self.words], default=0.0)

    @property
    def text(self) -> str:
        """The words joined."""
        return "".join([w.text for w in self.words])

    def offsets(self) -> tuple[int, ...]:
        """Character offset at which each word begins, plus the length of the text at the end."""
        return tuple(accumulate([len(w.text) for w in self.words], initial=0))

    def words_at(self, char_start: int, char_end: int) -> tuple[Word, ...]:
        """The words that own characters `char_start..char_end` (end exclusive) of `text`."""
        offsets = self.offsets()
        first = max(0, bisect_right(offsets, char_start) - 1)
        last = bisect_right(offsets, max(char_start, char_end - 1)) - 1
        return self.words[first : last + 1]


class HiddenMark(Record, frozen=True):
    """Where an amendment of what is hidden (`qa.core.hiding`) applies in a transcript."""

    number: int
    """Of the amendment."""
    kind: str
    lifted: bool
    """What the recognisers hide here is shown; otherwise these words are hidden."""
    turn: int | None
    """Position in the turns; None where nothing was written for what was hidden, which stays out of the sound."""
    start: int
    end: int
    """Offsets into the turn's text, end exclusive."""
    channel: int
    start_s: float
    end_s: float
    same: bool
    """The same words stand here as when it was made; otherwise it is what was said at that time."""


class Transcript(Record, frozen=True, weakref=True):
    """A whole call: turns in order of their start."""

    language: str
    """ISO 639-1 code as the recogniser uses it (`zh`, `en`, ...)."""
    duration: float
    turns: tuple[Turn, ...]
    roles_certain: bool = True
    """False where roles stay uncertain: such a call says so and accuses nobody."""
    roles_swapped_suspected: bool = False
    """The channel map says one thing and what is said another."""
    partial: bool = False
    """Part of the audio was damaged or missing."""
    unintelligible: tuple[Span, ...] = ()
    """Speech in which no words could be made out even after decoding it again."""
    marks: tuple[HiddenMark, ...] = ()
    """What people have hidden, or shown, by hand. The words themselves stay as they are."""

    def by_role(self, role: Role) -> Iterable[Turn]:
        """The turns of one role, in order."""
        return (t for t in self.turns if t.role is role)
