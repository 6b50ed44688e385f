"""Precision and recall of the rules alone, on dialogues as text: one JSON object per line.

    {"id", "industry", "why", "turns": [{"role", "text"}], "expect": {"forbidden": [0], "greeting": [], ...}}

`expect` names the indices of the turns to be flagged or, for a step, the turns that do it; a family that is not
named is not judged. The unit of an offence is the turn: a flagged turn that is expected is right, any other a
false one. What is only worded like an offence is flagged for a person and accuses nobody: `forbidden_accused`
leaves it out. The unit of a step is the dialogue: right when its check passed on one of the expected turns, or was
left to a person who is pointed to one of them; `greeting_passed` leaves the latter out, as recordings do.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from qa.core.base import Record
from qa.core.characters import whole
from qa.core.errors import InputError
from qa.core.finding import Check, Evidence, Finding, MatchKind, Outcome
from qa.core.result import Analysis
from qa.core.roles import Role
from qa.evaluate.families import STEP_TAGS, Counts, FamilyResult, step_of, told
from qa.evaluate.score import counts_json


class DialogueTurn(msgspec.Struct, frozen=True):
    """What one party says."""

    role: Role
    text: str


class Dialogue(msgspec.Struct, frozen=True):
    """A dialogue and what is to be found in it."""

    id: str
    turns: tuple[DialogueTurn, ...]
    expect: dict[str, tuple[int, ...]]
    industry: str = ""
    why: str = ""
    language: str = "zh"


class DialogueScore(Record, frozen=True):
    """How one dialogue was judged, family by family."""

    id: str
    families: dict[str, FamilyResult]


ALIKE: Final = ("forbidden", "rude")
"""Families that accuse, and that the second reader knows (`qa.alike`)."""

Analyse = Callable[[Dialogue], Analysis]
"""Applies the packs in force to a dialogue."""


def read_dialogues(path: Path) -> list[Dialogue]:
    """The dialogues of a file; blank lines are passed over. Raises `InputError` naming the line that is wrong."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "UTF-8"
        raise InputError("evaluate.bad_dialogues", file=path, line=0, reason=reason) from exc
    found: list[Dialogue] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            dialogue = msgspec.convert(whole(json.loads(line)), Dialogue)
        except (ValueError, RecursionError) as exc:
            raise InputError("evaluate.bad_dialogues", file=path, line=number, reason=exc) from exc
        beyond = [i for turns in dialogue.expect.values() for i in turns if not 0 <= i < len(dialogue.turns)]
        if beyond:
            raise InputError("evaluate.bad_dialogues", file=path, line=number, reason=f"expect: {beyond[0]}")
        found.append(dialogue)
    return found


def evaluate_dialogues(dialogues: Sequence[Dialogue], analyse: Analyse) -> list[DialogueScore]:
    """Judge each dialogue."""
    return [DialogueScore(d.id, judge(d, analyse(d))) for d in dialogues]


def judge(dialogue: Dialogue, analysis: Analysis) -> dict[str, FamilyResult]:
    """Compare an analysis with what is expected, for every family that `expect` names."""
    accused = told(analysis)
    pointed_at = [f for f in analysis.findings if f.evidence and f.evidence[0].match is MatchKind.ALIKE]
    judged: dict[str, FamilyResult] = {}
    for family, expected in dialogue.expect.items():
        if family in STEP_TAGS:
            judged[family] = _step(dialogue, family, expected, _pointing(analysis))
            judged[f"{family}_passed"] = FamilyResult(_step(dialogue, family, expected, _passed(analysis)).counts)
            continue
        judged[family] = _offence(dialogue, family, expected, [*accused, *pointed_at])
        if family in ALIKE:
            counts = _offence(dialogue, family, expected, accused).counts
            judged[f"{family}_accused"] = FamilyResult(counts)
    return judged


def totals(scores: Sequence[DialogueScore]) -> dict[str, Counts]:
    """The counts of every family that was judged anywhere."""
    found: dict[str, Counts] = {}
    for score in scores:
        for family, result in score.families.items():
            found[family] = found.get(family, Counts()) + result.counts
    return found


def as_json(scores: Sequence[DialogueScore]) -> dict[str, object]:
    """What `--json` writes: the dialogues that were not judged right, and the totals."""
    wrong = [s for s in scores if any(r.counts.fp or r.counts.fn for r in s.families.values())]
    return {
        "dialogues": [
            {
                "id": s.id,
                "families": {
                    f: {**counts_json(r.counts), "missed": list(r.missed), "false": list(r.false)}
                    for f, r in s.families.items()
                },
            }
            for s in wrong
        ],
        "total": {"dialogues": len(scores), "families": {f: counts_json(c) for f, c in totals(scores).items()}},
    }


def _offence(
    dialogue: Dialogue, family: str, expected: Sequence[int], findings: Sequence[Finding]
) -> FamilyResult:
    flagged = {e.turn: f for f in findings if f.family == family for e in f.evidence}
    wanted = set(expected)
    return FamilyResult(
        Counts(len(wanted & flagged.keys()), len(flagged.keys() - wanted), len(wanted - flagged.keys())),
        missed=tuple(f"{i}: {dialogue.turns[i].text}" for i in sorted(wanted - flagged.keys())),
        false=tuple(f"{flagged[i].rule}: {dialogue.turns[i].text}" for i in sorted(flagged.keys() - wanted)),
    )


def _passed(analysis: Analysis) -> list[Check]:
    return [c for c in analysis.checks if c.outcome is Outcome.PASSED and not c.shadow]


def _pointing(analysis: Analysis) -> list[Check]:
    """The checks that passed, and those that a person is to decide at a place that is named."""
    return [c for c in analysis.checks if _places(c) and not c.shadow]


def _places(check: Check) -> list[Evidence]:
    return [*check.evidence, *(e for doubt in check.doubts for e in doubt.evidence)]


def _step(dialogue: Dialogue, step: str, expected: Sequence[int], checks: Sequence[Check]) -> FamilyResult:
    said = [c for c in checks if step_of(c.rule) == step]
    on = sorted({e.turn for c in said for e in _places(c)})
    found = bool(set(on) & set(expected))
    counts = Counts(int(found), int(bool(said) and not found), int(bool(expected) and not found))
    return FamilyResult(
        counts,
        missed=tuple(f"{i}: {dialogue.turns[i].text}" for i in expected) if counts.fn else (),
        false=tuple(f"{said[0].rule}: {dialogue.turns[i].text}" for i in on) if counts.fp else (),
    )
