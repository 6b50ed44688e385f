import re

import pytest

from qa.core.roles import Role
from qa.core.transcript import Turn, Word
from qa.rules.dialogue import from_example
from qa.text.calltext import CallText, prepare
from qa.text.normalise import fold, normal_form
from qa.text.segment import PlainJieba, RustJieba, common_length, similar_ratio
from qa.text.syllables import class_name, readings, syllables


def turn_of(*words: str, gap: float = 0.1) -> Turn:
    made, now = [], 0.0
    for w in words:
        made.append(Word(w, now, now + 0.2, 0.9, 0.8))
        now += 0.2 + gap
    return Turn(0, Role.AGENT, "ch0", 0, tuple(made), 1.0)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("穩賺不賠", "稳赚不赔"),
        ("ＡＢＣ１２", "abc12"),
        ("İstanbul", "İstanbul"),
        ("😀𠀀保本", "😀𠀀保本"),
        ("　", " "),
        ("", ""),
    ],
)
def test_normal_form_is_simplified_narrow_and_small(text: str, normal: str) -> None:
    assert normal_form(text) == normal


@pytest.mark.parametrize(
    ("regional", "usual"),
    [
        ("帳戶", "账户"),
        ("转帐", "转账"),
        ("身分證", "身份证"),
        ("部份", "部分"),
        ("回覆", "回复"),
        ("覆蓋", "覆盖"),
    ],
)
def test_what_taiwan_and_hong_kong_spell_otherwise_is_the_same_word(regional: str, usual: str) -> None:
    assert normal_form(regional) == normal_form(usual) == usual


def test_a_lone_surrogate_does_not_break_the_normal_form() -> None:
    assert len(normal_form("保\ud800本")) == 3


def test_speakers_do_not_tell_you_polite_from_you_or_one_from_yao() -> None:
    assert fold("您说幺二三一五") == fold("你說12315") == "你说12315"


def test_punctuation_is_passed_over_and_offsets_lead_back() -> None:
    prepared = prepare(turn_of("保本，", "保息", "。"))
    assert prepared.squeezed == "保本保息"
    assert prepared.text[slice(*prepared.span(0, 4))] == "保本，保息"


def test_a_decimal_point_stays() -> None:
    prepared = prepare(turn_of("收益3.5%左右"))
    assert "3.5%" in prepared.squeezed


def test_a_pause_ends_a_clause_where_punctuation_is_missing() -> None:
    prepared = prepare(turn_of("喂", "不知道", gap=0.8))
    assert [prepared.squeezed[c.start : c.end] for c in prepared.clauses] == ["喂", "不知道"]


def test_marks_stand_between_clauses() -> None:
    prepared = prepare(turn_of("这个保本吗？您好，再见"))
    assert prepared.marked == "这个保本吗?你好,再见."


def test_an_emoji_turn_and_an_empty_turn_have_no_words_to_match() -> None:
    call = CallText(from_example(["😀😀", ""], Role.AGENT))
    assert [t.squeezed for t in call.turns] == ["", ""]
    assert [len(t.clauses) for t in call.turns] == [1, 1]


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("紋轉不陪", "稳赚不赔"),
        ("公号", "工号"),
        ("功耗", "工号"),
        ("录影", "录音"),
        ("合时", "核实"),
        ("都抵", "兜底"),
        ("湖南", "弗兰"),
    ],
)
def test_what_sounds_alike_on_a_telephone_has_one_class(heard: str, meant: str) -> None:
    assert syllables(normal_form(heard)) == syllables(meant)


@pytest.mark.parametrize(("one", "other"), [("保本", "报表"), ("是", "不"), ("投诉", "头数字")])
def test_what_sounds_otherwise_has_other_classes(one: str, other: str) -> None:
    assert syllables(one) != syllables(other)


def test_a_pattern_is_tried_with_every_reading_of_a_character() -> None:
    assert {class_name(form[1]) for form in readings("银行")} >= {"xin", "han"}


def test_digits_sound_like_their_characters() -> None:
    assert syllables("12315") == syllables("一二三一五")


def test_both_segmenters_cut_alike() -> None:
    text = "我们这款理财产品不保本也不承诺最低收益"
    assert RustJieba().cut(text) == PlainJieba().cut(text)
    assert PlainJieba().knows("产品")
    assert not PlainJieba().knows("保溪")


def test_common_length_is_the_longest_common_subsequence() -> None:
    assert common_length("投资需谨慎", "投资虚紧慎") == 3
    assert similar_ratio("什么时候退款", "什么时候能退款") > 0.9
    assert similar_ratio("", "保本") == 0


def test_the_turns_with_a_sign_are_found_once_each_and_in_order() -> None:
    call = CallText(from_example(["月底，月初", "没有\n月", "", "没有", "下个月"], Role.AGENT))
    assert [t.turn_position for t in call.turns_with(re.compile("月"))] == [0, 1, 4]
