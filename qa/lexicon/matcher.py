"""Finds the terms of all packs in a call: one pass of an automaton over the words, one over their sounds."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import ahocorasick_rs

from qa.core.finding import MatchKind
from qa.lexicon.context_words import denies, rx
from qa.lexicon.homophones import Sounding, may_fire
from qa.lexicon.patterns import Gap, Gapped, Pattern, exclusion, gapped, parse, sound_forms
from qa.text.calltext import SEPARATOR, CallText, TurnText
from qa.text.segment import segmenter, word_spans
from qa.text.syllables import readings

_NUMERAL: Final = re.compile("[零一二两三四五六七八九十几百千万多]")

_FILLERS_BEFORE: Final = rx("(嗯|呃|啊|哎呀?|那个?|这个|就|喂|好的?|诶|哦|我说|反正|行|可能|都|真的|我)*")
_PARTICLES_BEHIND: Final = rx("(啊|呀|吧|呢|哦|了|的|嘛|哈|呗|哟|啦)*")

SHORT: Final = 3
"""Literals up to this length come about by accident: over a comma (全额退保，过了) or inside other words."""

TORN: Final = 2
"""Literals of this length whose two halves belong to two other words (确|保本|金) are no hit, whatever the term
says. A word that is cut on one side only proves nothing: 摔坏|了, 投保|人."""

GAPPED_CERTAINTY: Final = 0.6
"""Of a homophone of a pattern with gaps."""

MISHEARD_CERTAINTY: Final = 0.55
"""Of a misheard spelling: as the least certain homophone of four syllables, for what is written may be meant."""

_MIN_GAPPED_SYLLABLES: Final = 4
"""A pattern with gaps needs so many fixed syllables before its homophones are looked for."""

_MIN_ANCHOR_SYLLABLES: Final = 2
"""A single syllable stands in every turn; looking beside each would cost more than all the rest."""


_WRITTEN: Final = {False: (MatchKind.EXACT, 1.0), True: (MatchKind.SIMILAR, MISHEARD_CERTAINTY)}
"""Kind and certainty of what stands there literally, by whether it is a misheard spelling."""


@dataclass(frozen=True, slots=True)
class MatchTerm:
    """What the matcher needs of a term."""

    patterns: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    homophone: str = "auto"
    misheard: tuple[str, ...] = ()
    """Patterns of what the recogniser writes for it; found by their very characters."""
    whole_words: bool = False
    """A literal of up to `SHORT` characters that cuts any dictionary word is no hit: 不会亏 in 不会|亏待."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A term at a place, context not yet considered."""

    term: int
    turn: int
    """Position of the turn in `CallText.turns`."""
    start: int
    end: int
    """Squeezed offsets."""
    kind: MatchKind
    certainty: float
    """1 for the exact words."""
    pattern: str


class _Literal(NamedTuple):
    """A text of a pattern without gaps; a tuple, for there are tens of thousands."""

    term: int
    pattern: Pattern
    text: str
    misheard: bool


@dataclass(frozen=True, slots=True, eq=False)
class _GappedTerm:
    term: int
    gapped: Gapped
    misheard: bool


class _Anchor:
    """A literal (or its sound) beside which a pattern with gaps may stand."""

    __slots__ = ("_before", "_behind", "_beside", "_options", "entry")

    def __init__(self, entry: _GappedTerm, options: tuple[str, ...]) -> None:
        companion = entry.gapped.companion
        self.entry = entry
        self._options = options
        self._before = 0 if companion is None or companion.behind else companion.reach
        self._behind = companion.reach if companion is not None and companion.behind else 0
        self._beside: re.Pattern[str] | None = None

    def promises(self, text: str, start: int, end: int, first: int, last: int) -> bool:
        """Whether the companion is near the anchor at `start..end` in the turn `first..last`: far cheaper than the
        whole expression, and most anchors stand alone.
        """
        if not self._options:
            return True
        if self._beside is None:
            self._beside = _any_of(self._options)
        if self._behind:
            return self._beside.search(text, end, min(last, end + self._behind)) is not None
        return self._beside.search(text, max(first, start - self._before), start) is not None


