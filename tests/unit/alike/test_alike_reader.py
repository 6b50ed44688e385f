"""The second reader: what it looks at, how it is stored, and what the one that is shipped says."""

import numpy as np
import pytest

from qa.alike.cases import COMMON, Case, Cases
from qa.alike.features import (
    AT_ONCE,
    BUCKETS,
    MOST_BEFORE,
    MOST_CHARS,
    NOWHERE,
    Talk,
    before_each,
    plain,
    stretches,
    vectors,
    views,
)
from qa.alike.reader import (
    NOTHING_SAID,
    OUT_OF_THE_QUESTION,
    Head,
    Header,
    Reader,
    of_turn_before,
    packed,
    reader,
    unpacked,
)
from qa.alike.trees import Trees
from qa.core.roles import Role
from qa.lexicon.schema import LIKENED
from qa.rules.dialogue import from_example
from qa.text.calltext import CallText, TurnText

RARITY = bytes([100]) * BUCKETS
EVEN = np.frombuffer(RARITY, np.uint8)


def _turn(text: str) -> TurnText:
    return CallText(from_example(text, Role.AGENT)).turns[0]


def _pieces(talk: Talk, view: int = 0) -> list[int]:
    """The buckets of what is looked at of some talk; views in which there is nothing may be left out."""
    looked = views([talk])
    if view >= len(looked):
        return []
    buckets = looked[view][0].buckets
    return sorted(buckets[buckets != NOWHERE].tolist())


def _tiny(say: float = 0.0, bias: float = -2.0, **trees: Trees) -> Reader:
    """Knows 保本 for forbidden, and three cases."""
    weights = bytearray(BUCKETS)
    for bucket in _pieces(Talk("保本")):
        weights[bucket] = 100
    cases = (
        Case("這個保本！", "", "", (1, -1)),
        Case("您放心", "能送烟吗", "", (1, 0)),
        Case("滚", "", "", (-1, 1)),
    )
    head = Head(Role.AGENT, bias, scale=0.05, say=say)
    header = Header("tiny", 3, BUCKETS, {"forbidden": head, "rude": head}, trees)
    return unpacked(packed(header, RARITY, [bytes(weights), bytes(BUCKETS)], cases))


@pytest.fixture(scope="module")
def tiny() -> Reader:
    return _tiny()


def test_script_width_case_and_punctuation_make_no_difference_but_questions_do() -> None:
    assert plain("您說，這個 ABC 保本嗎？") == plain("你说这个abc保本吗?")
    assert plain("保本。") != plain("保本？")


def test_a_short_turn_is_read_as_one() -> None:
    text = "您放心，保本的。没有风险？真的"
    assert [said for _, _, said in stretches(_turn(text))] == [plain(text)]


def test_a_long_turn_is_read_in_stretches_of_whole_clauses_that_cover_it() -> None:
    turn = _turn("，".join(f"这是第{i}句不太长的话" for i in "一二三四五六七八九"))
    read = list(stretches(turn))
    assert len(read) > 1
    assert all(end - start <= MOST_CHARS for start, end, _ in read)
    starts, ends = {c.start for c in turn.clauses}, {c.end for c in turn.clauses}
    assert all(start in starts and end in ends for start, end, _ in read)
    assert {i for start, end, _ in read for i in range(start, end)} == set(range(len(turn.squeezed)))


def test_a_clause_that_is_too_long_by_itself_is_read_all_the_same() -> None:
    turn = _turn("好" * (MOST_CHARS * 2))
    assert [(start, end) for start, end, _ in stretches(turn)] == [(0, MOST_CHARS * 2)]


def test_silence_has_nothing_to_read(tiny: Reader) -> None:
    assert list(stretches(_turn("……"))) == []
    assert not _pieces(Talk(""))
    assert tiny.judged([], []).likelihoods.shape == (0, 2)
    assert _tiny(say=4).likelihood("rude", "") == tiny.likelihood("rude", "")


