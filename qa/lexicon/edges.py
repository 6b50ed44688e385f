"""Whether something that was found is whole: no piece of other words, no two sentences, nothing that is taken back
in the gaps of its pattern.
"""

import re
from collections.abc import Iterator
from typing import Final

from qa.core.stretches import Stretches
from qa.lexicon.context_words import denies, rx
from qa.lexicon.patterns import Gap, Pattern, any_exclusion, exclusion
from qa.text.calltext import TurnText
from qa.text.segment import segmenter, words_over

_NUMERAL: Final = re.compile("[零一二两三四五六七八九十几百千万多]")
_LAST_LATIN: Final = "z"
"""What comes behind it in Unicode is no Latin letter or digit of a word that could be cut."""

_FILLERS_BEFORE: Final = rx("(嗯|呃|啊|哎呀?|那个?|这个|就|喂|好的?|诶|哦|我说|反正|行|可能|都|真的|我)*")
_PARTICLES_BEHIND: Final = rx("(啊|呀|吧|呢|哦|了|的|嘛|哈|呗|哟|啦)*")

_NO: Final = rx("不|没|别|甭|没有|不用|不必|不要|不会|不能|不行|不可以|不需要|没必要")

TORN: Final = 2
"""Literals of this length whose two halves belong to two other words (确|保本|金) are no hit, whatever the term
says. A word that is cut on one side only proves nothing: 摔坏|了, 投保|人."""


def taken_back(sources: tuple[str, ...], turn: TurnText) -> Stretches:
    """The stretches that some excludes cover, each within a sentence (squeezed offsets)."""
    return Stretches(_excluded(sources, turn))


def _excluded(sources: tuple[str, ...], turn: TurnText) -> Iterator[tuple[int, int]]:
    if not sources or any_exclusion(sources).search(turn.squeezed) is None:
        return
    ends = [b.at for b in turn.breaks if b.strong] + [len(turn.squeezed)]
    for regex in map(exclusion, sources):
        start = 0
        for end in ends:
            yield from (m.span() for m in regex.finditer(turn.squeezed, start, end))
            start = end


def stands(turn: TurnText, start: int, end: int, pattern: Pattern) -> bool:
    """Whether a match is whole: Latin words not cut, no sentence end inside, at the clause's edges if so asked,
    and no answer of its own at its beginning (别，照实填).
    """
    text = turn.squeezed
    if (text[start] <= _LAST_LATIN and _cuts_latin(turn, start - 1, start)) or (
        text[end - 1] <= _LAST_LATIN and _cuts_latin(turn, end - 1, end)
    ):
        return False
    if not _unbroken(turn, start, end) and any(b.strong for b in turn.breaks_in(start, end)):
        return False
    if pattern.at_start:
        clause = turn.clauses[turn.clause_index(start)]
        if not _FILLERS_BEFORE.fullmatch(text, clause.start, start):
            return False
    if pattern.at_end:
        clause = turn.clauses[turn.clause_index(end - 1)]
        if not _PARTICLES_BEHIND.fullmatch(text, end, clause.end):
            return False
    return not _refuses(turn, start, end, pattern)


def _refuses(turn: TurnText, start: int, end: int, pattern: Pattern) -> bool:
    """Whether a match begins with a no that is complete in itself, and what follows is said of something else:
    别，照实填 is not 别照实填.
    """
    if pattern.spans_commas or _unbroken(turn, start, end):
        return False
    inside = turn.breaks_in(start, end)
    return bool(inside) and inside[0].mark == "," and _NO.fullmatch(turn.squeezed, start, inside[0].at) is not None


def _unbroken(turn: TurnText, start: int, end: int) -> bool:
    """Whether nothing was passed over in a stretch, and so no mark of the recogniser breaks it."""
    return turn.origin[end - 1] - turn.origin[start] < end - start


def over_negation(turn: TurnText, pattern: Pattern, found: re.Match[str]) -> bool:
    """Whether a gap of a match passes over something that denies: 退保…损失 in 退保没有损失."""
    return any(
        denies(turn.squeezed[s:e], turn.normal[slice(*turn.span(s, e))])
        for group, part in enumerate(pattern.parts, 1)
        if isinstance(part, Gap)
        for s, e in _loose_ends(turn, found.start(group) - turn.base, found.end(group) - turn.base)
    )


def _loose_ends(turn: TurnText, start: int, end: int) -> list[tuple[int, int]]:
    """A gap without the clauses that lie in it as a whole: these deny neither what stands before nor behind
    (赶紧退了，不划算，退完换).
    """
    commas = [b.at for b in turn.breaks_in(start - 1, end + 1) if b.mark != " "] if start < end else []
    pieces = [(start, commas[0]), (commas[-1], end)] if len(commas) > 1 else [(start, end)]
    return [(s, e) for s, e in pieces if s < e]


def _cuts_latin(turn: TurnText, left: int, right: int) -> bool:
    """Whether a Latin word or a number runs over the boundary between two neighbours."""
    text = turn.squeezed
    if left < 0 or right >= len(text):
        return False
    a, b = text[left], text[right]
    if not (a.isascii() and b.isascii() and a.isalnum() and b.isalnum()):
        return False
    between = turn.normal[turn.origin[left] + 1 : turn.origin[right]]
    if between in ("'", "’"):  # it's begins with it, but isn't does not with is
        return a == "n" and b == "t" and not _cuts_latin(turn, right, right + 1)
    return not between and a.isdigit() == b.isdigit()


def over_comma(turn: TurnText, start: int, end: int) -> bool:
    """Whether a comma stands inside a match."""
    return not _unbroken(turn, start, end) and any(b.mark == "," for b in turn.breaks_in(start, end))


def keeps_words(turn: TurnText, start: int, end: int, *, whole: bool) -> bool:
    """Whether a short literal is no mere piece of other words."""
    if whole:
        return not any(_cuts_words(turn, start, end))
    return end - start > TORN or not (_stands_between(turn, start, end) and all(_cuts_words(turn, start, end)))


def _stands_between(turn: TurnText, start: int, end: int) -> bool:
    """Whether each end makes a word with its neighbour: a cheap look before the turn is segmented."""
    text, known = turn.squeezed, segmenter().knows
    return start > 0 and end < len(text) and known(text[start - 1 : start + 1]) and known(text[end - 1 : end + 1])


def _cuts_words(turn: TurnText, start: int, end: int) -> tuple[bool, bool]:
    """Whether a dictionary word runs over the start, and over the end, of a stretch."""
    first, last = turn.origin[start], turn.origin[end - 1] + 1
    left = right = False
    for s, e in words_over(turn.normal, first, last):
        if (s < first < e or s < last < e) and turn.normal[s:e].isalpha():
            word = turn.normal[s:e]
            if not _NUMERAL.match(word) and segmenter().knows(word):
                left, right = left or s < first, right or last < e
    return left, right