@lru_cache(maxsize=20_000)
def _any_of(options: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, options)))


class Matcher:
    """All terms, compiled. Thread-safe and immutable after construction."""

    def __init__(self, terms: Sequence[MatchTerm]) -> None:
        self.terms = tuple(terms)
        literals: dict[str, list[_Literal]] = {}
        sounds: dict[str, list[_Literal]] = {}
        anchors: dict[str, list[_Anchor]] = {}
        sound_anchors: dict[str, list[_Anchor]] = {}
        for index, term in enumerate(self.terms):
            sources = [(p, False) for p in term.patterns] + [(p, True) for p in term.misheard]
            for source, misheard in sources:
                pattern = parse(source)
                mode = "off" if misheard else term.homophone
                if pattern.has_gaps:
                    _add_gapped(anchors, sound_anchors, index, pattern, mode, misheard)
                else:
                    _add_literals(literals, sounds, index, pattern, mode, misheard)
        self._exact = _Automaton(literals, anchors)
        self._sound = _Automaton(sounds, sound_anchors)

    def find(self, call: CallText) -> list[Hit]:
        """All hits in order of turn and place; where hits of one term overlap, the best of them."""
        hits = list(self._run(call, self._exact, call.joined, MatchKind.EXACT))
        taken = {(h.term, h.turn, h.start) for h in hits}
        heard = self._run(call, self._sound, call.sounds, MatchKind.HOMOPHONE)
        hits.extend(h for h in heard if (h.term, h.turn, h.start) not in taken)
        return self._without_excluded(call, _best(hits))

    def _run(self, call: CallText, automaton: "_Automaton", text: str, kind: MatchKind) -> Iterable[Hit]:
        exact = kind is MatchKind.EXACT
        around: dict[int, dict[_GappedTerm, None]] = {}
        turn, limit = call.turns[0] if call.turns else None, -1
        for index, start, end in automaton.matches(text):  # in order of their ends, so turn by turn
            if start >= limit or turn is None:
                turn = call.locate(start)
                limit = turn.base + len(turn.squeezed)
            literals, anchored = automaton.entries[index]
            for anchor in anchored:
                if anchor.promises(text, start, end, turn.base, limit):
                    around.setdefault(turn.turn_position, {})[anchor.entry] = None
            for literal in literals:
                hit = self._literal(turn, literal, start - turn.base, end - turn.base, exact)
                if hit is not None:
                    yield hit
        for position, entries in around.items():
            for entry in entries:
                yield from self._gapped(call, call.turns[position], entry, text, exact)

    def _literal(self, turn: TurnText, literal: _Literal, start: int, end: int, exact: bool) -> Hit | None:
        certainty = 1.0
        if not exact:
            if turn.squeezed[start:end] == literal.text:
                return None
            mode = self.terms[literal.term].homophone
            place = Sounding(start, end, literal.text)
            sure = may_fire(turn, place, mode, _Probability(turn))
            if sure is None:
                return None
            certainty = sure
        if not _stands(turn, start, end, literal.pattern.at_start, literal.pattern.at_end):
            return None
        if end - start <= SHORT and not (
            (literal.pattern.spans_commas or not _over_comma(turn, start, end))
            and (not exact or self._keeps_words(literal, turn, start, end))
        ):
            return None
        kind = MatchKind.HOMOPHONE
        if exact:
            kind, certainty = _WRITTEN[literal.misheard]
        return Hit(literal.term, turn.turn_position, start, end, kind, certainty, literal.pattern.source)

    def _keeps_words(self, literal: _Literal, turn: TurnText, start: int, end: int) -> bool:
        if self.terms[literal.term].whole_words:
            return not any(_cuts_words(turn, start, end))
        return end - start > TORN or not (_stands_between(turn, start, end) and all(_cuts_words(turn, start, end)))

    def _gapped(self, call: CallText, turn: TurnText, entry: _GappedTerm, text: str, exact: bool) -> Iterable[Hit]:
        g, p = entry.gapped, entry.gapped.pattern
        regex = g.regex if exact else g.sounds
        begin, stop = turn.base, turn.base + len(turn.squeezed)
        while (found := regex.search(text, begin, stop)) is not None:
            begin = found.start() + 1
            s, e = found.start() - turn.base, found.end() - turn.base
            if not _stands(turn, s, e, p.at_start, p.at_end) or _over_negation(turn, p, found):
                continue
            if exact:
                kind, certainty = _WRITTEN[entry.misheard or g.misheard(found)]
                yield Hit(entry.term, turn.turn_position, s, e, kind, certainty, p.source)
                continue
            place = Sounding(s, e, g.meant(found, call.joined), gaps=True)
            sure = may_fire(turn, place, self.terms[entry.term].homophone, _Probability(turn))
            if sure is not None and not g.regex.search(turn.squeezed, s, e):
                certainty = min(sure, GAPPED_CERTAINTY)
                yield Hit(entry.term, turn.turn_position, s, e, MatchKind.HOMOPHONE, certainty, p.source)

    def _without_excluded(self, call: CallText, hits: list[Hit]) -> list[Hit]:
        return [
            h
            for h in hits
            if not any(
                s <= h.start and h.end <= e
                for source in self.terms[h.term].exclude
                for s, e in _excluded(source, call.turns[h.turn])
            )
        ]


