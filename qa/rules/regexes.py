"""Regular expressions of packs: those that can explode are refused before they ever meet a text.

An expression is refused when a repetition without an upper bound stands inside another repetition ((a+)+), when
it has back references, or more unbounded repetitions than a turn of a few thousand characters allows.
"""

import re
import warnings
from functools import lru_cache
from typing import Any, Final

from qa.text.normalise import normal_form

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from re import _constants as sre  # type: ignore[attr-defined]
    from re import _parser as sre_parser  # type: ignore[attr-defined]

MAX_UNBOUNDED: Final = 2
"""Each unbounded repetition multiplies the worst case by the length of the turn."""

LARGE: Final = 64
"""A bound above this counts as none."""

_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]+")


class RegexError(ValueError):
    """An expression that is wrong or refused; `code` names the sentence in the `rules` catalogue."""

    def __init__(self, code: str, problem: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.problem = problem


@lru_cache(maxsize=4096)
def compiled(source: str) -> re.Pattern[str]:
    """Compile an expression for texts in normal form; raises `RegexError`."""
    folded = _NOT_ASCII.sub(lambda m: normal_form(m.group()), source)
    try:
        tree = sre_parser.parse(folded)
        unbounded = _unbounded(tree, False)
        if unbounded > MAX_UNBOUNDED:
            raise RegexError("regex_too_many_repeats", str(unbounded))
        return re.compile(folded, re.IGNORECASE)
    except re.error as e:
        raise RegexError("regex_broken", str(e)) from None
    except (RecursionError, OverflowError):
        raise RegexError("regex_broken", "too deep") from None


def _unbounded(tree: Any, inside_repeat: bool) -> int:
    count = 0
    for operator, argument in tree:
        if operator in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            low, high, body = argument
            open_ended = high is sre.MAXREPEAT or high > LARGE
            if inside_repeat and (open_ended or high != low):
                raise RegexError("regex_nested_repeat")
            count += open_ended
            count += _unbounded(body, inside_repeat or open_ended or high > 1)
        elif operator is sre.SUBPATTERN:
            count += _unbounded(argument[-1], inside_repeat)
        elif operator is sre.BRANCH:
            count += sum(_unbounded(branch, inside_repeat) for branch in argument[1])
        elif operator in (sre.ASSERT, sre.ASSERT_NOT):
            count += _unbounded(argument[1], inside_repeat)
        elif operator is sre.ATOMIC_GROUP:
            count += _unbounded(argument, inside_repeat)
        elif operator in (sre.GROUPREF, sre.GROUPREF_EXISTS):
            raise RegexError("regex_back_reference")
    return count
