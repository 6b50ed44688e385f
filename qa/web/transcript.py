"""A transcript as the call page shows it: turns cut into pieces that carry what is marked on them.

The words' times travel as two lists per turn instead of an element per word: an hour of talk has ten thousand.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from msgspec.structs import replace

from qa.core.base import Record
from qa.core.finding import Severity
from qa.core.roles import Role
from qa.core.transcript import Transcript, Turn
from qa.text.masking import MaskedSpan

DOUBTFUL = 0.5
"""Words trusted less than this are shown as doubtful: read as a chance, more likely wrong than right."""


class Mark(Record, frozen=True):
    """Characters of a turn that a flag is about."""

    flag: str
    """Id of the flag on the page."""
    turn: int
    start: int
    end: int
    severity: Severity


class Piece(Record, frozen=True):
    """A run of characters with the same marks."""

    text: str
    flags: tuple[str, ...]
    severity: Severity | None
    """Of the worst flag on it."""
    doubtful: bool
    masked: str | None
    """Kind of personal data hidden here."""
    by_hand: bool = False
    """By a person."""


class TurnShown(Record, frozen=True):
    """One turn."""

    index: int
    role: Role
    speaker: str
    start: float
    end: float
    overlapped: bool
    offsets: str
    """Character at which each word begins, separated by spaces."""
    times: str
    """Second at which each word begins, likewise."""
    pieces: tuple[Piece, ...]


def shown_turns(
    transcript: Transcript, marks: Sequence[Mark], hidden: Sequence[MaskedSpan] = ()
) -> list[TurnShown]:
    """All turns of a transcript that is masked already; `hidden` says where and what."""
    spans = _by_turn(transcript, hidden)
    marked: dict[int, list[Mark]] = {}
    for mark in marks:
        marked.setdefault(mark.turn, []).append(mark)
    return [
        _turn(turn, turn.text, marked.get(turn.index, ()), spans.get(turn.index, ())) for turn in transcript.turns
    ]


def _by_turn(transcript: Transcript, spans: Sequence[MaskedSpan]) -> Mapping[int, list[MaskedSpan]]:
    found: dict[int, list[MaskedSpan]] = {}
    for span in spans:
        found.setdefault(transcript.turns[span.turn].index, []).append(span)
    return found


def _turn(turn: Turn, text: str, marks: Sequence[Mark], spans: Sequence[MaskedSpan]) -> TurnShown:
    offsets = turn.offsets()
    return TurnShown(
        index=turn.index,
        role=turn.role,
        speaker=turn.speaker,
        start=turn.start,
        end=turn.end,
        overlapped=turn.overlapped,
        offsets=" ".join(map(str, offsets[:-1])),
        times=" ".join(f"{word.start:.2f}" for word in turn.words),
        pieces=tuple(_pieces(turn, text, offsets, marks, spans)),
    )


def _pieces(
    turn: Turn, text: str, offsets: Sequence[int], marks: Sequence[Mark], spans: Sequence[MaskedSpan]
) -> list[Piece]:
    """Cut at every border of a mark, a hidden span and a run of doubtful words."""
    doubts = [
        (offsets[i], offsets[i + 1])
        for i, word in enumerate(turn.words)
        if word.trust < DOUBTFUL and word.text.strip()
    ]
    cuts = {0, len(text)}
    for start, end in [*doubts, *((m.start, m.end) for m in marks), *((s.start, s.end) for s in spans)]:
        cuts.update((min(max(start, 0), len(text)), min(max(end, 0), len(text))))
    borders = sorted(cuts)
    pieces: list[Piece] = []
    for start, end in pairwise(borders):
        on = [mark for mark in marks if mark.start <= start and end <= mark.end]
        worst = max((mark.severity for mark in on), key=lambda s: s.rank, default=None)
        over = [span for span in spans if span.start <= start and end <= span.end]
        # What a person calls it counts where both have hidden it.
        hidden = min(over, key=lambda span: span.number is None, default=None)
        doubtful = any(a <= start and end <= b for a, b in doubts)
        kind, by_hand = (hidden.kind, hidden.number is not None) if hidden else (None, False)
        piece = Piece(text[start:end], tuple(mark.flag for mark in on), worst, doubtful, kind, by_hand)
        last = pieces[-1] if pieces else None
        if last and replace(last, text="") == replace(piece, text=""):
            pieces[-1] = replace(piece, text=last.text + piece.text)
        else:
            pieces.append(piece)
    return pieces