def test_pieces_stay_within_their_text() -> None:
    both, alone = vectors([Talk("您放心放心"), Talk("保本")], EVEN), vectors([Talk("保本")], EVEN)
    assert sorted(both.bucket[both.text == 1]) == sorted(alone.bucket)
    assert len(_pieces(Talk("保本"))) == len("^保本$") + 3 + 2 + 1  # of one, two, three and four characters


def test_a_pair_of_characters_is_the_same_whatever_stands_between_them() -> None:
    def pairs(said: str) -> set[int]:
        return set(_pieces(Talk(said), 1))

    assert pairs("包过") - pairs("包") == pairs("包过") - pairs("过")  # the two with a mark at an edge alone
    assert len(pairs("包你过") & pairs("包他们过")) > len(pairs("包你过") & pairs("他们过包"))


def test_what_the_other_said_is_kept_apart_from_what_was_said() -> None:
    talk = [Talk("保本吗"), Talk("", "保本吗"), Talk("", "", "保本吗")]
    looked = [[set(_pieces(t, view)) for view in range(4)] for t in talk]
    assert [[bool(found) for found in each] for each in looked] == [
        [True, True, False, False],
        [False, False, True, False],
        [False, False, False, True],
    ]
    assert not looked[0][0] & looked[1][2]
    assert not looked[0][0] & looked[2][3]
    assert not looked[1][2] & looked[2][3]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["客户：能送烟吗", "坐席：中华就行"], ("能送烟吗", "")),
        (["坐席：您好", "客户：能送烟吗", "坐席：中华就行"], ("能送烟吗", "你好")),
        (["客户：能送烟吗", "坐席：可以", "坐席：中华就行"], ("", "可以")),
        (["坐席：中华就行"], ("", "")),
    ],
)
def test_a_turn_follows_what_the_other_said_just_before_and_the_speaker_last(
    lines: list[str], expected: tuple[str, str]
) -> None:
    call = CallText(from_example(lines, Role.AGENT))
    assert before_each(call)[-1] == ("", *expected)


def test_each_view_of_a_text_has_the_length_of_its_weight() -> None:
    found = vectors([Talk("您放心", "保本吗"), Talk("保本")], EVEN)
    lengths = np.bincount(found.text, found.value * found.value)
    assert lengths == pytest.approx([1 + 0.7**2 + 0.7**2, 1 + 0.7**2])


@pytest.mark.parametrize("say", [0, 4])
def test_one_by_one_or_together_makes_no_difference(say: float) -> None:
    talk = [Talk("保本"), Talk("您放心", "能送烟吗"), Talk(""), Talk("𠮷保本", "", "您放心"), Talk("滚")]
    judge = _tiny(say)
    together = judge.judged(talk, [Role.AGENT] * len(talk))
    for family in judge.families:
        alone = [judge.likelihood(family, *t) for t in talk]
        assert [together.likelihood(i, family) for i in range(len(talk))] == pytest.approx(alone)


def test_what_was_stored_is_what_is_read(tiny: Reader) -> None:
    assert tiny.label == "tiny@3"
    assert tiny.families == {"forbidden": Role.AGENT, "rude": Role.AGENT}
    assert tiny.likelihood("forbidden", "保本") > 0.5 > tiny.likelihood("rude", "保本")


def test_the_nearest_cases_are_asked_only_where_that_may_turn_the_answer_over() -> None:
    alone, helped = _tiny(), _tiny(say=2.5)
    assert helped.likelihood("rude", "滚") > 0.5 > alone.likelihood("rude", "滚")
    assert _tiny(say=1.5).likelihood("rude", "滚") == alone.likelihood("rude", "滚")
    assert helped.likelihood("rude", "这个保本") < alone.likelihood("rude", "这个保本")


