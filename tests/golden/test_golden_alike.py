"""The second reader against talk in which nothing is wrong, and against the benchmark it has learned from."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from qa.alike.features import plain
from qa.alike.reader import reader
from qa.core.roles import Role
from qa.evaluate.dialogues import read_dialogues
from qa.lexicon.schema import LIKENED
from qa.rules.dialogue import from_example, from_turns
from qa.rules.loader import read_pack
from qa.rules.scope import WHOLE
from qa.rules.wording import stretches_of
from qa.text.calltext import CallText

GOLDEN = Path(__file__).parent
ABOUT = {family: Role(role) for family, role in LIKENED.items()}


@pytest.fixture(scope="module")
def at_least() -> Mapping[str, float]:
    """Family -> likelihood from which the shipped pack tells a person."""
    [file] = read_pack("zh/alike", ())
    conditions = [rule.forbid.alike for rule in file.model.rules if rule.forbid is not None]
    return {c.to: c.at_least for c in conditions if c is not None}


def test_ordinary_talk_is_left_alone(at_least: Mapping[str, float]) -> None:
    lines = (GOLDEN / "ordinary.txt").read_text(encoding="utf-8").splitlines()
    said = [plain(line) for line in lines if line and not line.startswith("#")]
    assert len(said) >= 450
    for family in ("forbidden", "rude"):
        assert sum(reader().likelihood(family, s) >= at_least[family] for s in said) <= len(said) / 200


def test_long_ordinary_calls_are_left_alone(at_least: Mapping[str, float]) -> None:
    told = turns = 0
    for block in (GOLDEN / "dull.txt").read_text(encoding="utf-8").split("\n\n"):
        said = [line.split(" ", 1) for line in block.splitlines() if line and not line.startswith("#")]
        lines = [f"{'坐席' if kind == 'N' else '客户'}：{text}" for kind, text in said]
        call = CallText(from_example(lines, Role.AGENT))
        turns += sum(kind == "N" for kind, _ in said)
        for family in ("forbidden", "rude"):
            told += len(
                {s.turn.turn_position for s in stretches_of(call, Role.AGENT, WHOLE, family, at_least[family])}
            )
    assert turns > 2_000
    assert told <= turns / 500


@pytest.mark.parametrize("family", ABOUT)
def test_what_is_known_is_mostly_known_again_and_little_else(family: str, at_least: Mapping[str, float]) -> None:
    right = told = wanted = 0
    for dialogue in read_dialogues(GOLDEN / "dialogues.jsonl"):
        if family in dialogue.expect and dialogue.language == "zh":
            call = CallText(from_turns([{"role": t.role.value, "text": t.text} for t in dialogue.turns]))
            read = stretches_of(call, ABOUT[family], WHOLE, family, at_least[family])
            found = {s.turn.turn_position for s in read}
            expected = {i for i in dialogue.expect[family] if dialogue.turns[i].role is ABOUT[family]}
            right, told, wanted = right + len(found & expected), told + len(found), wanted + len(expected)
    assert right >= 0.8 * wanted
    assert right >= 0.97 * told


@pytest.mark.parametrize(
    ("name", "labels", "least"),
    [
        ("talks.txt", "[FRBNCK]", 10_000),
        ("hard.txt", "[FRBNCK]", 10_000),
        ("short.txt", "[FRBNCK]", 1_000),
        ("blind.txt", "[FRBNCK]", 1_000),
        ("dull.txt", "[NCK]", 100),
        ("steps.txt", "([GQIDE]+|N|K)", 2_000),
    ],
)
def test_every_line_of_the_talks_is_a_label_and_what_was_said(name: str, labels: str, least: int) -> None:
    blocks = (GOLDEN / name).read_text(encoding="utf-8").strip().split("\n\n")
    assert len(blocks) > least
    for block in blocks:
        first, *turns = block.split("\n")
        assert re.fullmatch("# [a-z]+", first), block
        assert turns, block
        assert all(re.fullmatch(f"{labels} .*\\S", t) for t in turns), block
