"""The recognisers of personal data against dialogues written by somebody who had not seen them."""

from functools import lru_cache
from pathlib import Path

import pytest

from qa.evaluate.personal import PersonalDialogue, innocent_share, judge_personal, personal_totals, read_personal
from qa.text.pii import TYPES

GOLDEN = Path(__file__).parent / "pii.jsonl"

LEAST = 0.95
"""Precision and recall of every kind. This set has been learned from; its first, blind figures stand in
`docs/privacy.md`."""
MOST_INNOCENT = 0.01
"""Share of characters that are nobody's secret and may be hidden."""


@lru_cache(maxsize=1)
def _dialogues() -> list[PersonalDialogue]:
    return read_personal(GOLDEN)


def test_the_set_is_large_and_half_of_it_is_innocent() -> None:
    dialogues = _dialogues()
    assert len(dialogues) >= 300
    assert sum(not d.expect for d in dialogues) >= len(dialogues) / 3
    assert {e.kind for d in dialogues for e in d.expect} == set(TYPES)
    assert len({d.id for d in dialogues}) == len(dialogues)


@pytest.mark.parametrize("kind", [*TYPES, "all"])
def test_precision_and_recall_of_every_kind_stay_above_the_floor(kind: str) -> None:
    counts = personal_totals([judge_personal(d) for d in _dialogues()])[kind]
    assert (counts.precision or 0.0) >= LEAST
    assert (counts.recall or 0.0) >= LEAST


def test_hardly_anything_innocent_is_hidden() -> None:
    assert innocent_share([judge_personal(d) for d in _dialogues()]) <= MOST_INNOCENT
