"""The score of a call and how it came about."""

from qa.core.base import Record
from qa.core.finding import Outcome
from qa.core.messages import Message


class ItemResult(Record, frozen=True):
    """One line of a scorecard."""

    item: str
    label: dict[str, str]
    outcome: Outcome
    points: float | None
    """Points given; None where not applicable, unknown or waiting for a person."""
    maximum: float
    veto: bool
    """This item failed the whole card (一票否决)."""
    manual: bool
    reason: Message


class SectionResult(Record, frozen=True):
    """A section of a scorecard."""

    section: str
    label: dict[str, str]
    weight: float
    score: float | None
    """0..100 over the applicable items; None where none applies."""
    items: tuple[ItemResult, ...]


class ScorecardResult(Record, frozen=True):
    """A filled scorecard, pinned to its version."""

    card: str
    card_version: int
    score: float | None
    """0..100; None where nothing could be judged."""
    vetoed_by: str | None
    sections: tuple[SectionResult, ...]
