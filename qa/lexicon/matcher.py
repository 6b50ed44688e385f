"""Finds the terms of all packs in a call: one pass of an automaton over the words, one over their sounds."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final

import ahocorasick_rs

from qa.core.base import Record
from qa.core.finding import MatchKind
from qa.lexicon.anchors import Anchors, anchors_of
from qa.lexicon.edges import excluded, keeps_words, over_comma, over_negation, stands
from qa.lexicon.homophones import Sounding, may_fire
from qa.lexicon.patterns import Gapped, Pattern, parse, sound_forms
from qa.text.calltext import SEPARATOR, CallText, TurnText
from qa.text.syllables import readings_of

SHORT: Final = 3
"""Literals up to this length come about by accident: over a comma (全额退保，过了) or inside other words."""

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


class Hit(Record, frozen=True):
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


class _Literal(Record, frozen=True, gc=False):
    """A text of a pattern without gaps. There are tens of thousands, and all of them live as long as the program:
    `gc=False` keeps the collector from walking them over and over.
    """

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

    __slots__ = ("_beside", "_companions", "entry", "firsts", "where")

    def __init__(self, entry: _GappedTerm, where: Anchors, sounds: bool) -> None:
        companions = where.companions or ("",)
        self.entry = entry
        self.where = where
        self._companions = _heard(companions) if sounds else companions
        self._beside: re.Pattern[str] | None = None
        firsts = where.companions or where.options
        self.firsts = frozenset(o[0] for o in (_heard(firsts) if sounds else firsts))
        """Characters of which one is in the turn."""

    @property
    def beside(self) -> re.Pattern[str]:
        """Finds a companion; most are never looked for, so it is compiled when one first is."""
        if self._beside is None:
            self._beside = _any_of(self._companions)
        return self._beside


def _heard(literals: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(form for forms in readings_of(literals) for form in forms))


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
        hits = list(self._run(call, self._exact, call.joined, exact=True))
        taken = {(h.term, h.turn, h.start) for h in hits}
        heard = self._run(call, self._sound, call.sounds, exact=False)
        hits.extend(h for h in heard if (h.term, h.turn, h.start) not in taken)
        return self._without_excluded(call, _best(hits, self.terms))

    def _run(self, call: CallText, automaton: "_Automaton", text: str, *, exact: bool) -> Iterable[Hit]:
        # Thousands of finds pass through here in a call, and nearly all of them come to nothing: hence no calls
        # of functions before something is likely, and the cheapest test first.
        entries, joined = automaton.entries, call.joined
        around: dict[tuple[int, _GappedTerm], list[int]] = {}
        base, limit = 0, -1
        for index, start, end in automaton.matches(text):  # in order of their ends, so turn by turn
            if start >= limit:
                turn = call.locate(start)
                base, limit = turn.base, turn.base + len(turn.squeezed)
                letters = set(text[base:limit])
            literals, anchors = entries[index]
            for anchor in anchors:
                if anchor.firsts.isdisjoint(letters):
                    continue
                where = anchor.where
                if where.ahead:
                    if anchor.beside.search(text, end, min(limit, end + where.ahead)) is None:
                        continue
                elif anchor.beside.search(text, max(base, start - where.back), start) is None:
                    continue
                first, last = max(base, start - where.before), min(limit, end + where.behind)
                near = around.setdefault((turn.turn_position, anchor.entry), [first, last])
                near[:] = min(first, near[0]), max(last, near[1])
            for literal in literals:
                # The sound of what stands there literally was found before.
                if exact or joined[start:end] != literal.text:
                    hit = self._literal(turn, literal, start - base, end - base, exact)
                    if hit is not None:
                        yield hit
        for (position, entry), (first, last) in around.items():
            turn = call.turns[position]
            for found in _finds(entry.gapped.regex if exact else entry.gapped.sounds, text, first, last):
                hit = self._gapped(turn, entry, found, call.joined, exact)
                if hit is not None:
                    yield hit

    def _literal(self, turn: TurnText, literal: _Literal, start: int, end: int, exact: bool) -> Hit | None:
        pattern, term = literal.pattern, self.terms[literal.term]
        if exact:
            kind, certainty = _WRITTEN[literal.misheard]
        else:
            sure = may_fire(turn, Sounding(start, end, literal.text), term.homophone)
            if sure is None:
                return None
            kind, certainty = MatchKind.HOMOPHONE, sure
        if not stands(turn, start, end, pattern):
            return None
        if end - start <= SHORT:
            if not pattern.spans_commas and over_comma(turn, start, end):
                return None
            if exact and not keeps_words(turn, start, end, whole=term.whole_words):
                return None
        return Hit(literal.term, turn.turn_position, start, end, kind, certainty, pattern.source)

    def _gapped(
        self, turn: TurnText, entry: _GappedTerm, found: re.Match[str], joined: str, exact: bool
    ) -> Hit | None:
        g, p = entry.gapped, entry.gapped.pattern
        s, e = found.start() - turn.base, found.end() - turn.base
        if not stands(turn, s, e, p) or over_negation(turn, p, found):
            return None
        if exact:
            kind, certainty = _WRITTEN[entry.misheard or g.misheard(found)]
            return Hit(entry.term, turn.turn_position, s, e, kind, certainty, p.source)
        place = Sounding(s, e, g.meant(found, joined), gaps=True)
        sure = may_fire(turn, place, self.terms[entry.term].homophone)
        if sure is None or g.regex.search(turn.squeezed, s, e):
            return None
        certainty = min(sure, GAPPED_CERTAINTY)
        return Hit(entry.term, turn.turn_position, s, e, MatchKind.HOMOPHONE, certainty, p.source)

    def _without_excluded(self, call: CallText, hits: list[Hit]) -> list[Hit]:
        return [
            h
            for h in hits
            if not any(
                s <= h.start and h.end <= e
                for source in self.terms[h.term].exclude
                for s, e in excluded(source, call.turns[h.turn])
            )
        ]


class _Automaton:
    """Texts to look for, and what each stands for."""

    def __init__(self, literals: dict[str, list[_Literal]], anchors: dict[str, list[_Anchor]]) -> None:
        # Tuples of what the collector does not watch are not watched either; lists are.
        entries: dict[str, tuple[tuple[_Literal, ...], tuple[_Anchor, ...]]]
        entries = {text: (tuple(found), ()) for text, found in literals.items()}
        for text, found in anchors.items():
            entries[text] = entries[text][0] if text in entries else (), tuple(found)
        texts = sorted(entries)  # neighbours share their beginnings: built in half the time
        self.entries = [entries[text] for text in texts]
        self._automaton = ahocorasick_rs.AhoCorasick(texts, store_patterns=False) if texts else None

    def matches(self, text: str) -> list[tuple[int, int, int]]:
        if self._automaton is None:
            return []
        found: list[tuple[int, int, int]] = self._automaton.find_matches_as_indexes(text, overlapping=True)
        return found


def _finds(regex: re.Pattern[str], text: str, first: int, last: int) -> Iterator[re.Match[str]]:
    """All matches between two offsets, overlapping ones as well."""
    while (found := regex.search(text, first, last)) is not None:
        yield found
        first = found.start() + 1


def _add_literals(
    literals: dict[str, list[_Literal]],
    sounds: dict[str, list[_Literal]],
    index: int,
    pattern: Pattern,
    homophone: str,
    misheard: bool,
) -> None:
    said = {}
    for text, misspelt in pattern.literals().items():
        heard_wrong = misheard or misspelt
        entry = _Literal(index, pattern, text, heard_wrong)
        literals.setdefault(text, []).append(entry)
        if homophone != "off" and not heard_wrong:
            said[text] = entry
    for text, forms in sound_forms(tuple(said)):
        for form in forms:
            sounds.setdefault(form, []).append(said[text])


def _add_gapped(
    anchors: dict[str, list[_Anchor]],
    sound_anchors: dict[str, list[_Anchor]],
    index: int,
    pattern: Pattern,
    homophone: str,
    misheard: bool,
) -> None:
    entry = _GappedTerm(index, Gapped(pattern), misheard)
    where = anchors_of(pattern)
    assert where is not None  # noqa: S101 - every literal has one character
    anchor = _Anchor(entry, where, sounds=False)
    for option in where.options:
        anchors.setdefault(option, []).append(anchor)
    if homophone == "off" or pattern.shortest() < _MIN_GAPPED_SYLLABLES:
        return
    where = anchors_of(pattern, _MIN_ANCHOR_SYLLABLES)
    if where is not None:
        anchor = _Anchor(entry, where, sounds=True)
        for option in _heard(where.options):
            sound_anchors.setdefault(option, []).append(anchor)


def _best(hits: Iterable[Hit], terms: Sequence[MatchTerm]) -> list[Hit]:
    """Of overlapping hits of one term the exact before the homophone, then the longest, then the pattern that its
    author wrote first.
    """
    of_term: dict[tuple[int, int], list[Hit]] = defaultdict(list)
    for h in hits:
        of_term[h.term, h.turn].append(h)
    kept: list[Hit] = []
    for (term, _), group in of_term.items():
        if len(group) == 1:
            kept += group
            continue
        taken: set[int] = set()
        for h in sorted(group, key=partial(_worth, (*terms[term].patterns, *terms[term].misheard))):
            characters = range(h.start, h.end)
            if taken.isdisjoint(characters):
                taken.update(characters)
                kept.append(h)
    return sorted(kept, key=lambda h: (h.turn, h.start, h.end, h.term))


def _worth(sources: Sequence[str], hit: Hit) -> tuple[bool, int, float, int, int]:
    exact = hit.kind is MatchKind.EXACT
    return not exact, hit.start - hit.end, -hit.certainty, hit.start, sources.index(hit.pattern)


__all__ = ["SEPARATOR", "Hit", "MatchTerm", "Matcher"]
