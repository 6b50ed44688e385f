"""What a recogniser finds."""

from typing import Final

from qa.core.base import Record

TYPES: Final = (
    "phone",
    "id_card",
    "bank_card",
    "passport",
    "plate",
    "name",
    "address",
    "email",
    "code",
    "cvv",
    "birth_date",
)
"""What counts as personal; amounts, percentages, dates and numbers are found as well, but are not."""


class Entity(Record, frozen=True):
    """Something of a kind, said somewhere."""

    type: str
    turn: int
    """Position in the call's turns."""
    start: int
    end: int
    """Offsets into the turn's text."""
    value: str
    """Digits without separators, or the words."""
    valid: bool
    """A checksum, the numbering plan or a fixed form agrees; otherwise the words around it say what it is."""
    part: bool = False
    """A piece of a number that was said over several turns, or of one that was read back."""
    tail: bool = False
    """The last or first few digits alone, as they are asked for to recognise somebody."""
    told: bool = True
    """Worth a finding. What is not is hidden all the same: last digits, a password that stays the same, the name
    by which an agent addresses somebody.
    """
