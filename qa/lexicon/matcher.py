"""Finds the terms of all packs in a call: one pass of an automaton over the words, one over their sounds.

What the automata find are spots where a term may stand. Whether it does is looked at when somebody asks about that
term: three hits of four are of vocabulary that no rule comes to ask for.
"""

import re
from collections import defaultdict
from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from qa.core.base import Record
from qa.core.finding import MatchKind
from qa.core.roles import Role
from qa.lexicon.edges import keeps_words, over_comma, over_negation, stands, taken_back
from qa.lexicon.homophones import Sounding, may_fire
from qa.lexicon.patterns import Pattern, parse
from qa.lexicon.sought import Automaton, Sought, add
from qa.text.calltext import SEPARATOR, CallText, TurnText

SHORT: Final = 3
"""Literals up to this length come about by accident: over a comma (全额退保，过了) or inside other words."""

GAPPED_CERTAINTY: Final = 0.6
"""Of a homophone of a pattern with gaps."""

MISHEARD_CERTAINTY: Final = 0.55
"""Of a misheard spelling: as the least certain homophone of four syllables, for what is written may be meant."""

EVERYBODY: Final = frozenset(Role)

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


Spot = tuple[TurnText, Sought, int, int]
"""A pattern that may stand in a turn: between which offsets of the joined text of the call."""
Spots = dict[int, list[Spot]]
"""Term -> where its patterns may stand."""


class Matcher:
    """All terms, compiled. Thread-safe and immutable after construction."""

    def __init__(self, terms: Sequence[MatchTerm]) -> None:
        self.terms = tuple(terms)
        self._exact = Automaton()
        self._sound = Automaton()
        for index, term in enumerate(self.terms):
            sources = [(p, False) for p in term.patterns] + [(p, True) for p in term.misheard]
            for source, misheard in sources:
                add(Sought(index, parse(source), misheard), term.homophone, self._exact, self._sound)
        self._exact.compile()
        self._sound.compile()

    def find(self, call: CallText) -> list[Hit]:
        """All hits in order of turn and place; where hits of one term overlap, the best of them."""
        spotted = self.spot(call)
        hits = [h for term in spotted.terms for h in spotted.hits(term)]
        return sorted(hits, key=lambda h: (h.turn, h.start, h.end, h.term))

    def spot(self, call: CallText) -> "Spotted":
        """Where terms may stand in a call."""
        return Spotted(
            call, self.terms, _spots(call, self._exact, call.joined), _spots(call, self._sound, call.sounds)
        )


def _spots(call: CallText, automaton: Automaton, text: str) -> Spots:
    # Thousands of finds pass through here in a call, and nearly all of them come to nothing: hence no calls of
    # functions before something is likely, and the cheapest test first.
    spots: Spots = defaultdict(list)
    around: dict[tuple[TurnText, Sought], tuple[int, int]] = {}
    turns = iter(call.turns)
    listed, anchors, limit = automaton.listed, automaton.anchors, -1
    for index, start, end in automaton.matches(text):  # in order of their ends, so turn by turn
        while start > limit:
            turn = next(turns)
            limit = turn.base + len(turn.squeezed)
        for sought in listed[index]:
            spots[sought.term].append((turn, sought, start, end))
        for anchor in anchors[index]:
            beside = anchor.beside or anchor.compiled()
            # One that stands in the next turn is no companion, but to find that out costs more than it spares.
            if anchor.ahead:
                if beside(text, end, end + anchor.ahead) is None:
                    continue
            elif beside(text, start - anchor.back, start) is None:
                continue
            first, last = max(turn.base, start - anchor.before), min(limit, end + anchor.behind)
            place = turn, anchor.sought
            if (near := around.get(place)) is not None:
                first, last = min(first, near[0]), max(last, near[1])
            around[place] = first, last
    for (turn, sought), (first, last) in around.items():
        spots[sought.term].append((turn, sought, first, last))
    return spots


