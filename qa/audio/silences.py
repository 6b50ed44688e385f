"""Silences of a call, holds, and how it ends."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from qa.audio.cues import asks_question, asks_to_wait, says_farewell
from qa.audio.options import BehaviourOptions
from qa.audio.parties import Party, union
from qa.core.behaviour import Ending, NonSpeech, Silence, Source
from qa.core.roles import Role
from qa.core.speech import Activity
from qa.core.transcript import Span, Transcript, Turn

_LOOK_BACK: Final = 8
"""Turns before a silence that are looked at; those that overlap it began shortly before."""
_OPEN_ENDS: Final = ("，", ",", "、", "…", "—", "-", "：", ":")


def find_silences(activity: Activity, parties: Sequence[Party], o: BehaviourOptions) -> tuple[Silence, ...]:
    """Stretches between speech in which no channel carries any, in order."""
    speech = union([s for c in activity.channels for s in c.speech] + [s for p in parties for s in p.speech])
    events = union(Span(e.start, e.end) for c in activity.channels for e in c.events)
    turns = _in_time(parties)
    starts = [extent.start for _, extent in turns]
    found = []
    for before, after in pairwise(speech):
        gap = Span(before.end, after.start)
        if gap.duration < o.least_silence:
            continue
        at = bisect_left(starts, gap.start)
        near = max(0, at - _LOOK_BACK)
        earlier = [t for t, _ in turns[near:at]]
        later = next((t for t, extent in turns[near:] if extent.end > gap.end), None)
        if later is not None and earlier and later.index == earlier[-1].index:
            earlier = earlier[:-1] if later.start >= gap.end else earlier
        announced = _announcer(earlier, o)
        found.append(
            Silence(
                start=round(gap.start, 3),
                end=round(gap.end, 3),
                before_turn=earlier[-1].index if earlier else None,
                after_turn=later.index if later else None,
                awaited=_awaited(earlier, later, announced),
                announced=announced is not None,
                on_hold=sum(e.overlap(gap) for e in events) >= o.hold_share * gap.duration,
                source=Source.ACTIVITY,
            )
        )
    return tuple(found)


def non_speech(activity: Activity) -> tuple[NonSpeech, ...]:
    """Music, singing and tones of every channel, in order of time."""
    found = [
        NonSpeech(e.kind.value, e.start, e.end, channel)
        for channel, heard in enumerate(activity.channels)
        for e in heard.events
    ]
    return tuple(sorted(found, key=lambda e: (e.start, e.channel)))


def find_ending(
    activity: Activity, parties: Sequence[Party], transcript: Transcript, o: BehaviourOptions
) -> Ending | None:
    """Who speaks last, and whether the call breaks off; None where nobody speaks."""
    turns = [(t, e) for t, e in _in_time(parties) if t.role is not Role.SYSTEM]
    speech = [s.end for c in activity.channels for s in c.speech]
    if not turns or not speech:
        return None
    turn, _ = max(turns, key=lambda x: x[1].end)
    tail = max(0.0, transcript.duration - max(speech))
    text = turn.text.rstrip()
    closed = any(says_farewell(t.text) for t, _ in turns[-2:])
    cut_off = None if not text else (tail < o.tail or text.endswith(_OPEN_ENDS)) and not closed
    return Ending(turn.role, turn.index, cut_off, round(tail, 3))


def _in_time(parties: Sequence[Party]) -> list[tuple[Turn, Span]]:
    return sorted(
        ((t, p.extents[t.index]) for p in parties for t in p.turns), key=lambda x: (x[1].start, x[0].index)
    )


def _announcer(earlier: Sequence[Turn], o: BehaviourOptions) -> Turn | None:
    """The turn shortly before that asked the other to wait."""
    for turn in reversed(earlier[-o.hold_notice_turns :]):
        if asks_to_wait(turn.text):
            return turn
    return None


def _awaited(earlier: Sequence[Turn], later: Turn | None, announced: Turn | None) -> Role:
    if announced is not None:
        return announced.role
    if earlier and asks_question(earlier[-1].text):
        return earlier[-1].role.other
    return later.role if later else Role.UNKNOWN
