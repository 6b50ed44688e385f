# ruff: noqa: E501 - one case of a table stays on one line
"""When what only sounds like a term counts as it, how much, and where a hit is torn from other words."""

from typing import Any

import pytest
from msgspec.structs import replace

from qa.core.finding import MatchKind
from qa.core.roles import Role
from qa.core.transcript import Transcript, Turn, Word
from qa.lexicon.matcher import Hit, Matcher, MatchTerm
from qa.text.calltext import CallText

SURE, UNSURE = 0.6, 0.59


def call_of(text: str, probability: float = 0.99, doubted: str = "") -> CallText:
    words = tuple(
        Word(c, i * 0.2, i * 0.2 + 0.2, UNSURE if c in doubted else probability, 1.0) for i, c in enumerate(text)
    )
    return CallText(Transcript("zh", 60.0, (Turn(0, Role.AGENT, "agent", 0, words, 1.0),)))


def hits(text: str, *patterns: str, **options: object) -> list[Hit]:
    return Matcher([MatchTerm(patterns, **options)]).find(call_of(text))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "term", "sure", "unsure"),
    [
        # two syllables: one of them as written, the other in doubt, and no word of its own
        ("保溪", "保息", None, 0.5), ("宝溪", "保息", None, None), ("功耗", "工号", None, None), ("公号", "工号", None, 0.5),
        # three: two as written, or in doubt
        ("不会愧", "不会亏", 0.75, 0.85), ("步会愧", "不会亏", None, 0.75), ("步汇愧", "不会亏", None, 0.65),
        # four and more: by how much is as written, less for ordinary words
        ("稳赚不陪", "稳赚不赔", 0.775, 0.875), ("稳转不陪", "稳赚不赔", 0.7, 0.8), ("紋轉不陪", "稳赚不赔", 0.625, 0.725), ("闻转步陪", "稳赚不赔", 0.55, 0.65),
        ("高额犯利", "高额返利", 0.775, 0.875), ("高额范例", "高额返利", 0.55, 0.65), ("保证手艺", "保证收益", 0.55, 0.65), ("包正收益", "保证收益", 0.7, 0.8),
        # a word that goes on behind it is believed to a sure recogniser
        ("保证受益人", "保证收益", None, 0.725),
        ("保真手艺的", "保证收益的", None, 0.62), ("过往业绩不代表未来表线", "过往业绩不代表未来表现", 0.8227, 0.9),
        # and of ordinary words only where all of what differs lies in them
        ("高鹅范例", "高额返利", 0.625, 0.725),
        # what everybody says all day is nobody's mistake, unless it was doubted
        ("保证收一", "保证收益", None, 0.875),
        # with a gap there is a limit to it
        ("亏了我个人陪给您", "亏了…赔给您", 0.6, 0.6), ("愧了我个人陪给您", "亏了…赔给您", 0.6, 0.6), ("坤乐我个人陪给您", "亏了…赔给您", None, None),
    ],
)  # fmt: skip
def test_a_homophone_counts_for_what_speaks_for_it(
    text: str, term: str, sure: float | None, unsure: float | None
) -> None:
    for probability, expected in ((0.99, sure), (SURE, sure), (UNSURE, unsure)):
        found = Matcher([MatchTerm((term,))]).find(call_of(text, probability))
        assert [(h.start, h.kind, round(h.certainty, 4)) for h in found] == (
            [] if expected is None else [(0, MatchKind.HOMOPHONE, expected)]
        )


@pytest.mark.parametrize(
    ("text", "term", "expected"),
    [
        ("稳赚不陪", "稳赚不赔", 0.775), ("功耗", "工号", None), ("亏了我个人陪给您", "亏了…赔给您", 0.6),
        ("坤乐我个人陪给您", "亏了…赔给您", None), ("亏了我个人赔给您", "亏了…赔给您", 1.0),
    ],
)  # fmt: skip
def test_it_counts_in_a_later_turn_as_in_the_first(text: str, term: str, expected: float | None) -> None:
    [first] = call_of("您好我是工号三零五为您服务").transcript.turns
    [second] = call_of(text).transcript.turns
    call = CallText(Transcript("zh", 60.0, (first, replace(second, index=1))))
    found = [h for h in Matcher([MatchTerm((term,))]).find(call) if h.turn == 1]
    assert [(h.start, h.end, round(h.certainty, 4)) for h in found] == (
        [] if expected is None else [(0, len(text), expected)]
    )


MANY = "(国家|政府|央行|银行|公司|总部)(给|来|会|能)?(兜|抖|都)(抵|低|底)"
"""A pattern of more texts than are listed one by one."""


