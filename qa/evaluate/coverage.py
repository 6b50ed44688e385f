"""Speech without words, and words without speech."""

from collections.abc import Iterable, Sequence
from typing import Final

from qa.core.base import Record
from qa.core.transcript import Span, Transcript, Word
from qa.evaluate.truth import TruthTurn

TOLERANCE: Final = 0.5
"""Seconds a word may lie outside the reference turn it belongs to: the recogniser's word times wander that far."""


class Coverage(Record, frozen=True):
    """How well words cover what was said."""

    lost_turns: tuple[int, ...]
    """Ids of the reference turns during which not one word was written (on their channel, where there are two)."""
    lost_seconds: float
    """Their length together."""
    invented: tuple[str, ...]
    """Words written where nobody spoke within `TOLERANCE`."""


def coverage(turns: Sequence[TruthTurn], transcript: Transcript | None, *, by_channel: bool) -> Coverage:
    """Compare a transcript with the reference turns; by channel on stereo, over all on mono."""
    words = [(w, t.channel) for t in (transcript.turns if transcript else ()) for w in t.words]

    def together(turn: TruthTurn, channel: int) -> bool:
        return not by_channel or turn.channel == channel

    lost = [t for t in turns if not any(together(t, c) and overlaps(t.span, _span(w)) for w, c in words)]
    invented = [
        w.text
        for w, c in sorted(words, key=lambda pair: pair[0].start)
        if not any(together(t, c) and overlaps(_widened(t.span), _span(w)) for t in turns)
    ]
    return Coverage(tuple(t.id for t in lost), sum(t.span.duration for t in lost), tuple(invented))


def overlaps(a: Span, b: Span) -> bool:
    """Whether two spans share time; a span of no length counts as the instant it stands for."""
    return a.overlap(b) > 0 or (b.duration == 0 and a.start <= b.start <= a.end)


def any_overlap(span: Span, others: Iterable[Span]) -> bool:
    """Whether a span shares time with any of the others."""
    return any(overlaps(span, other) for other in others)


def _span(word: Word) -> Span:
    return Span(word.start, max(word.start, word.end))


def _widened(span: Span) -> Span:
    return Span(span.start - TOLERANCE, span.end + TOLERANCE)