def test_the_nearest_cases_are_asked_of_those_alone_whom_a_family_is_about() -> None:
    helped, alone = _tiny(say=2.5), _tiny()
    for said_by, judge in ((Role.CUSTOMER, alone), (Role.UNKNOWN, helped), (Role.AGENT, helped)):
        assert helped.judged([Talk("滚")], [said_by]).likelihood(0, "rude") == judge.likelihood("rude", "滚")


def test_cases_say_what_they_are_as_far_as_they_are_near() -> None:
    near = Cases([Case("保本的", "", "", (1, -1)), Case("滚", "", "", (0, 1))], EVEN)
    same, alike, nothing = near.votes([Talk("保本的"), Talk("保本嘛这个"), Talk("")])
    assert same == pytest.approx([1, -1], abs=0.02)
    assert 0.5 < alike[0] < same[0]
    assert nothing.tolist() == [0, 0]
    assert near.votes([Talk("滚")])[0].tolist() == pytest.approx([0, 1], abs=0.02)


def test_what_stands_in_too_many_cases_makes_none_of_them_near() -> None:
    many = [Case("好的", "", "", (1,))] * (COMMON + 1)
    assert Cases(many[:-1], EVEN).votes([Talk("好的")]) == pytest.approx(1, abs=0.02)
    assert Cases(many, EVEN).votes([Talk("好的")]).tolist() == [[0]]


def test_what_nobody_has_seen_in_training_makes_it_less_sure(tiny: Reader) -> None:
    assert tiny.likelihood("forbidden", "保本") > tiny.likelihood("forbidden", "保本戊己庚辛壬癸")


def test_the_nearest_case_is_one_of_the_family_in_its_own_words_and_setting(tiny: Reader) -> None:
    def nearest(family: str, *talk: str) -> str | None:
        found = tiny.nearest(family, Talk(*talk))
        return None if found is None else found.text

    assert nearest("forbidden", "这个真的保本") == "這個保本！"
    assert nearest("forbidden", "可以的", "能送烟吗") == "您放心"
    assert nearest("rude", "") is None
    assert nearest("rude", "滚滚滚") == "滚"


def test_a_file_for_other_buckets_is_refused() -> None:
    with pytest.raises(ValueError, match="buckets"):
        unpacked(packed(Header("old", 1, 2, {}, {}), bytes(2), [], []))


@pytest.mark.parametrize(
    ("family", "said"),
    [
        ("forbidden", "这款您就放一百个心，本金利息到期一分都不会少您的"),
        ("forbidden", "把您手机上收到的那六位数念给我就行，我帮您操作"),
        ("forbidden", "今天不还钱，我们就去你单位找你领导"),
        ("rude", "你听不懂人话啊，跟你说了多少遍了"),
    ],
)
def test_the_shipped_reader_knows_offences(family: str, said: str) -> None:
    assert reader().likelihood(family, plain(said)) > 0.5


@pytest.mark.parametrize(
    "said",
    [
        "您好请问有什么可以帮您",
        "我帮您登记一下明天给您回电话",
        "订单号是七七八三四五",
        "今天天气不错我们去公园走走",
        "thank you for calling",
    ],
)
def test_the_shipped_reader_leaves_ordinary_talk_alone(said: str) -> None:
    assert all(reader().likelihood(f, plain(said)) < 0.5 for f in LIKENED)


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("帮我查一下余额", "没问题"),
        ("我这个月账单出来了吗", "对"),
        ("那我明天去就行了是吧", "嗯对"),
        ("押金能退的吧", "能退的"),
        ("这个套餐是一百二十八的那个吗", "没错"),
        ("合同我可以拍照留一份吧", "当然可以"),
        ("是到柜台拿号对吧", "没错没错"),
    ],
)
def test_the_shipped_reader_takes_no_yes_to_an_honest_question_for_an_offence(asked: str, answer: str) -> None:
    assert reader().likelihood("forbidden", plain(answer), plain(asked)) < 0.5


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("什么病都赔是吧", "是的都赔"),
        ("到时候肯定能批下来是吧", "没问题"),
        ("我让我老公替我签个名行吗", "行没问题"),
        ("考试你们能保证我过", "那肯定"),
    ],
)
def test_the_shipped_reader_takes_a_yes_to_a_shady_question_for_one(asked: str, answer: str) -> None:
    assert reader().likelihood("forbidden", plain(answer), plain(asked)) > 0.5


