"""Tone: how agitated, how pleased, and how angry, cold, perfunctory or warm each turn is, from sound and words.

Sound is cut into pieces as long as those the model was trained on and held against the speaker's own usual voice
in this call; words come from a lexicon. Both are log-odds and add up. Sound alone never reaches certainty; where
the two point different ways the turn says so. Nothing here fails anybody: a person listens.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from qa.audio.cues import units
from qa.audio.metrics import PartyVoice
from qa.audio.prosody import prosody
from qa.audio.voice import HOP_SECONDS, Array
from qa.core.behaviour import AfterAnswer, Attitude, AttitudeScore, PartyTone, TonePeak, TurnTone
from qa.core.messages import Message, message
from qa.core.roles import Role
from qa.core.transcript import Turn
from qa.speech.tone_model import ToneModel, centre_of, evidence, strongest, value
from qa.speech.tone_words import SILENT, Mood


@dataclass(frozen=True, slots=True)
class ToneOptions:
    """How sound and words are weighed."""

    piece_seconds: float = 2.5
    """Voice in a piece; the model was trained on recordings of two seconds."""
    least_pieces: int = 4
    """Pieces of a speaker without which nobody knows how the person usually sounds: the sound is then left out."""
    angry_prior: float = 0.1
    cold_prior: float = 0.07
    perfunctory_prior: float = 0.07
    warm_prior: float = 0.15
    """How common the attitudes are taken to be before anything is heard: assumptions, not measurements, chosen low
    so that nothing is called angry without evidence."""
    boredom_share: float = 0.5
    """Weight of the sound for perfunctory: acted boredom is like it, not it."""
    joy_share: float = 0.3
    """Weight of the sound for warm: acted joy is like it, and told from anger badly (area 0.81)."""
    silent_words: float = -0.7
    """Log-odds where a turn of some length has no telling word."""
    words_enough: int = 10
    """Characters from which the absence of telling words tells something."""
    least_evidence: float = 0.5
    """Log-odds of sound that are worth a reason."""
    least_peak: float = 0.5
    disagree_sound: float = 1.5
    disagree_words: float = 2.0
    """Log-odds from which sound and words are held to say something."""
    change_turns: int = 6


_FAMILIES: Final[Mapping[str, str]] = {
    "pitch": "pitch", "pitch_low": "pitch", "pitch_high": "pitch",
    "pitch_range": "melody", "pitch_step": "melody", "pitch_slope": "melody",
    "level_spread": "stress", "level_range": "stress", "level_step": "stress",
    "peaks_per_second": "rhythm", "run_seconds": "rhythm", "voiced_share": "rhythm",
}  # fmt: skip
"""Feature -> reason; all others tell of vocal effort."""
_TOP: Final = 3
"""Turns that make a party's attitude."""


@dataclass(frozen=True, slots=True)
class _Sound:
    """What the sound of one turn says."""

    anger: float
    boredom: float
    joy: float
    """Log-odds over their usual shares, mean over the pieces weighted by length."""
    arousal: float
    weight: float
    """0..1: how much there was to go by."""
    away: Array
    peak: tuple[float, float]
    """Start and end of the angriest piece."""


@dataclass(frozen=True, slots=True)
class CallTone:
    """The tone of a call."""

    turns: tuple[TurnTone, ...]
    parties: tuple[PartyTone | None, ...]
    """In the order of the voices given; None for announcements."""
    after_answers: tuple[AfterAnswer, ...]
    notes: tuple[Message, ...]


def call_tone(
    voices: Sequence[PartyVoice], moods: Mapping[int, Mood], model: ToneModel, o: ToneOptions
) -> CallTone:
    """Judge every turn of agents and customers."""
    turns: list[TurnTone] = []
    parties: list[PartyTone | None] = []
    notes: list[Message] = []
    for voice in voices:
        if voice.party.role is Role.SYSTEM:
            parties.append(None)
            continue
        heard = _listen(voice, model, o)
        if not heard:
            notes.append(message("behaviour.voice_unknown", speaker=voice.party.speaker))
        own = [
            _turn(t, voice, heard.get(t.index), moods.get(t.index, SILENT), model, o) for t in voice.party.turns
        ]
        turns += own
        parties.append(_party(own, heard, o))
    turns.sort(key=lambda t: t.turn)
    return CallTone(tuple(turns), tuple(parties), tuple(_after_answers(turns)), tuple(notes))


