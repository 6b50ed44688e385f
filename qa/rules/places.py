"""Where in a call something is, and the evidence that is made of it."""

from qa.core.base import Record
from qa.core.finding import Evidence, MatchKind
from qa.lexicon.lexicon import TermHit
from qa.text.calltext import CallText, TurnText

LOW_TRUST = 0.35
"""Mean trust of the words under a hit below which it accuses nobody: the recogniser was guessing. Of words
in calls of known text with a trust under 0.35, more than half were wrong."""


class Place(Record, frozen=True, gc=False):
    """A stretch of a turn, or of time."""

    turn: int
    """Position in the call's turns."""
    start: int
    end: int
    """Offsets into the turn's text."""
    begins: float
    ends: float
    kind: MatchKind
    certainty: float
    trust: float
    term: str | None = None

    @property
    def key(self) -> tuple[int, int]:
        """Order in the call."""
        return self.turn, self.start


def place_of(hit: TermHit) -> Place:
    """The place of a term's hit."""
    return place(hit.turn, *hit.turn.span(hit.start, hit.end), hit.kind, hit.certainty, hit.term.id)


def place(
    turn: TurnText, start: int, end: int, kind: MatchKind, certainty: float = 1.0, term: str | None = None
) -> Place:
    """A stretch of a turn with the times and trust of its words."""
    words = turn.words_at(start, end) if turn.turn.words else ()
    trust = turn.trusts[start:end]
    return Place(
        turn=turn.turn_position,
        start=start,
        end=end,
        begins=words[0].start if words else turn.begins,
        ends=max([w.end for w in words]) if words else turn.ends,
        kind=kind,
        certainty=certainty,
        trust=sum(trust) / len(trust) if trust else 0.0,
        term=term,
    )


def whole_turn(turn: TurnText, kind: MatchKind) -> Place:
    """A turn from its first to its last character."""
    return place(turn, 0, len(turn.text), kind)


def evidence_of(found: Place, call: CallText) -> Evidence:
    """The proof to keep with a finding."""
    said = call.turns[found.turn]
    turn = said.turn
    return Evidence(
        turn=turn.index,
        role=turn.role,
        char_start=found.start,
        char_end=found.end,
        start=found.begins,
        end=found.ends,
        channel=turn.channel,
        quote=said.text[found.start : found.end],
        match=found.kind,
        trust=round(found.trust, 4),
        term=found.term,
    )
