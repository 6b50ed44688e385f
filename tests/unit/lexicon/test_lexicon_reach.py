# ruff: noqa: E501 - one case of a table stays on one line
"""How far the words reach that excuse a hit, or that make an answer of a turn: to the character."""

import pytest
from test_lexicon_answers import meant, term
from test_lexicon_context import excused

from qa.core.roles import Role
from qa.lexicon.context import PRODUCTIONS, Excuse, Site, excuse, half_question
from qa.lexicon.lexicon import Lexicon
from qa.rules.dialogue import from_example
from qa.text.calltext import CallText
from qa.text.normalise import fold

FILLER = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥" * 4
"""Characters that mean nothing to the grammar."""

ENGLISH = Lexicon([term("risk free", "no risk", "cant lose money")])


@pytest.mark.parametrize(
    ("production", "line", "reach"),
    [
        ("negated", "我们不承诺…保本", 14), ("negated", "这个不…保本", 2), ("negated", "保本…是不可能的", 10), ("negated", "不…承诺保息，保本", 6),
        ("quoted", "有人说…保本", 10), ("quoted", "有人…说保本", 12), ("quoted", "所谓…保本", 6), ("quoted", "您刚才说的…保本", 6), ("quoted", "保本…这种话", 0),
        ("warned", "保本…是违规的", 21), ("warned", "保本。这…是违规的", 9), ("warned", "警惕…保本", 12),
        ("corrected", "保本…说错了", 14), ("asked", "是不是…保本", 14),
        ("hypothetical", "如果…就保本的话买", 1), ("hypothetical", "您要…保本的话", 4),
    ],
)  # fmt: skip
def test_an_excuse_reaches_so_far_and_no_further(production: str, line: str, reach: int) -> None:
    assert excused(production, line.replace("…", FILLER[:reach]))
    assert not excused(production, line.replace("…", FILLER[: reach + 1]))


def test_an_if_needs_something_that_follows_from_it() -> None:
    assert not excused("hypothetical", "要是保本甲")
    assert excused("hypothetical", "要是保本甲乙")


@pytest.mark.parametrize(
    ("lines", "reach"),
    [
        (("客户：保本吗，…", "坐席：对"), 13),  # more than that behind it, and the yes is to something else
        (("客户：保本吗", "客户：嗯…", "坐席：对"), 2),
        (("客户：那就是…保本", "坐席：对"), 9),
        (("客户：保本…行吗", "坐席：行"), 4),
        (("客户：稳赚不赔吗", "坐席：…稳赚真不赔"), 6),
        (("客户：稳赚不赔吗", "坐席：稳…赚不赔"), 3),
    ],
)
def test_an_answer_belongs_to_a_question_so_near(lines: tuple[str, ...], reach: int) -> None:
    assert meant(*(line.replace("…", FILLER[:reach]) for line in lines))
    assert not meant(*(line.replace("…", FILLER[: reach + 1]) for line in lines))


def test_one_turn_of_others_may_come_between() -> None:
    assert meant("客户：保本吗", "客户：嗯", "坐席：对")
    assert not meant("客户：保本吗", "客户：嗯", "客户：嗯", "坐席：对")


def test_a_yes_is_taken_back_soon_or_not_at_all() -> None:
    assert not meant("客户：保本吗", f"坐席：对，{FILLER[:55]}不能保证")
    assert meant("客户：保本吗", f"坐席：对，{FILLER[:56]}不能保证")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("坐席：对", "对"),
        ("坐席：嗯，对的", "对的"),
        ("坐席：嗯，那个，是的呀", "是的呀"),
        ("坐席：肯定的，您放心", "肯定"),
        ("坐席：能，能的", "能"),
        ("坐席：先生，当然", "当然"),
    ],
)
def test_the_words_of_the_yes_are_shown_and_no_others(answer: str, said: str) -> None:
    [hit] = meant("客户：能保本吗", answer)
    s, e = hit.turn.span(hit.start, hit.end)
    assert hit.turn.text[s:e] == said
    assert hit.question is not None
    assert (hit.certainty, hit.question.start, hit.question.end, hit.question.turn.turn_position) == (0.9, 1, 3, 0)


@pytest.mark.parametrize(
    ("question", "answer", "yes"),
    [
        ("有没有风险", "没有", False), ("会不会亏本", "不会", True), ("会不会亏本", "会", False), ("会不会亏本", "不会亏的", True),
        ("肯定不会亏吧", "不会", True), ("肯定不会亏吧", "对", True), ("肯定不会亏吧", "会的", False), ("肯定不会亏吧", "对，会亏的", False), ("肯定不会亏吧", "不，会亏的", False), ("肯定不会亏吧", "对，肯定不会亏", True), ("肯定不会亏吧", "不，肯定会亏", False), ("肯定不会亏吧", "对，肯定不会", True),
        ("能保本吗", "不能", False), ("能保本吗", "能", True), ("敢保证保本吗", "敢", True),
        ("保本吗", "在的，保的", True), ("保本吗", "yes.", True), ("保本吗", "Yes, but your capital is at risk", False), ("保本吗", "yesterday", False),
        ("保本可以吗", "可以", True), ("保本吗", "行", False), ("涨价吗", "不会", False), ("不会亏吗", "怎么会呢", True), ("保本吗", "怎么会呢", False),
    ],
)  # fmt: skip
def test_a_yes_or_no_is_read_by_the_sense_of_the_question(question: str, answer: str, yes: bool) -> None:
    assert bool(meant(f"客户：{question}", f"坐席：{answer}")) is yes


