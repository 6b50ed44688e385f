"""Regular expressions of packs. They are matched by RE2, which tries all alternatives side by side: no expression
can explode, whatever repeats or overlaps in it. What is left is a large expression on a long text, and `Effort`
limits that.

RE2 has no look-around and no back references; `exclude` says what must not stand at a place.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import re2

from qa.core.characters import whole
from qa.text.normalise import normal_form

STEPS: Final = 200_000_000
"""Instructions of an expression times characters that one condition may look at in a call, each search to the end
of its text counted: two seconds where every step is taken, which only made-up texts do. 保.{0,9}本, of 91
instructions, needs a thousandth for ten minutes of talk.
"""

_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]+")
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_AROUND: Final = ("(?=", "(?!", "(?<=", "(?<!")


class RegexError(ValueError):
    """An expression that is wrong or refused; `code` names the sentence in the `rules` catalogue."""

    def __init__(self, code: str, problem: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.problem = problem


class TooMuchEffortError(Exception):
    """The limit of an `Effort` is reached."""


class Effort:
    """What searching has cost so far. It is counted, not timed: the same call always gives the same answer."""

    def __init__(self) -> None:
        self._left = STEPS

    def spend(self, steps: int) -> None:
        """Raises `TooMuchEffortError` where no such number of steps is left."""
        self._left -= steps
        if self._left < 0:
            raise TooMuchEffortError


class Regex:
    """A compiled expression."""

    def __init__(self, compiled: re2._Regexp) -> None:
        self._compiled = compiled
        self._size: int = compiled.programsize

    def spans(self, text: str, effort: Effort) -> Iterator[tuple[int, int]]:
        """Start and end of every match in a text in normal form; raises `TooMuchEffortError`."""
        effort.spend(self._size * len(text))
        for found in self._compiled.finditer(whole(text)):
            yield found.span()
            effort.spend(self._size * (len(text) - found.end()))


@lru_cache(maxsize=4096)
def compiled(source: str) -> Regex:
    """Compile an expression for texts in normal form; raises `RegexError`."""
    escaped = _ESCAPE.findall(source)
    if "w" in escaped or "W" in escaped:
        raise RegexError("regex_latin_word")  # else one that was written for Chinese would never match
    folded = _NOT_ASCII.sub(lambda m: normal_form(m.group()), source)
    options = re2.Options()
    options.case_sensitive = False
    options.never_capture = True
    options.log_errors = False
    try:
        return Regex(re2.compile(folded, options))
    except UnicodeError as e:
        raise RegexError("regex_broken", str(e)) from None
    except re2.error as e:
        problem = e.args[0].decode(errors="replace")
        if problem.endswith(_AROUND):
            raise RegexError("regex_look_around") from None
        if re.search(r"\\[1-9]$|\(\?P$|\(\?\($", problem):
            raise RegexError("regex_back_reference") from None
        raise RegexError("regex_broken", problem) from None
