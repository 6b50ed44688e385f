# ruff: noqa: E501 - one case of a table stays on one line
import pytest

from qa.core.finding import MatchKind
from qa.core.roles import Role
from qa.core.transcript import Transcript, Turn, Word
from qa.lexicon.matcher import Hit, Matcher, MatchTerm
from qa.lexicon.patterns import parse
from qa.lexicon.sought import MAX_LISTED
from qa.rules.dialogue import from_example
from qa.text.calltext import CallText


def call_of(text: str, probability: float = 0.99) -> CallText:
    words = tuple(Word(c, i * 0.2, i * 0.2 + 0.2, probability, probability) for i, c in enumerate(text))
    return CallText(Transcript("zh", 60.0, (Turn(0, Role.AGENT, "ch0", 0, words, 1.0),)))


def hits(text: str, *patterns: str, probability: float = 0.99, **options: object) -> list[Hit]:
    return Matcher([MatchTerm(patterns, **options)]).find(call_of(text, probability))  # type: ignore[arg-type]


def texts(text: str, *patterns: str, **options: object) -> list[str]:
    call = call_of(text)
    found = Matcher([MatchTerm(patterns, **options)]).find(call)  # type: ignore[arg-type]
    return [call.turns[0].text[slice(*call.turns[0].span(h.start, h.end))] for h in found]


def test_traditional_full_width_and_punctuation_match() -> None:
    assert texts("保本、保息！", "保本保息") == ["保本、保息"]
    assert texts("穩賺不賠", "稳赚不赔") == ["穩賺不賠"]
    assert texts("打１２３１５", "一二三一五") == ["１２３１５"]


def test_a_match_never_runs_over_the_end_of_a_sentence() -> None:
    assert hits("保本。保息", "保本保息", homophone="off") == []


def test_of_two_neighbouring_beginnings_the_one_in_the_sentence_is_taken() -> None:
    assert texts("可以退。退有损失", "退{0,3}损失") == ["退有损失"]


def test_of_overlapping_hits_of_a_term_the_longest_stays() -> None:
    assert texts("保本保息", "保本", "保本保息") == ["保本保息"]


def test_a_latin_word_is_not_cut() -> None:
    assert texts("no risk at all", "no risk") == ["no risk"]
    assert hits("casino risky", "no risk") == []
    assert hits("no risky", "no risk") == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("his address is known", True),
        ("his address isn't known", False),
        ("his address isn’t", False),
        ("this address is 't Hart", True),
    ],
)
def test_what_is_contracted_is_not_cut(line: str, found: bool) -> None:
    assert bool(hits(line, "address is")) is found


def test_a_number_is_not_cut() -> None:
    assert hits("4123150", "12315") == []


def test_clause_anchors_pass_over_fillers() -> None:
    assert texts("呃，不知道啊。", "^不知道$") == ["不知道"]
    assert hits("我不知道您说的是哪一个", "^不知道$") == []


def test_an_exclusion_takes_back_what_it_covers() -> None:
    assert hits("投诉建议热线", "投诉", exclude=("投诉建议",)) == []
    assert len(hits("我要投诉，打投诉建议热线", "投诉", exclude=("投诉建议",))) == 1


def test_an_exclusion_reaches_for_an_end_that_may_be_missing() -> None:
    handed, denied = "(把|将)…(念给我|报给我)", "(不用|别){0,9}(验证码|数字){0,4}(念|报)?{0,4}"
    assert hits("不用把里面的数字念给我", handed, exclude=(denied,)) == []
    assert len(hits("不用管数字，把它念给我", handed, exclude=("(不用){0,9}(数字)…(问|查)?",))) == 1


def test_a_short_term_does_not_cut_a_word_in_two() -> None:
    assert hits("我们确保本金的流向", "保本", whole_words=True) == []
    assert hits("不会亏待您", "不会亏", whole_words=True) == []
    assert len(hits("这个保本的", "保本", whole_words=True)) == 1


@pytest.mark.parametrize("text", ["紋賺不賠的", "稳转不陪", "我們保本保溪啊"])
def test_what_the_recogniser_makes_of_a_term_is_a_homophone(text: str) -> None:
    found = hits(text, "稳赚不赔", "保本保息")
    assert [h.kind for h in found] == [MatchKind.HOMOPHONE]
    assert found[0].certainty < 1


def test_exact_wins_over_homophone() -> None:
    assert [h.kind for h in hits("稳赚不赔", "稳赚不赔", "稳转不赔")] == [MatchKind.EXACT]


def test_homophones_can_be_switched_off() -> None:
    assert hits("紋賺不賠", "稳赚不赔", homophone="off") == []


@pytest.mark.parametrize("text", ["保证受益人的信息准确", "请您核实一下", "宝贝"])
def test_ordinary_words_are_left_alone(text: str) -> None:
    assert hits(text, "保证收益", "和事", "保备") == []


