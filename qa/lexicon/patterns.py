"""The pattern language of terms: read, checked, and brought to a form that an automaton can look for.

    保本保息        literally (punctuation and blanks do not count)
    (一定|肯定)?能赚   alternatives; `?` makes the group optional
    (包赚|~包转)      what the recogniser writes for an alternative; counts for less
    保本{0,2}保息     a gap of nought to two characters; `…` is {0,8}
    ^不知道$         start and end of a clause

A pattern without gaps becomes a handful of literals. One with gaps becomes a bounded regular expression that is
only tried where the automaton has found one of its anchors (see `anchors`).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from math import prod
from typing import Final

from qa.core.base import Record
from qa.text.normalise import fold
from qa.text.syllables import are_syllables, readings, readings_of, syllables

ELLIPSIS: Final = (0, 8)
MAX_GAP: Final = 30
MAX_LITERALS: Final = 256
"""A gapless pattern that expands to more literals is treated as one with gaps."""

_SYMBOL: Final = re.compile(r"\([^()]*\)|\{(\d*),?(\d*)\}|…+|\.{3,}|[()|?^$]|[^()|?^$…{}]+|[{}]")
_ODD_INSIDE: Final = re.compile(r"[?^$…{]|(?<![^|])\.{3,}")
_GAP: Final = re.compile(r"\{[^}]*\}")
_NOT_KNOWN: Final = re.compile(r"[\[\]\\*]|[.)]\+|\(\?")
"""What regular expressions have and patterns have not: it would be passed over like punctuation. A plus behind a
word is left alone: 固收+ is said.
"""
_DROP: Final = re.compile(r"(?:[^\w%.:]|_)+|(?<!\d)[.:]|[.:](?!\d)")
_COMMAS: Final = frozenset("，,、")
_NONE: Final = frozenset[str]()


class PatternError(ValueError):
    """A pattern that cannot be read; `code` names the sentence in the `rules` catalogue."""

    def __init__(self, code: str, pattern: str) -> None:
        super().__init__(code)
        self.code = code
        self.pattern = pattern


class Choice(Record, frozen=True, gc=False):
    """One of some literals."""

    options: tuple[str, ...]
    misheard: frozenset[str] = _NONE
    """Those of them that nobody says: the recogniser's spellings."""


class Gap(Record, frozen=True, gc=False):
    """Any characters, so many."""

    least: int
    most: int


class Pattern(Record, frozen=True, gc=False):
    """A pattern that was read. There are thousands, and the collector need not walk them: they hold no cycle."""

    source: str
    parts: tuple[Choice | Gap, ...]
    at_start: bool
    at_end: bool
    spans_commas: bool
    """Whether its author wrote a comma into it."""

    @property
    def has_gaps(self) -> bool:
        """Whether it needs a regular expression."""
        return any(isinstance(p, Gap) for p in self.parts) or self.combinations > MAX_LITERALS

    @property
    def combinations(self) -> int:
        """Texts that its choices make together."""
        return prod(len(p.options) for p in self.parts if isinstance(p, Choice))

    def literals(self) -> dict[str, bool]:
        """All texts that a pattern without gaps stands for, and whether each is a misheard spelling."""
        texts = {"": False}
        for part in self.parts:
            if isinstance(part, Choice):
                longer: dict[str, bool] = {}
                for (text, misheard), option in product(texts.items(), part.options):
                    only = misheard or option in part.misheard
                    longer[text + option] = only and longer.get(text + option, True)
                texts = longer
        texts.pop("", None)
        return texts

    def shortest(self) -> int:
        """Characters that every match has at least, gaps not counted."""
        return sum(min(map(len, p.options)) for p in self.parts if isinstance(p, Choice))


@dataclass(frozen=True, eq=False)
class Gapped:
    """A pattern with gaps, ready to be looked for. Expressions are compiled when a call first needs them."""

    pattern: Pattern

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """Matches squeezed text; every part is a group."""
        return re.compile("".join(f"({_expression(p, False)})" for p in self.pattern.parts))

    @cached_property
    def sounds(self) -> re.Pattern[str]:
        """Matches the syllable classes of squeezed text; every part is a group."""
        return re.compile("".join(f"({_expression(p, True)})" for p in self.pattern.parts))

    def misheard(self, found: re.Match[str]) -> bool:
        """Whether a match of `regex` holds a misheard spelling."""
        return any(
            found.group(i) in part.misheard
            for i, part in enumerate(self.pattern.parts, 1)
            if isinstance(part, Choice) and part.misheard
        )

    def meant(self, found: re.Match[str], text: str) -> str:
        """What the words under a match of `sounds` would be if the pattern was said; `text` is as long as what
        was searched, in match form.
        """
        return "".join(self._part(i, text[slice(*found.span(i + 1))]) for i in range(len(self.pattern.parts)))

    def _part(self, index: int, actual: str) -> str:
        part = self.pattern.parts[index]
        if isinstance(part, Gap) or actual in part.options:
            return actual
        heard = syllables(actual)
        alike = [o for o in part.options if len(o) == len(actual) and heard in readings(o)]
        return max(alike, key=lambda o: sum(map(str.__eq__, o, actual)), default=actual)


