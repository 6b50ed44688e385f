"""Three-valued answers of conditions: yes, no, or unknown, each with its places and the reason."""

from collections.abc import Sequence

from qa.core.base import Record
from qa.core.messages import Message, message
from qa.rules.places import Place


class Verdict(Record, frozen=True):
    """What a condition says of a call. `value` None means that it cannot be known."""

    value: bool | None
    reason: Message
    places: tuple[Place, ...] = ()


def yes(places: Sequence[Place], reason: Message | None = None) -> Verdict:
    """It holds, there."""
    return Verdict(True, reason or message("rules.holds"), tuple(places))


def no(code: str, **params: object) -> Verdict:
    """It does not hold, because."""
    return Verdict(False, message(code, **params))


def unknown(code: str, **params: object) -> Verdict:
    """It cannot be known, because."""
    return Verdict(None, message(code, **params))


def conjunction(verdicts: Sequence[Verdict]) -> Verdict:
    """All of them, in Kleene's logic: one no decides, else one unknown."""
    for v in verdicts:
        if v.value is False:
            return v
    for v in verdicts:
        if v.value is None:
            return v
    return yes(_all_places(verdicts), verdicts[0].reason if len(verdicts) == 1 else None)


def disjunction(verdicts: Sequence[Verdict]) -> Verdict:
    """Any of them: one yes decides, else one unknown."""
    holding = [v for v in verdicts if v.value]
    if holding:
        return yes(_all_places(holding), holding[0].reason)
    for v in verdicts:
        if v.value is None:
            return v
    return verdicts[0] if len(verdicts) == 1 else no("rules.none_holds")


def negation(verdict: Verdict) -> Verdict:
    """The opposite, in the same places; unknown stays unknown."""
    if verdict.value is None:
        return verdict
    if verdict.value:
        return Verdict(False, message("rules.holds_but_must_not"), verdict.places)
    return yes(verdict.places)


def _all_places(verdicts: Sequence[Verdict]) -> list[Place]:
    unique = {p for v in verdicts for p in v.places}
    return sorted(unique, key=lambda p: (p.turn, p.start, p.end, p.term or ""))
