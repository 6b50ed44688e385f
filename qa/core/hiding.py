"""Words that a person hides by hand, and hidings that a person lifts: how they find their place again.

An amendment names its words by channel, time and a digest, so that it holds no personal data itself. In another
transcript of the same call it belongs to the same words near the same time. Where those are not there any more,
what a person hid stays hidden for as long as it was said, whatever stands there now; what a person lifted is
hidden again.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from hashlib import sha256
from typing import Final

from msgspec.structs import replace

from qa.core.base import Record
from qa.core.transcript import HiddenMark, Transcript, Turn, Word

SLACK_S: Final = 2.0
"""Seconds by which the same words may stand earlier or later in another transcript. Word times of one recogniser
are off by up to 0.2 s (`docs/privacy.md`); another model cuts a call into other windows."""


class HidingAct(StrEnum):
    """What an amendment does."""

    HIDE = "hide"
    LIFT = "lift"


class HidingKind(StrEnum):
    """What somebody hides by hand."""

    NAME = "name"
    PHONE = "phone"
    ID_CARD = "id_card"
    BANK_CARD = "bank_card"
    ADDRESS = "address"
    OTHER = "other"


class HidingStanding(StrEnum):
    """What has become of an amendment."""

    IN_FORCE = "in_force"
    WORDS_CHANGED = "words_changed"
    """Other words stand there by now: hidden is what was said at that time. To be looked at."""
    LAPSED = "lapsed"
    """A lift whose words have changed: the recognisers hide them again."""
    UNDONE = "undone"


class Hiding(Record, frozen=True):
    """One amendment of what is hidden in a call."""

    number: int
    """From 1 up within a call, in order of time."""
    act: HidingAct
    kind: str
    """What is hidden, or was."""
    channel: int
    start_s: float
    end_s: float
    signs: int
    """How many letters and digits it is about."""
    digest: str
    """`digest_of` those."""
    undoes: int | None = None
    """For a lift: the number of the hiding by hand that it takes back; None for one of the recognisers' own."""


def in_force(amendments: Iterable[Hiding]) -> list[Hiding]:
    """Those that say what is hidden now: hidings nobody took back, and lifts of what the recognisers hide."""
    every = list(amendments)
    undone = {one.undoes for one in every}
    return [one for one in every if one.undoes is None and one.number not in undone]


def standing(transcript: Transcript | None, amendments: Iterable[Hiding]) -> dict[int, HidingStanding]:
    """Number -> what has become of it in a transcript that carries its marks."""
    every = list(amendments)
    marks = {mark.number: mark for mark in transcript.marks} if transcript else {}
    undone = {one.undoes for one in every}
    found = {}
    for one in every:
        mark = marks.get(one.number)
        if one.number in undone:
            found[one.number] = HidingStanding.UNDONE
        elif one.undoes is not None or (mark is not None and mark.same):
            found[one.number] = HidingStanding.IN_FORCE
        else:
            lift = one.act is HidingAct.LIFT
            found[one.number] = HidingStanding.LAPSED if lift else HidingStanding.WORDS_CHANGED
    return found


def digest_of(text: str, salt: str) -> str:
    """A digest of the letters and digits in `text`; the same name in another call has another (`salt`)."""
    return _digest("".join(sign for sign, _ in _signs(text)), salt)


def signs_in(text: str) -> int:
    """How many letters and digits are in `text`."""
    return sum(1 for _ in _signs(text))


def placed(transcript: Transcript, amendments: Sequence[Hiding], salt: str) -> Transcript:
    """The transcript with a mark for every amendment that is in force and has a place in it."""
    marks = tuple(mark for one in in_force(amendments) for mark in _marks(transcript, one, salt))
    return transcript if marks == transcript.marks else replace(transcript, marks=marks)


def reworded_with(transcript: Transcript, turns: Sequence[Turn]) -> Transcript:
    """The transcript with other words in its turns, and its marks where their words are in those.

    What other words took the place of stays hidden with them; a lift ends where its words have changed.
    """
    marks = tuple(
        moved
        for mark in transcript.marks
        if mark.turn is not None
        for moved in _moved(mark, transcript.turns[mark.turn].text, turns[mark.turn].text)
    )
    return replace(transcript, turns=tuple(turns), marks=marks)


def _moved(mark: HiddenMark, text: str, after: str) -> Iterator[HiddenMark]:
    if text == after:
        yield mark
        return
    blocks = [
        (tag, c + max(0, mark.start - a), d - max(0, b - mark.end)) if tag == "equal" else (tag, c, d)
        for tag, a, b, c, d in SequenceMatcher(None, text, after, autojunk=False).get_opcodes()
        if a < mark.end and b > mark.start
    ]
    if blocks and not (mark.lifted and any(tag != "equal" for tag, _, _ in blocks)):
        yield replace(mark, start=blocks[0][1], end=blocks[-1][2])


def _marks(transcript: Transcript, one: Hiding, salt: str) -> list[HiddenMark]:
    found = [
        (abs(times[0] - one.start_s), position, start, end, times)
        for position, turn in enumerate(transcript.turns)
        if turn.channel == one.channel and _meets(turn.start, turn.end, one, SLACK_S)
        for start, end in _same(turn.text, one, salt)
        if _meets(*(times := _times(turn.words_at(start, end))), one, SLACK_S)
    ]
    if found:
        _, position, start, end, times = min(found)
        return [_mark(one, position, start, end, times, same=True)]
    if one.act is HidingAct.LIFT:
        return []
    return [
        _mark(one, position, start, end, (one.start_s, one.end_s), same=False)
        for position, turn in enumerate(transcript.turns)
        if turn.channel == one.channel
        for start, end in _then(turn, one)
    ] or [_mark(one, None, 0, 0, (one.start_s, one.end_s), same=False)]


def _mark(
    one: Hiding, turn: int | None, start: int, end: int, times: tuple[float, float], *, same: bool
) -> HiddenMark:
    lifted = one.act is HidingAct.LIFT
    return HiddenMark(one.number, one.kind, lifted, turn, start, end, one.channel, *times, same)


def _same(text: str, one: Hiding, salt: str) -> Iterator[tuple[int, int]]:
    """Where the same letters and digits stand."""
    signs = list(_signs(text))
    for first in range(len(signs) - one.signs + 1):
        part = signs[first : first + one.signs]
        if _digest("".join(sign for sign, _ in part), salt) == one.digest:
            yield part[0][1], part[-1][1] + 1


def _then(turn: Turn, one: Hiding) -> Iterator[tuple[int, int]]:
    """The run of words that were said while the hidden ones were."""
    offsets = turn.offsets()
    said = [i for i, w in enumerate(turn.words) if w.end > one.start_s and w.start < one.end_s]
    if said:
        yield offsets[said[0]], offsets[said[-1] + 1]


def _meets(start: float, end: float, one: Hiding, slack: float) -> bool:
    return start <= one.end_s + slack and end >= one.start_s - slack


def _times(words: Sequence[Word]) -> tuple[float, float]:
    return min(w.start for w in words), max(w.end for w in words)


def _signs(text: str) -> Iterator[tuple[str, int]]:
    """Letters and digits with where they stand; width and case do not matter, blanks and punctuation neither."""
    return ((unicodedata.normalize("NFKC", c).casefold(), i) for i, c in enumerate(text) if c.isalnum())


def _digest(signs: str, salt: str) -> str:
    return sha256(f"{salt}\0{signs}".encode()).hexdigest()
