"""All measures of how a call is spoken, from the spans of the parties and one look at their frames."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from qa.audio.cues import units
from qa.audio.options import BehaviourOptions
from qa.audio.parties import Party
from qa.audio.prosody import AUDIBLE_DB, LEAST_VOICED
from qa.audio.quality import LineQuality
from qa.audio.voice import VoiceFrames, pitch_of, register_of
from qa.core.behaviour import BackChannel, CutIn, Line, Measure, PartyBehaviour, Source, TurnBehaviour, Unit
from qa.core.messages import Message, message
from qa.core.roles import Role
from qa.core.speech import AudioInfo
from qa.core.transcript import Span, Turn

_TOO_LITTLE: Final = message("behaviour.not_enough_speech")
_NOBODY_BEFORE: Final = message("behaviour.nobody_before")


@dataclass(frozen=True, slots=True)
class Voice:
    """What a stretch of a party's speech sounds like, absolutely."""

    level: float
    pitch: float
    pitch_range: float


@dataclass(frozen=True)
class PartyVoice:
    """A party with its frames, its usual pitch and the voice of each turn that is long enough."""

    party: Party
    frames: VoiceFrames
    register: float | None
    turns: Mapping[int, Voice]


def party_voice(party: Party, frames: VoiceFrames) -> PartyVoice:
    """Listen to each turn of a party; `frames` are those of its speech."""
    register = register_of(frames)
    heard = {i: _voice(frames.between(e.start, e.end), register) for i, e in party.extents.items()}
    return PartyVoice(party, frames, register, {i: v for i, v in heard.items() if v is not None})


def turn_behaviours(voices: Sequence[PartyVoice], o: BehaviourOptions) -> tuple[TurnBehaviour, ...]:
    """Rates, levels, pitch and response of every turn, in order of the turns."""
    waits = _responses([v.party for v in voices])
    found = []
    for voice in voices:
        levels = [v.level for v in voice.turns.values()]
        pitches = [v.pitch for v in voice.turns.values()]
        usual = (float(np.median(levels)), float(np.median(pitches))) if levels else (0.0, 1.0)
        for turn in voice.party.turns:
            extent, own = voice.party.extents[turn.index], voice.turns.get(turn.index)
            count = units(turn.text)
            enough = extent.duration >= o.least_rate_seconds and count >= o.least_rate_characters
            voiced = voice.party.speech_within(extent)
            found.append(
                TurnBehaviour(
                    turn=turn.index,
                    role=turn.role,
                    start=round(extent.start, 3),
                    end=round(extent.end, 3),
                    characters=count,
                    speech_rate=_rate(count if enough else None, voice.party.talk_within(extent)),
                    articulation_rate=_rate(count if enough else None, voiced),
                    loudness=_sound(own.level - usual[0] if own else None, Unit.DB),
                    pitch=_sound(own.pitch if own else None, Unit.HERTZ),
                    pitch_offset=_sound(
                        12 * float(np.log2(own.pitch / usual[1])) if own else None, Unit.SEMITONES
                    ),
                    pitch_range=_sound(own.pitch_range if own else None, Unit.SEMITONES),
                    response=measure(waits.get(turn.index), Unit.SECONDS, voice.party.source, _NOBODY_BEFORE),
                )
            )
    return tuple(sorted(found, key=lambda t: t.turn))


def party_behaviours(
    voices: Sequence[PartyVoice],
    turns: Sequence[TurnBehaviour],
    cut_ins: Sequence[CutIn],
    listening: Sequence[BackChannel],
    o: BehaviourOptions,
) -> tuple[PartyBehaviour, ...]:
    """The same over the call, for each party."""
    talk = {id(v): sum(s.duration for s in v.party.talk) for v in voices}
    total = sum(talk[id(v)] for v in voices if v.party.role is not Role.SYSTEM)
    return tuple(_party(v, talk[id(v)], total, turns, cut_ins, listening, o) for v in voices)


def lines(quality: Sequence[LineQuality], info: AudioInfo, echoes: frozenset[int]) -> tuple[Line, ...]:
    """The quality of every channel; a dead one has no level."""
    return tuple(
        Line(
            channel=i,
            level=_sound(q.level_dbfs if q.silent_share < 1 else None, Unit.DBFS),
            noise=_sound(q.noise_dbfs if q.silent_share < 1 else None, Unit.DBFS),
            signal_to_noise=_sound(q.signal_to_noise_db if q.silent_share < 1 else None, Unit.DB),
            clipped=_sound(q.clipped_share, Unit.SHARE),
            dead=i in info.dead_channels,
            echo=i in echoes,
        )
        for i, q in enumerate(quality)
    )


