"""The pattern language of terms: read, checked, and brought to a form that an automaton can look for.

    保本保息        literally (punctuation and blanks do not count)
    (一定|肯定)?能赚   alternatives; `?` makes the group optional
    保本{0,2}保息     a gap of nought to two characters; `…` is {0,8}
    ^不知道$         start and end of a clause

A pattern without gaps becomes a handful of literals. One with gaps becomes a bounded regular expression that is
only tried where the automaton has found one of its `anchors`.
"""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from typing import Final

from qa.text.normalise import fold
from qa.text.syllables import is_syllable, readings

ELLIPSIS: Final = (0, 8)
MAX_GAP: Final = 30
MAX_LITERALS: Final = 256
"""A gapless pattern that expands to more literals is treated as one with gaps."""

_SYMBOL: Final = re.compile(r"\{(\d*),?(\d*)\}|…+|\.{3,}|[()|?^$]|[^()|?^$…{}]+|[{}]")
_COMMONEST: Final = frozenset("你我他的了是在不有这那就说要好吗呢吧啊个给到也都会能还没么人们来去上下1")
_DROP: Final = re.compile(r"(?:[^\w%.:]|_)+|(?<!\d)[.:]|[.:](?!\d)")


class PatternError(ValueError):
    """A pattern that cannot be read; `code` names the sentence in the `rules` catalogue."""

    def __init__(self, code: str, pattern: str) -> None:
        super().__init__(code)
        self.code = code
        self.pattern = pattern


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some literals."""

    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Any characters, so many."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that was read."""

    source: str
    parts: tuple[Choice | Gap, ...]
    at_start: bool
    at_end: bool

    @property
    def has_gaps(self) -> bool:
        """Whether it needs a regular expression."""
        return any(isinstance(p, Gap) for p in self.parts) or _combinations(self.parts) > MAX_LITERALS

    def literals(self) -> list[str]:
        """All texts that a pattern without gaps stands for."""
        options = [p.options for p in self.parts if isinstance(p, Choice)]
        return sorted({"".join(combination) for combination in product(*options)} - {""})

    def shortest(self) -> int:
        """Characters that every match has at least, gaps not counted."""
        return sum(min(map(len, p.options)) for p in self.parts if isinstance(p, Choice))


@dataclass(frozen=True)
class Gapped:
    """A pattern with gaps, ready to be looked for. Expressions are compiled when a call first needs them."""

    pattern: Pattern
    anchors: tuple[str, ...]
    """Literals of which one is in every match."""

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """Matches squeezed text."""
        return re.compile("".join(_expression(p, False) for p in self.pattern.parts))

    @cached_property
    def sounds(self) -> re.Pattern[str]:
        """Matches the syllable classes of squeezed text."""
        return re.compile("".join(_expression(p, True) for p in self.pattern.parts))


@lru_cache(maxsize=200_000)
def parse(source: str) -> Pattern:
    """Read one pattern; raises `PatternError` with what is wrong."""
    parts: list[Choice | Gap] = []
    at_start = at_end = False
    group: list[list[str]] | None = None
    symbols = list(_SYMBOL.finditer(fold(source.replace("？", ""))))
    for i, found in enumerate(symbols):
        symbol = found.group()
        if symbol == "(":
            if group is not None:
                raise PatternError("pattern_nested", source)
            group = [[""]]
        elif symbol == ")":
            if group is None:
                raise PatternError("pattern_parenthesis", source)
            parts.append(Choice(tuple(dict.fromkeys("".join(g) for g in group))))
            group = None
        elif symbol == "|":
            if group is None:
                raise PatternError("pattern_bar", source)
            group.append([""])
        elif symbol == "?":
            _make_optional(parts, symbols, i, source)
        elif symbol in "^$":
            if group is not None or (symbol == "^" and i > 0) or (symbol == "$" and i < len(symbols) - 1):
                raise PatternError("pattern_anchor", source)
            at_start, at_end = at_start or symbol == "^", at_end or symbol == "$"
        elif symbol[0] in "…." or symbol.startswith("{"):
            if group is not None:
                raise PatternError("pattern_nested", source)
            parts.append(_gap(found, source))
        else:
            text = _clean(symbol)
            if group is not None:
                group[-1].append(text)
            elif text:
                parts.append(Choice((text,)))
    if group is not None:
        raise PatternError("pattern_parenthesis", source)
    return _checked(Pattern(source, tuple(parts), at_start, at_end))


def _make_optional(parts: list[Choice | Gap], symbols: list[re.Match[str]], i: int, source: str) -> None:
    last = parts[-1] if parts else None
    if i == 0 or symbols[i - 1].group() != ")" or not isinstance(last, Choice):
        raise PatternError("pattern_question", source)
    parts[-1] = Choice((*last.options, ""))


def _gap(found: re.Match[str], source: str) -> Gap:
    symbol = found.group()
    if symbol[0] in "….":
        return Gap(*ELLIPSIS)
    least, most = found.group(1), found.group(2)
    if not symbol.endswith("}") or not (least or most):
        raise PatternError("pattern_gap", source)
    low = int(least or 0)
    high = int(most) if most else (low if "," not in symbol else MAX_GAP)
    if low > high or high > MAX_GAP:
        raise PatternError("pattern_gap", source)
    return Gap(low, high)


def _clean(text: str) -> str:
    return _DROP.sub("", text)


def _checked(pattern: Pattern) -> Pattern:
    shortest, source = pattern.shortest(), pattern.source
    if shortest == 0:
        raise PatternError("pattern_empty", source)
    if shortest == 1 and not (pattern.at_start and pattern.at_end):
        raise PatternError("pattern_one_character", source)
    if isinstance(pattern.parts[0], Gap) or isinstance(pattern.parts[-1], Gap):
        raise PatternError("pattern_gap_at_edge", source)
    return pattern


def _combinations(parts: tuple[Choice | Gap, ...]) -> int:
    count = 1
    for part in parts:
        if isinstance(part, Choice):
            count *= len(part.options)
    return count


def gapped(pattern: Pattern) -> Gapped:
    """Prepare a pattern with gaps: which literals must be there, so that the rest is tried only beside them."""
    required = [p for p in pattern.parts if isinstance(p, Choice) and "" not in p.options]
    if not required:
        raise PatternError("pattern_all_optional", pattern.source)
    anchor = min(required, key=lambda p: sum(map(_commonness, p.options)))
    return Gapped(pattern, anchor.options)


def _commonness(literal: str) -> int:
    """Roughly how often a literal stands in a call for nothing; the anchor is the part that does so least."""
    if len(literal) == 1:
        return 1000 if literal in _COMMONEST else 60
    return 6 if len(literal) == 2 else 1


def _expression(part: Choice | Gap, sounds: bool) -> str:
    if isinstance(part, Gap):
        return f".{{{part.least},{part.most}}}?"
    options = sorted(part.options, key=len, reverse=True)
    if sounds:
        options = [form for o in options for form in readings(o)]
    return "(?:" + "|".join(map(re.escape, options)) + ")"


def sound_forms(literal: str) -> list[str]:
    """The class forms of a literal of at least two characters, all of them Chinese or digits; else none."""
    if len(literal) < 2:
        return []
    forms = readings(literal)
    return forms if all(map(is_syllable, forms[0])) else []
