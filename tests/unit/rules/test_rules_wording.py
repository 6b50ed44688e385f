"""What of a call the second reader is given, and how what it says is looked up."""

from qa.alike.reader import reader
from qa.core.roles import Role
from qa.rules.dialogue import from_example
from qa.rules.scope import WHOLE
from qa.rules.wording import (
    likelihoods_at,
    likelihoods_in_call,
    parts_of,
    stretches_of,
)
from qa.text.calltext import CallText

FIRST, SECOND = "这个产品到期以后本金一分都不会少您放心就好了", "另外我们每个月都会把账单寄到您家里去的请查收"


def _call(*lines: str) -> CallText:
    return CallText(from_example(list(lines), Role.AGENT))


def _places(call: CallText, role: Role | None = None) -> list[tuple[int, int, int]]:
    return [(s.turn.turn_position, s.start, s.end) for s in stretches_of(call, role, WHOLE, "forbidden")]


def test_all_of_a_call_is_read_turn_by_turn_and_long_turns_in_parts() -> None:
    call = _call(f"坐席：{FIRST}，{SECOND}", "客户：那我放心了")
    assert _places(call) == [(0, 0, len(FIRST)), (0, len(FIRST), len(FIRST + SECOND)), (1, 0, 5)]
    assert _places(call, Role.CUSTOMER) == [(1, 0, 5)]


def test_what_is_too_short_to_say_anything_is_not_read_wherever_it_stands() -> None:
    assert _places(_call("坐席：对的没错")) == []
    assert _places(_call(f"坐席：{FIRST}{FIRST}，对的没错")) == [(0, 0, 2 * len(FIRST))]
    assert _places(_call("客户：这个产品保本吗", "坐席：对的")) == [(0, 0, 7), (1, 0, 2)]
    assert _places(_call("客户：这个产品保本吗", "坐席：对")) == [(0, 0, 7)]


def test_a_place_is_judged_by_the_parts_that_hold_some_of_it() -> None:
    call = _call(f"坐席：{FIRST}，{SECOND}")
    turn, middle = call.turns[0], len(FIRST)
    first, second = (s.likelihoods["forbidden"] for s in stretches_of(call, None, WHOLE, "forbidden"))
    assert list(likelihoods_in_call(call, turn, 0, middle + 1, "forbidden")) == [first, second]
    assert first > 0.5 > second
    assert list(likelihoods_in_call(call, turn, middle, middle + 1, "forbidden")) == [second]
    talk = [p.talk for p in parts_of(call)]
    first, second = (reader().likelihood("forbidden", t.said) for t in talk)
    assert next(likelihoods_at(call, turn, middle - 1, middle, "forbidden")) == first
    assert next(likelihoods_at(call, turn, middle, middle + 1, "forbidden")) == second
    alone = list(likelihoods_at(call, turn, 0, middle, "forbidden"))
    assert first in alone
    assert second not in alone