def measure(value: float | None, unit: Unit, source: Source, missing: Message = _TOO_LITTLE) -> Measure:
    """A value with its unit and source, or the reason why there is none."""
    if value is None or not np.isfinite(value):
        return Measure(None, unit, source, missing)
    return Measure(round(float(value), 4), unit, source)


def _party(
    voice: PartyVoice,
    talk: float,
    total: float,
    turns: Sequence[TurnBehaviour],
    cut_ins: Sequence[CutIn],
    listening: Sequence[BackChannel],
    o: BehaviourOptions,
) -> PartyBehaviour:
    party = voice.party
    indices = {t.index for t in party.turns}
    own = [t for t in turns if t.turn in indices]
    counted = [t for t in own if t.speech_rate.value is not None]
    extents = [party.extents[t.turn] for t in counted]
    characters = sum(t.characters for t in counted)
    voices = [voice.turns[t.turn] for t in own if t.turn in voice.turns]
    waits = [t.response.value for t in own if t.response.value is not None]
    speech = sum(s.duration for s in party.speech)
    is_party = party.role is not Role.SYSTEM and total > 0
    return PartyBehaviour(
        speaker=party.speaker,
        role=party.role,
        channel=party.channel,
        turns=len(party.turns),
        talk_seconds=measure(talk, Unit.SECONDS, party.source),
        talk_share=measure(talk / total if is_party else None, Unit.SHARE, party.source),
        speech_seconds=measure(speech, Unit.SECONDS, party.source),
        characters=sum(t.characters for t in own),
        speech_rate=_rate(characters or None, sum(party.talk_within(e) for e in extents)),
        articulation_rate=_rate(characters or None, sum(party.speech_within(e) for e in extents)),
        loudness=_sound(_median([v.level for v in voices]), Unit.DBFS),
        loudness_change=_sound(_change([v.level for v in voices], o), Unit.DB),
        pitch=_sound(_median([v.pitch for v in voices]), Unit.HERTZ),
        pitch_range=_sound(_median([v.pitch_range for v in voices]), Unit.SEMITONES),
        pitch_change=_sound(_change([12 * float(np.log2(v.pitch)) for v in voices], o), Unit.SEMITONES),
        first_response=measure(waits[0] if waits else None, Unit.SECONDS, party.source, _NOBODY_BEFORE),
        mean_response=measure(
            float(np.mean(waits)) if waits else None, Unit.SECONDS, party.source, _NOBODY_BEFORE
        ),
        interruptions=sum(c.turn in indices for c in cut_ins),
        back_channels=sum(b.turn in indices for b in listening),
    )


def _voice(frames: VoiceFrames, register: float | None) -> Voice | None:
    if len(frames) < LEAST_VOICED:
        return None
    pitch, _ = pitch_of(frames, register)
    voiced = (pitch > 0) & (frames.level > np.percentile(frames.level, 95) - AUDIBLE_DB)
    if voiced.sum() < LEAST_VOICED:
        return None
    low, middle, high = np.percentile(pitch[voiced], (10, 50, 90))
    return Voice(float(np.median(frames.level[voiced])), float(middle), 12 * float(np.log2(high / low)))


def _responses(parties: Sequence[Party]) -> dict[int, float]:
    """Turn -> seconds since the end of the other party's turn before it; overlap counts as nought."""
    ordered: list[tuple[Turn, Span]] = sorted(
        ((t, p.extents[t.index]) for p in parties for t in p.turns), key=lambda x: x[0].index
    )
    waits = {}
    for (before, ended), (after, begun) in pairwise(ordered):
        if before.role is not after.role and before.role is after.role.other:
            waits[after.index] = max(0.0, begun.start - ended.end)
    return waits


def _rate(count: int | None, seconds: float) -> Measure:
    value = 60 * count / seconds if count and seconds > 0 else None
    return measure(value, Unit.PER_MINUTE, Source.WORDS)


def _sound(value: float | None, unit: Unit) -> Measure:
    return measure(value, unit, Source.SOUND)


def _median(values: Sequence[float]) -> float | None:
    return float(np.median(values)) if values else None


def _change(values: Sequence[float], o: BehaviourOptions) -> float | None:
    """Median of the last third of the turns against that of the first."""
    if len(values) < o.least_turns_for_change:
        return None
    third = len(values) // 3
    return float(np.median(values[-third:]) - np.median(values[:third]))
