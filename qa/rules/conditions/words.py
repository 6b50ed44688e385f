"""Conditions on what is said: terms, expressions, sample sentences, repetitions, entities, a model's reading."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from qa.core.finding import MatchKind
from qa.core.messages import message
from qa.core.roles import Role
from qa.core.stretches import Stretches
from qa.rules.doubt import about_wording
from qa.rules.places import Place, place, place_of, whole_turn
from qa.rules.regexes import Effort, TooMuchEffortError, compiled
from qa.rules.schema import Condition, Says, Similar
from qa.rules.scope import Window, role_of, turns_of
from qa.rules.verdicts import Verdict, no, unknown, yes
from qa.text.calltext import TurnText
from qa.text.normalise import fold, normal_form
from qa.text.pii import entities_in
from qa.text.segment import common_length, similar_ratio
from qa.text.syllables import syllables

if TYPE_CHECKING:
    from qa.rules.evaluate import Evaluation

MORE: Final = 0.03
"""A further turn is taken for part of the wording only where it adds more than this share."""

REGEX_CHARS: Final = 4000
"""A longer turn is looked at in pieces: every match costs a search through the rest."""


def says(on: Evaluation, condition: Condition, role: Role | None, inside: Window) -> Verdict:
    """Terms that are meant, not only mentioned. Without a role of the condition, each term's own counts."""
    wanted = condition.says
    assert wanted is not None  # noqa: S101 - the operator says so
    hits = _Hits(on, condition, role, inside)
    for reference in wanted.none:
        if places := hits.of(reference):
            told = message("rules.said_but_must_not", **on.names.told((reference,)))
            return Verdict(False, told, tuple(places))
    found: list[Place] = []
    for reference in wanted.all:
        places = hits.of(reference)
        if not places:
            return hits.missing((reference,), [reference])
        found += places
    if wanted.any or wanted.patterns:
        names = [*wanted.any] + ([on.inline[id(wanted)]] if wanted.patterns else [])
        groups = {t: p for n in names for t in hits.terms(n) if (p := hits.of_term(t))}
        places = [p for group in groups.values() for p in group]
        if len(groups) < wanted.at_least or len(places) < wanted.times:
            return hits.missing(_named(wanted), [] if wanted.patterns else wanted.any)
        found += places
    return yes(sorted(set(found), key=lambda p: (p.turn, p.start, p.end, p.term or "")))


def _named(wanted: Says) -> tuple[str, ...]:
    return (*wanted.any, *wanted.patterns)[:3]


class _Hits:
    """Looks terms up in the scan, in one scope."""

    def __init__(self, on: Evaluation, condition: Condition, role: Role | None, inside: Window) -> None:
        self._on = on
        self._role = role_of(condition.role, role)
        self._given = condition.role is not None
        self._inside = inside

    def terms(self, reference: str) -> Sequence[str]:
        """Those of a reference that may have been said."""
        found = self._on.scan.found_ids()
        return [term for term in self._on.names.terms(reference) if term in found]

    def of(self, reference: str) -> list[Place]:
        return [p for term in self.terms(reference) for p in self.of_term(term)]

    def of_term(self, term: str) -> list[Place]:
        hits = self._on.scan.meant(term, self._role, self._given)
        places = [place_of(h) for h in hits if about_wording([h], self._on.call) is None]
        return self._on.trusted([p for p in places if self._inside.holds(p)], self._role)

    def missing(self, named: tuple[str, ...], references: Sequence[str]) -> Verdict:
        """Nothing was found; of families none of whose terms are loaded that says nothing."""
        if references and not any(self._on.names.terms(reference) for reference in references):
            return unknown("rules.not_loaded", **self._on.names.told(named))
        return no("rules.not_said", **self._on.names.told(named))


def matches(on: Evaluation, condition: Condition, role: Role | None, inside: Window) -> Verdict:
    """A regular expression on the normal form of each turn."""
    wanted = condition.matches
    assert wanted is not None  # noqa: S101
    regex = compiled(wanted.regex)
    exclude = compiled(wanted.exclude) if wanted.exclude else None
    effort = Effort()
    places = []
    try:
        for turn in turns_of(on.call, role, inside):
            text = turn.normal
            for base in range(0, max(1, len(text)), REGEX_CHARS):
                piece = text[base : base + REGEX_CHARS]
                taken = Stretches(exclude.spans(piece, effort) if exclude else ())
                for s, e in regex.spans(piece, effort):
                    if e > s and not taken.hold(s, e):
                        places.append(place(turn, base + s, base + e, MatchKind.REGEX))
    except TooMuchEffortError:
        return unknown("rules.regex_too_much", regex=wanted.regex)
    inside_places = on.trusted([p for p in places if inside.holds(p)], role)
    return yes(inside_places) if inside_places else no("rules.no_match")


