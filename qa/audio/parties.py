"""Who speaks when: the fine spans of each party, its talk with short pauses closed, and the edges of its turns.

On separate channels the voice activity of a channel is its party's, but for what has no words in it: breath,
noise, or the other party heard through the line. On a shared channel the diarised segments say who speaks.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from qa.audio.options import BehaviourOptions
from qa.core.behaviour import Source
from qa.core.roles import Role
from qa.core.speech import Activity, Diarization, SpeakerSegment
from qa.core.transcript import Span, Transcript, Turn

Key = tuple[int, str, Role]
"""Channel, speaker label, role: what the turns of one party have in common."""
_TURNS_NEAR: Final = 40
"""Turns that a segment can share time with."""
_LOOK_BACK: Final = 3
"""Turns of one party follow each other; edges may overlap a little where it was cut in on."""


@dataclass(frozen=True)
class Party:
    """One speaker of the call."""

    speaker: str
    role: Role
    channel: int
    turns: tuple[Turn, ...]
    speech: tuple[Span, ...]
    """Voice, in order, apart."""
    talk: tuple[Span, ...]
    """Voice with the pauses closed in which the party holds the floor."""
    source: Source

    @cached_property
    def extents(self) -> Mapping[int, Span]:
        """Turn index -> edges of its speech as the detector hears them."""
        spans: dict[int, Span] = {}
        last = 0.0
        for turn, following in zip(self.turns, (*self.turns[1:], None), strict=True):
            until = following.start if following else float("inf")
            spans[turn.index] = extent = _snapped(turn, self.speech, last, until)
            last = extent.end
        return spans

    def turn_at(self, span: Span) -> Turn | None:
        """The turn that shares most time with a span."""
        first = max(0, bisect_left(self._starts, span.start) - _LOOK_BACK)
        last = bisect_left(self._starts, span.end)
        near = self.turns[first:last]
        shared = max(near, key=lambda t: self.extents[t.index].overlap(span), default=None)
        return shared if shared and self.extents[shared.index].overlap(span) > 0 else None

    def turn_near(self, span: Span) -> Turn:
        """The turn in a span, or the one closest to it."""
        return self.turn_at(span) or min(self.turns, key=lambda t: abs(self.extents[t.index].start - span.start))

    def talk_before(self, time: float) -> Span | None:
        """The last talk that begins before a moment."""
        at = bisect_left(self.talk, time, key=lambda s: s.start)
        return self.talk[at - 1] if at else None

    def speech_within(self, span: Span) -> float:
        """Seconds of voice within a span."""
        return _shared(self.speech, span)

    def talk_within(self, span: Span) -> float:
        """Seconds of talk within a span: its pauses count, what others say in them does not."""
        return _shared(self.talk, span)

    @cached_property
    def _starts(self) -> list[float]:
        return [self.extents[t.index].start for t in self.turns]


def find_parties(
    activity: Activity, transcript: Transcript, diarization: Diarization | None, o: BehaviourOptions
) -> tuple[Party, ...]:
    """The parties of a call in order of their first turn; recorded announcements are a party of their own."""
    turns: dict[Key, list[Turn]] = {}
    for turn in transcript.turns:
        turns.setdefault((turn.channel, turn.speaker, turn.role), []).append(turn)
    if diarization is not None:
        spoken, source = _by_segments(turns, diarization), Source.DIARIZATION
    else:
        spoken, source = _by_channel(turns, activity, transcript, o), Source.ACTIVITY
    everybody = sorted((s for spans in spoken.values() for s in spans), key=lambda s: s.start)
    return tuple(
        Party(
            speaker=key[1],
            role=key[2],
            channel=key[0],
            turns=tuple(own),
            speech=tuple(spoken[key]),
            talk=tuple(_talk(spoken[key], everybody, o)),
            source=source,
        )
        for key, own in turns.items()
    )


def union(spans: Iterable[Span]) -> list[Span]:
    """The time covered by any of the spans, in order, apart."""
    out: list[Span] = []
    for span in sorted(spans, key=lambda s: s.start):
        if out and span.start <= out[-1].end:
            out[-1] = Span(out[-1].start, max(out[-1].end, span.end))
        elif span.end > span.start:
            out.append(span)
    return out


def _shared(spans: Sequence[Span], with_: Span) -> float:
    first = max(0, bisect_left(spans, with_.start, key=lambda s: s.start) - 1)
    last = bisect_left(spans, with_.end, key=lambda s: s.start)
    return sum(s.overlap(with_) for s in spans[first:last])


def _by_channel(
    turns: Mapping[Key, Sequence[Turn]], activity: Activity, transcript: Transcript, o: BehaviourOptions
) -> dict[Key, list[Span]]:
    spoken: dict[Key, list[Span]] = {key: [] for key in turns}
    for channel, heard in enumerate(activity.channels):
        words = sorted(
            (w.start, w.end, key) for key, own in turns.items() if key[0] == channel for t in own for w in t.words
        )
        starts = [w[0] for w in words]
        for span in heard.speech:
            near = words[: bisect_left(starts, span.end + o.word_slack)]
            inside = [w for w in near[-200:] if w[1] >= span.start - o.word_slack]
            if inside:
                # Nearly always the channel's one party; where there are two, the one that says most in it.
                keys = [w[2] for w in inside]
                spoken[max(set(keys), key=keys.count)].append(span)
            elif any(span.overlap(lost) > span.duration / 2 for lost in transcript.unintelligible):
                owners = [key for key in turns if key[0] == channel]
                if owners:
                    spoken[owners[0]].append(span)
    return {key: union(spans) for key, spans in spoken.items()}


def _by_segments(turns: Mapping[Key, Sequence[Turn]], diarization: Diarization) -> dict[Key, list[Span]]:
    """Segments go to the party whose turns share most time with them: words may have corrected the voices.

    Where two talk at once the recogniser writes down one of them, so there the voice decides.
    """
    labels = _usual_party(turns)
    segments = sorted(diarization.segments, key=lambda s: s.start)
    spoken: dict[Key, list[Span]] = {key: [] for key in turns}
    edges = sorted(
        ((Span(t.start, t.end), key) for key, own in turns.items() for t in own), key=lambda e: e[0].start
    )
    for segment in segments:
        span = Span(segment.start, segment.end)
        label = labels.get(segment.speaker)
        if label is not None and _double(segment, segments) > 0.3 * span.duration:
            spoken[label].append(span)
            continue
        shared: dict[Key, float] = {}
        last = bisect_left(edges, span.end, key=lambda e: e[0].start)
        for other, key in edges[max(0, last - _TURNS_NEAR) : last]:
            # A little goes to the voice's own label, so that it decides where turns overlap.
            own = 1.2 if key[1] == segment.speaker else 1.0
            shared[key] = shared.get(key, 0.0) + own * other.overlap(span)
        best = max(shared, key=lambda k: shared[k], default=None)
        if best is not None and shared[best] > 0:
            spoken[best].append(span)
    return {key: union(spans) for key, spans in spoken.items()}


def _usual_party(turns: Mapping[Key, Sequence[Turn]]) -> dict[str, Key]:
    """Speaker label -> the party under that label that says most."""
    said = {key: sum(t.end - t.start for t in own) for key, own in turns.items()}
    found: dict[str, Key] = {}
    for key in sorted(said, key=lambda k: said[k]):
        found[key[1]] = key
    return found


def _double(segment: SpeakerSegment, segments: Sequence[SpeakerSegment]) -> float:
    """Seconds of a segment in which another speaker talks; `segments` are in order of their start."""
    last = bisect_left(segments, segment.end, key=lambda s: s.start)
    span = Span(segment.start, segment.end)
    near = segments[max(0, last - _TURNS_NEAR) : last]
    return sum(span.overlap(Span(s.start, s.end)) for s in near if s.speaker != segment.speaker)


def _talk(speech: Sequence[Span], everybody: Sequence[Span], o: BehaviourOptions) -> list[Span]:
    """Close the party's pauses, unless they are long or somebody else speaks in them for a while."""
    out: list[Span] = []
    for span in speech:
        if out and span.start - out[-1].end < o.own_pause:
            pause = Span(out[-1].end, span.start)
            first = max(0, bisect_left(everybody, pause.start, key=lambda s: s.start) - _TURNS_NEAR)
            last = bisect_left(everybody, pause.end, key=lambda s: s.start)
            if sum(s.overlap(pause) for s in everybody[first:last]) < o.lost_floor:
                out[-1] = Span(out[-1].start, span.end)
                continue
        out.append(span)
    return out


def _snapped(turn: Turn, speech: Sequence[Span], after: float, before: float) -> Span:
    """The words' time, widened to the voice around the first and the last word."""
    start, end = turn.start, turn.end
    first = max(0, bisect_left(speech, turn.start, key=lambda s: s.start) - 1)
    for span in speech[first : bisect_left(speech, turn.end, key=lambda s: s.start) + 1]:
        if span.start <= turn.start <= span.end:
            start = max(span.start, after)
        if span.start <= turn.end <= span.end:
            end = max(turn.end, min(span.end, before))
    return Span(min(start, turn.start), max(end, turn.end, start))
