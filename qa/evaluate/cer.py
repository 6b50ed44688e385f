"""Character error rate of a call.

Stereo: for each channel the reference turns of that channel in order of their start, against the words of that
channel in order of time; errors and characters of the channels are added up. So talk at the same time on two
channels costs nothing.

Mono: all turns in order of their start, against the words. Where two people talk at once no order is right, so the
words are tried both in order of their own time and turn by turn, and the reading with fewer errors counts.
"""

from collections.abc import Sequence

from qa.core.base import Record
from qa.core.transcript import Transcript
from qa.evaluate.normalise import normalise
from qa.evaluate.truth import TruthTurn


class CharacterErrors(Record, frozen=True):
    """Edits needed to turn what was written into what was said."""

    errors: int
    characters: int
    """Of the reference, normalised."""

    @property
    def rate(self) -> float | None:
        """Errors per reference character; None without a reference."""
        return self.errors / self.characters if self.characters else None

    def __add__(self, other: "CharacterErrors") -> "CharacterErrors":
        return CharacterErrors(self.errors + other.errors, self.characters + other.characters)


def compare(reference: str, hypothesis: str) -> CharacterErrors:
    """Character errors between two texts as people wrote them."""
    said = normalise(reference, hypothesis)
    written = normalise(hypothesis, reference)
    return CharacterErrors(edit_distance(said, written), len(said))


def call_errors(turns: Sequence[TruthTurn], transcript: Transcript | None, *, by_channel: bool) -> CharacterErrors:
    """Character errors of a call; a call without a transcript lost every character."""
    ordered = sorted(turns, key=lambda t: t.start)
    if by_channel:
        channels = sorted(
            {t.channel for t in turns} | {t.channel for t in (transcript.turns if transcript else ())}
        )
        total = CharacterErrors(0, 0)
        for channel in channels:
            said = "，".join(t.text for t in ordered if t.channel == channel)
            total += compare(said, _words_in_time(transcript, channel))
        return total
    said = "，".join(t.text for t in ordered)
    candidates = {_words_in_time(transcript, None), _turn_by_turn(transcript)}
    return min((compare(said, text) for text in candidates), key=lambda c: c.errors)


def edit_distance(a: Sequence[str], b: Sequence[str]) -> int:
    """Levenshtein distance: insertions, deletions and replacements each cost one."""
    if len(a) < len(b):
        a, b = b, a
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        left = i
        for j, y in enumerate(b, 1):
            above = row[j]
            left = diagonal if x == y else 1 + min(diagonal, above, left)
            diagonal, row[j] = above, left
    return row[-1]


def _words_in_time(transcript: Transcript | None, channel: int | None) -> str:
    turns = transcript.turns if transcript else ()
    words = [w for t in turns if channel is None or t.channel == channel for w in t.words]
    return "".join(w.text for w in sorted(words, key=lambda w: w.start))


def _turn_by_turn(transcript: Transcript | None) -> str:
    turns = transcript.turns if transcript else ()
    return "".join(t.text for t in sorted(turns, key=lambda t: t.start))
