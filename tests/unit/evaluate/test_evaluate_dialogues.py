import json
from pathlib import Path

import pytest

from qa.core.errors import InputError
from qa.core.finding import Check, Evidence, Finding, MatchKind, Outcome, Severity
from qa.core.messages import message
from qa.core.result import Analysis
from qa.core.roles import Role
from qa.evaluate.dialogues import (
    Dialogue,
    DialogueTurn,
    as_json,
    evaluate_dialogues,
    judge,
    read_dialogues,
    totals,
)
from qa.evaluate.families import Counts
from qa.evaluate.personal import is_personal, read_personal

TURNS = tuple(DialogueTurn(Role.AGENT, text) for text in ("您好", "保本", "再见"))


def evidence(turn: int) -> Evidence:
    return Evidence(turn, Role.AGENT, 0, 1, 0.0, 1.0, 0, "话", MatchKind.EXACT, 1.0)


def finding(turn: int) -> Finding:
    label = {"zh-Hans": "x"}
    proof = (evidence(turn),)
    return Finding("zh.x", 1, "forbidden", label, Severity.CRITICAL, Role.AGENT, proof, message("x.y"), 1.0)


def passed(rule: str, turn: int) -> Check:
    label = {"zh-Hans": "x"}
    return Check(rule, 1, "step", label, Outcome.PASSED, message("x.y"), Severity.INFO, evidence=(evidence(turn),))


def test_flagged_turns_are_compared_with_expected_turns() -> None:
    dialogue = Dialogue("d", TURNS, {"forbidden": (1, 2)})
    judged = judge(dialogue, Analysis((), (finding(1), finding(0)), None, {}))
    assert judged["forbidden"].counts == Counts(tp=1, fp=1, fn=1)


def test_a_step_is_judged_by_dialogue_and_on_its_turn() -> None:
    dialogue = Dialogue("d", TURNS, {"greeting": (0,), "closing": ()})
    checks = (passed("zh.common.greeting", 0), passed("zh.common.closing", 2))
    judged = judge(dialogue, Analysis(checks, (), None, {}))
    assert judged["greeting"].counts == Counts(tp=1)
    assert judged["closing"].counts == Counts(fp=1)


def test_a_family_that_is_not_named_is_not_judged() -> None:
    scores = evaluate_dialogues(
        [Dialogue("d", TURNS, {"rude": ()})], lambda _: Analysis((), (finding(1),), None, {})
    )
    assert totals(scores) == {"rude": Counts(), "rude_accused": Counts()}
    assert as_json(scores)["dialogues"] == []


def test_a_file_of_dialogues_is_read_line_by_line(tmp_path: Path) -> None:
    good = {"id": "a", "turns": [{"role": "agent", "text": "好"}], "expect": {"forbidden": [0]}, "why": "x"}
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(good) + "\n\n" + json.dumps(good) + "\n", encoding="utf-8")
    assert [d.id for d in read_dialogues(path)] == ["a", "a"]


def test_half_a_surrogate_pair_in_a_dialogue_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    line = r'{"id": "a", "turns": [{"role": "agent", "text": "保\ud800本"}], "expect": %s}'
    path.write_text(line % "{}", encoding="utf-8")
    assert [t.text for d in read_dialogues(path) for t in d.turns] == ["保\ufffd本"]
    path.write_text(line % "[]", encoding="utf-8")
    assert is_personal(path)
    assert [t.text for d in read_personal(path) for t in d.turns] == ["保\ufffd本"]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        '{"id": "a"}',
        '{"id": "a", "turns": [{"role": "boss", "text": "x"}], "expect": {}}',
        '{"id": "a", "turns": [{"role": "agent", "text": "x"}], "expect": {"rude": [1]}}',
    ],
)
def test_a_wrong_line_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("\n" + line + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="'line': '2'"):
        read_dialogues(path)


@pytest.mark.parametrize("depth", [700, 100_000])
def test_a_line_nested_beyond_all_reason_is_named(tmp_path: Path, depth: int) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("\n" + "[" * depth + "]" * depth, encoding="utf-8")
    assert not is_personal(path)
    for read in (read_dialogues, read_personal):
        with pytest.raises(InputError) as caught:
            read(path)
        assert caught.value.message.code == "evaluate.bad_dialogues"
        assert caught.value.message.params["line"] == "2"
