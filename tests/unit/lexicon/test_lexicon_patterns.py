import pytest

from qa.lexicon.anchors import anchors_of
from qa.lexicon.patterns import Gapped, PatternError, parse


@pytest.mark.parametrize(
    ("source", "literals"),
    [
        ("保本", {"保本"}),
        ("保本，保息", {"保本保息"}),
        ("(一定|肯定)?能赚", {"能赚", "1定能赚", "肯定能赚"}),
        ("No Risk", {"norisk"}),
        ("保證收益", {"保证收益"}),
        ("^不知道$", {"不知道"}),
        ("1:1", {"1:1"}),
    ],
)
def test_a_pattern_without_gaps_stands_for_literals(source: str, literals: set[str]) -> None:
    assert set(parse(source).literals()) == literals


@pytest.mark.parametrize(
    ("source", "text", "hit"),
    [
        ("保本{0,2}保息", "保本又保息", True),
        ("保本{0,2}保息", "保本而且还保息", False),
        ("亏了…赔给你", "亏了我个人赔给你", True),
        ("亏了{3}赔", "亏了我个人赔", True),
        ("亏了{3}赔", "亏了我赔", False),
        ("亏了{3}赔", "亏了我本人赔", True),
        ("亏了{3}赔", "亏了我们个人赔", False),
        ("亏了{3,}赔", "亏了我们几个人赔", True),
        ("亏了{3,}赔", "亏了我赔", False),
    ],
)
def test_a_gap_is_bounded(source: str, text: str, hit: bool) -> None:
    assert bool(Gapped(parse(source)).regex.search(text)) is hit


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("(a", "pattern_parenthesis"),
        ("保本)", "pattern_parenthesis"),
        ("保本|保息", "pattern_bar"),
        ("嗯", "pattern_one_character"),
        ("^嗯", "pattern_one_character"),
        ("嗯$", "pattern_one_character"),
        ("…保本", "pattern_gap_at_edge"),
        ("亏了…(赔您)?", "pattern_gap_at_edge"),
        ("(保(本))", "pattern_nested"),
        ("保本{5,2}保息", "pattern_gap"),
        ("保本{0,99}保息", "pattern_gap"),
        ("保本?", "pattern_question"),
        ("(保本?|保息)", "pattern_question"),
        ("(^保本|保息)", "pattern_anchor"),
        ("(保本|保息$)", "pattern_anchor"),
        ("(保…本|保息)", "pattern_nested"),
        ("保^本", "pattern_anchor"),
        ("，。", "pattern_empty"),
        ("(保本)?", "pattern_empty"),
    ],
)
def test_a_wrong_pattern_is_refused_with_its_reason(source: str, code: str) -> None:
    with pytest.raises(PatternError) as caught:
        parse(source)
    assert caught.value.code == code


def test_the_rarest_part_is_the_anchor() -> None:
    assert anchors_of(parse("你…(稳赚不赔|包赚不亏)…的吗")).options == ("稳赚不赔", "包赚不亏")


def test_what_people_often_say_is_no_anchor_where_something_rarer_must_be_there() -> None:
    anchors = anchors_of(parse("(我们|你)…(稳赚|包赚)…可以"))
    assert anchors is not None
    assert anchors.options == ("稳赚", "包赚")
    assert (anchors.before, anchors.behind) == (10, 10)
    assert anchors.companions == ("可以",)
    assert (anchors.back, anchors.ahead) == (0, 10)


def test_only_long_enough_literals_are_anchors_of_sounds() -> None:
    assert anchors_of(parse("赚…亏"), shortest=2) is None


def test_a_long_word_is_as_common_as_the_pairs_in_it() -> None:
    anchors = anchors_of(parse("我帮您…好评"))
    assert anchors is not None
    assert (anchors.options, anchors.companions) == (("好评",), ("我帮你",))


SIGNS = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午"
NAMES = [a + b for a in SIGNS for b in SIGNS]


def test_a_pattern_needs_a_list_that_is_not_too_long_to_look_for() -> None:
    names = f"({'|'.join(NAMES[:256])})"
    assert Gapped(parse(f"{names}…{names}")).regex.search("甲甲说乙乙")
    anchors = anchors_of(parse(f"{names}…{names}"))
    assert anchors is not None
    assert len(anchors.options) == 256
    names = f"({'|'.join(NAMES[:257])})"
    with pytest.raises(PatternError):
        anchors_of(parse(f"{names}…{names}"))


@pytest.mark.parametrize("first", ["您说", "坏账"])
def test_two_long_lists_beside_each_other_are_anchor_and_companion(first: str) -> None:
    lists = "|".join(NAMES[:16]), "|".join([first, *NAMES[16:32]])
    for one, other in (lists, lists[::-1]):
        anchors = anchors_of(parse(f"({one})({other})"))
        assert anchors is not None
        assert {len(anchors.options), len(anchors.companions)} == {16, 17}
        assert {anchors.back, anchors.ahead} == {0, 2}
