"""The table of what is common in calls, and the parts of a pattern that it chooses to look for."""

import json

import pytest

from qa.lexicon import anchors
from qa.lexicon.anchors import Anchors, anchors_of
from qa.lexicon.build_common import DIALOGUES, TABLE, build
from qa.lexicon.patterns import Choice, Gap, Pattern, PatternError, parse


def lines(*texts: str) -> list[str]:
    return [json.dumps({"turns": [{"text": t} for t in texts]})]


def table(*texts: str) -> dict[str, int]:
    rows = [line.split("\t") for line in build(lines(*texts)).splitlines()]
    return {literal: int(count) for count, literals in rows for literal in literals.split(" ")}


def test_characters_and_pairs_are_counted_by_their_share() -> None:
    counted = table("您好", "您好吗？")
    assert counted["你"] == counted["好"] == 40_000  # two of five, without the marks
    assert counted["你好"] == 40_000
    assert counted["吗"] == counted["好吗"] == 20_000
    assert "吗你" not in counted
    assert all(len(literal) <= 2 for literal in counted)


def test_counts_are_rounded_so_that_the_table_is_steady() -> None:
    text = "好" * 7 + "的" * 13 + "啊" * 80
    assert table(text)["好"] == 7_000
    assert table(text)["的"] == 10_000
    assert table(text)["啊"] == 80_000
    fewer = table("好" * 77 + "的" * 923)
    assert fewer["好"] == 7_500
    assert fewer["的"] == 90_000
    rare = table("好" * 27 + "的" * 99_973)
    assert rare["好"] == 25


def test_what_is_too_rare_is_left_out_and_the_rest_goes_from_common_to_rare() -> None:
    text = "甲" * 9 + "乙" * 10 + "丙" * 99_981
    counted = table(text)
    assert "甲" not in counted
    assert counted["乙"] == 10
    counts = [int(line.split("\t")[0]) for line in build(lines("甲乙丙", "丙丙")).splitlines()]
    assert counts == sorted(counts, reverse=True)
    assert build(lines("乙甲")).splitlines() == ["50000\t乙 乙甲 甲"]
    assert build(["", *lines("乙甲"), ""]) == build(lines("乙甲"))


def test_the_table_that_comes_along_is_of_the_golden_dialogues() -> None:
    made = build(DIALOGUES.read_text(encoding="utf-8").splitlines()[:300])
    assert made.split()[1] == TABLE.read_text(encoding="utf-8").split()[1] == "你"


def test_the_table_that_comes_along_is_read() -> None:
    counts = anchors._counts()
    assert counts["你"] > counts["我们"] > 100
    assert all(count >= 10 for count in counts.values())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        # the rarer side, the other as its companion, and how far a match and the companion reach
        ("稳赚不赔…你", Anchors(("稳赚不赔",), 0, 9, ("你",), 0, 9)),
        ("你…稳赚不赔", Anchors(("稳赚不赔",), 9, 0, ("你",), 9, 0)),
        ("你{2,5}稳赚不赔{0,3}的话", Anchors(("稳赚不赔",), 6, 5, ("的话",), 0, 5)),
        ("我(帮|替)你…签收", Anchors(("签收",), 11, 0, ("我帮你", "我替你"), 11, 0)),
        ("(你|你们)…稳赚不赔", Anchors(("稳赚不赔",), 10, 0, ("你", "你们"), 10, 0)),
        ("你好(啊)?…稳赚不赔", Anchors(("稳赚不赔",), 11, 0, ("你好",), 11, 0)),
    ],
)
def test_a_pattern_is_looked_for_beside_its_rarest_part(source: str, expected: Anchors) -> None:
    found = anchors_of(parse(source))
    assert found is not None
    assert (set(found.options), set(found.companions)) == (set(expected.options), set(expected.companions))
    assert (found.before, found.behind) == (expected.before, expected.behind)
    assert (found.back, found.ahead) == (expected.back, expected.ahead)


def test_a_pattern_with_one_part_that_must_be_there_has_no_companion() -> None:
    found = anchors_of(parse("稳赚不赔…(你|我)?{0,2}(的)?", open_ended=True))
    assert found is not None
    assert (found.options, found.companions) == (("稳赚不赔",), ())
    assert (found.before, found.behind, found.back, found.ahead) == (0, 12, 0, 0)


def test_an_anchor_has_at_least_as_many_characters_as_wanted() -> None:
    pattern = parse("亏…稳赚")
    assert anchors_of(pattern, 2) == Anchors(("稳赚",), 9, 0, ("亏",), 9, 0)
    assert anchors_of(parse("亏…赔"), 2) is None
    assert anchors_of(parse("亏…赔"), 1) is not None


def test_a_pattern_of_which_nothing_must_be_there_is_refused() -> None:
    with pytest.raises(PatternError) as caught:
        anchors_of(Pattern("x", (Choice(("保本", "")), Gap(0, 8), Choice(("", "的"))), False, False, False))
    assert caught.value.code == "pattern_all_optional"
    assert caught.value.pattern == "x"
