"""The terms of all loaded packs, and what they find in a call once context is understood."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from qa.core.base import Record
from qa.core.finding import MatchKind, Severity
from qa.core.lazy import lazy
from qa.core.roles import Role
from qa.lexicon.answers import Question, affirmation, expects_answer, reply
from qa.lexicon.context import Excuse, Site, asked, excuse, half_question, named, negated, titled
from qa.lexicon.edges import taken_back
from qa.lexicon.matcher import EVERYBODY, Hit, Matcher, MatchTerm, Spotted
from qa.lexicon.schema import Applies
from qa.text.calltext import CallText, TurnText

AFFIRMED_CERTAINTY = 0.9
"""Of an offence that lies in the answer to a question."""


@dataclass(frozen=True, slots=True)
class CompiledTerm:
    """A term with the defaults of its file filled in."""

    id: str
    """Qualified."""
    file: str
    """Id of the file it stands in."""
    version: int
    language: str
    family: str
    label: Mapping[str, str]
    severity: Severity | None
    role: Role | None
    """Whose words count; None for anybody's."""
    unless: tuple[str, ...]
    affirmed: bool
    basis: str | None
    wording: str | None
    shadow: bool
    applies: tuple[Applies, ...]
    """Of the file and of the term; all must hold."""
    match: MatchTerm
    doubted_below: float | None = None
    """Likelihood that the second reader has to grant a sentence with the term in it."""


class TermHit(Record, frozen=True):
    """A term at a place, with what context makes of it."""

    term: CompiledTerm
    turn: TurnText
    start: int
    end: int
    """Squeezed offsets in `turn`."""
    kind: MatchKind
    certainty: float
    pattern: str
    excuse: Excuse | None = None
    question: "TermHit | None" = None
    """What the other party asked, for a hit that lies in the answer."""

    @property
    def counts(self) -> bool:
        """Whether it was meant."""
        return self.excuse is None


class Lexicon:
    """All terms, compiled. Immutable, to be shared between threads."""

    def __init__(self, terms: Sequence[CompiledTerm]) -> None:
        self.terms = tuple(terms)
        self.places = {t.id: place for place, t in enumerate(self.terms)}
        """Id of a term -> its place in `terms`."""
        self._matcher = Matcher([t.match for t in terms])

    def scan(self, call: CallText) -> "Scan":
        """Everything that was said of these terms in a call."""
        return Scan(call, self, self._matcher.spot(call))


class Scan:
    """The hits of one call. They, and their context, are looked at only where somebody asks about them."""

    def __init__(self, call: CallText, lexicon: Lexicon, spotted: Spotted, literal: bool = False) -> None:
        self._call = call
        self._lexicon = lexicon
        self._spotted = spotted
        self._literal = literal
        self._done: dict[tuple[str, Role | None], list[TermHit]] = {}

    def literally(self) -> "Scan":
        """What is left of it without what merely sounds like a term or was misheard for one."""
        return Scan(self._call, self._lexicon, self._spotted, literal=True)

    def found_ids(self) -> frozenset[str]:
        """Ids of the terms that may have a hit, excused or not: no other has one."""
        return self._found_ids

    @lazy
    def _found_ids(self) -> frozenset[str]:
        return frozenset(self._lexicon.terms[place].id for place in self._spotted.terms)

    def hits(self, term: str, role: Role | None) -> list[TermHit]:
        """All hits of a term in the turns of `role` (None: anybody), excused ones included, in order."""
        key = (term, role)
        if key not in self._done:
            self._done[key] = [x for h in self._found(term, role) for x in self._resolve(h, role)]
        return self._done[key]

    def _found(self, term: str, role: Role | None) -> list[Hit]:
        if term not in self._found_ids:
            return []
        place = self._lexicon.places[term]
        hits = self._spotted.hits(place, _speakers(role, self._lexicon.terms[place].affirmed))
        return [h for h in hits if h.kind is MatchKind.EXACT] if self._literal else hits

    def meant(self, term: str, role: Role | None, role_given: bool) -> list[TermHit]:
        """The hits that count: of `role` where a condition gives one, else of the term's own role."""
        if term not in self._found_ids:
            return []
        wanted = role if role_given else self._lexicon.terms[self._lexicon.places[term]].role
        return [h for h in self.hits(term, wanted) if h.counts]

    def _resolve(self, hit: Hit, role: Role | None) -> list[TermHit]:
        term, turn = self._lexicon.terms[hit.term], self._call.turns[hit.turn]
        speaker = turn.turn.role
        result = TermHit(term, turn, hit.start, hit.end, hit.kind, hit.certainty, hit.pattern)
        if role is None or speaker is role:
            site = Site(turn, hit.start, hit.end, hit.pattern)
            reason = excuse(site, term.unless) or half_question(site) or named(site)
            if reason is None and term.severity is not None:
                reason = titled(site)
            return [_with(result, reason)]
        if term.affirmed and speaker is role.other:
            answer = self._answered(result)
            return [answer] if answer else []
        return []

    def _answered(self, question: TermHit) -> TermHit | None:
        turn = question.turn
        answering = reply(self._call.turns, turn, question.end)
        if answering is None:
            return None
        site = Site(turn, question.start, question.end, question.pattern)
        is_asked = asked(site) is not None
        if not expects_answer(turn, question.start, is_asked) or negated(site) is not None:
            return None
        put = Question(turn, question.start, question.end, site.negative_half)
        answer = affirmation(answering, put)
        if answer is None or taken_back(question.term.match.exclude, answer.turn).hold(answer.start, answer.end):
            return None
        return TermHit(
            question.term,
            answer.turn,
            answer.start,
            answer.end,
            MatchKind.CONTEXT,
            AFFIRMED_CERTAINTY * question.certainty,
            question.pattern,
            question=question,
        )


@cache
def _speakers(role: Role | None, affirmed: bool) -> frozenset[Role]:
    """In whose turns there may be a hit that is the role's: in its own, and in questions that it says yes to."""
    if role is Role.SYSTEM:
        return frozenset({role})
    own = EVERYBODY if role is None else frozenset({role, role.other} if affirmed else {role})
    return own - {Role.SYSTEM}


def _with(hit: TermHit, reason: Excuse | None) -> TermHit:
    if reason is None:
        return hit
    return TermHit(hit.term, hit.turn, hit.start, hit.end, hit.kind, hit.certainty, hit.pattern, reason)
