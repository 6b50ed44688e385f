"""The score of a call and how it came about."""

from qa.core.base import Record
from qa.core.finding import Outcome
from qa.core.messages import Message


class Source(Record, frozen=True):
    """One thing that an item is judged by: a family, a check, or of a check the findings of one term."""

    check: str | None = None
    family: str | None = None
    term: str | None = None
    """Only with `check`."""


class Grading(Record, frozen=True):
    """How an item gets its points, kept with them: a card can be filled again without the packs it came from."""

    sources: tuple[Source, ...]
    per_finding: float | None
    """Points lost with each finding; None: all with the first."""
    veto: bool
    """A failure fails the card."""
    veto_critical: bool
    """A critical finding fails the card."""


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
    grading: Grading | None = None
    """None for items that are not due, or of which that is unknown, and for those that a person fills and whose
    failure does not fail the card."""


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


class ItemAnswer(Record, frozen=True):
    """What a person says of an item that the machine cannot judge."""

    outcome: Outcome
    """Passed, failed or not applicable."""
    points: float | None = None
    """Where it is not all or nothing; held between 0 and the item's maximum."""