class _Automaton:
    """Texts to look for, and what each stands for."""

    def __init__(self, literals: dict[str, list[_Literal]], anchors: dict[str, list[_Anchor]]) -> None:
        texts = sorted(literals.keys() | anchors.keys())
        self.entries = [(literals.get(t, ()), anchors.get(t, ())) for t in texts]
        self._automaton = ahocorasick_rs.AhoCorasick(texts, store_patterns=False) if texts else None

    def matches(self, text: str) -> list[tuple[int, int, int]]:
        if self._automaton is None:
            return []
        found: list[tuple[int, int, int]] = self._automaton.find_matches_as_indexes(text, overlapping=True)
        return found


class _Probability:
    """Lowest word probability in a stretch of a turn, by characters, made on first use."""

    def __init__(self, turn: TurnText) -> None:
        self._turn = turn

    def __call__(self, start: int, end: int) -> float:
        values = self._turn.probabilities
        return min((values[i] for i in range(*self._turn.span(start, end))), default=1.0)


def _add_literals(
    literals: dict[str, list[_Literal]],
    sounds: dict[str, list[_Literal]],
    index: int,
    pattern: Pattern,
    homophone: str,
    misheard: bool,
) -> None:
    for text, misspelt in pattern.literals().items():
        heard_wrong = misheard or misspelt
        entry = _Literal(index, pattern, text, heard_wrong)
        literals.setdefault(text, []).append(entry)
        if homophone == "off" or heard_wrong:
            continue
        for form in sound_forms(text):
            sounds.setdefault(form, []).append(entry)


def _add_gapped(
    anchors: dict[str, list[_Anchor]],
    sound_anchors: dict[str, list[_Anchor]],
    index: int,
    pattern: Pattern,
    homophone: str,
    misheard: bool,
) -> None:
    entry = _GappedTerm(index, gapped(pattern), misheard)
    audible = homophone != "off" and pattern.shortest() >= _MIN_GAPPED_SYLLABLES
    audible = audible and min(map(len, entry.gapped.anchors)) >= _MIN_ANCHOR_SYLLABLES
    beside = entry.gapped.companion.options if entry.gapped.companion else ()
    written = _Anchor(entry, beside)
    heard = (
        _Anchor(entry, tuple(dict.fromkeys(form for o in beside for form in readings(o)))) if audible else written
    )
    for anchor in entry.gapped.anchors:
        anchors.setdefault(anchor, []).append(written)
        if audible:
            for form in readings(anchor):
                sound_anchors.setdefault(form, []).append(heard)


def _excluded(source: str, turn: TurnText) -> Iterator[tuple[int, int]]:
    """The stretches that an exclude covers, each within a sentence."""
    ends = [b.at for b in turn.breaks if b.strong] + [len(turn.squeezed)]
    start = 0
    for end in ends:
        yield from (m.span() for m in exclusion(source).finditer(turn.squeezed, start, end))
        start = end