@pytest.mark.parametrize(
    ("text", "options", "kinds"),
    [
        ("国佳豆底", {"patterns": (MANY,)}, [MatchKind.HOMOPHONE]),
        ("国佳豆底", {"patterns": (MANY,), "homophone": "off"}, []),
        # what the recogniser was seen to write stands there by its very characters or not at all
        ("国家都低", {"patterns": ("某某某",), "misheard": (MANY,)}, [MatchKind.SIMILAR]),
        ("国佳豆底", {"patterns": ("某某某",), "misheard": (MANY,)}, []),
        # with a gap, three syllables are too few to go by their sound
        ("亏了我个人赔", {"patterns": ("亏了…赔",)}, [MatchKind.EXACT]),
        ("愧了我个人陪", {"patterns": ("亏了…赔",)}, []),
        ("愧了我个人陪给您", {"patterns": ("亏了…赔给",)}, [MatchKind.HOMOPHONE]),
    ],
)
def test_long_and_gapped_patterns_are_heard_as_far_as_they_may_be(
    text: str, options: dict[str, Any], kinds: list[MatchKind]
) -> None:
    assert [h.kind for h in Matcher([MatchTerm(**options)]).find(call_of(text))] == kinds


def test_a_doubt_helps_only_where_the_characters_differ() -> None:
    for text, term, doubted, expected in (
        ("稳赚不陪", "稳赚不赔", "陪", 0.875), ("稳赚不陪", "稳赚不赔", "稳", 0.775),
        ("包正收益", "保证收益", "正", 0.8), ("包正收益", "保证收益", "收", 0.7),
    ):  # fmt: skip
        [hit] = Matcher([MatchTerm((term,))]).find(call_of(text, doubted=doubted))
        assert round(hit.certainty, 4) == expected
    assert Matcher([MatchTerm(("保息",))]).find(call_of("保溪", doubted="保")) == []
    assert len(Matcher([MatchTerm(("保息",))]).find(call_of("保溪", doubted="溪"))) == 1
    assert len(Matcher([MatchTerm(("保息",))]).find(call_of("我们保溪的", doubted="溪"))) == 1
    assert Matcher([MatchTerm(("保息",))]).find(call_of("我们保溪的", doubted="我")) == []


def test_a_doubt_of_one_of_the_characters_that_differ_is_enough() -> None:
    for doubted in ("", "转", "陪", "转陪"):
        [hit] = Matcher([MatchTerm(("稳赚不赔",))]).find(call_of("稳转不陪", doubted=doubted))
        assert round(hit.certainty, 4) == (0.8 if doubted else 0.7)


def test_a_term_that_is_always_heard_needs_no_doubt() -> None:
    for text in ("保溪", "宝溪", "功耗", "我的公号"):
        [hit] = hits(text, "保息", "工号", homophone="on")
        assert (hit.kind, hit.certainty, hit.end - hit.start) == (MatchKind.HOMOPHONE, 0.5, 2)
    assert hits("保溪", "保息", homophone="off") == []


@pytest.mark.parametrize(
    "word",
    [
        "嗯",
        "呃",
        "啊",
        "哎",
        "哎呀",
        "那",
        "那个",
        "这个",
        "就",
        "喂",
        "好",
        "好的",
        "诶",
        "哦",
        "我说",
        "反正",
        "行",
        "可能",
        "都",
        "真的",
        "我",
        "嗯那个我",
    ],
)
def test_a_filler_may_stand_before_the_start_of_a_clause(word: str) -> None:
    assert len(hits(f"{word}不知道", "^不知道")) == 1
    assert len(hits(f"您好，{word}不知道", "^不知道$")) == 1
    assert hits(f"{word}他不知道", "^不知道") == []


@pytest.mark.parametrize("word", ["啊", "呀", "吧", "呢", "哦", "了", "的", "嘛", "哈", "呗", "哟", "啦", "了啊"])
def test_a_particle_may_stand_behind_the_end_of_a_clause(word: str) -> None:
    assert len(hits(f"不知道{word}", "不知道$")) == 1
    assert len(hits(f"不知道{word}，您好", "^不知道$")) == 1
    assert hits(f"不知道{word}他", "不知道$") == []


