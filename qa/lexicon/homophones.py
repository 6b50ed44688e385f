"""When a text that only sounds like a term may count as the term.

The recogniser writes 纹赚不赔 for 稳赚不赔, but people also say 功耗 and mean 功耗. What decides: how long the
term is, how much of it is literally there, whether the text makes ordinary words of its own, and how sure the
recogniser was of them.
"""

from typing import Final

from qa.core.base import Record
from qa.text.calltext import TurnText
from qa.text.segment import segmenter, words_over

UNSURE: Final = 0.6
"""A word probability under which the recogniser was guessing. In recognised calls of known text the wrong words
have a median of 0.55, the right ones of 0.97."""

LONG: Final = 4
"""Syllables from which an accidental homophone is rare enough to need no other sign."""

_FUNCTION: Final = frozenset(
    "的了是在有不会就都也还和跟要能可很这那我你他们人上下来去说到得着过给把被让吗呢吧啊1打问看听走吃找等请"
)
"""A sure recogniser does not write one of these for something else."""

AUTO_SYLLABLES: Final = 3
"""Two syllables were 94 % noise in a measurement on unrelated text."""


class Sounding(Record, frozen=True, gc=False):
    """A place that sounds like a term."""

    start: int
    end: int
    literal: str
    """The term as it is written, of the same length."""
    gaps: bool = False
    """Part of it is not the term's own; then ordinary words of a sure recogniser are always believed."""


def may_fire(turn: TurnText, place: Sounding, mode: str) -> float | None:
    """Confidence 0..1 that the term was said, or None where it must not fire."""
    actual, length = turn.squeezed[place.start : place.end], place.end - place.start
    if mode == "off" or actual == place.literal:
        return None
    short = length < AUTO_SYLLABLES
    if short and mode == "auto" and turn.least_probability >= UNSURE:  # most of what sounds alike
        return None
    wrong = [i for i, (a, b) in enumerate(zip(actual, place.literal, strict=True)) if a != b]
    same = length - len(wrong)
    unsure = turn.least_probability < UNSURE and any(
        turn.probabilities[turn.origin[place.start + i]] < UNSURE for i in wrong
    )
    if short and mode == "auto" and not (unsure and same):
        return None
    if not short and not unsure and ((length < LONG and same < 2) or all(actual[i] in _FUNCTION for i in wrong)):
        return None
    ordinary, cut = _ordinary(turn, place, wrong)
    if short:
        return None if ordinary and (cut or mode == "auto") else 0.5
    if ordinary and cut and not unsure:
        return None
    if ordinary and not unsure and (place.gaps or length < LONG or same * 2 < length):
        return None
    return min(0.9, 0.55 + 0.3 * same / length + (0.1 if unsure else 0.0) - (0.15 if ordinary else 0.0))


def _ordinary(turn: TurnText, place: Sounding, wrong: list[int]) -> tuple[bool, bool]:
    """Whether all differing characters lie in dictionary words, and whether the edge cuts one of those."""
    at = [turn.origin[place.start + i] for i in wrong]
    first, last = turn.origin[place.start], turn.origin[place.end - 1] + 1
    holders = {
        (s, e)
        for s, e in words_over(turn.normal, first, last)
        if e - s > 1 and any(s <= a < e for a in at) and _known(turn, s, e)
    }
    covered = all(any(s <= a < e for s, e in holders) for a in at)
    cut = any(s < first or e > last for s, e in holders)
    return covered, cut


def _known(turn: TurnText, start: int, end: int) -> bool:
    return segmenter().knows(turn.normal[start:end])
