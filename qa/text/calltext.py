"""A call's words prepared for matching: every form that terms and the context grammar need, made once per call.

    turn text     您好， 這裡是…      what the recogniser wrote; offsets in evidence refer to it
    normal form   您好, 这里是…       same length
    squeezed      你好这里是…         match form without punctuation and blanks; `origin` leads back to the offsets

The squeezed texts of all turns are joined by a separator that no pattern can hold, so that one pass of the
automaton covers the call and no match runs from one turn into the next.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from qa.core.base import Record
from qa.core.lazy import lazy
from qa.core.transcript import Transcript, Turn, Word
from qa.text.normalise import match_form, normal_form, plain
from qa.text.syllables import syllables

SEPARATOR: Final = "\n"

PAUSE_SECONDS: Final = 0.45
"""A gap between two words that counts as the end of a clause: recognisers often leave punctuation out. Pauses
within a clause of fluent speech stay mostly under 0.4 s (Goldman-Eisler's 250 ms is the onset of hesitation)."""

_POINT: Final = r"(?<!\d[.:](?=\d))"
"""3.5 and 18:30 keep their mark."""
# Written so that the engine skips to the next character of the set by itself: thrice as fast as a group.
_MARKS: Final = re.compile(rf"[^\w%]{_POINT}[^\w%]*")
_MARKS_OF_CALL: Final = re.compile(rf"[^\w%{SEPARATOR}]{_POINT}[^\w%{SEPARATOR}]*")
_LETTER: Final = re.compile("[a-z]")
_STOP: Final = frozenset("。!?;\n….")
_EMOJI: Final = "\U0001f000"
"""From here on, what is no letter is a picture."""


class Break(Record, frozen=True, gc=False):
    """A boundary between clauses, before the squeezed character `at`."""

    at: int
    mark: str
    """`.` end of a sentence, `?` end of a question, `,` a comma, `、` a list, ` ` a pause."""

    @property
    def strong(self) -> bool:
        """Ends a sentence."""
        return self.mark in ".?"


class Clause(Record, frozen=True, gc=False):
    """A stretch between two breaks, in squeezed offsets."""

    start: int
    end: int
    mark: str
    """The break behind it; `.` at the end of the turn unless the recogniser wrote something else."""


class TurnText:
    """One turn in its forms. What few turns are asked for is made when it first is."""

    def __init__(
        self, turn: Turn, text: str, normal: str, matchable: str, squeezed: str, base: int = 0, position: int = 0
    ) -> None:
        self.turn = turn
        self.text = text
        self.normal = normal
        self._matchable = matchable
        self.squeezed = squeezed
        self.base = base
        """Offset of `squeezed` in the joined text of the call."""
        self.turn_position = position
        """Place of the turn in the call."""

    @lazy
    def begins(self) -> float:
        """Start of the turn, seconds; kept, because conditions ask for it again and again."""
        return self.turn.start

    @lazy
    def ends(self) -> float:
        """End of the turn, seconds."""
        return self.turn.end

    @lazy
    def origin(self) -> list[int]:
        """Offset into `text` of each squeezed character, and `len(text)` at the end."""
        if len(self.squeezed) == len(self.text):
            return list(range(len(self.text) + 1))
        found: list[int] = []
        last = 0
        for start, end in self._passed_over:
            found.extend(range(last, start))
            last = end
        found.extend(range(last, len(self.text) + 1))
        return found

    @lazy
    def _passed_over(self) -> list[tuple[int, int]]:
        """Offsets into `text` of what the squeezed text leaves out."""
        return [m.span() for m in _MARKS.finditer(self._matchable)]

    @lazy
    def probabilities(self) -> list[float]:
        """The recogniser's probability for every character of `text`."""
        return [w.probability for w in self.turn.words for _ in w.text]

    @lazy
    def least_probability(self) -> float:
        """The lowest of these; 1 for a turn without words."""
        return min([w.probability for w in self.turn.words], default=1.0)

    @lazy
    def trusts(self) -> list[float]:
        """The trust in every character of `text`."""
        return [w.trust for w in self.turn.words for _ in w.text]

    @lazy
    def least_trust(self) -> float:
        """The lowest of these; 1 for a turn without words."""
        return min([w.trust for w in self.turn.words], default=1.0)

    @lazy
    def _word_offsets(self) -> tuple[int, ...]:
        return self.turn.offsets()

    def words_at(self, start: int, end: int) -> tuple[Word, ...]:
        """`Turn.words_at`, with the offsets of the words kept for the next who asks."""
        first = max(0, bisect_right(self._word_offsets, start) - 1)
        last = bisect_right(self._word_offsets, max(start, end - 1)) - 1
        return self.turn.words[first : last + 1]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets into `text` of the squeezed stretch `start..end`."""
        if start >= end:
            at = self.origin[min(start, len(self.origin) - 1)]
            return at, at
        return self.origin[start], self.origin[end - 1] + 1

    def squeezed_offset(self, offset: int) -> int:
        """The first squeezed character at or behind `offset` of `text`."""
        return bisect_right(self.origin, offset - 1) if offset else 0

    @lazy
    def breaks(self) -> tuple[Break, ...]:
        """All clause boundaries inside the turn, by punctuation and by pauses."""
        found: dict[int, str] = {}
        left_out = 0
        for start, end in self._passed_over:
            at = start - left_out
            left_out += end - start
            if 0 < at < len(self.squeezed):
                latin = self.squeezed[at - 1].isascii() or self.squeezed[at].isascii()
                mark = _mark(self.normal[start:end], latin)
                if mark:
                    found[at] = mark
        for at in self._pauses():
            found.setdefault(at, " ")
        return tuple(Break(at, found[at]) for at in sorted(found))

    def _pauses(self) -> Iterator[int]:
        words = self.turn.words
        late = [i for i in range(1, len(words)) if words[i].start - words[i - 1].end >= PAUSE_SECONDS]
        if late:
            offsets = self._word_offsets
            for i in late:
                at = self.squeezed_offset(offsets[i])
                if 0 < at < len(self.squeezed):
                    yield at

    @lazy
    def plain(self) -> str:
        """The plain form of what was said: mostly what is squeezed, and to see that costs a tenth of making it."""
        if self.squeezed.isalnum() and "?" not in self._matchable:
            return self.squeezed
        return plain(self._matchable)

    @lazy
    def marked(self) -> str:
        """The squeezed text with the mark of every break put in, and the last one at its end."""
        parts = [self.squeezed[c.start : c.end] + c.mark for c in self.clauses]
        return "".join(parts)

    def marked_offset(self, at: int) -> int:
        """Where the squeezed character `at` stands in `marked`."""
        return at + bisect_right(self._break_offsets, at)

    @lazy
    def _break_offsets(self) -> list[int]:
        return [b.at for b in self.breaks]

    def breaks_in(self, start: int, end: int) -> tuple[Break, ...]:
        """The breaks inside the squeezed stretch `start..end`, not at its edges."""
        at = self._break_offsets
        return self.breaks[bisect_right(at, start) : bisect_left(at, end)]

    @lazy
    def clauses(self) -> tuple[Clause, ...]:
        """The clauses of the turn in order."""
        result, start = [], 0
        for b in self.breaks:
            result.append(Clause(start, b.at, b.mark))
            start = b.at
        tail = self.normal[self.origin[-2] + 1 :] if self.squeezed else ""
        result.append(Clause(start, len(self.squeezed), "?" if "?" in tail else "."))
        return tuple(result)

    def clause_index(self, at: int) -> int:
        """Which clause holds the squeezed character `at`."""
        return min(bisect_right(self._break_offsets, at), len(self.clauses) - 1)


@lru_cache(maxsize=1024)
def _mark(between: str, latin: bool) -> str:
    """The kind of break that some punctuation makes, beside a Latin letter or digit or not; nothing for a blank
    between letters or a hyphen.
    """
    if "?" in between:
        return "?"
    if any(c in _STOP for c in between):
        return "."
    if "、" in between:
        return "、"
    if between.isspace():
        return "" if latin else ","  # Whisper writes a blank for a comma; 打 110 is one
    return "" if all(c in "-_'\"“”‘’《》()<>「」『』·~" or c.isspace() or c > _EMOJI for c in between) else ","


class CallText:
    """All turns of a call, prepared once."""

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        texts = [t.text for t in transcript.turns]
        self.normal = normal_form(SEPARATOR.join(texts))  # in one piece: a conversion costs more than its length
        """The normal forms of all turns, joined by the separator."""
        matchable = match_form(self.normal)
        squeezed = _MARKS_OF_CALL.sub("", matchable).split(SEPARATOR)
        if len(squeezed) > len(texts):  # a text holds the separator itself
            squeezed = [_MARKS.sub("", match_form(normal_form(t))) for t in texts]
        self.turns: list[TurnText] = []
        self._starts: list[int] = []
        self._bases: list[int] = []
        at = base = 0
        for position, (turn, text, form) in enumerate(zip(transcript.turns, texts, squeezed, strict=True)):
            end = at + len(text)
            prepared = TurnText(turn, text, self.normal[at:end], matchable[at:end], form, base, position)
            self.turns.append(prepared)
            self._starts.append(at)
            self._bases.append(base)
            at = end + 1
            base += len(form) + 1
        self.joined = SEPARATOR.join(squeezed)

    @lazy
    def sounds(self) -> str:
        """`joined` in syllable classes."""
        return syllables(self.joined)

    def turns_with(self, sign: re.Pattern[str]) -> Iterator[TurnText]:
        """The turns in whose normal form something stands, in order: one search through the call instead of one
        per turn. The expression must not look for the beginning or end of a text.
        """
        at = 0
        while (found := sign.search(self.normal, at)) is not None:
            position = bisect_right(self._starts, found.start()) - 1
            yield self.turns[position]
            at = self._starts[position] + len(self.turns[position].normal) + 1

    @lazy
    def least_trust(self) -> float:
        """The lowest trust in any word of the call; 1 for a call without words."""
        return min([t.least_trust for t in self.turns], default=1.0)

    @lazy
    def least_sure_of_role(self) -> float:
        """The lowest confidence in the role of a turn; 1 for a call without turns."""
        return min([t.turn.role_confidence for t in self.turns], default=1.0)

    @lazy
    def latin(self) -> tuple[TurnText, ...]:
        """The turns with a small Latin letter in their normal form: in most calls few."""
        return tuple(self.turns_with(_LETTER))

    def locate(self, at: int) -> TurnText:
        """The turn that holds character `at` of the joined text."""
        return self.turns[bisect_right(self._bases, at) - 1]


def prepare(turn: Turn) -> TurnText:
    """The forms of one turn by itself."""
    text = turn.text
    normal = normal_form(text)
    matchable = match_form(normal)
    return TurnText(turn, text, normal, matchable, _MARKS.sub("", matchable))