@pytest.mark.parametrize(
    ("text", "pattern", "count"),
    [
        ("a no risk plan", "no risk", 1), ("casino risk", "no risk", 0), ("no risky", "no risk", 0), ("保本no risk", "no risk", 1), ("no risk保本", "no risk", 1),
        ("打12315吧", "12315", 1), ("打123156", "12315", 0), ("打912315", "12315", 0), ("912315", "12315", 0), ("123156", "12315", 0), ("xno risk", "no risk", 0), ("a12315", "12315", 1), ("12315a", "12315", 1), ("12315 6", "12315", 1),
        ("用API接口", "api", 1), ("用apis", "api", 0), ("用zapi", "api", 0), ("用jazz卡", "jazz", 1), ("用jazzy卡", "jazz", 0), ("用zoom开会", "zoom", 1), ("用xzoom开会", "zoom", 0), ("no risk", "no risk", 1),
        ("保本。保息", "保本保息", 0), ("保本？保息", "保本保息", 0), ("保本，保息", "保本保息", 1), ("您好。保本，保息。再见", "保本保息", 1), ("您好，保、本", "保本", 1), ("保本、保息", "保本保息", 1),
        ("保，本", "保本", 0), ("可以退保，过了", "退保过", 0), ("退保，过了吧", "退保过了", 1), ("保、本", "保本", 1),
    ],
)  # fmt: skip
def test_a_hit_ends_where_words_numbers_and_sentences_do(text: str, pattern: str, count: int) -> None:
    assert len(hits(text, pattern, homophone="off")) == count


@pytest.mark.parametrize(
    ("text", "pattern", "loose", "whole"),
    [
        ("这个保本的", "保本", 1, 1), ("确保本金", "保本", 0, 0), ("摔坏了", "坏了", 1, 0), ("投保人", "投保", 1, 0), ("不会亏待", "不会亏", 1, 0), ("绝不会亏待您", "不会亏", 1, 0),
        ("不会亏的", "不会亏", 1, 1), ("保本", "保本", 1, 1), ("确保本利", "确保本利", 1, 1), ("三个月保本", "月保本", 1, 1),
        # a word that is cut on one side only proves nothing
        ("会涨回来年底", "回来", 1, 0), ("您能开发票吗", "开发", 1, 0),
    ],
)  # fmt: skip
def test_a_short_literal_is_no_piece_of_two_other_words(text: str, pattern: str, loose: int, whole: int) -> None:
    assert len(hits(text, pattern, homophone="off")) == loose
    assert len(hits(text, pattern, homophone="off", whole_words=True)) == whole


@pytest.mark.parametrize(
    ("text", "pattern", "count"),
    [
        ("退保有损失", "退保…损失", 1), ("退保没有损失", "退保…损失", 0), ("退保，不急，有损失", "退保…损失", 1), ("退保不急，有损失", "退保…损失", 0),
        ("退保，您不急，不损失", "退保…损失", 0), ("退保，真的不急有损失", "退保…损失", 0), ("退保，有，损失", "退保…损失", 1), ("退保，不，有损失", "退保{0,3}损失", 1),
    ],
)  # fmt: skip
def test_a_whole_clause_in_a_gap_denies_nothing(text: str, pattern: str, count: int) -> None:
    assert len(hits(text, pattern, homophone="off")) == count


@pytest.mark.parametrize(
    ("text", "patterns", "spans"),
    [
        ("保本保息", ("保本", "保本保息"), [(0, 4)]),
        ("保本保息", ("保本", "保息"), [(0, 2), (2, 4)]),
        ("稳赚不赔付", ("稳赚不赔", "不赔付"), [(0, 4)]),
        ("稳赚不赔付", ("赚不赔付", "稳赚不赔"), [(0, 4)]),
        ("亏了我亏了赔", ("亏了…赔",), [(0, 6)]),
    ],
)
def test_of_overlapping_hits_of_a_term_the_longest_and_first_stays(
    text: str, patterns: tuple[str, ...], spans: list[tuple[int, int]]
) -> None:
    assert [(h.start, h.end) for h in hits(text, *patterns, homophone="off")] == spans


def test_the_exact_words_go_before_longer_ones_that_only_sound_like_it() -> None:
    [hit] = hits("稳赚不陪您", "稳赚", "稳赚不赔您")
    assert (hit.start, hit.end, hit.kind) == (0, 2, MatchKind.EXACT)
    [hit] = hits("这个穩正不陪的", "稳正", misheard=("稳正不陪",))
    assert (hit.end - hit.start, hit.kind) == (2, MatchKind.EXACT)


def test_hits_are_told_in_order_with_the_pattern_their_author_wrote() -> None:
    matcher = Matcher([MatchTerm(("保息", "(保本|保底)")), MatchTerm(("保本",))])
    found = matcher.find(call_of("保本又保底，保息"))
    assert [(h.term, h.start, h.pattern) for h in found] == [
        (0, 0, "(保本|保底)"),
        (1, 0, "保本"),
        (0, 3, "(保本|保底)"),
        (0, 5, "保息"),
    ]
    assert matcher.find(call_of("")) == []
