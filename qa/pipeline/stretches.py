"""Which stretches of sound are heard a second time: what accusations rest on, with something around it."""

from collections.abc import Iterable, Sequence
from typing import Final

from qa.core.finding import Evidence, Finding, MatchKind, Severity
from qa.core.speech import Activity
from qa.core.transcript import Span
from qa.speech.base import LONGEST_AGAIN

SPOKEN: Final = frozenset(
    {MatchKind.EXACT, MatchKind.HOMOPHONE, MatchKind.SIMILAR, MatchKind.REGEX, MatchKind.CONTEXT}
)
"""Ways of matching that rest on the words the recogniser wrote."""

_PAD: Final = 0.3
"""Seconds of silence kept at an edge: consonants begin before a detector hears them."""
_SHORTEST_PAUSE: Final = 0.2
"""Seconds of silence in which two stretches can meet."""
_REACH: Final = 2.0
"""Seconds that an edge inside speech moves outward to reach a pause; beyond it a word is cut."""


def accusations(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that need a second hearing: critical, told to people, resting on words that were said.

    A missing or late step is none: what is heard there speaks for the agent.
    """
    return tuple(
        f
        for f in findings
        if f.severity is Severity.CRITICAL and not f.shadow and f.family != "step" and spoken(f)
    )


def spoken(finding: Finding) -> tuple[Evidence, ...]:
    """The evidence of a finding that rests on words."""
    return tuple(e for e in finding.evidence if e.match in SPOKEN)


def stretches(
    evidence: Iterable[Evidence], activity: Activity, duration: float, context: float, longest: float
) -> dict[int, tuple[Span, ...]]:
    """By channel, in order: the evidence with `context` seconds on either side, out to the next pause.

    Stretches that overlap become one of up to `longest` seconds; where that is too long, they meet in the longest
    pause between the evidence of the one and of the other. A piece of evidence lies whole in one stretch unless it
    is longer than `LONGEST_AGAIN`.
    """
    by_channel: dict[int, list[Span]] = {}
    for one in evidence:
        by_channel.setdefault(one.channel, []).append(Span(one.start, one.end))
    return {
        channel: _of_channel(
            sorted(own, key=_order), activity.channels[channel].speech, duration, context, longest
        )
        for channel, own in sorted(by_channel.items())
    }


def _of_channel(
    evidence: Sequence[Span], speech: Sequence[Span], duration: float, context: float, longest: float
) -> tuple[Span, ...]:
    groups: list[Span] = []
    for span in evidence:
        joined = Span(groups[-1].start, max(groups[-1].end, span.end)) if groups else span
        wide = _widened(joined, speech, duration, context)
        overlaps = bool(groups) and span.start < groups[-1].end and joined.duration <= LONGEST_AGAIN
        if overlaps or (groups and wide.duration <= longest and _near(groups[-1], span, context)):
            groups[-1] = joined
        else:
            groups.append(span)
    out: list[Span] = []
    for index, group in enumerate(groups):
        wide = _widened(group, speech, duration, context)
        start, end = wide.start, wide.end
        if index and start < out[-1].end:
            middle = _meeting(groups[index - 1].end, group.start, speech)
            out[-1] = Span(out[-1].start, min(out[-1].end, middle))
            start = max(start, middle)
        over = max(0.0, end - start - LONGEST_AGAIN) / 2
        out.append(Span(round(start + over, 2), round(end - over, 2)))
    return tuple(out)


def _near(group: Span, span: Span, context: float) -> bool:
    return span.start - group.end <= 2 * context + _REACH


def _meeting(end: float, start: float, speech: Sequence[Span]) -> float:
    """Where two stretches part between the evidence of the one, which ends at `end`, and that of the other."""
    edges = [end]
    for s in speech:
        if s.end > end and s.start < start:
            edges += [max(s.start, end), min(s.end, start)]
    edges.append(start)
    pauses = [(edges[i + 1] - edges[i], edges[i]) for i in range(0, len(edges), 2)]
    length, at = max(pauses)
    return round(at + length / 2 if length >= _SHORTEST_PAUSE else (end + start) / 2, 2)


def _order(span: Span) -> tuple[float, float]:
    return span.start, span.end


def _widened(evidence: Span, speech: Sequence[Span], duration: float, context: float) -> Span:
    start, end = evidence.start - context, evidence.end + context
    inside = next((s for s in speech if s.start < start < s.end), None)
    if inside is not None and start - inside.start <= _REACH:
        start = inside.start - _PAD
    inside = next((s for s in speech if s.start < end < s.end), None)
    if inside is not None and inside.end - end <= _REACH:
        end = inside.end + _PAD
    return Span(max(0.0, start), min(duration, end))