def test_the_shipped_reader_tells_a_demand_from_a_grievance() -> None:
    assert reader().likelihood("complaint", plain("你们必须赔我，不然我打12315")) > 0.6
    assert reader().likelihood("complaint", plain("霸王条款啊，一万多呢")) < 0.1


def test_the_shipped_reader_names_cases_of_every_offence_and_complaint() -> None:
    assert reader().nearest("greeting", Talk("您好")) is None
    for family in LIKENED:
        assert reader().nearest(family, Talk(plain("你放心吧肯定不会亏"))) is not None


def test_of_what_was_said_before_the_last_is_looked_at() -> None:
    call = CallText(from_example(["客户：" + "甲" * 1000, "坐席：乙"], Role.AGENT))
    assert before_each(call)[-1] == Talk("", "甲" * MOST_BEFORE)


def test_much_talk_is_judged_in_parts_and_in_order(tiny: Reader) -> None:
    talk = [Talk("保本" if i % 3 else "您放心") for i in range(AT_ONCE * 2 + 1)]
    together = tiny.judged(talk, [Role.AGENT] * len(talk)).likelihoods[:, 0]
    alone = {t.said: tiny.likelihood("forbidden", t.said) for t in talk}
    assert together == pytest.approx([alone[t.said] for t in talk])


SHORT = Trees(
    0.5,
    [[2, 4, 0, 0, 0, 0, 0]],
    [[4.0, 1.0, 9.0, 0.0, 0.0, 0.0, 0.0]],
    [[1.0, 1.0, 2.0, 2.0, 4.0, 4.0, 4.0, 4.0]],
)
"""Asks how many characters were said and, of few, how the speaker's last turn was worded."""


def test_trees_look_again_at_what_is_not_ruled_out_of_their_families_alone() -> None:
    judge = _tiny(say=0.01, forbidden=SHORT)
    talk, agent = [Talk("早上好"), Talk("保本的"), Talk("好的呀"), Talk("保本是肯定的")], [Role.AGENT] * 4
    judged = judge.judged(talk, agent)
    assert judged.odds[1, 0] > 1.0 > judged.odds[0, 0]
    again = judge.again(judged, talk, agent, [0, 1, 2, 3])
    assert again.odds[:, 0].tolist() == [1.5, 1.5, 2.5, 4.5]
    assert again.odds[:, 1].tolist() == judged.odds[:, 1].tolist()

    silent = _tiny(say=0.01, bias=OUT_OF_THE_QUESTION - 3, forbidden=SHORT)
    judged = silent.judged(talk[:1], agent[:1])
    assert silent.again(judged, talk[:1], agent[:1], [0]).odds.tolist() == judged.odds.tolist()


def test_without_trees_and_without_talk_nothing_is_looked_at_again() -> None:
    for judge in (_tiny(), _tiny(forbidden=SHORT)):
        assert judge.again(judge.judged([], []), [], [], []).odds.shape == (0, 2)
    talk, agent = [Talk("保本的")], [Role.AGENT]
    judged = (judge := _tiny()).judged(talk, agent)
    assert judge.again(judged, talk, agent, [0]).odds.tolist() == judged.odds.tolist()


def test_what_the_speaker_had_said_before_is_the_likeliest_piece_of_his_last_turn() -> None:
    odds = np.array([[1.0, -5.0], [-2.0, 3.0], [7.0, 7.0], [0.0, 0.0]])
    said_by = [Role.AGENT, Role.AGENT, Role.CUSTOMER, Role.AGENT]
    assert of_turn_before(odds, said_by, [0, 0, 2, 5]).tolist() == [[NOTHING_SAID] * 2] * 3 + [[1.0, 3.0]]