def test_two_syllables_need_a_recogniser_that_was_guessing() -> None:
    assert hits("保溪", "保息") == []
    assert [h.kind for h in hits("保溪", "保息", probability=0.4)] == [MatchKind.HOMOPHONE]
    assert [h.kind for h in hits("保溪", "保息", homophone="on")] == [MatchKind.HOMOPHONE]


def test_a_pattern_with_gaps_is_heard_too() -> None:
    assert texts("亏了我个人陪给您", "亏了…赔给您") == ["亏了我个人陪给您"]


def test_no_match_spans_two_turns() -> None:
    call = CallText(from_example(["坐席：保", "客户：本"], Role.AGENT))
    assert Matcher([MatchTerm(("保本",))]).find(call) == []


def test_no_terms_and_no_turns_are_no_problem() -> None:
    assert Matcher([]).find(call_of("保本")) == []
    assert Matcher([MatchTerm(("保本",))]).find(CallText(Transcript("zh", 0.0, ()))) == []


def test_a_transcript_without_words_is_no_problem() -> None:
    call = CallText(Transcript("zh", 1.0, (Turn(0, Role.AGENT, "ch0", 0, (), 1.0),)))
    assert Matcher([MatchTerm(("保本",))]).find(call) == []


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("退保没有损失", "退保…损失"),
        ("亏了我们不会赔给您", "亏了…赔给您"),
        ("亏了我个人不陪给您", "亏了…赔给您"),
        ("通话没有录音", "通话…录音"),
        ("密码不要告诉我", "密码{0,6}告诉我"),
        ("密码别告诉我", "密码{0,6}告诉我"),
        ("亏了公司拒绝赔您", "亏了…赔您"),
        ("we promise no extra profit", "promise…profit"),
        ("we promise you won't make profit", "promise{0,20}profit"),
    ],
)
def test_a_gap_does_not_run_over_a_negation(text: str, pattern: str) -> None:
    assert hits(text, pattern) == []


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("退保会有损失", "退保…损失"),
        ("退保没有损失", "退保没有…损失"),
        ("退保没有损失", "退保(没有)?…损失"),
        ("亏了我特别愿意赔给您", "亏了…赔给您"),
        ("亏了我特，别愿意赔给您", "亏了…赔给您"),  # a comma of the recogniser's
        ("亏了不用担心我赔给您", "亏了…赔给您"),
        ("亏了我无条件赔给您", "亏了…赔给您"),
        ("亏了不赔，亏了我赔给您", "亏了…赔给您"),
        ("密码方不方便告诉我", "密码…告诉我"),
        ("promise another profit", "promise…profit"),
        ("赶紧退了，不划算，退完换新的", "赶紧退了…退完换"),
    ],
)
def test_a_gap_passes_over_everything_else_and_over_what_the_pattern_names(text: str, pattern: str) -> None:
    assert len(hits(text, pattern)) == 1


@pytest.mark.parametrize(
    ("text", "pattern"), [("我爸妈都买了", "把{0,2}都买了"), ("今晚8点前恢复，恢复后通知您", "点前…回复我")]
)
def test_a_pattern_with_gaps_is_not_heard_in_ordinary_words(text: str, pattern: str) -> None:
    assert hits(text, pattern) == []


def test_a_long_list_of_choices_is_found_wherever_its_rarest_part_stands() -> None:
    pattern = "(我|我们|这边|系统)(先|就|直接|已经|都)?(帮|替|给|代)(您|他|她)(先)?(点|签)(签收|收)(了|啊)?"
    assert texts("您好，系统直接替您点签收了", pattern) == ["系统直接替您点签收了"]
    assert hits("系统直接替您查了", pattern) == []


@pytest.mark.parametrize(
    ("text", "misheard"),
    [("这个穩正不陪的", "稳正不陪"), ("有國家都抵", "国家都抵"), ("有国家来都抵的", "国家{0,2}都抵")],
)
def test_a_misheard_spelling_is_found_and_counts_for_less(text: str, misheard: str) -> None:
    [hit] = hits(text, "稳赚不赔", misheard=(misheard,))
    assert hit.kind is MatchKind.SIMILAR
    assert hit.certainty < 0.6


def test_a_misheard_spelling_has_no_homophones_and_yields_to_the_words_themselves() -> None:
    assert hits("稳证不培", "国家兜底", misheard=("稳正不陪",)) == []
    assert [h.kind for h in hits("稳赚不赔", "稳赚不赔", misheard=("稳赚不赔",))] == [MatchKind.EXACT]


