"""What the automata look for: the texts of the patterns of all terms, or anchors beside which one may stand."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, lru_cache
from typing import Final

import ahocorasick_rs

from qa.lexicon.anchors import Anchors, anchors_of
from qa.lexicon.patterns import Gapped, Pattern, sound_forms
from qa.text.syllables import readings_of

MAX_LISTED: Final = 32
"""A pattern that stands for more texts is looked for by its anchor, as one with gaps is: two fifths of the
patterns made six sevenths of the texts, and a third of the time to load all packs.
"""

_MIN_GAPPED_SYLLABLES: Final = 4
"""A pattern with gaps needs so many fixed syllables before its homophones are looked for."""

_MIN_ANCHOR_SYLLABLES: Final = 2
"""A single syllable stands in every turn; looking beside each would cost more than all the rest."""


class Sought:
    """A pattern of a term. What it stands for is made when a call first needs it; most patterns never meet one."""

    def __init__(self, term: int, pattern: Pattern, misheard: bool) -> None:
        self.term = term
        self.pattern = pattern
        self.misheard = misheard
        """It is what the recogniser writes, as a whole."""
        self.has_gaps = pattern.has_gaps
        few = pattern.combinations <= MAX_LISTED or pattern.shortest() < _MIN_ANCHOR_SYLLABLES
        self.listed = few and not self.has_gaps
        """Whether all of its texts are in the automaton."""
        self.by_sound = False
        """Whether it is looked for by its sounds alone, for its words have them too."""

    @cached_property
    def gapped(self) -> Gapped:
        """Its expressions."""
        return Gapped(self.pattern)

    @cached_property
    def texts(self) -> dict[str, bool]:
        """Of a pattern without gaps, all that it stands for, and whether each is a misheard spelling."""
        return {text: self.misheard or wrong for text, wrong in self.pattern.literals().items()}

    @cached_property
    def _lengths(self) -> list[int]:
        return sorted({len(text) for text in self.texts})

    @cached_property
    def heard(self) -> dict[str, list[str]]:
        """The class forms of those that people say, and the texts that sound like each."""
        said: dict[str, list[str]] = {}
        for text, forms in sound_forms([t for t, wrong in self.texts.items() if not wrong]):
            for form in forms:
                said.setdefault(form, []).append(text)
        return said

    def places(self, text: str, first: int, last: int, sounds: bool) -> list[tuple[int, int]]:
        """Where a pattern without gaps stands between two offsets: once for each of its texts."""
        if self.listed:
            return [(first, last)]
        known = self.heard if sounds else self.texts
        return [
            (start, start + length)
            for start in map(re.Match.start, self.finds(text, first, last, sounds))
            for length in self._lengths
            if start + length <= last and text[start : start + length] in known
        ]

    def finds(self, text: str, first: int, last: int, sounds: bool) -> list[re.Match[str]]:
        """All matches of its expression between two offsets, overlapping ones as well."""
        search = (self.gapped.sounds if sounds else self.gapped.regex).search
        found = []
        while (match := search(text, first, last)) is not None:
            found.append(match)
            first = match.start() + 1
        return found


Beside = Callable[[str, int, int], re.Match[str] | None]
"""Looks for one of some literals in a text between two offsets."""


class Anchor:
    """A literal (or its sound) beside which a pattern may stand."""

    __slots__ = ("_companions", "ahead", "back", "before", "behind", "beside", "sought")

    def __init__(self, sought: Sought, where: Anchors, sounds: bool) -> None:
        companions = where.companions or ("",)
        self.sought = sought
        self.before, self.behind = where.before, where.behind
        self.back, self.ahead = where.back, where.ahead
        self._companions = _heard(companions) if sounds else companions
        self.beside: Beside | None = None
        """Finds a companion between two offsets, if a call has met the anchor before."""

    def compiled(self) -> Beside:
        """`beside`, made when it is first needed, for most anchors are never met."""
        self.beside = _any_of(self._companions).search
        return self.beside


def _heard(literals: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(form for forms in readings_of(literals) for form in forms))


@lru_cache(maxsize=20_000)
def _any_of(options: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, options)))


class Automaton:
    """Texts to look for, and what each stands for."""

    def __init__(self) -> None:
        self._listed: dict[str, tuple[Sought, ...]] = {}
        self._anchors: dict[str, tuple[Anchor, ...]] = {}
        self._automaton: ahocorasick_rs.AhoCorasick | None = None
        self.listed: list[tuple[Sought, ...]] = []
        """By the index of a match: the patterns of which this is a text."""
        self.anchors: list[tuple[Anchor, ...]] = []
        """By the index of a match: the anchors that this is an option of."""

    def put(self, sought: Sought, texts: Iterable[str]) -> None:
        """Look for a pattern by all of its texts, each of them different."""
        # Most texts are of one pattern alone, and all of these share one tuple.
        alone, known = (sought,), self._listed
        for text in texts:
            known[text] = (*known[text], sought) if text in known else alone

    def anchor(self, anchor: Anchor, options: Iterable[str]) -> None:
        """Look for a pattern beside an anchor, which may be any of some options."""
        alone, known = (anchor,), self._anchors
        for option in options:
            known[option] = (*known[option], anchor) if option in known else alone

    def compile(self) -> None:
        """Make it ready; nothing can be added behind this."""
        texts = sorted(self._listed.keys() | self._anchors.keys())  # neighbours share beginnings: half the time
        self.listed = [self._listed.get(text, ()) for text in texts]
        self.anchors = [self._anchors.get(text, ()) for text in texts]
        self._automaton = ahocorasick_rs.AhoCorasick(texts, store_patterns=False) if texts else None
        self._listed, self._anchors = {}, {}

    def matches(self, text: str) -> list[tuple[int, int, int]]:
        """Index, start and end of all finds, in order of their ends."""
        if self._automaton is None:
            return []
        found: list[tuple[int, int, int]] = self._automaton.find_matches_as_indexes(text, overlapping=True)
        return found


def add(sought: Sought, homophone: str, exact: Automaton, sound: Automaton) -> None:
    """Put a pattern into the automaton of sounds where its homophones may be it, and into that of words unless its
    words are found by their sounds as well.
    """
    homophone = "off" if sought.misheard else homophone
    if sought.listed:
        texts = sought.pattern.literals()
        said = [t for t, wrong in texts.items() if not wrong] if homophone != "off" else []
        heard = dict(sound_forms(said))
        sound.put(sought, dict.fromkeys(form for forms in heard.values() for form in forms))
        sought.by_sound = heard.keys() == texts.keys()
        if not sought.by_sound:
            exact.put(sought, texts)
        return
    written, sounding = anchors_of(sought.pattern), None
    assert written is not None  # noqa: S101 - every literal has one character
    if homophone != "off" and not (sought.has_gaps and sought.pattern.shortest() < _MIN_GAPPED_SYLLABLES):
        sounding = anchors_of(sought.pattern, _MIN_ANCHOR_SYLLABLES)
    if sounding is not None:
        sound.anchor(Anchor(sought, sounding, sounds=True), _heard(sounding.options))
    sought.by_sound = sounding == written
    if not sought.by_sound:
        exact.anchor(Anchor(sought, written, sounds=False), written.options)
