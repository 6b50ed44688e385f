"""Scripted dialogues as words and voices, for tests that need no sound."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from qa.core.roles import Role
from qa.core.speech import (
    ChannelTranscription,
    Diarization,
    GuardReport,
    SpeakerSegment,
    Transcription,
    VoicePoint,
)
from qa.core.transcript import Word

SCRIPTS = Path(__file__).parent / "speech_dialogues.txt"
SECONDS_PER_CHARACTER = 0.2
PAUSE = 0.45
Line = tuple[Role, str]


def scripts() -> Iterator[tuple[str, list[Line]]]:
    """Name and lines of every scripted dialogue."""
    for block in SCRIPTS.read_text(encoding="utf-8").strip().split("\n\n"):
        name, *lines = block.splitlines()
        yield (
            name.removeprefix("# "),
            [(Role.AGENT if line[0] == "A" else Role.CUSTOMER, line[3:]) for line in lines],
        )


def words_of(lines: list[Line], pause: float = PAUSE) -> list[tuple[Role, list[Word]]]:
    """Each line as words of one character, punctuation attached, with times."""
    spoken, at = [], 0.5
    for role, text in lines:
        words: list[Word] = []
        for char in text:
            if words and not char.isalnum():
                last = words.pop()
                words.append(Word(last.text + char, last.start, last.end, 0.9, 0.9))
                continue
            words.append(Word(char, round(at, 3), round(at + SECONDS_PER_CHARACTER, 3), 0.9, 0.9))
            at += SECONDS_PER_CHARACTER
        at += pause
        spoken.append((role, words))
    return spoken


def transcription_of(streams: list[list[Word]], language: str = "zh") -> Transcription:
    """One channel per word list."""
    channels = [
        ChannelTranscription(i, language, 1.0, tuple(words), GuardReport()) for i, words in enumerate(streams)
    ]
    return Transcription(tuple(channels), "test", "int8", "cpu")


def diarization_of(spoken: list[tuple[Role, list[Word]]], gap: float, seed: int = 0) -> Diarization:
    """Two voices `gap` apart (cosine), with the spread that real voices have; clusters as a diariser sees them."""
    rng = np.random.default_rng(seed)
    agent, customer = np.zeros(12), np.zeros(12)
    agent[0] = customer[0] = 0.75
    agent[1], customer[1] = np.sqrt(gap / 2), -np.sqrt(gap / 2)
    points, segments = [], []
    for role, words in spoken:
        start, end = words[0].start, words[-1].end
        spread = 0.07 + 0.16 / np.sqrt(max(end - start, 0.25))
        at = (agent if role is Role.AGENT else customer) + rng.normal(0, spread / 2, 12)
        points.append(VoicePoint(start, end, tuple(at.tolist())))
        segments.append(SpeakerSegment("S0" if at[1] > 0 else "S1", start, end))
    return Diarization(0, tuple(segments), ("S0", "S1"), "test", gap, tuple(points))
