"""Hide personal data in text that is shown: transcripts, lists, notices, logs, exports.

Masked text has exactly as many characters as the text it stands for: every hidden character becomes one
asterisk and the separators between digits stay, so offsets into a turn, the words with their times and the marks
of findings fit both. What stays readable is what people need to recognise a number they know: 138****5678,
110***********4514, 张*.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Final

from msgspec.structs import replace

from qa.core.base import Record
from qa.core.hiding import signs_in
from qa.core.roles import Role
from qa.core.transcript import HiddenMark, Transcript, Turn, Word
from qa.text.normalise import normal_form
from qa.text.pii import Entity, personal_of
from qa.text.pii.digits import runs_in

MASK: Final = "*"

_KEPT: Final = {"phone": (3, 4), "id_card": (3, 4), "bank_card": (4, 4), "name": (1, 0)}
"""Digits or characters left readable at either end, separators not counted. Four of a card at both ends is less
than the six and four that PCI DSS 3.4 allows to be shown."""
_LONG_IN_FRAGMENT: Final = 4
_SHORT: Final = 64
"""Characters of a text whose masked form is remembered."""
_PHONE_HIDDEN: Final = 4
"""Digits before the last four of a phone number that are hidden, whatever country or area code is in front."""
_REGION: Final = re.compile(
    r"(?:[\u4e00-\u9fff]{2,6}?(?:省|自治区))?(?:[\u4e00-\u9fff]{2,6}?(?:市|自治州|盟))?(?:[\u4e00-\u9fff]{1,6}?(?:区|县|旗))?"
)
_UNIT: Final = re.compile(r"[a-zA-Z']+|[^\W_]")
"""What is hidden or shown as one: a character, or a word in Latin letters, since English digits are words."""
LEAST_KNOWN: Final = 2
"""Letters and digits of words hidden by hand from which they are hidden wherever they are repeated: a single
character stands in every other sentence."""
_DOMAIN: Final = re.compile(r"@|艾特|爱特|艾它|埃特|小老鼠|圈[aA]|\b[aA][tT]\b")


class MaskedSpan(Record, frozen=True):
    """Personal data in a turn."""

    turn: int
    """Position in the turns handed over."""
    start: int
    end: int
    """Offsets into the turn's text, end exclusive."""
    kind: str
    start_s: float
    end_s: float
    """When it was said, from the start of its first word to the end of its last, seconds."""
    number: int | None = None
    """Of the amendment by which a person hid it; None where the recognisers did."""


def mask(text: str, role: Role = Role.UNKNOWN) -> str:
    """`text` with personal data hidden, of the same length; a text without any comes back as it is.

    `role` is whose words they are: an agent's own name is no secret.
    """
    if len(text) > _SHORT:
        return mask_turns([_turn_of(text, role)])[0]
    return _short_masked(text, role) if text else text


@lru_cache(maxsize=4096)
def _short_masked(text: str, role: Role) -> str:
    """Reasons of checks say the same few words in every call."""
    return mask_turns([_turn_of(text, role)])[0]


def mask_fragment(text: str, known: Collection[str] = ()) -> str:
    """The same for words torn out of a call: without what stood around them, longer runs of digits are hidden, and
    so are the `known` words of that call (`hidden_words`)."""
    masked = mask_known(mask(text), known)
    chars = list(masked)
    for run in runs_in(normal_form(masked)):
        if len(run.digits) >= _LONG_IN_FRAGMENT:
            for token in run.tokens:
                chars[token.start : token.end] = MASK * (token.end - token.start)
    return "".join(chars)


def mask_known(text: str, known: Collection[str]) -> str:
    """`text` without the words that people have hidden in its call."""
    for words in known:
        text = text.replace(words, MASK * len(words))
    return text


def hidden_words(transcript: Transcript | None) -> tuple[str, ...]:
    """What people have hidden by hand in a call, the longest first: to be hidden where it is repeated outside."""
    if transcript is None:
        return ()
    turns = transcript.turns
    found = {turns[m.turn].text[m.start : m.end] for m in transcript.marks if m.turn is not None and not m.lifted}
    return tuple(sorted((w for w in found if signs_in(w) >= LEAST_KNOWN), key=lambda w: (-len(w), w)))


def masked_spans(transcript: Transcript) -> tuple[MaskedSpan, ...]:
    """What is hidden in a call, in order: the personal data that was found, as people have amended it."""
    turns = transcript.turns
    by_hand = [
        MaskedSpan(m.turn, m.start, m.end, m.kind, m.start_s, m.end_s, m.number)
        for m in transcript.marks
        if m.turn is not None and not m.lifted
    ]
    taken = {(s.turn, i) for s in by_hand for i in range(s.start, s.end)}
    found = [
        _span(e, turns[e.turn])
        for e in _found(transcript)
        if not all((e.turn, i) in taken for i in range(e.start, e.end))
    ]
    return tuple(sorted([*found, *by_hand], key=lambda s: (s.turn, s.start, s.end)))


