"""What is shown of calibration."""

from datetime import datetime

from qa.core.base import Record
from qa.core.transcript import Transcript


class NewRound(Record, frozen=True):
    """A round as somebody sets it up."""

    name: str
    people: tuple[str, ...]
    gold_by: str | None = None
    recordings: tuple[str, ...] = ()
    """Empty: `count` calls are drawn."""
    count: int = 10
    due_at: datetime | None = None


class CallProgress(Record, frozen=True):
    """A call of a round as one person sees it."""

    recording_id: str
    name: str
    duration: float | None
    done: bool
    """This person has judged it."""


class RoundView(Record, frozen=True):
    """A round."""

    id: str
    name: str
    people: tuple[str, ...]
    gold_by: str | None
    created_by: str
    created_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    calls: tuple[CallProgress, ...]
    judged: dict[str, int]
    """Login -> calls judged so far."""
    mine: bool
    """Whoever asks is one of those who judge."""


class BlindItem(Record, frozen=True):
    """One question about a call, without the machine's answer."""

    item: str
    label: dict[str, str]
    values: tuple[str, ...]
    answer: str | None
    note: str


class BlindCall(Record, frozen=True):
    """A call to be judged: its words and its questions, nothing of what the machine found."""

    round_id: str
    recording_id: str
    name: str
    duration: float | None
    transcript: Transcript | None
    """Personal data hidden."""
    items: tuple[BlindItem, ...]
    following: str | None
    """The next call of the round this person has not judged."""


class Agreement(Record, frozen=True):
    """How far people agree on one item."""

    item: str
    label: dict[str, str]
    alpha: float | None
    """Krippendorff's alpha; None where there was nothing to agree on."""
    judged: int
    """Calls on which at least two people answered."""
    unanimous: int


class PersonAgreement(Record, frozen=True):
    """One person against the gold answers."""

    person: str
    kappa: float | None
    """Weighted (quadratic) for the overall mark and plain otherwise, weighted by how many answers each has."""
    same: int
    of: int


class Disagreement(Record, frozen=True):
    """One item of one call that people judged differently."""

    recording_id: str
    name: str
    item: str
    label: dict[str, str]
    answers: dict[str, str]
    notes: dict[str, str]
    gold: str | None
    machine: str | None


class Outcomes(Record, frozen=True):
    """What a closed round shows."""

    round: RoundView
    items: tuple[Agreement, ...]
    people: tuple[PersonAgreement, ...]
    disagreements: tuple[Disagreement, ...]


class Drift(Record, frozen=True):
    """One person's agreement with gold in one round."""

    round_id: str
    name: str
    closed_at: datetime
    person: str
    same: int
    of: int
