"""Precision and recall of the recognisers of personal data by kind, on dialogues as text: one JSON object a line.

    {"id", "why", "turns": [{"role", "text"}], "expect": [{"turn", "start", "end", "kind"}]}

`start` and `end` are offsets into the text of a turn. What is expected is found where at least four fifths of its
letters and digits lie in found spans of its kind: hiding half a number hides nothing. A found span is false where
less than half of it is expected of that kind. The share of characters that nobody expected to be hidden and that
are hidden all the same, of whatever kind, is told beside it.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from qa.core.base import Record
from qa.core.characters import whole
from qa.core.errors import InputError
from qa.evaluate.dialogues import DialogueTurn
from qa.evaluate.families import Counts
from qa.evaluate.score import counts_json
from qa.rules.dialogue import transcript
from qa.text.calltext import CallText
from qa.text.pii import TYPES, personal_in

ENOUGH: Final = 0.8
"""Share of an expected span's letters and digits that have to be covered."""


class ExpectedSpan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Personal data in a turn."""

    turn: int
    start: int
    end: int
    kind: str


class PersonalDialogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A dialogue and the personal data in it."""

    id: str
    turns: tuple[DialogueTurn, ...]
    expect: tuple[ExpectedSpan, ...]
    why: str = ""
    language: str = "zh"


class PersonalScore(Record, frozen=True):
    """What came of one dialogue."""

    id: str
    kinds: dict[str, Counts]
    missed: tuple[str, ...]
    """`kind: words` of what was not found."""
    false: tuple[str, ...]
    characters: int
    """Characters that nobody expects to be hidden."""
    hidden: int
    """How many of them are."""


def is_personal(path: Path) -> bool:
    """Whether a file of dialogues tells places of personal data rather than flagged turns."""
    try:
        with path.open(encoding="utf-8") as lines:
            first = next((line for line in lines if line.strip()), "")
        dialogue = json.loads(first)
    except (OSError, ValueError, RecursionError):
        return False  # whoever reads it says what is wrong
    return isinstance(dialogue, dict) and isinstance(dialogue.get("expect"), list)


def read_personal(path: Path) -> list[PersonalDialogue]:
    """The dialogues of a file; blank lines are passed over. Raises `InputError` naming the line that is wrong."""
    found: list[PersonalDialogue] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            dialogue = msgspec.convert(whole(json.loads(line)), PersonalDialogue)
        except (ValueError, RecursionError) as exc:
            raise InputError("evaluate.bad_dialogues", file=path, line=number, reason=exc) from exc
        wrong = next((e for e in dialogue.expect if not _fits(e, dialogue.turns)), None)
        if wrong is not None:
            reason = f"expect: {wrong.kind} {wrong.turn}:{wrong.start}-{wrong.end}"
            raise InputError("evaluate.bad_dialogues", file=path, line=number, reason=reason)
        found.append(dialogue)
    return found


def _fits(span: ExpectedSpan, turns: Sequence[DialogueTurn]) -> bool:
    return (
        span.kind in TYPES
        and 0 <= span.turn < len(turns)
        and 0 <= span.start < span.end <= len(turns[span.turn].text)
    )


def judge_personal(dialogue: PersonalDialogue) -> PersonalScore:
    """Compare what the recognisers find with what is expected."""
    texts = [t.text for t in dialogue.turns]
    call = CallText(transcript([(t.role, t.text) for t in dialogue.turns], dialogue.language))
    found = personal_in(call)
    kinds: dict[str, Counts] = {}
    missed, false = [], []
    by_kind = {
        kind: {(e.turn, i) for e in found if e.type == kind for i in _said(texts, e.turn, e.start, e.end)}
        for kind in TYPES
    }
    wanted = {
        kind: {
            (e.turn, i) for e in dialogue.expect if e.kind == kind for i in _said(texts, e.turn, e.start, e.end)
        }
        for kind in TYPES
    }
    for span in dialogue.expect:
        places = {(span.turn, i) for i in _said(texts, span.turn, span.start, span.end)}
        right = len(places & by_kind[span.kind]) >= ENOUGH * len(places)
        kinds[span.kind] = kinds.get(span.kind, Counts()) + Counts(tp=int(right), fn=int(not right))
        if not right:
            missed.append(f"{span.kind}: {texts[span.turn][span.start : span.end]}")
    for entity in found:
        places = {(entity.turn, i) for i in _said(texts, entity.turn, entity.start, entity.end)}
        if 2 * len(places & wanted[entity.type]) < len(places):
            kinds[entity.type] = kinds.get(entity.type, Counts()) + Counts(fp=1)
            false.append(f"{entity.type}: {texts[entity.turn][entity.start : entity.end]}")
    every = {(turn, i) for turn, text in enumerate(texts) for i in _said(texts, turn, 0, len(text))}
    innocent = every - set().union(*wanted.values())
    hidden = innocent & set().union(*by_kind.values())
    return PersonalScore(dialogue.id, kinds, tuple(missed), tuple(false), len(innocent), len(hidden))


def _said(texts: Sequence[str], turn: int, start: int, end: int) -> list[int]:
    return [i for i in range(start, end) if texts[turn][i].isalnum()]


def personal_totals(scores: Sequence[PersonalScore]) -> dict[str, Counts]:
    """The counts of every kind that was expected or found anywhere, and of all of them."""
    found = {
        kind: sum((s.kinds[kind] for s in scores if kind in s.kinds), Counts())
        for kind in TYPES
        if any(kind in s.kinds for s in scores)
    }
    return {**found, "all": sum(found.values(), Counts())}


def innocent_share(scores: Sequence[PersonalScore]) -> float:
    """Share of the characters that are nobody's secret and are hidden."""
    return sum(s.hidden for s in scores) / max(1, sum(s.characters for s in scores))


def personal_json(scores: Sequence[PersonalScore]) -> dict[str, object]:
    """What `--json` writes: the dialogues that were not read right, and the totals."""
    return {
        "dialogues": [
            {"id": s.id, "missed": list(s.missed), "false": list(s.false)} for s in scores if s.missed or s.false
        ],
        "total": {
            "dialogues": len(scores),
            "kinds": {kind: counts_json(counts) for kind, counts in personal_totals(scores).items()},
            "innocent_hidden": innocent_share(scores),
        },
    }
