"""When not to accuse: what makes a check unknown although the words, taken as they stand, would fail it."""

from collections.abc import Sequence
from typing import Final

from qa.core.finding import MatchKind
from qa.core.messages import Message, message
from qa.core.roles import Role
from qa.core.transcript import Span
from qa.lexicon.context import Site, by_denying
from qa.lexicon.lexicon import TermHit
from qa.rules.places import LOW_TRUST, Place
from qa.rules.scope import WHOLE, Window
from qa.rules.wording import FEWEST, likelihoods_at, likelihoods_in_call
from qa.text.calltext import CallText

LOST_SECONDS: Final = 2.0
"""Speech without words, in the part a check looks at, from which something may have been said that nobody read:
the shortest steps take about so long."""

IN_CALL: Final = 0.5
"""How much of the likelihood below which a term is doubted the whole of the call must leave of it, and"""
SURE_BY_ITSELF: Final = 0.5
"""how likely its sentence or clause must be by itself where the call leaves less. With 0.1 to be doubted below,
as the shipped packs have it, these doubt 20 of 32 wrong accusations in 36 long ordinary calls and 1,006
dialogues that the reader had not learned from, and 11 of 443 right ones. With 0.9 it would be the same there,
and eleven more of 88 plain offences, half of them right behind a greeting; with 0.1 seven fewer, and three more
wrong ones would stand."""

SURE_OF_ROLE: Final = 0.6
"""Confidence in a turn's role under which its words accuse nobody."""


def about_presence(places: Sequence[Place], role: Role | None, call: CallText) -> Message | None:
    """Why something that was found must not be held against anybody."""
    if role is not Role.CUSTOMER and not call.transcript.roles_certain:
        return message("rules.roles_uncertain")
    best = [p for p in places if p.trust >= LOW_TRUST or p.kind is MatchKind.MEASURE]
    if places and not best:
        return message("rules.low_trust", trust=max(p.trust for p in places))
    if role is Role.AGENT and places and not any(sure_of_role(p, call) for p in best):
        return message("rules.role_uncertain_here")
    return None


def about_wording(hits: Sequence[TermHit], call: CallText) -> Message | None:
    """Why the hits of a term in one turn must not be held against anybody: neither the sentence nor the clause
    is like what is known of the family, or the call as a whole speaks against it and neither is surely like it.

    What only sounds like the term is read as it was written. With the term put in its place the doubt would be
    lifted from 3 of 511 offences of the golden dialogues in which one character is misspelt, and from 6 of the 50
    innocent turns that sound like a term to an unsure recogniser.
    """
    least = hits[0].term.doubted_below
    if not least or any(hit.question and len(hit.turn.squeezed) < FEWEST for hit in hits):
        return None  # a bare yes is unlike everything; the words stand in the question
    places = [(hit.turn, hit.start, hit.end, hit.term.family) for hit in hits]
    in_call = max((share for p in places for share in likelihoods_in_call(call, *p)), default=least)
    after_all = in_call >= least * IN_CALL
    likely = 0.0
    for share in (share for p in places for share in likelihoods_at(call, *p)):
        if share >= (least if after_all else SURE_BY_ITSELF):
            return None
        likely = max(likely, share)
    if any(_by_denying(hit) for hit in hits):
        return None
    said = hits[0].question or hits[0]
    first, last = said.turn.span(said.start, said.end)
    share = likely if after_all else in_call
    return message("rules.unlike", quote=said.turn.text[first:last], share=f"{share:.1%}")


def _by_denying(hit: TermHit) -> bool:
    """Whether a promise is made by denying (怎么可能不保本), which a grammar alone tells from the denial."""
    excusable = hit.question is None and "negated" in hit.term.unless
    return excusable and by_denying(Site(hit.turn, hit.start, hit.end, hit.pattern))


def sure_of_role(place: Place, call: CallText) -> bool:
    """Whether it is sure enough who speaks at a place."""
    turn = call.turns[place.turn].turn
    return turn.role is not Role.UNKNOWN and turn.role_confidence >= SURE_OF_ROLE


def about_absence(role: Role | None, call: CallText, inside: Window = WHOLE) -> Message | None:
    """Why something that was not found may have been said all the same."""
    if not any(t.squeezed for t in call.turns):
        return message("rules.no_words")
    if not call.transcript.roles_certain:
        return message("rules.roles_uncertain")
    if role is not None and not any(t.turn.role is role for t in call.turns):
        return message("rules.no_turns_of_role")
    return _unheard(call, inside)


def _unheard(call: CallText, inside: Window) -> Message | None:
    """Why something may have been said where nothing was heard or made out."""
    transcript = call.transcript
    if transcript.partial:
        return message("rules.partial_audio")
    lost = sum(_inside(s, inside) for s in transcript.unintelligible)
    if lost >= LOST_SECONDS:
        return message("rules.unintelligible", seconds=lost)
    return None


def about_omission(role: Role | None, call: CallText, inside: Window = WHOLE) -> Message | None:
    """Why nobody can be blamed for what was not found: the same, or the recogniser was sure of nothing it read."""
    return about_absence(role, call, inside) or _untrusted(role, call)


def about_silence(role: Role | None, call: CallText, inside: Window) -> Message | None:
    """Why it is not known of one part of a rule that something was not said: nobody heard it, or nobody can have
    read it. That the role has no turns is for the rule as a whole to doubt.
    """
    return about_absence(None, call, inside) or _untrusted(role, call)


def somewhere(call: CallText) -> bool:
    """Whether anything in a call gives rise to doubt."""
    unsure = call.least_trust < LOW_TRUST or call.least_sure_of_role < SURE_OF_ROLE
    return unsure or about_absence(None, call) is not None


def _untrusted(role: Role | None, call: CallText) -> Message | None:
    """The recogniser was sure of nothing that the role said."""
    spoken = [t.trusts for t in call.turns if t.squeezed and role in (None, t.turn.role)]
    if not spoken or any(sum(trusts) >= LOW_TRUST * len(trusts) for trusts in spoken):
        return None
    return message("rules.low_trust", trust=max(sum(trusts) / len(trusts) for trusts in spoken))


def _inside(span: Span, inside: Window) -> float:
    return max(0.0, min(span.end, inside.until) - max(span.start, inside.since))