def _listen(voice: PartyVoice, model: ToneModel, o: ToneOptions) -> dict[int, _Sound]:
    """Turn -> what its sound says; empty where the speaker says too little."""
    pieces: list[tuple[int, float, float, float]] = []
    numbers: list[Array] = []
    for index, extent in voice.party.extents.items():
        frames = voice.frames.between(extent.start, extent.end)
        count = max(1, round(len(frames) * HOP_SECONDS / o.piece_seconds))
        for part in np.array_split(np.arange(len(frames)), count):
            if not len(part):
                continue
            start, end = float(frames.times[part[0]]), float(frames.times[part[-1]]) + HOP_SECONDS
            found = prosody(frames.between(start, end), voice.register)
            if found is not None:
                pieces.append((index, start, end, len(part) * HOP_SECONDS))
                numbers.append(found)
    if len(numbers) < o.least_pieces:
        return {}
    table = np.stack(numbers)
    away = model.deviations(table, centre_of(table))
    answers = [evidence(h, away) for h in (model.anger, model.boredom, model.joy)] + [value(model.arousal, away)]
    known = len(numbers) / (len(numbers) + o.least_pieces)
    heard = {}
    for index in dict.fromkeys(p[0] for p in pieces):
        rows = [i for i, p in enumerate(pieces) if p[0] == index]
        seconds = np.array([pieces[i][3] for i in rows])
        anger, boredom, joy, arousal = (float(np.average(a[rows], weights=seconds)) for a in answers)
        loudest = max(rows, key=lambda i: answers[0][i])
        total = float(seconds.sum())
        heard[index] = _Sound(
            anger=anger,
            boredom=boredom,
            joy=joy,
            arousal=min(1.0, max(0.0, arousal)),
            weight=known * total / (total + 0.5),
            away=np.average(away[rows], axis=0, weights=seconds),
            peak=(round(pieces[loudest][1], 3), round(pieces[loudest][2], 3)),
        )
    return heard


def _turn(
    turn: Turn, voice: PartyVoice, heard: _Sound | None, mood: Mood, model: ToneModel, o: ToneOptions
) -> TurnTone:
    extent = voice.party.extents[turn.index]
    length = min(1.0, units(turn.text) / o.words_enough)
    scores = {}
    for attitude, prior, sound in (
        (Attitude.ANGRY, o.angry_prior, heard.anger if heard else None),
        (Attitude.COLD, o.cold_prior, None),
        (Attitude.PERFUNCTORY, o.perfunctory_prior, o.boredom_share * heard.boredom if heard else None),
        (Attitude.WARM, o.warm_prior, o.joy_share * heard.joy if heard else None),
    ):
        words = mood.odds.get(attitude, 0.0)
        weight = heard.weight if heard is not None and sound is not None else 0.0
        heard_odds = 0.0 if sound is None else weight * sound
        odds = _logit(prior) + heard_odds + (words or o.silent_words * length)
        told = 0.5 + 0.1 * min(4.0, words) if words else 0.7 * length
        scores[attitude] = AttitudeScore(
            score=round(_sigmoid(odds), 4),
            confidence=round(1 - (1 - weight * 0.8) * (1 - told), 4),
            sound=None if sound is None else round(_sigmoid(_logit(prior) + sound), 4),
            words=round(_sigmoid(_logit(prior) + words), 4) if words else 0.0,
        )
    return TurnTone(
        turn=turn.index,
        role=turn.role,
        start=round(extent.start, 3),
        end=round(extent.end, 3),
        arousal=None if heard is None else round(heard.arousal, 4),
        valence=_valence(heard, mood),
        attitudes=scores,
        reasons=_reasons(heard, mood, model, o),
        disagree=_disagree(heard, mood, o),
    )


