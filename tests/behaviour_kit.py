"""Calls made of synthetic voices, for measures that need sound but no recogniser."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qa.audio.options import BehaviourOptions
from qa.core.behaviour import CallBehaviour
from qa.core.roles import Role
from qa.core.speech import Activity, AudioInfo, ChannelActivity, Diarization, SpeakerSegment
from qa.core.transcript import Span, Transcript, Turn, Word
from qa.speech.base import SAMPLE_RATE
from qa.speech.behaviour import Recording, measure
from qa.speech.tone import ToneOptions

Say = tuple[int, float, float, str]
"""Channel, start, end, text."""


def voice(seconds: float, pitch: float, seed: int = 0, level: float = 0.1) -> NDArray[np.float64]:
    """Something with a voice's harmonics, formants, melody and syllables; full scale is 1."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    rng = np.random.default_rng(seed)
    melody = pitch * 2 ** (0.1 * np.sin(2 * np.pi * 0.7 * time + rng.uniform(0, 6)))
    phase = 2 * np.pi * np.cumsum(melody) / SAMPLE_RATE
    sound = np.zeros(len(time))
    for harmonic in range(1, int(3800 / pitch) + 1):
        hertz = harmonic * pitch
        formants = sum(np.exp(-(((hertz - f) / 250) ** 2)) for f in (550, 1500, 2500))
        sound += (0.1 + formants) / harmonic * np.sin(harmonic * phase)
    syllables = 0.55 + 0.45 * np.sin(2 * np.pi * 4 * time + rng.uniform(0, 6))
    sound *= syllables
    return level * sound / max(1e-9, float(np.abs(sound).max()))


def recording(
    says: Sequence[Say],
    duration: float,
    pitches: Sequence[float] = (120.0, 210.0),
    mono: bool = False,
    sound: NDArray[np.int16] | None = None,
    roles: Sequence[Role] = (Role.AGENT, Role.CUSTOMER),
) -> Recording:
    """A call in which these things are said; `sound` (channels, samples) replaces the synthetic voices."""
    samples = np.zeros((2, int(duration * SAMPLE_RATE)))
    rng = np.random.default_rng(1)
    turns, speech = [], [[], []]
    for index, (channel, start, end, text) in enumerate(sorted(says, key=lambda s: s[1])):
        own = voice(end - start, pitches[channel], seed=index)
        at = int(start * SAMPLE_RATE)
        samples[channel, at : at + len(own)] += own
        step = (end - start) / max(1, len(text))
        words = tuple(Word(c, start + i * step, start + (i + 1) * step, 0.9, 0.9) for i, c in enumerate(text))
        turns.append(Turn(index, roles[channel], f"ch{channel}", 0 if mono else channel, words, 0.95))
        speech[channel].append(Span(start, end + 0.05))
    samples += 1e-4 * rng.standard_normal(samples.shape)
    if mono:
        samples = samples.sum(axis=0, keepdims=True)
    ints = np.clip(np.rint(samples * 32767), -32768, 32767).astype(np.int16) if sound is None else sound
    count = len(ints)
    heard = [ChannelActivity(tuple(s)) for s in speech] if not mono else [
        ChannelActivity(tuple(sorted(speech[0] + speech[1], key=lambda s: s.start)))
    ]  # fmt: skip
    diarization = None
    if mono:
        parts = [SpeakerSegment(f"ch{c}", a, b) for c, a, b, _ in sorted(says, key=lambda s: s[1])]
        diarization = Diarization(0, tuple(parts), ("ch0", "ch1"), "test", 0.9)
    return Recording(
        info=AudioInfo("wav", "pcm", 16000, count, count, duration, duration),
        channels=list(ints),
        activity=Activity(tuple(heard)),
        transcript=Transcript("zh", duration, tuple(turns)),
        diarization=diarization,
    )


def behaviour(r: Recording) -> CallBehaviour:
    """Measured with the defaults."""
    return measure(r, BehaviourOptions(), ToneOptions())


LONG_CALL: tuple[Say, ...] = (
    (0, 1.0, 5.0, "您好，欢迎致电宽带服务热线，有什么可以帮您"),
    (1, 5.5, 9.5, "我家的网络从昨天晚上开始就一直连不上"),
    (0, 10.0, 14.0, "系统显示您的线路状态是正常的，先看一下灯"),
    (1, 14.5, 14.9, "哦"),
    (0, 15.5, 20.0, "麻烦看一下光猫上面第三个灯是什么颜色的"),
    (1, 20.5, 24.5, "第三个灯是红色的，一直在闪，昨天也是这样"),
    (0, 25.0, 29.0, "明天上午师傅上门，时间是九点到十二点之间"),
    (1, 29.5, 33.0, "明天上午要上班，后天下午可以的话最合适"),
    (0, 33.5, 37.0, "后天下午两点到五点，已经登记好了，再见"),
)
"""A calm call."""
