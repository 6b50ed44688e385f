"""The second reader against talk in which nothing is wrong, and against the benchmark it has learned from."""

from pathlib import Path

from qa.alike.features import plain
from qa.alike.reader import reader
from qa.core.roles import Role
from qa.evaluate.dialogues import read_dialogues

GOLDEN = Path(__file__).parent
AT_LEAST = {"forbidden": 0.7, "rude": 0.3}
"""As in `lexicons/zh/alike`. The figures to quote are those of unseen talk in `models/alike-zh.md`."""


def test_ordinary_talk_is_left_alone() -> None:
    lines = (GOLDEN / "ordinary.txt").read_text(encoding="utf-8").splitlines()
    said = [plain(line) for line in lines if line and not line.startswith("#")]
    assert len(said) >= 450
    for family, least in AT_LEAST.items():
        assert sum(reader().likelihood(family, s) >= least for s in said) <= len(said) / 200


def test_known_offences_are_mostly_known_and_what_customers_say_is_not_taken_for_one() -> None:
    for family, least in AT_LEAST.items():
        right = told = wanted = 0
        for dialogue in read_dialogues(GOLDEN / "dialogues.jsonl"):
            for i, turn in enumerate(dialogue.turns):
                if turn.role is Role.AGENT and family in dialogue.expect:
                    before = dialogue.turns[i - 1] if i else None
                    other = plain(before.text) if before is not None and before.role is not turn.role else ""
                    alike = reader().likelihood(family, plain(turn.text), other) >= least
                    offence = i in dialogue.expect[family]
                    right, told, wanted = right + (alike and offence), told + alike, wanted + offence
        assert right >= 0.8 * wanted
        assert right >= 0.97 * told
