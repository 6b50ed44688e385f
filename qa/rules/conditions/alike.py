"""A condition on wording as a whole: what is said like known cases, in words that no pattern holds.

It is a second reader, no proof. What rests on it alone fails nobody: a person is asked to listen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from qa.alike.features import Talk
from qa.alike.reader import Reader, reader
from qa.core.finding import MatchKind
from qa.core.messages import Message, message
from qa.core.roles import Role
from qa.lexicon.lexicon import TermHit
from qa.lexicon.schema import LIKENED
from qa.rules.applicability import why_not
from qa.rules.doubt import about_wording
from qa.rules.places import Place, place
from qa.rules.schema import Condition
from qa.rules.scope import Window
from qa.rules.verdicts import Verdict, no, yes
from qa.rules.wording import FEWEST, Stretch, stretches_of
from qa.text.calltext import CallText

if TYPE_CHECKING:
    from qa.rules.evaluate import Evaluation

SURE: Final = 0.9
"""From here on a person is told although a term stands there and is excused: 没包好 denies no cure. On 420 blind
dialogues that found 3 offences and one rude turn more, with one false one."""


def alike(on: Evaluation, condition: Condition, role: Role | None, inside: Window) -> Verdict:
    """What is said is worded like known cases, and no term of that family has anything to say of it."""
    wanted = condition.alike
    assert wanted is not None  # noqa: S101 - the operator says so
    if on.literal:
        return no("rules.nothing_alike")
    likely = stretches_of(on.call, role, inside, wanted.to, wanted.at_least)
    if not likely:
        return no("rules.nothing_alike")
    judge = reader()
    known = list(voices(on, wanted.to, role))
    named = _named(known, on.call)
    excused = [hit for hit in known if not hit.counts]
    # What a term calls rude is before a person already. It is called forbidden as well where that is the likelier.
    rivals = {family: _named(voices(on, family, role), on.call) for family in _beside(wanted.to)}
    best: dict[int, tuple[Place, Talk]] = {}
    for stretch in likely:
        share, at = stretch.likelihoods[wanted.to], stretch.turn.turn_position
        if at in named or (at in best and best[at][0].certainty >= share):
            continue
        if share < SURE and any(lies_in(hit, stretch) for hit in excused):
            continue
        if any(at in turns and stretch.likelihoods[family] >= share for family, turns in rivals.items()):
            continue
        where = place_of_stretch(stretch, wanted.to)
        if inside.holds(where):
            best[at] = where, stretch.talk
    found = list(best.values())
    if not found:
        return no("rules.nothing_alike")
    return yes([p for p, _ in found], _told(judge, wanted.to, *max(found, key=lambda f: f[0].certainty)))


def place_of_stretch(stretch: Stretch, family: str) -> Place:
    """Where it stands, as sure as it is alike."""
    at = stretch.turn.span(stretch.start, stretch.end)
    return place(stretch.turn, *at, MatchKind.ALIKE, stretch.likelihoods[family])


def _beside(family: str) -> list[str]:
    """The other offences of the same party."""
    whose = LIKENED.get(family)
    return [other for other, role in LIKENED.items() if other != family and role == whose]


def voices(on: Evaluation, family: str, role: Role | None) -> Iterator[TermHit]:
    """Terms of the family that have their say: they apply to the call and count, or stand there literally and the
    grammar of contexts knows why they do not.
    """
    names = on.scan.found_ids().intersection(on.names.terms(f"family:{family}"))
    for hit in (hit for name in names for hit in on.scan.hits(name, role)):
        term = hit.term
        if (
            (hit.counts or hit.kind is MatchKind.EXACT)
            and not term.shadow
            and why_not(term.language, term.applies, on.call.transcript, on.context) is None
        ):
            yield hit


def _named(hits: Iterable[TermHit], call: CallText) -> set[int]:
    """The turns in which one of them counts and nothing speaks against it."""
    return {h.turn.turn_position for h in hits if h.counts and about_wording([h], call) is None}


def lies_in(hit: TermHit, stretch: Stretch) -> bool:
    """Whether a stretch holds some of a hit."""
    return hit.turn is stretch.turn and hit.start < stretch.end and stretch.start < hit.end


def _told(judge: Reader, family: str, where: Place, talk: Talk) -> Message:
    nearest = judge.nearest(family, talk)
    example = nearest.text if nearest else ""
    if nearest and nearest.before and len(example) < FEWEST:  # 嗯 says nothing by itself
        example = f"{nearest.before} — {example}"
    return message("rules.alike", share=f"{where.certainty:.0%}", example=example)
