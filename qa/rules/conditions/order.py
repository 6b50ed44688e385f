"""Order: one thing, then another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.core.roles import Role
from qa.rules.schema import Condition
from qa.rules.scope import Window
from qa.rules.verdicts import Verdict, no, yes

if TYPE_CHECKING:
    from qa.rules.evaluate import Evaluation


def then(on: Evaluation, condition: Condition, role: Role | None, inside: Window) -> Verdict:
    """The second follows a place of the first, near enough."""
    wanted = condition.then
    assert wanted is not None  # noqa: S101
    first = on.check(wanted.first, role, inside)
    second = on.check(wanted.second, role, inside)
    if first.value is False or second.value is False:
        return first if first.value is False else second
    if first.value is None or second.value is None:
        return first if first.value is None else second
    for a in first.places:
        for b in second.places:
            if b.key <= a.key:
                continue
            if wanted.within_turns is not None and b.turn - a.turn > wanted.within_turns:
                continue
            if wanted.within_seconds is not None and b.begins - a.ends > wanted.within_seconds:
                continue
            return yes([a, b])
    return no("rules.not_in_order")
