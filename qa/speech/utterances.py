"""Utterances: words between two pauses, the smallest pieces that are given to one speaker as a whole.

Words lie where the recogniser put them, to a few tenths of a second; pauses lie where the diariser heard them,
to a few hundredths. Each word therefore goes to the voice stretch it lies in or nearest to, and an utterance is a
run of words of one stretch, cut once more behind punctuation.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from qa.core.speech import SpeakerSegment, VoicePoint
from qa.core.transcript import Span, Word

PAUSE_SECONDS: Final = 0.25
"""Words further apart than this belong to different utterances even within one stretch."""
SENTENCE_ENDS: Final = "。？！?!.；;"
CLAUSE_ENDS: Final = "，,、：:"
FAR_SECONDS: Final = 1.0
"""A word further than this from every stretch has no voice."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """Words `first..last` (inclusive) of the channel, and the voice they were said in."""

    first: int
    last: int
    text: str
    start: float
    end: float
    voice: int | None
    """Index of the voice point, None where no voice is known."""
    gap: float
    """Pause before it, seconds; the stretches' where they differ, otherwise the words'."""
    after_sentence: bool
    """The words before it end a sentence."""
    same_stretch: bool
    """It goes on in the voice stretch of the one before."""


def split_utterances(words: Sequence[Word], stretches: Sequence[Span]) -> list[Utterance]:
    """Cut the words of a channel, in order, into utterances; every word is in exactly one.

    `stretches` are the diariser's, in order of start; without any, pauses and punctuation decide alone.
    """
    starts = [s.start for s in stretches]
    longest = max((s.duration for s in stretches), default=0.0)
    homes = [_home(word, stretches, starts, longest) for word in words]
    utterances: list[Utterance] = []
    first = 0
    for i in range(1, len(words) + 1):
        if i < len(words) and not _cut(words[i - 1], words[i], homes[i - 1], homes[i]):
            continue
        utterances.append(_utterance(words, homes, stretches, first, i - 1))
        first = i
    return utterances


def spans_of(voices: Sequence[VoicePoint], segments: Sequence[SpeakerSegment]) -> list[Span]:
    """Stretches as spans: the voice points', or the diariser's segments where it gives no points."""
    return [Span(v.start, v.end) for v in (voices or segments)]


def _cut(before: Word, after: Word, home_before: int | None, home_after: int | None) -> bool:
    if home_before != home_after or after.start - before.end >= PAUSE_SECONDS:
        return True
    return before.text.rstrip().endswith(tuple(SENTENCE_ENDS + CLAUSE_ENDS))


def _utterance(
    words: Sequence[Word], homes: list[int | None], stretches: Sequence[Span], first: int, last: int
) -> Utterance:
    home = homes[first]
    before = homes[first - 1] if first else None
    gap = words[first].start - words[first - 1].end if first else words[first].start
    if first and home is not None and before is not None and home != before:
        gap = stretches[home].start - stretches[before].end
    return Utterance(
        first=first,
        last=last,
        text="".join(w.text for w in words[first : last + 1]),
        start=words[first].start,
        end=max(w.end for w in words[first : last + 1]),
        voice=home,
        gap=max(0.0, gap),
        after_sentence=bool(first) and words[first - 1].text.rstrip().endswith(tuple(SENTENCE_ENDS)),
        same_stretch=first > 0 and home is not None and home == before,
    )


def _home(word: Word, stretches: Sequence[Span], starts: Sequence[float], longest: float) -> int | None:
    """The stretch that a word lies in, or else the nearest within `FAR_SECONDS`."""
    best: tuple[float, int] | None = None
    first = bisect_left(starts, word.start - longest - FAR_SECONDS)
    for index in range(first, bisect_right(starts, word.end + FAR_SECONDS)):
        overlap = min(word.end, stretches[index].end) - max(word.start, stretches[index].start)
        if overlap > -FAR_SECONDS and (best is None or overlap > best[0] + 1e-6):
            best = overlap, index
    return best[1] if best else None