def site(line: str, phrase: str, pattern: str = "") -> Site:
    turn = CallText(from_example(line, Role.AGENT)).turns[0]
    at = turn.squeezed.index(fold(phrase))
    return Site(turn, at, at + len(phrase), pattern)


@pytest.mark.parametrize(
    ("line", "phrase", "pattern", "cue", "half"),
    [
        ("有没有风险", "没有风险", "", "有没有", True),
        ("需要不需要填", "不需要填", "", "需要不需要", True),
        ("保不保本", "保本", "", "保不保", False),
        ("会不会亏", "不会亏", "", "会不会", True),
        ("不会，不会亏", "不会亏", "", None, False),
        ("告知要不要填", "告知要不要填", "告知…不要填", "要不要", True),
        ("告知要不要填", "告知要不要填", "告知…(不用|不要)填", "要不要", True),
        ("告知要不要填", "告知要不要填", "告知要不要填", None, False),
        ("告知您不要填", "告知您不要填", "告知…不要填", None, False),
        ("这个保本", "保本", "", None, False),
    ],
)
def test_the_second_half_of_a_question_is_known_as_one(
    line: str, phrase: str, pattern: str, cue: str | None, half: bool
) -> None:
    found = site(line, phrase, pattern)
    assert half_question(found) == (Excuse("asked", cue) if cue else None)
    assert found.negative_half is half


def test_the_first_excuse_that_is_granted_and_holds_is_given() -> None:
    both = site("如果有人说我们不保本", "保本")
    assert excuse(both, ("quoted", "negated")) == Excuse("quoted", "有人说我们不")
    assert excuse(both, ("negated", "quoted")) == Excuse("negated", "不")
    assert excuse(both, ("asked",)) is None
    assert excuse(both, ()) is None
    assert set(PRODUCTIONS) == {
        "negated",
        "disowned",
        "quoted",
        "warned",
        "asked",
        "hypothetical",
        "conditional",
        "corrected",
    }
    for name in PRODUCTIONS:
        cases = {
            "negated": "不保本",
            "disowned": "我没说保本",
            "quoted": "有人说保本",
            "warned": "别信保本",
            "asked": "保本吗",
            "hypothetical": "要是保本，谁都买了",
            "conditional": "只要到期就保本",
            "corrected": "保本，说错了",
        }
        made = PRODUCTIONS[name](site(cases[name], "保本"))
        assert made is not None
        assert made.name == name
        assert made.cue


@pytest.mark.parametrize("line", ["您要保本的话，我推荐存款", "要是保本，谁都买了"])
def test_a_wish_and_an_if_are_excuses_by_the_same_name(line: str) -> None:
    made = PRODUCTIONS["hypothetical"](site(line, "保本"))
    assert made is not None
    assert made.name == "hypothetical"


@pytest.mark.parametrize("line", ["我没说不保本", "没讲不保本", "我没说不是零风险", "不说不保本"])
def test_a_denial_of_the_saying_is_no_promise(line: str) -> None:
    assert excused("negated", line)


@pytest.mark.parametrize(
    ("question", "answer", "yes"),
    [
        ("Is it risk free?", "Yes it is.", True), ("Is it risk free?", "It certainly is.", True), ("Is it risk free?", "Oh, of course, sir.", True), ("Is it risk free?", "Sure.", True),
        ("So it's risk free then.", "That's right.", True), ("It's risk free, right?", "Right.", True), ("这个是 risk free 的吗？", "是的", True),
        ("Is it risk free?", "I see.", False), ("Is it risk free?", "Sir, no.", False), ("Is it risk free?", "Sure, let me check that.", False), ("Is it risk free?", "Of course not.", False),
        ("Is it risk free?", "Yes, but it depends.", False), ("Is it risk free?", "No.", False), ("I bought it risk free.", "Yes.", False),
        ("There's no risk?", "None whatsoever.", True), ("There's no risk?", "No.", True), ("There's no risk?", "Correct.", True), ("There's no risk?", "No, there isn't.", True),
        ("There's no risk?", "No, there's always some risk.", False), ("There's no risk?", "Yes, there is.", False), ("There's no risk?", "There is, actually.", False),
        ("So I can't lose money?", "No, you can't.", True), ("So I can't lose money?", "Right, you can't.", True), ("So I can't lose money?", "No, you can.", False), ("So I can't lose money?", "You can, I'm afraid.", False),
    ],
)  # fmt: skip
def test_a_yes_or_no_in_english_is_read_by_the_sense_of_the_question(
    question: str, answer: str, yes: bool
) -> None:
    call = CallText(from_example([f"customer: {question}", f"agent: {answer}"], Role.AGENT))
    assert any(h.counts for h in ENGLISH.scan(call).hits("zh.t.promise", Role.AGENT)) is yes