@pytest.mark.parametrize("filler", range(10))
@pytest.mark.parametrize(
    "pattern", ["客户亏了…赔偿", "亏了…赔偿给客户", "客户亏了(很多很多钱)?…赔偿", "赔了…(很多很多钱)?客户赔偿"]
)
def test_a_gap_is_as_long_as_it_says(pattern: str, filler: int) -> None:
    for option in ("", "很多很多钱"):
        text = pattern.replace("(很多很多钱)?", option).replace("…", "甲乙丙丁戊己庚辛壬癸"[:filler])
        assert (texts(text, pattern) == [text]) is (filler <= 8)


def test_a_short_literal_keeps_to_its_clause_unless_it_is_written_with_a_comma() -> None:
    assert texts("可以退保，过了十五天", "保过") == []
    assert texts("退保，过了", "保，过") == ["保，过"]
    assert texts("等一等，挂", "等，挂", "一等挂") == ["等，挂"]
    assert texts("保本，保息", "保本保息") == ["保本，保息"]
    assert texts("打 110", "打110") == ["打 110"]
    assert texts("保😀本", "保本") == ["保😀本"]


def test_two_characters_torn_from_two_words_are_no_hit() -> None:
    assert texts("我们确保本金的流向", "保本") == []
    assert texts("摔坏了", "坏了") == ["坏了"]
    assert texts("投保人", "投保") == ["投保"]
    assert texts("摔坏了", "坏了", whole_words=True) == []


@pytest.mark.parametrize(
    ("text", "exclude", "count"),
    [
        ("如果有人说保本", "如果…", 0), ("如果有人说保本，您别信", "…您别信", 0), ("如果有人说保本", "如果{0,2}", 1),
        ("如果。保本", "如果…", 1), ("保本。您别信", "…您别信", 1), ("保本如果", "如果…", 1), ("说保本", "说保本", 0),
    ],
)  # fmt: skip
def test_an_exclude_covers_all_it_may_within_its_sentence(text: str, exclude: str, count: int) -> None:
    assert len(hits(text, "保本", exclude=(exclude,))) == count


def test_of_patterns_that_find_the_same_place_the_first_that_was_written_is_named() -> None:
    call = CallText(from_example(["坐席：买了就赔给你"], Role.AGENT))
    patterns = ("买了…赔给你", "(买|投)了{0,3}赔给你", "买了就赔给你")
    for order in (patterns, patterns[::-1]):
        (hit,) = Matcher([MatchTerm(order, homophone="off")]).find(call)
        assert hit.pattern == order[0]


@pytest.mark.parametrize("no", ["别", "不用", "不要", "没必要"])
def test_a_no_by_itself_does_not_begin_a_match(no: str) -> None:
    for pattern in (f"{no}照实填", f"{no}(照|按)…填"):
        assert texts(f"{no}照实填", pattern) == [f"{no}照实填"]
        assert texts(f"{no}，照实填", pattern) == []
        assert texts(f"您好，{no}，照实填", pattern) == []
    assert texts(f"{no}，照实填", f"{no}，照实填") == [f"{no}，照实填"]


MANY = "(我|咱)?(们)?(肯定|一定|绝对)(能|会)?(保本|~包本)"
"""Stands for 108 texts, more than are listed."""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("我们肯定能保本", ["我们肯定能保本"]),
        ("绝对保本，咱一定会保本", ["绝对保本", "咱一定会保本"]),
        ("我们。肯定能保本", ["肯定能保本"]),
        ("我们肯定能够保本", []),
        ("肯定会", []),
    ],
)
def test_of_many_texts_the_longest_that_stands_is_found(text: str, found: list[str]) -> None:
    assert parse(MANY).combinations > MAX_LISTED
    assert texts(text, MANY, homophone="off") == found


def test_of_many_texts_one_may_be_misheard_or_only_sound_alike() -> None:
    assert [(h.kind, h.certainty) for h in hits("肯定包本", MANY)] == [(MatchKind.SIMILAR, 0.55)]
    assert [h.kind for h in hits("我们肯定能报本", MANY, probability=0.3)] == [MatchKind.HOMOPHONE]
    assert hits("我们肯定能报本", MANY, probability=0.3, homophone="off") == []


def test_a_pattern_of_many_texts_some_of_them_of_one_character_is_heard_as_well() -> None:
    numbers = "|".join(c + d for c in "甲乙丙丁戊己" for d in "子丑寅卯辰巳")
    assert [h.kind for h in hits("稳赚不陪", f"^(稳赚不赔|赔|{numbers})$")] == [MatchKind.HOMOPHONE]


@pytest.mark.parametrize(("text", "hits"), [("您说，好", 1), ("好，您说", 1), ("您说好", 0), ("好说，您讲", 0)])
def test_a_clause_of_one_character_is_found_where_it_stands_alone(text: str, hits: int) -> None:
    assert len(texts(text, "^好$")) == hits