def mask_turns(turns: Sequence[Turn], wholly: Sequence[str] = ()) -> list[str]:
    """The text of every turn of a call with personal data hidden, each of the same length as before.

    With `wholly`, only these kinds are hidden, and nothing of them stays readable.
    """
    return _masked_texts(_transcript_of(turns), wholly)


def mask_texts(transcript: Transcript) -> list[str]:
    """`mask_turns` for all turns of a transcript; cheap where its personal data is known already."""
    return _masked_texts(transcript, ())


def mask_transcript(transcript: Transcript, wholly: Sequence[str] = ()) -> Transcript:
    """The transcript with personal data hidden in the texts of its words; `wholly` as for `mask_turns`."""
    texts = _masked_texts(transcript, wholly)
    turns = tuple(_masked_turn(t, text) for t, text in zip(transcript.turns, texts, strict=True))
    return replace(transcript, turns=turns)


def without_hidden(transcript: Transcript) -> Transcript:
    """The transcript without what people have hidden in it by hand; all else stands as it was."""
    if not any(mark.turn is not None and not mark.lifted for mark in transcript.marks):
        return transcript
    texts = _without([t.text for t in transcript.turns], transcript.marks)
    return replace(transcript, turns=tuple(map(_masked_turn, transcript.turns, texts)))


def _without(texts: list[str], marks: Sequence[HiddenMark]) -> list[str]:
    for mark in marks:
        if mark.turn is not None and not mark.lifted:
            text = texts[mark.turn]
            hidden = _UNIT.sub(lambda found: MASK * len(found[0]), text[mark.start : mark.end])
            texts[mark.turn] = text[: mark.start] + hidden + text[mark.end :]
    return texts


def _masked_texts(transcript: Transcript, wholly: Sequence[str]) -> list[str]:
    texts = [t.text for t in transcript.turns]
    entities = [e for e in _found(transcript) if not wholly or e.type in wholly]
    if wholly:
        entities = [replace(e, part=True) for e in entities]
    for turn, found in groupby(entities, key=lambda e: e.turn):
        texts[turn] = _masked(texts[turn], found)
    return texts if wholly else _without(texts, transcript.marks)


def _found(transcript: Transcript) -> list[Entity]:
    """The personal data that was found and that nobody has said is none."""
    lifted = [m for m in transcript.marks if m.lifted]
    if not lifted:
        return personal_of(transcript)
    return [
        e
        for e in personal_of(transcript)
        if not any(m.turn == e.turn and m.start <= e.start and e.end <= m.end for m in lifted)
    ]


def _masked_turn(turn: Turn, text: str) -> Turn:
    if MASK not in text:
        return turn
    offsets = turn.offsets()
    words = tuple(
        word if text[a:b] == word.text else replace(word, text=text[a:b])
        for word, a, b in zip(turn.words, offsets, offsets[1:], strict=False)
    )
    return replace(turn, words=words)


def _turn_of(text: str, role: Role) -> Turn:
    return Turn(0, role, "ch0", 0, (Word(text, 0.0, 0.0, 1.0, 1.0),), 1.0)


def _transcript_of(turns: Iterable[Turn]) -> Transcript:
    turns = tuple(turns)
    return Transcript("zh", max((t.end for t in turns), default=0.0), turns)


def _span(entity: Entity, turn: Turn) -> MaskedSpan:
    words = turn.words_at(entity.start, entity.end)
    start, end = min(w.start for w in words), max(w.end for w in words)
    return MaskedSpan(entity.turn, entity.start, entity.end, entity.type, start, end)


def _masked(text: str, found: Iterable[Entity]) -> str:
    parts, at = [], 0
    for entity in found:
        parts += [text[at : entity.start], _hidden(text[entity.start : entity.end], entity)]
        at = entity.end
    return "".join([*parts, text[at:]])


def _hidden(said: str, entity: Entity) -> str:
    units = [m.span() for m in _UNIT.finditer(said)]
    first, last = _shown(said, units, entity)
    hidden = {i for a, b in units[first : len(units) - last] for i in range(a, b)}
    return "".join(MASK if i in hidden else c for i, c in enumerate(said))


def _shown(said: str, units: Sequence[tuple[int, int]], entity: Entity) -> tuple[int, int]:
    """How many units stay readable in front and behind. Of a piece of a number nothing does."""
    if entity.part or entity.tail:
        return 0, 0
    if entity.type == "email":
        at = _DOMAIN.search(said)
        return 0, sum(a >= at.start() for a, _ in units) if at else 0
    if entity.type == "address":
        region = _REGION.match(said)
        return sum(b <= region.end() for _, b in units) if region else 0, 0
    first, last = _KEPT.get(entity.type, (0, 0))
    if entity.type == "phone":
        first = max(0, len(units) - last - _PHONE_HIDDEN)
    return (first, last) if len(units) > first + last else (0, 0)