class Spotted:
    """Where terms may stand in a call, and what of it are hits."""

    def __init__(self, call: CallText, terms: Sequence[MatchTerm], exact: Spots, sound: Spots) -> None:
        self._call = call
        self._terms = terms
        self._exact = exact
        self._sound = sound
        self.terms = exact.keys() | sound.keys()
        """Terms that may have a hit, as places in those of the matcher; no other has one."""

    def hits(self, term: int, speakers: Container[Role] = EVERYBODY) -> list[Hit]:
        """All hits of a term in what some speakers say, in order of place; of overlapping ones the best."""
        hits: list[Hit] = []
        heard: list[Spot] = []
        for spot in self._exact.get(term, ()):
            if spot[0].turn.role in speakers:
                hits += self._written(*spot)
        for spot in self._sound.get(term, ()):
            if spot[0].turn.role in speakers:
                heard.append(spot)
                if spot[1].by_sound:
                    hits += self._written(*spot)
        if heard:
            # The sound of what stands there literally was found before.
            taken = {self._call.turns[h.turn].base + h.start for h in hits}
            for spot in heard:
                hits += self._heard(*spot, taken)
        return self._without_excluded(_best(hits, self._terms[term])) if hits else []

    def _written(self, turn: TurnText, sought: Sought, first: int, last: int) -> list[Hit]:
        hits: list[Hit] = []
        text, p = self._call.joined, sought.pattern
        if sought.has_gaps:
            for found in sought.finds(text, first, last, sounds=False):
                s, e = found.start() - turn.base, found.end() - turn.base
                if stands(turn, s, e, p) and not over_negation(turn, p, found):
                    kind, certainty = _WRITTEN[sought.misheard or sought.gapped.misheard(found)]
                    hits.append(Hit(sought.term, turn.turn_position, s, e, kind, certainty, p.source))
            return hits
        for start, end in sought.places(text, first, last, sounds=False):
            misheard = sought.texts.get(text[start:end])
            if misheard is None:
                continue
            s, e = start - turn.base, end - turn.base
            whole = self._terms[sought.term].whole_words
            if _whole(turn, s, e, p) and (end - start > SHORT or keeps_words(turn, s, e, whole=whole)):
                kind, certainty = _WRITTEN[misheard]
                hits.append(Hit(sought.term, turn.turn_position, s, e, kind, certainty, p.source))
        return hits

    def _heard(self, turn: TurnText, sought: Sought, first: int, last: int, taken: Container[int]) -> list[Hit]:
        """What sounds like a pattern, but for what begins where the term itself was found."""
        hits: list[Hit] = []
        text, p = self._call.sounds, sought.pattern
        mode = self._terms[sought.term].homophone
        if sought.has_gaps:
            for found in sought.finds(text, first, last, sounds=True):
                if found.start() not in taken:
                    sure = self._gapped(turn, sought, found, mode)
                    if sure is not None:
                        s, e = found.start() - turn.base, found.end() - turn.base
                        hits.append(
                            Hit(sought.term, turn.turn_position, s, e, MatchKind.HOMOPHONE, sure, p.source)
                        )
            return hits
        for start, end in sought.places(text, first, last, sounds=True):
            if start in taken:
                continue
            s, e = start - turn.base, end - turn.base
            for said in sought.heard[text[start:end]]:
                sure = may_fire(turn, Sounding(s, e, said), mode)
                if sure is not None and _whole(turn, s, e, p):
                    hits.append(Hit(sought.term, turn.turn_position, s, e, MatchKind.HOMOPHONE, sure, p.source))
        return hits

    def _gapped(self, turn: TurnText, sought: Sought, found: re.Match[str], mode: str) -> float | None:
        """The certainty of what sounds like a pattern with gaps."""
        g, p = sought.gapped, sought.pattern
        s, e = found.start() - turn.base, found.end() - turn.base
        if not stands(turn, s, e, p) or over_negation(turn, p, found):
            return None
        sure = may_fire(turn, Sounding(s, e, g.meant(found, self._call.joined), gaps=True), mode)
        if sure is None or g.regex.search(turn.squeezed, s, e):
            return None
        return min(sure, GAPPED_CERTAINTY)

    def _without_excluded(self, hits: list[Hit]) -> list[Hit]:
        """Of the hits of a term."""
        excludes, turns = self._terms[hits[0].term].exclude, self._call.turns
        if not excludes:
            return hits
        taken = {turn: taken_back(excludes, turns[turn]) for turn in {h.turn for h in hits}}
        return [h for h in hits if not taken[h.turn].hold(h.start, h.end)]


def _whole(turn: TurnText, start: int, end: int, pattern: Pattern) -> bool:
    """Whether a text of a pattern without gaps is no accident: whole, and if it is short, not over a comma."""
    return stands(turn, start, end, pattern) and not (
        end - start <= SHORT and not pattern.spans_commas and over_comma(turn, start, end)
    )


def _best(hits: list[Hit], term: MatchTerm) -> list[Hit]:
    """Of overlapping hits of a term the exact before the homophone, then the longest, then the pattern that its
    author wrote first.
    """
    if len(hits) == 1:
        return hits
    kept: list[Hit] = []
    taken: set[tuple[int, int]] = set()
    for h in sorted(hits, key=partial(_worth, (*term.patterns, *term.misheard))):
        characters = {(h.turn, at) for at in range(h.start, h.end)}
        if taken.isdisjoint(characters):
            taken |= characters
            kept.append(h)
    return sorted(kept, key=lambda h: (h.turn, h.start, h.end))


def _worth(sources: Sequence[str], hit: Hit) -> tuple[bool, int, float, int, int]:
    exact = hit.kind is MatchKind.EXACT
    return not exact, hit.start - hit.end, -hit.certainty, hit.start, sources.index(hit.pattern)


__all__ = ["SEPARATOR", "Hit", "MatchTerm", "Matcher"]