def _valence(heard: _Sound | None, mood: Mood) -> float | None:
    if heard is None and mood.valence is None:
        return None
    sound = 0.3 * heard.weight * math.tanh((heard.joy - heard.anger) / 4) if heard is not None else 0.0
    return round(min(1.0, max(-1.0, (mood.valence or 0.0) + sound)), 4)


def _disagree(heard: _Sound | None, mood: Mood, o: ToneOptions) -> bool:
    """An angry voice with kind words, or furious words in a voice calmer than usual."""
    if heard is None or heard.weight < 0.5:
        return False
    kind = mood.odds.get(Attitude.WARM, 0.0) >= o.disagree_words
    furious = mood.odds.get(Attitude.ANGRY, 0.0) >= o.disagree_words
    return (kind and heard.anger >= o.disagree_sound) or (furious and heard.anger <= -o.disagree_sound)


def _reasons(heard: _Sound | None, mood: Mood, model: ToneModel, o: ToneOptions) -> tuple[Message, ...]:
    found: list[Message] = []
    if heard is not None and heard.anger * heard.weight >= o.least_evidence:
        families: dict[str, float] = {}
        for name, amount in strongest(model, heard.away):
            families.setdefault(_FAMILIES.get(name, "effort"), abs(amount))
        found += [message(f"behaviour.reason_{f}", amount=round(a, 1)) for f, a in list(families.items())[:3]]
    if heard is not None and heard.boredom * heard.weight >= 2 * o.least_evidence:
        found.append(message("behaviour.reason_flat"))
    for attitude, quotes in mood.quotes.items():
        found.append(
            message(f"behaviour.reason_words_{attitude.value}", words="、".join(q.strip() for q in quotes))
        )
    return tuple(found)


def _party(turns: Sequence[TurnTone], heard: Mapping[int, _Sound], o: ToneOptions) -> PartyTone:
    attitudes, peaks = {}, []
    for attitude in Attitude:
        ranked = sorted(turns, key=lambda t: -t.attitudes[attitude].score * t.attitudes[attitude].confidence)[
            :_TOP
        ]
        weighed = [t.attitudes[attitude].score * t.attitudes[attitude].confidence for t in ranked]
        attitudes[attitude] = round(sum(weighed) / len(weighed), 4) if weighed else 0.0
        for turn in ranked:
            score = turn.attitudes[attitude]
            if score.score >= o.least_peak:
                sound = heard.get(turn.turn)
                start, end = sound.peak if sound and attitude is Attitude.ANGRY else (turn.start, turn.end)
                peaks.append(TonePeak(attitude, turn.turn, start, end, score.score))
    return PartyTone(
        attitudes=attitudes,
        peaks=tuple(sorted(peaks, key=lambda p: -p.score)),
        arousal_shift=_shift([t.arousal for t in turns], o),
        valence_shift=_shift([t.valence for t in turns], o),
    )


def _shift(values: Sequence[float | None], o: ToneOptions) -> float | None:
    known = [v for v in values if v is not None]
    if len(known) < o.change_turns:
        return None
    third = len(known) // 3
    return round(float(np.mean(known[-third:]) - np.mean(known[:third])), 4)


def _after_answers(turns: Sequence[TurnTone]) -> list[AfterAnswer]:
    """Customer, agent, customer: how the mood changed."""
    found = []
    before = answer = None
    for turn in turns:
        if turn.role is Role.AGENT:
            answer = turn if before is not None else None
        elif turn.role is Role.CUSTOMER:
            if before is not None and answer is not None and None not in (before.valence, turn.valence):
                change = None
                if before.arousal is not None and turn.arousal is not None:
                    change = round(turn.arousal - before.arousal, 4)
                found.append(
                    AfterAnswer(
                        agent_turn=answer.turn,
                        customer_turn=turn.turn,
                        valence_change=round((turn.valence or 0.0) - (before.valence or 0.0), 4),
                        arousal_change=change,
                    )
                )
            before, answer = turn, None
    return found


def _logit(p: float) -> float:
    return math.log(p / (1 - p))


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))
