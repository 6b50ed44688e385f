"""Calls with times, a small rule book, and a recogniser whose second hearing is written down beforehand."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from qa.core.roles import Role
from qa.core.speech import Activity, ChannelActivity, ChannelTranscription
from qa.core.transcript import Span, Transcript, Turn, Word
from qa.rules.loader import build, from_text
from qa.speech.base import Again, ChannelInput, Hook, Reheard

PACK = """
id: zh.t
version: 1
terms:
  - {id: sure-win, patterns: [稳赚不赔], family: forbidden, severity: critical}
  - {id: promise, patterns: [保本], family: forbidden, severity: critical}
  - {id: harmless, patterns: [老客户优惠], family: forbidden, severity: warning}
  - {id: trial, patterns: [只有今天], family: forbidden, severity: critical, shadow: true}
  - {id: hello, patterns: [您好]}
flows:
  - id: talk
    steps:
      - {id: hello, says: hello, within: first 1 agent turns, severity: critical}
scorecards:
  - id: card
    sections:
      - id: all
        items:
          - {id: forbidden, check: 'family:forbidden', points: 50, veto: critical}
          - {id: sure-win, check: sure-win, points: 30}
          - {id: hello, check: talk.hello, points: 20}
"""
BOOK = build([from_text("zh/t", PACK)])
SECONDS = 0.25
"""One character takes so long."""
PAUSE = 1.0


def call(*lines: str, probability: float = 0.95) -> Transcript:
    """A stereo call of lines like `坐席：…`, each after a second of silence."""
    turns: list[Turn] = []
    at = PAUSE
    for index, line in enumerate(lines):
        who, _, text = line.partition("：")
        channel = 0 if who == "坐席" else 1
        words = tuple(
            Word(c, round(at + i * SECONDS, 3), round(at + (i + 1) * SECONDS, 3), probability, probability)
            for i, c in enumerate(text)
        )
        role = Role.AGENT if channel == 0 else Role.CUSTOMER
        turns.append(Turn(index, role, f"ch{channel}", channel, words, 0.98))
        at = words[-1].end + PAUSE
    return Transcript("zh", at, tuple(turns))


def activity_of(transcript: Transcript) -> Activity:
    """Somebody speaks during each turn."""
    return Activity(
        tuple(
            ChannelActivity(tuple(Span(t.start, t.end) for t in transcript.turns if t.channel == c))
            for c in (0, 1)
        )
    )


@dataclass
class SecondEar:
    """A recogniser that hears `quick` and `careful` again, for stretches that share time with a turn."""

    transcript: Transcript
    quick: dict[int, str] = field(default_factory=dict)
    """Turn -> what is heard the second time; what was heard first where it is not named."""
    careful: dict[int, str] = field(default_factory=dict)
    asked: list[tuple[bool, int]] = field(default_factory=list)
    """Careful or not, and how many stretches, for every call."""
    name: str = "ear"
    second_name: str = "ear"
    device: str = "cpu"
    compute_type: str = "int8"

    def transcribe(self, inputs: Sequence[ChannelInput], hook: Hook) -> list[ChannelTranscription]:
        raise AssertionError("nothing is transcribed")

    def hear_again(self, again: Again, *, careful: bool) -> list[Reheard]:
        self.asked.append((careful, len(again.spans)))
        texts = {**self.quick, **self.careful} if careful else self.quick
        channel = int(again.samples[0])
        out = []
        for span in again.spans:
            inside = [
                t
                for t in self.transcript.turns
                if t.channel == channel and span.overlap(Span(t.start, t.end)) > 0.5 * (t.end - t.start)
            ]
            out.append(Reheard("".join(texts.get(t.index, t.text) for t in inside), 0.8))
        return out
