"""Where a condition looks: whose turns, which part of the call, and behind or before which anchor."""

import re
from typing import Final

from qa.core.base import Record
from qa.core.roles import Role
from qa.rules.places import Place
from qa.text.calltext import CallText, TurnText

_WITHIN: Final = re.compile(
    r"(?:(?P<side>first|last) (?P<count>[\d.]+) ?(?P<unit>s|turns?|agent turns?|customer turns?|%)"
    r"|(?P<low>[\d.]+)%\.\.(?P<high>[\d.]+)%)"
)


class Window(Record, frozen=True):
    """A part of a call: a place is inside when its turn is allowed and it begins within the times."""

    turns: frozenset[int] | None = None
    """Positions of the turns; None for all."""
    since: float = 0.0
    until: float = float("inf")
    after: tuple[int, int] | None = None
    """Only places behind this (turn, offset)."""
    before: tuple[int, int] | None = None

    def holds(self, place: Place) -> bool:
        """Whether a place lies inside."""
        return (
            (self.turns is None or place.turn in self.turns)
            and self.since <= place.begins <= self.until
            and (self.after is None or place.key > self.after)
            and (self.before is None or place.key < self.before)
        )

    def holds_turn(self, turn: TurnText) -> bool:
        """Whether a turn lies inside, at least in part."""
        at = turn.turn_position
        return (
            (self.turns is None or at in self.turns)
            and turn.ends >= self.since
            and turn.begins <= self.until
            and (self.after is None or at >= self.after[0])
            and (self.before is None or at <= self.before[0])
        )

    def narrowed(self, other: "Window") -> "Window":
        """What lies in both."""
        turns = self.turns if other.turns is None else other.turns
        if self.turns is not None and other.turns is not None:
            turns = self.turns & other.turns
        afters = [a for a in (self.after, other.after) if a is not None]
        befores = [b for b in (self.before, other.before) if b is not None]
        return Window(
            turns,
            max(self.since, other.since),
            min(self.until, other.until),
            max(afters, default=None),
            min(befores, default=None),
        )


WHOLE: Final = Window()


def window(within: str | None, call: CallText) -> Window:
    """The part of a call that `first 30s`, `last 5 turns` or `10%..40%` names."""
    if within is None:
        return WHOLE
    found = _WITHIN.fullmatch(within)
    if found is None:  # the schema has refused it before
        return WHOLE
    unit = found["unit"]
    if unit in (None, "%", "s"):
        return _timed(found, call)
    first, count = found["side"] == "first", int(float(found["count"]))
    role = {"agent": Role.AGENT, "customer": Role.CUSTOMER}.get(unit.split()[0])
    positions = [t.turn_position for t in turns_of(call, role, WHOLE)]
    if count >= len(positions):
        return Window(turns=frozenset(positions))
    return Window(turns=frozenset(positions[:count] if first else positions[len(positions) - count :]))


def _timed(found: re.Match[str], call: CallText) -> Window:
    """A part of a call that is given in seconds or in per cent."""
    duration = max(call.transcript.duration, max((t.ends for t in call.turns), default=0.0))
    if found["low"] is not None:
        return Window(since=duration * float(found["low"]) / 100, until=duration * float(found["high"]) / 100)
    count = float(found["count"])
    if found["unit"] == "%":
        count = duration * count / 100
    return Window(until=count) if found["side"] == "first" else Window(since=duration - count)


def role_of(name: str | None, default: Role | None) -> Role | None:
    """A role by its name in a pack; None stands for anybody."""
    if name is None:
        return default
    return None if name == "any" else Role(name)


def turns_of(call: CallText, role: Role | None, inside: Window) -> list[TurnText]:
    """The turns of a role in a window; of anybody but the system where no role is given."""
    own = [t for t in call.turns if (t.turn.role is role if role is not None else t.turn.role is not Role.SYSTEM)]
    return own if inside == WHOLE else [t for t in own if inside.holds_turn(t)]