@lru_cache(maxsize=200_000)
def parse(source: str, open_ended: bool = False) -> Pattern:
    """Read one pattern; raises `PatternError` with what is wrong. Only an exclude may be `open_ended`: begin or
    end with a gap, which then reaches as far as it may.
    """
    parts: list[Choice | Gap] = []
    at_start = at_end = False
    if _NOT_KNOWN.search(source):
        raise PatternError("pattern_regex", source)
    folded = fold(source.replace("？", ""))
    symbols = list(_SYMBOL.finditer(folded))
    for i, found in enumerate(symbols):
        symbol = found.group()
        first = symbol[0]
        if first == "(":
            if len(symbol) == 1:
                nested = "(" in folded[found.end() :].partition(")")[0]
                raise PatternError("pattern_nested" if nested else "pattern_parenthesis", source)
            parts.append(_choice(symbol[1:-1], source))
        elif first == ")":
            raise PatternError("pattern_parenthesis", source)
        elif first == "|":
            raise PatternError("pattern_bar", source)
        elif first == "?":
            _make_optional(parts, symbols, i, source)
        elif first in "^$":
            if (first == "^" and i > 0) or (first == "$" and i < len(symbols) - 1):
                raise PatternError("pattern_anchor", source)
            at_start, at_end = at_start or first == "^", at_end or first == "$"
        elif first in "…{" or symbol.startswith("..."):
            parts.append(_gap(found, source))
        elif text := _clean(symbol):
            parts.append(Choice((text,)))
    spans_commas = not _COMMAS.isdisjoint(_GAP.sub("", source))
    return _checked(Pattern(source, tuple(parts), at_start, at_end, spans_commas), open_ended)


def _choice(inside: str, source: str) -> Choice:
    """The alternatives between two parentheses."""
    if (odd := _ODD_INSIDE.search(inside)) is not None:
        codes = {"?": "pattern_question", "^": "pattern_anchor", "$": "pattern_anchor"}
        raise PatternError(codes.get(odd.group(), "pattern_nested"), source)
    written = inside.split("|")
    options = tuple(dict.fromkeys(map(_clean, written)))
    if "~" not in inside:
        return Choice(options)
    return Choice(options, frozenset(options) - {_clean(o) for o in written if not o.lstrip().startswith("~")})


def _make_optional(parts: list[Choice | Gap], symbols: list[re.Match[str]], i: int, source: str) -> None:
    last = parts[-1] if parts else None
    if i == 0 or symbols[i - 1].group()[-1] != ")" or not isinstance(last, Choice):
        raise PatternError("pattern_question", source)
    parts[-1] = Choice((*last.options, ""), last.misheard)


def _gap(found: re.Match[str], source: str) -> Gap:
    symbol = found.group()
    if symbol[0] != "{":
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
    return text if text.isalnum() else _DROP.sub("", text)


def _checked(pattern: Pattern, open_ended: bool) -> Pattern:
    shortest, source = pattern.shortest(), pattern.source
    if shortest == 0:
        raise PatternError("pattern_empty", source)
    if shortest == 1 and not (pattern.at_start and pattern.at_end):
        raise PatternError("pattern_one_character", source)
    # A gap takes as little as it may: nothing makes it reach for an end that may be missing.
    edges = pattern.parts[:1] + pattern.parts[_last_needed(pattern.parts) :]
    if not open_ended and any(isinstance(p, Gap) for p in edges):
        raise PatternError("pattern_gap_at_edge", source)
    return pattern


@lru_cache(maxsize=20_000)
def exclusion(source: str) -> re.Pattern[str]:
    """What an exclude covers in squeezed text."""
    return re.compile(_exclusion(source))


@lru_cache(maxsize=20_000)
def any_exclusion(sources: tuple[str, ...]) -> re.Pattern[str]:
    """Finds something wherever one of some excludes does: one look instead of dozens, nearly all in vain."""
    cores = [_core(parse(source, open_ended=True).parts) for source in sources]
    # Nearly all characters begin none of them; without the look ahead each is tried with all.
    heads = "".join(sorted({option[0] for first, _ in cores for option in first.options}))
    forms = ("".join(f"(?:{_expression(p, False)})" for p in (first, *others)) for first, others in cores)
    return re.compile(f"(?=[{re.escape(heads)}])(?:{'|'.join(forms)})")


def _core(parts: Sequence[Choice | Gap]) -> tuple[Choice, Sequence[Choice | Gap]]:
    """The first of the parts that must be there, and those up to the last that must."""
    at, first = next((i, p) for i, p in enumerate(parts) if isinstance(p, Choice) and "" not in p.options)
    return first, parts[at + 1 : _last_needed(parts) + 1]


def _last_needed(parts: Sequence[Choice | Gap]) -> int:
    """Where the last part is that may not be missing."""
    return max(i for i, p in enumerate(parts) if isinstance(p, Choice) and "" not in p.options)


def _exclusion(source: str) -> str:
    """A gap at its edge covers all it may, and one before an end that may be missing reaches for that end."""
    parts = parse(source, open_ended=True).parts
    forms = [f"(?:{_expression(p, False)})" for p in parts]
    for i in (0, -1):
        if isinstance(parts[i], Gap):
            forms[i] = forms[i].replace("?)", ")")
    for i in range(_last_needed(parts) + 1, len(parts) - 1):
        gap, end = parts[i], parts[i + 1]
        if isinstance(gap, Gap) and isinstance(end, Choice):
            there = _expression(Choice(tuple(filter(None, end.options))), False)
            return f"{''.join(forms[:i])}(?:{forms[i]}(?:{there}){''.join(forms[i + 2 :])})?"
    return "".join(forms)


def _expression(part: Choice | Gap, sounds: bool) -> str:
    if isinstance(part, Gap):
        return f".{{{part.least},{part.most}}}?"
    options = sorted(part.options, key=len, reverse=True)
    if sounds:
        options = [form for o in options for form in readings(o)]
    return "|".join(map(re.escape, options))


def sound_forms(literals: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Each literal of at least two characters, all of them Chinese or digits, and its class forms."""
    long_enough = [literal for literal in literals if len(literal) >= 2]
    for literal, forms in zip(long_enough, readings_of(long_enough), strict=True):
        if are_syllables(forms[0]):
            yield literal, forms
