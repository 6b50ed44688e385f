"""Hide personal data in text that is shown: transcripts, lists, notices, logs, exports.

Masked text has exactly as many characters as the text it stands for: every hidden character becomes one
asterisk and the separators between digits stay, so offsets into a turn, the words with their times and the marks
of findings fit both. What stays readable is what people need to recognise a number they know: 138****5678,
110***********4514, 张*.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec.structs import replace

from qa.core.base import Record
from qa.core.roles import Role
from qa.core.transcript import Transcript, Turn, Word
from qa.text.calltext import CallText
from qa.text.pii import Entity, personal_in

MASK: Final = "*"

_KEPT: Final = {"phone": (3, 4), "id_card": (3, 4), "bank_card": (4, 4), "name": (1, 0), "address": (3, 0)}
"""Characters left readable at either end, separators not counted."""


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


def mask(text: str, role: Role = Role.UNKNOWN) -> str:
    """`text` with personal data hidden, of the same length; a text without any comes back as it is.

    `role` is whose words they are: an agent's own name is no secret.
    """
    return mask_turns([_turn_of(text, role)])[0] if text else text


def masked_spans(turns: Sequence[Turn]) -> tuple[MaskedSpan, ...]:
    """The personal data in the turns of a call, in order."""
    return tuple(_span(e, turns[e.turn]) for e in _entities(turns))


def mask_turns(turns: Sequence[Turn]) -> list[str]:
    """The text of every turn of a call with personal data hidden, each of the same length as before."""
    texts = [t.text for t in turns]
    for entity in _entities(turns):
        texts[entity.turn] = _hidden(texts[entity.turn], entity)
    return texts


def mask_transcript(transcript: Transcript) -> Transcript:
    """The transcript with personal data hidden in the texts of its words."""
    texts = mask_turns(transcript.turns)
    turns = tuple(_masked_turn(t, text) for t, text in zip(transcript.turns, texts, strict=True))
    return replace(transcript, turns=turns)


def _masked_turn(turn: Turn, text: str) -> Turn:
    offsets = turn.offsets()
    words = tuple(
        word if text[a:b] == word.text else replace(word, text=text[a:b])
        for word, a, b in zip(turn.words, offsets, offsets[1:], strict=False)
    )
    return replace(turn, words=words)


def _turn_of(text: str, role: Role) -> Turn:
    return Turn(0, role, "ch0", 0, (Word(text, 0.0, 0.0, 1.0, 1.0),), 1.0)


def _entities(turns: Iterable[Turn]) -> list[Entity]:
    turns = tuple(turns)
    end = max((t.end for t in turns), default=0.0)
    return personal_in(CallText(Transcript("zh", end, turns)))


def _span(entity: Entity, turn: Turn) -> MaskedSpan:
    words = turn.words_at(entity.start, entity.end)
    start, end = min(w.start for w in words), max(w.end for w in words)
    return MaskedSpan(entity.turn, entity.start, entity.end, entity.type, start, end)


def _hidden(text: str, entity: Entity) -> str:
    head, tail = _KEPT.get(entity.type, (0, 0))
    places = [i for i in range(entity.start, entity.end) if text[i].isalnum()]
    hidden = set(places[head : len(places) - tail] if len(places) > head + tail else places)
    return "".join(MASK if i in hidden else c for i, c in enumerate(text))
