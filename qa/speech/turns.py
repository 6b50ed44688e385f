"""Words become turns: who says what without being interrupted, in order of time."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from qa.core.result import RoleDecision
from qa.core.roles import Role
from qa.core.speech import Activity, AudioInfo, ChannelTranscription, Diarization, SpeakerSegment, Transcription
from qa.core.transcript import Span, Transcript, Turn, Word
from qa.speech.roles import Assigned, RoleOptions, roles_by_channel, roles_on_one_channel
from qa.speech.utterances import SENTENCE_ENDS

MAX_PAUSE_SECONDS: Final = 2.0
"""A longer pause ends a turn although nobody else speaks: pauses inside fluent speech rarely pass one second
(Campione and Veronis 2002), and rules about silence look between turns."""
BACK_CHANNEL_SECONDS: Final = 1.0
"""The other's words in a pause that are shorter than this and fall inside a sentence do not end the turn."""
OVERLAP_SECONDS: Final = 0.2
"""Two people talk at once if it lasts longer than words' times are off."""


@dataclass(frozen=True, slots=True)
class _Spoken:
    """A word with its speaker."""

    word: Word
    order: int
    by: Assigned


def build_transcript(
    info: AudioInfo,
    transcription: Transcription,
    activity: Activity,  # noqa: ARG001 - kept for deciders that weigh speech without words
    diarization: Diarization | None,
    options: RoleOptions,
    manual_roles: Mapping[str, Role] | None,
) -> tuple[Transcript, RoleDecision]:
    """Turn the words of a recording into turns with roles.

    A recording of several channels has one party on each, by `options.role_map`; one channel, or one that
    `diarization` was made for, has several parties on it. `manual_roles` (speaker label -> role) overrules.
    Raises `BadOptionError` for a role map that cannot be read.
    """
    channels = transcription.channels
    language = _language(channels)
    if diarization is not None or info.channels == 1:
        shared = diarization.channel if diarization is not None else 0
        words = next((c.words for c in channels if c.channel == shared), ())
        assigned, decision = roles_on_one_channel(words, shared, diarization, language, options, manual_roles)
        streams: dict[int, Sequence[Word]] = {shared: words}
    else:
        streams = {c.channel: c.words for c in channels}
        assigned, decision = roles_by_channel(streams, language, options, manual_roles)
    spoken = [
        _Spoken(streams[a.channel][i], i, a)
        for a in assigned
        for i in range(a.utterance.first, a.utterance.last + 1)
    ]
    transcript = Transcript(
        language=language,
        duration=info.duration,
        turns=_mark_overlaps(build_turns(spoken), diarization),
        roles_certain=decision.confidence >= options.certain and not decision.swap_suspected,
        roles_swapped_suspected=decision.swap_suspected,
        partial=info.partial,
        unintelligible=tuple(s for c in channels for s in c.guards.unintelligible),
    )
    return transcript, decision


def build_turns(spoken: Sequence[_Spoken]) -> tuple[Turn, ...]:
    """Group the words of each speaker into turns, in order of their start; every word is in exactly one."""
    by_speaker: dict[tuple[int, str, Role], list[_Spoken]] = {}
    for s in spoken:
        by_speaker.setdefault((s.by.channel, s.by.speaker, s.by.role), []).append(s)
    middles = [((s.word.start + s.word.end) / 2, s.word, key) for key, own in by_speaker.items() for s in own]
    middles.sort(key=lambda m: m[0])
    groups: list[list[_Spoken]] = []
    for key, own in by_speaker.items():
        own.sort(key=lambda s: s.order)
        others = [(m, w) for m, w, k in middles if k != key]
        times = [m for m, _ in others]
        group = [own[0]]
        for before, after in pairwise(own):
            between = others[bisect_left(times, before.word.end) : bisect_left(times, after.word.start)]
            if _ends_turn(before, after, [w for _, w in between]):
                groups.append(group)
                group = []
            group.append(after)
        groups.append(group)
    groups.sort(key=lambda g: (g[0].word.start, g[0].by.channel, g[0].order))
    return tuple(_turn(i, g) for i, g in enumerate(groups))


def _ends_turn(before: _Spoken, after: _Spoken, between: Sequence[Word]) -> bool:
    if after.word.start - before.word.end > MAX_PAUSE_SECONDS:
        return True
    if not between:
        return False
    sentence_over = before.word.text.rstrip().endswith(tuple(SENTENCE_ENDS))
    return sentence_over or between[-1].end - between[0].start >= BACK_CHANNEL_SECONDS


def _turn(index: int, group: Sequence[_Spoken]) -> Turn:
    by = group[0].by
    seconds = [max(s.word.end - s.word.start, 0.01) for s in group]
    confidence = sum(s.by.confidence * d for s, d in zip(group, seconds, strict=True)) / sum(seconds)
    words = tuple(s.word for s in group)
    return Turn(index, by.role, by.speaker, by.channel, words, round(confidence, 4))


def _mark_overlaps(turns: tuple[Turn, ...], diarization: Diarization | None) -> tuple[Turn, ...]:
    """Mark turns during which another speaker talks: by turns across channels, by voices on a shared one."""
    flags = [False] * len(turns)
    if diarization is not None:
        spans = [Span(t.start, t.end) for t in turns]
        for i, double in _overlapping(spans, _double_talk(diarization)):
            flags[i] = flags[i] or double.overlap(spans[i]) > OVERLAP_SECONDS
    else:
        latest: list[int] = []
        for i, turn in enumerate(turns):
            latest = [j for j in latest if turns[j].end > turn.start]
            for j in latest:
                both = min(turn.end, turns[j].end) - turn.start
                if turns[j].speaker != turn.speaker and both > OVERLAP_SECONDS:
                    flags[i] = flags[j] = True
            latest.append(i)
    return tuple(
        Turn(t.index, t.role, t.speaker, t.channel, t.words, t.role_confidence, overlapped=flag)
        for t, flag in zip(turns, flags, strict=True)
    )


def _double_talk(diarization: Diarization) -> list[Span]:
    """Where two diarised speakers talk at once, in order."""
    found: list[Span] = []
    talking: list[SpeakerSegment] = []
    for segment in sorted(diarization.segments, key=lambda s: s.start):
        talking = [t for t in talking if t.end > segment.start]
        found.extend(Span(segment.start, min(segment.end, t.end)) for t in talking if t.speaker != segment.speaker)
        talking.append(segment)
    return found


def _overlapping(spans: Sequence[Span], others: Sequence[Span]) -> Iterator[tuple[int, Span]]:
    """Index of each span with each of `others` that it may overlap; both are in order of start."""
    starts = [o.start for o in others]
    longest = max((o.duration for o in others), default=0.0)
    for i, span in enumerate(spans):
        for j in range(bisect_left(starts, span.start - longest), bisect_left(starts, span.end)):
            yield i, others[j]


def _language(channels: Sequence[ChannelTranscription]) -> str:
    """The language of most words."""
    if not channels:
        return ""
    return max(channels, key=lambda c: len(c.words)).language
