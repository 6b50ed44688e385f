"""How a call was spoken: every measure and the tone, from one pass over the voiced parts of the sound."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain

import msgspec

from qa.audio.interruptions import find_overlaps
from qa.audio.metrics import lines, party_behaviours, party_voice, turn_behaviours
from qa.audio.onsets import lost_onsets
from qa.audio.options import BehaviourOptions
from qa.audio.parties import Party, find_parties, union
from qa.audio.quality import line_quality
from qa.audio.silences import find_ending, find_silences, non_speech
from qa.audio.voice import VoiceFrames, voice_frames
from qa.core.behaviour import CallBehaviour
from qa.core.messages import message
from qa.core.speech import Activity, AudioInfo, ChannelActivity, Diarization
from qa.core.transcript import Span, Transcript
from qa.speech.base import Samples
from qa.speech.tone import ToneOptions, call_tone
from qa.speech.tone_model import tone_model
from qa.speech.tone_words import moods


@dataclass(frozen=True)
class Recording:
    """What is known of a recording once its turns are built."""

    info: AudioInfo
    channels: Sequence[Samples]
    activity: Activity
    transcript: Transcript
    diarization: Diarization | None = None
    echoes: frozenset[int] = field(default_factory=frozenset)
    """Channels on which the recogniser's guards heard the other channel."""


def measure(recording: Recording, options: BehaviourOptions, tone_options: ToneOptions) -> CallBehaviour:
    """Everything that `CallBehaviour` holds. Reads the voiced parts of the sound once, in blocks."""
    r = recording
    activity = r.activity if r.diarization else _with_onsets(r, options)
    parties = find_parties(activity, r.transcript, r.diarization, options)
    voices = [party_voice(p, _frames(p, parties, r)) for p in parties]
    cut_ins, listening = find_overlaps(parties, options)
    turns = turn_behaviours(voices, options)
    model = tone_model()
    tone = call_tone(voices, moods(r.transcript), model, tone_options)
    behaved = party_behaviours(voices, turns, cut_ins, listening, options)
    shared = (message("behaviour.shared_channel"),) if r.diarization is not None else ()
    return CallBehaviour(
        silences=find_silences(activity, parties, options),
        non_speech=non_speech(r.activity),
        cut_ins=cut_ins,
        back_channels=listening,
        parties=tuple(msgspec.structs.replace(p, tone=t) for p, t in zip(behaved, tone.parties, strict=True)),
        turns=turns,
        ending=find_ending(activity, parties, r.transcript, options),
        line=lines(line_quality(r.channels), r.info, r.echoes),
        tone=tone.turns,
        after_answers=tone.after_answers,
        tone_model=model.label,
        notes=shared + tone.notes,
    )


def _with_onsets(r: Recording, o: BehaviourOptions) -> Activity:
    """The activity with the syllables that the detector lost just before speech, and without its trailing pad."""
    heard = []
    for index, (samples, channel) in enumerate(zip(r.channels, r.activity.channels, strict=True)):
        others = [c for i, c in enumerate(r.channels) if i != index]
        speech = union([*_trimmed(channel.speech, o.trailing_pad), *lost_onsets(samples, others, channel.speech)])
        heard.append(ChannelActivity(tuple(speech), channel.events))
    return Activity(tuple(heard))


def _trimmed(spans: Sequence[Span], pad: float) -> list[Span]:
    return [Span(s.start, max(s.start, round(s.end - pad, 3))) for s in spans]


def _frames(party: Party, parties: Sequence[Party], r: Recording) -> VoiceFrames:
    """The frames in which a party speaks, and on a shared channel speaks alone."""
    others = union(chain.from_iterable(p.speech for p in parties if p is not party and p.channel == party.channel))
    return voice_frames(r.channels[party.channel], _without(party.speech, others))


def _without(spans: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """What is left of ordered spans where ordered others are cut out."""
    left: list[Span] = []
    first = 0
    for span in spans:
        at = span.start
        while first < len(others) and others[first].end <= span.start:
            first += 1
        for other in others[first:]:
            if other.start >= span.end:
                break
            if other.start > at:
                left.append(Span(at, other.start))
            at = max(at, other.end)
        if at < span.end:
            left.append(Span(at, span.end))
    return left
