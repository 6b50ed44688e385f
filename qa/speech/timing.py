"""Times of words: inside detected speech, in order, never one over another."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from qa.core.transcript import Span, Word


def clamped(word: Span, speech: Sequence[Span], slack: float) -> Span | None:
    """The part of a word's time that lies in speech; None where there is none within `slack` seconds.

    A word that stretches over a silence stays in the span it shares most time with, the earlier one if equal.
    One that lies beside speech moves to its edge.
    """
    first = max(0, bisect_left(speech, word.start, key=lambda s: s.end) - 1)
    best, shared = None, -1.0
    nearest, distance = None, slack
    for span in speech[first:]:
        if span.start > word.end + slack:
            break
        overlap = span.overlap(word)
        if overlap > shared and span.start <= word.end and span.end >= word.start:
            best, shared = span, overlap
        away = max(span.start - word.end, word.start - span.end)
        if 0 < away <= distance:
            nearest, distance = span, away
    if best is not None:
        return Span(max(word.start, best.start), max(min(word.end, best.end), max(word.start, best.start)))
    if nearest is None:
        return None
    edge = nearest.start if nearest.start > word.end else nearest.end
    return Span(edge, edge)


def monotone(words: Iterable[Word], total: float) -> list[Word]:
    """The words in order of their start, none before the end of the one before it, all within `0..total`."""
    out: list[Word] = []
    last = 0.0
    for word in sorted(words, key=lambda w: w.start):
        start = min(max(word.start, last, 0.0), total)
        end = min(max(word.end, start), total)
        out.append(Word(word.text, round(start, 3), round(max(end, start), 3), word.probability, word.trust))
        last = out[-1].end
    return out


def uncovered(span: Span, words: Iterable[Span]) -> list[Span]:
    """The parts of a span that no word covers, in order."""
    gaps: list[Span] = []
    at = span.start
    for word in sorted(words, key=lambda w: w.start):
        if word.end <= at or word.start >= span.end:
            continue
        if word.start > at:
            gaps.append(Span(at, word.start))
        at = max(at, word.end)
    if at < span.end:
        gaps.append(Span(at, span.end))
    return gaps