def similar(on: Evaluation, condition: Condition, role: Role | None, inside: Window) -> Verdict:
    """The wording of a sentence is covered, in its order, by consecutive turns of the role."""
    wanted = condition.similar
    assert wanted is not None  # noqa: S101
    best, where = coverage(wanted, turns_of(on.call, role, inside))
    share = f"{best:.0%}"
    if best >= wanted.at_least and on.trusted(where, role):
        return yes(where, message("rules.covered", share=share))
    return no("rules.not_covered", share=share, least=f"{wanted.at_least:.0%}", omitted=f"{1 - best:.0%}")


def coverage(wanted: Similar, turns: Sequence[TurnText]) -> tuple[float, list[Place]]:
    """The best share of one of the texts that is said in a row, compared by sound, and where."""
    best, where = 0.0, list[Place]()
    for text in wanted.text:
        target = syllables("".join(c for c in fold(text) if c.isalnum()))
        if not target:
            continue
        for first in range(len(turns)):
            for size in range(1, min(wanted.turns, len(turns) - first) + 1):
                group = turns[first : first + size]
                text = syllables("".join(t.squeezed for t in group))
                share, start, end = _window_coverage(target, text)
                if share > best + MORE or (share >= best and size < len(where)):
                    best, where = share, _places(group, *_trimmed(target, text, start, end))
    return best, where


def _window_coverage(target: str, text: str) -> tuple[float, int, int]:
    """Best coverage of `target` by a stretch of `text` not much longer than it."""
    size = len(target) * 3 // 2 + 2
    step = max(1, len(target) // 6)
    best = (0.0, 0, 0)
    for start in range(0, max(1, len(text) - size + step), step):
        piece = text[start : start + size]
        share = common_length(target, piece) / len(target)
        if share > best[0]:
            best = (share, start, start + len(piece))
    return best


def _trimmed(target: str, text: str, start: int, end: int) -> tuple[int, int]:
    """The stretch without what it begins and ends with beside the wording."""
    most = common_length(target, text[start:end])
    first = bisect_left(range(start, end), True, key=lambda at: common_length(target, text[at:end]) < most) + start
    start = max(start, first - 1)
    last = bisect_left(range(start, end), True, key=lambda at: common_length(target, text[start:at]) >= most)
    return start, start + last


def _places(group: Sequence[TurnText], start: int, end: int) -> list[Place]:
    places, base = [], 0
    for turn in group:
        s, e = max(0, start - base), min(len(turn.squeezed), end - base)
        if s < e:
            places.append(place(turn, *turn.span(s, e), MatchKind.SIMILAR))
        base += len(turn.squeezed)
    return places


def repeats(on: Evaluation, condition: Condition, role: Role | None, inside: Window) -> Verdict:
    """The same role says the same again within some turns."""
    wanted = condition.repeats
    assert wanted is not None  # noqa: S101
    turns = [t for t in turns_of(on.call, role, inside) if len(t.squeezed) >= wanted.min_chars]
    for i, first in enumerate(turns):
        group = [first]
        for other in turns[i + 1 :]:
            if other.turn_position - group[-1].turn_position > wanted.within_turns:
                break
            if other.turn.role is first.turn.role and (
                similar_ratio(first.squeezed, other.squeezed) >= wanted.similarity
            ):
                group.append(other)
        if len(group) >= wanted.times:
            places = [whole_turn(t, MatchKind.SIMILAR) for t in group]
            if on.trusted(places, role):
                return yes(places)
    return no("rules.not_repeated")


def entity(on: Evaluation, condition: Condition, role: Role | None, inside: Window) -> Verdict:
    """Personal data or a quantity is said."""
    wanted = condition.entity
    assert wanted is not None  # noqa: S101
    places = []
    for found in entities_in(on.call):
        turn = on.call.turns[found.turn]
        if found.type == wanted.type and (found.valid or not wanted.valid_only):
            p = place(turn, found.start, found.end, MatchKind.REGEX)
            if inside.holds(p) and (role is None or turn.turn.role is role):
                places.append(p)
    places = on.trusted(places, role)
    return yes(places) if len(places) >= wanted.times else no("rules.no_entity", type=wanted.type)


def asks_model(on: Evaluation, condition: Condition, role: Role | None, inside: Window) -> Verdict:
    """A model's yes or no, believed only as far as its quotes are really there."""
    wanted = condition.asks_model
    assert wanted is not None  # noqa: S101
    if on.context.ask is None:
        return unknown("rules.model_off")
    turns = turns_of(on.call, role, inside)
    dialogue = "\n".join(f"{t.turn.role.value}: {t.text}" for t in turns)
    answer = on.context.ask(wanted.question, dialogue)
    if answer is None or answer.confidence < wanted.min_confidence:
        return unknown("rules.model_unsure")
    places = [p for q in answer.quotes for p in _quote(turns, q)]
    if answer.yes and not places:
        return unknown("rules.model_quote_missing")
    if answer.yes is wanted.expect:
        return yes(places)
    return Verdict(False, message("rules.model_says_otherwise"), tuple(places))


def _quote(turns: Sequence[TurnText], quote: str) -> list[Place]:
    wanted = normal_form(quote).strip()
    if len(wanted) < 2:
        return []
    return [place(t, at, at + len(wanted), MatchKind.SIMILAR) for t in turns if (at := t.normal.find(wanted)) >= 0]
