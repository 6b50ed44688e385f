"""Evaluates trees of conditions on one call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from qa.core.messages import message
from qa.core.roles import Role
from qa.lexicon.lexicon import Scan
from qa.rules.call import CallContext
from qa.rules.conditions import alike, measures, mood, order, shape, words
from qa.rules.doubt import about_presence, about_silence, sure_of_role
from qa.rules.names import Names
from qa.rules.places import LOW_TRUST, Place
from qa.rules.schema import Anchor, Condition
from qa.rules.scope import WHOLE, Window, role_of, window
from qa.rules.verdicts import Verdict, conjunction, disjunction, negation, no, unknown
from qa.text.calltext import CallText


@dataclass
class Evaluation:
    """Everything about one call that conditions look at."""

    call: CallText
    scan: Scan
    context: CallContext
    names: Names
    """What references stand for where the conditions were written."""
    inline: Mapping[int, str]
    """`id()` of a `says` with patterns on the spot -> the term id they were given."""
    named: Mapping[str, Condition] = field(default_factory=dict)
    steps: dict[str, Verdict] = field(default_factory=dict)
    """Steps of the flow being evaluated."""
    literal: bool = False
    """Whether only the words themselves count."""
    careful: bool = False
    """Whether words that are not to be trusted, and those that may have gone unheard, leave it unknown what they
    decide."""
    accusing: bool = False
    """Whether it must be sure who says them, too."""
    trusted_only: bool = False
    """Whether the other words count for nothing."""

    def literally(self) -> "Evaluation":
        """The same call with the words alone, without what only sounds or reads like them."""
        return replace(self, scan=self.scan.literally(), steps=dict(self.steps), literal=True)

    def carefully(self, accusing: bool) -> "Evaluation":
        """The same call; what rests on words that are not to be trusted or may have gone unheard is unknown."""
        return replace(self, steps=dict(self.steps), careful=True, accusing=accusing)

    def trusted(self, places: list[Place], role: Role | None) -> list[Place]:
        """The places that count where only what is to be trusted does; all of them otherwise."""
        if not self.trusted_only:
            return places
        of_agent = self.accusing and role is Role.AGENT
        return [p for p in places if p.trust >= LOW_TRUST and (not of_agent or sure_of_role(p, self.call))]

    def check(self, condition: Condition, default_role: Role | None, inside: Window = WHOLE) -> Verdict:
        """Whether a condition holds within a window."""
        if condition.within is not None:
            inside = inside.narrowed(window(condition.within, self.call))
        for anchor, behind in ((condition.after, True), (condition.before, False)):
            if anchor is not None:
                found = self._anchored(anchor, behind, default_role, inside)
                if isinstance(found, Verdict):
                    return found
                inside = found
        return self._operate(condition, default_role, inside)

    def _operate(self, condition: Condition, default_role: Role | None, inside: Window) -> Verdict:
        role = role_of(condition.role, default_role)
        operator = _OPERATORS.get(condition.operator)
        if operator is not None:
            if self.careful and condition.operator in WORDS:
                return self._doubted(operator, condition, role, inside)
            verdict = operator(self, condition, role, inside)
            if self.careful and condition.asks_model is not None and verdict.value is not None:
                doubt = None if verdict.places else about_silence(None, self.call, inside)
                return verdict if doubt is None else Verdict(None, doubt)
            return verdict
        if condition.use is not None:
            return self.check(self.named[condition.use], role, inside)
        if condition.step is not None:
            return self.steps.get(condition.step, unknown("rules.step_not_judged", step=condition.step))
        parts = [self.check(c, role, inside) for c in condition.all or condition.any or condition.none or ()]
        if condition.all is not None:
            return conjunction(parts or [Verdict(True, _HOLDS)])
        found = disjunction(parts or [no("rules.none_holds")])
        return found if condition.any is not None else negation(found)

    def _doubted(self, operator: "Operator", condition: Condition, role: Role | None, inside: Window) -> Verdict:
        found = operator(self, condition, role, inside)
        trusting = replace(self, trusted_only=True)
        sure = operator(trusting, condition, role, inside)
        if found.value is not sure.value:
            places = list(found.places or sure.places)
            trusted = trusting.trusted(places, role)
            weak = [p for p in places if p not in trusted] or places
            trust = min((p.trust for p in weak), default=0.0)
            reason = about_presence(weak, role, self.call) or message("rules.low_trust", trust=trust)
            return Verdict(None, reason, tuple(weak))
        forbids = condition.says is not None and bool(condition.says.none)
        if sure.value is forbids or (sure.value is False and sure.reason.code != "rules.said_but_must_not"):
            doubt = about_silence(role if self.accusing else None, self.call, inside)
            if doubt is not None:
                return Verdict(None, doubt, sure.places)
        return sure

    def _anchored(
        self, anchor: Anchor, behind: bool, default_role: Role | None, inside: Window
    ) -> Window | Verdict:
        verdict = self.check(anchor.condition, default_role, inside)
        if verdict.value is None:
            return verdict
        places = verdict.places
        index = anchor.hit - 1 if anchor.hit > 0 else anchor.hit
        if not verdict.value or not -len(places) <= index < len(places):
            return no("rules.no_anchor")
        place = places[index]
        last = len(self.call.turns)
        if behind:
            turns = None if anchor.turns is None else frozenset(range(place.turn, place.turn + anchor.turns + 1))
            until = float("inf") if anchor.seconds is None else place.ends + anchor.seconds
            limit = Window(turns, place.begins, until, after=(place.turn, place.end - 1))
        else:
            turns = (
                None
                if anchor.turns is None
                else frozenset(range(max(0, place.turn - anchor.turns), min(last, place.turn + 1)))
            )
            since = 0.0 if anchor.seconds is None else place.begins - anchor.seconds
            limit = Window(turns, since, place.begins, before=(place.turn, place.start))
        return inside.narrowed(limit)


_HOLDS: Final = message("rules.holds")

WORDS: Final = ("says", "matches", "similar", "repeats", "entity")
"""What looks at words: without them, or without trust in them, nobody knows that something was not said."""

Operator = Callable[[Evaluation, Condition, Role | None, Window], Verdict]

_OPERATORS: Final[Mapping[str, Operator]] = {
    "says": words.says,
    "matches": words.matches,
    "similar": words.similar,
    "repeats": words.repeats,
    "entity": words.entity,
    "asks_model": words.asks_model,
    "silence": measures.silence,
    "rate": measures.rate,
    "interrupts": measures.interrupts,
    "loudness": measures.loudness,
    "pitch": measures.pitch,
    "responds": measures.responds,
    "tone": mood.tone,
    "alike": alike.alike,
    "talk_share": shape.talk_share,
    "duration": shape.duration,
    "turns": shape.turns,
    "ends_with": shape.ends_with,
    "attribute": shape.attribute,
    "then": order.then,
}
