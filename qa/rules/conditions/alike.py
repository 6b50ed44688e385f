"""A condition on wording as a whole: what is said like a known offence, in words that no pattern holds.

It is a second reader, no proof. What rests on it alone fails nobody: a person is asked to listen.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from qa.alike.features import stretches
from qa.alike.reader import RECENT, Reader, reader
from qa.core.finding import MatchKind
from qa.core.messages import Message, message
from qa.core.roles import Role
from qa.lexicon.lexicon import TermHit
from qa.rules.applicability import why_not
from qa.rules.places import Place, place
from qa.rules.schema import Condition
from qa.rules.scope import Window, turns_of
from qa.rules.verdicts import Verdict, no, yes
from qa.text.calltext import CallText, TurnText

if TYPE_CHECKING:
    from qa.rules.evaluate import Evaluation

FEWEST: Final = 5
"""Characters below which nothing is judged by its wording: 对的没错 says nothing by itself."""


class _Talk(NamedTuple):
    """What is read by itself."""

    turn: TurnText
    start: int
    end: int
    """Squeezed offsets."""
    said: str
    before: str
    """What the other said before the turn."""


def alike(on: Evaluation, condition: Condition, role: Role | None, inside: Window) -> Verdict:
    """What is said is worded like a known offence, and no term of that family has anything to say of it."""
    wanted = condition.alike
    assert wanted is not None  # noqa: S101 - the operator says so
    if on.literal:
        return no("rules.nothing_alike")
    judge = reader()
    talk = _talk(on.call, role, inside)
    texts = tuple((t.said, t.before) for t in talk)
    heard = {family: list(_voices(on, family, role)) for family in judge.families}
    known = {hit.turn.turn_position for hit in heard.pop(wanted.to)}
    # What a term calls rude is before a person already. It is called forbidden as well where that is the likelier.
    rivals = [
        ({hit.turn.turn_position for hit in hits if hit.counts}, judge.likelihoods(family, texts))
        for family, hits in heard.items()
    ]
    best: dict[int, tuple[Place, str]] = {}
    for i, likely in enumerate(judge.likelihoods(wanted.to, texts)):
        turn, start, end, said, _ = talk[i]
        at = turn.turn_position
        if likely < wanted.at_least or at in known or (at in best and best[at][0].certainty >= likely):
            continue
        if any(at in named and likelier[i] >= likely for named, likelier in rivals):
            continue
        where = place(turn, *turn.span(start, end), MatchKind.ALIKE, likely)
        if inside.holds(where):
            best[at] = where, said
    found = list(best.values())
    if not found:
        return no("rules.nothing_alike")
    return yes([p for p, _ in found], _told(judge, wanted.to, *max(found, key=lambda f: f[0].certainty)))


@lru_cache(RECENT)
def _talk(call: CallText, role: Role | None, inside: Window) -> list[_Talk]:
    """What is read of a call."""
    return [
        _Talk(turn, start, end, said, _before(call, turn))
        for turn in turns_of(call, role, inside)
        for start, end, said in stretches(turn)
        if end - start >= FEWEST
    ]


def _voices(on: Evaluation, family: str, role: Role | None) -> Iterator[TermHit]:
    """Terms of the family that have their say: they apply to the call and count, or stand there literally and the
    grammar of contexts knows why they do not.
    """
    names = on.scan.found_ids().intersection(on.resolve(f"family:{family}"))
    for hit in (hit for name in names for hit in on.scan.hits(name, role)):
        term = hit.term
        if (
            (hit.counts or hit.kind is MatchKind.EXACT)
            and not term.shadow
            and why_not(term.language, term.applies, on.call.transcript, on.context) is None
        ):
            yield hit


def _before(call: CallText, turn: TurnText) -> str:
    """What the other said last before a turn."""
    at = turn.turn_position
    previous = call.turns[at - 1] if at else None
    return previous.plain if previous is not None and previous.turn.role is not turn.turn.role else ""


def _told(judge: Reader, family: str, where: Place, said: str) -> Message:
    nearest = judge.nearest(family, said)
    return message("rules.alike", share=f"{where.certainty:.0%}", example=nearest.text if nearest else "")
