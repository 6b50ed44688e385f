# ruff: noqa: E501 - one case of a table stays on one line
"""Whole dialogues through the grammar: who is accused of what, and who is not. The dialogues stand in `grammar.txt`."""

from pathlib import Path

import pytest

from qa.core.finding import Severity
from qa.core.roles import Role
from qa.lexicon.lexicon import CompiledTerm, Lexicon
from qa.lexicon.matcher import MatchTerm
from qa.lexicon.schema import default_unless
from qa.rules.dialogue import from_example
from qa.text.calltext import CallText


def term(
    name: str, family: str, *patterns: str, role: str = "agent", severity: str | None = "critical"
) -> CompiledTerm:
    return CompiledTerm(
        f"zh.t.{name}", "zh.t.file", 1, "zh", family, {}, Severity(severity) if severity else None,
        Role(role), default_unless(family, role, severity), family == "forbidden", None, None, False, (),
        MatchTerm(patterns, whole_words=True),
    )  # fmt: skip


LEXICON = Lexicon(
    [
        term("promise", "forbidden", "保本", "稳赚不赔", "零风险", "不会亏", "不会亏本", "没有风险", "不可能亏", "没有不赚的", "不会…亏", "本金有保障"),
        term("compensation", "forbidden", "亏了…赔给(您|我)", "一定能赚", "当天到账", "包过", "肯定能批"),
        term("skip", "forbidden", "不填", "健康告知…(不用|不要)填", "不用填", "不要填", "不需要填"),
        term("rude", "rude", "听不懂人话", "你傻", "(你|您)(是不是|是)?(傻|有病|聋)", "傻子", "闭嘴", "自己看着办", "不归我管", severity="warning"),
        term("complaint", "complaint", "投诉你们", "要投诉", "我投诉", role="customer", severity="notice"),
        term("no-risk", "vocabulary", "没有风险", "有风险", severity=None),
    ]
)  # fmt: skip


CASES = Path(__file__).parent / "grammar.txt"


def accused(dialogue: str) -> list[tuple[str, int]]:
    """Families and turns of what counts."""
    call = CallText(from_example(dialogue.split(" / "), Role.AGENT))
    scan = LEXICON.scan(call)
    found = {
        (t.family, h.turn.turn_position)
        for t in LEXICON.terms
        if t.severity is not None
        for h in scan.hits(t.id, t.role)
        if h.counts
    }
    return sorted(found)


def cases() -> list[object]:
    found, wanted, name = [], "", ""
    for line in CASES.read_text(encoding="utf-8").splitlines()[1:]:
        if line.startswith("# "):
            wanted, name = line[2:].split(": ", 1)
        elif line:
            found.append(pytest.param(wanted, line, id=f"{name}: {line}"))
    return found


@pytest.mark.parametrize(("wanted", "dialogue"), cases())
def test_the_grammar_accuses_who_meant_it_and_nobody_else(wanted: str, dialogue: str) -> None:
    found = accused(dialogue)
    if wanted == "nothing":
        assert found == []
    else:
        assert (wanted, dialogue.count(" / ")) in found
        assert {family for family, _ in found} == {wanted}


@pytest.mark.parametrize("stutter", ["是", "说", "那", "的", "我们", "不会", "你", "嗯", "是不是", "当然", "对的"])
def test_a_recogniser_that_stutters_does_not_stop_the_grammar(stutter: str) -> None:
    for line in (
        f"我没{stutter * 200}你傻子",
        f"{stutter * 200}保本{stutter * 200}吗",
        f"客户：不会亏吧 / {stutter * 200}错",
    ):
        assert accused(line) is not None


def test_there_are_enough_cases_on_both_sides() -> None:
    wanted = [
        line.split(":")[0] for line in CASES.read_text(encoding="utf-8").splitlines() if line.startswith("# ")
    ]
    assert len(cases()) > 400
    assert set(wanted) == {"# forbidden", "# rude", "# complaint", "# nothing"}