def _stands(turn: TurnText, start: int, end: int, at_start: bool, at_end: bool) -> bool:
    """Whether a match is whole: Latin words not cut, no sentence end inside, at the clause's edges if so asked."""
    text = turn.squeezed
    if _cuts_latin(turn, start - 1, start) or _cuts_latin(turn, end - 1, end):
        return False
    for b in turn.breaks:
        if b.at >= end:
            break
        if b.at > start and b.strong:
            return False
    if at_start:
        clause = turn.clauses[turn.clause_index(start)]
        if not _FILLERS_BEFORE.fullmatch(text, clause.start, start):
            return False
    if at_end:
        clause = turn.clauses[turn.clause_index(end - 1)]
        if not _PARTICLES_BEHIND.fullmatch(text, end, clause.end):
            return False
    return True


def _over_negation(turn: TurnText, pattern: Pattern, found: re.Match[str]) -> bool:
    """Whether a gap of a match passes over something that denies: 退保…损失 in 退保没有损失."""
    return any(
        denies(turn.squeezed[s:e], turn.normal[slice(*turn.span(s, e))])
        for group, part in enumerate(pattern.parts, 1)
        if isinstance(part, Gap)
        for s, e in _loose_ends(turn, found.start(group) - turn.base, found.end(group) - turn.base)
    )


def _loose_ends(turn: TurnText, start: int, end: int) -> list[tuple[int, int]]:
    """A gap without the clauses that lie in it as a whole: these deny neither what stands before nor behind
    (赶紧退了，不划算，退完换).
    """
    commas = [b.at for b in turn.breaks if start <= b.at <= end and b.mark != " "] if start < end else []
    pieces = [(start, commas[0]), (commas[-1], end)] if len(commas) > 1 else [(start, end)]
    return [(s, e) for s, e in pieces if s < e]


def _cuts_latin(turn: TurnText, left: int, right: int) -> bool:
    """Whether a Latin word or a number runs over the boundary between two neighbours."""
    text = turn.squeezed
    if left < 0 or right >= len(text):
        return False
    a, b = text[left], text[right]
    if not (a.isascii() and b.isascii() and a.isalnum() and b.isalnum()):
        return False
    return turn.origin[right] - turn.origin[left] == 1 and a.isdigit() == b.isdigit()


def _over_comma(turn: TurnText, start: int, end: int) -> bool:
    return any(start < b.at < end and b.mark == "," for b in turn.breaks)


def _stands_between(turn: TurnText, start: int, end: int) -> bool:
    """Whether each end makes a word with its neighbour: a cheap look before the turn is segmented."""
    text, known = turn.squeezed, segmenter().knows
    return start > 0 and end < len(text) and known(text[start - 1 : start + 1]) and known(text[end - 1 : end + 1])


def _cuts_words(turn: TurnText, start: int, end: int) -> tuple[bool, bool]:
    """Whether a dictionary word runs over the start, and over the end, of a stretch."""
    first, last = turn.origin[start], turn.origin[end - 1] + 1
    left = right = False
    for s, e in word_spans(turn.normal):
        if s >= last:
            break
        if (s < first < e or s < last < e) and turn.normal[s:e].isalpha():
            word = turn.normal[s:e]
            if not _NUMERAL.match(word) and segmenter().knows(word):
                left, right = left or s < first, right or last < e
    return left, right


def _best(hits: list[Hit]) -> list[Hit]:
    """Of overlapping hits of one term the exact before the homophone, then the longest."""
    order = sorted(hits, key=lambda h: (h.kind is not MatchKind.EXACT, h.start - h.end, -h.certainty, h.start))
    kept: list[Hit] = []
    taken: dict[tuple[int, int], set[int]] = {}
    for h in order:
        characters = taken.setdefault((h.term, h.turn), set())
        if characters.isdisjoint(range(h.start, h.end)):
            characters.update(range(h.start, h.end))
            kept.append(h)
    return sorted(kept, key=lambda h: (h.turn, h.start, h.end, h.term))


__all__ = ["SEPARATOR", "Hit", "MatchTerm", "Matcher"]
