"""The second reader: what it looks at, how it is stored, and what the one that is shipped says."""

import numpy as np
import pytest

from qa.alike.features import BUCKETS, MOST_CHARS, Talk, before_each, pieces, plain, stretches, values, views
from qa.alike.net import Layers
from qa.alike.reader import Example, Head, Header, Reader, packed, reader, unpacked
from qa.core.roles import Role
from qa.rules.dialogue import from_example
from qa.text.calltext import CallText, TurnText

RARITY = bytes([100]) * BUCKETS


def _turn(text: str) -> TurnText:
    return CallText(from_example(text, Role.AGENT)).turns[0]


def _tiny() -> bytes:
    weights = bytearray(BUCKETS)
    for bucket in pieces(["保本"]).bucket:
        weights[bucket] = 100
    examples = (
        Example("這個保本！", "forbidden", "zh.t.principal"),
        Example("您放心", "forbidden"),
        Example("滚", "rude"),
    )
    head = Head(Role.AGENT, bias=-2.0, scale=0.05)
    header = Header("tiny", 3, BUCKETS, {"forbidden": head, "rude": head})
    return packed(header, RARITY, {"forbidden": bytes(weights), "rude": bytes(BUCKETS)}, examples)


@pytest.fixture(scope="module")
def tiny() -> Reader:
    return unpacked(_tiny())


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
    assert not len(pieces([]).bucket)
    assert all(not len(found.bucket) for found, _ in views([Talk("")]))
    assert tiny.likelihoods("forbidden", []) == []


def test_pieces_stay_within_their_text() -> None:
    both, alone = pieces(["您放心放心", "保本"]), pieces(["保本"])
    assert sorted(both.bucket[both.text == 1]) == sorted(alone.bucket)
    assert len(alone.bucket) == len("^保本$") + 3 + 2 + 1  # of one, two, three and four characters


def test_a_pair_of_characters_is_the_same_whatever_stands_between_them() -> None:
    def pairs(said: str) -> set[int]:
        return set(views([Talk(said)])[1][0].bucket.tolist())

    assert pairs("包过") - pairs("包") == pairs("包过") - pairs("过")  # the two with a mark at an edge alone
    assert len(pairs("包你过") & pairs("包他们过")) > len(pairs("包你过") & pairs("他们过包"))


def test_what_the_other_said_is_kept_apart_from_what_was_said() -> None:
    said, others, own = (views([talk]) for talk in (Talk("保本吗"), Talk("", "保本吗"), Talk("", "", "保本吗")))
    assert [len(found.bucket) > 0 for found, _ in said] == [True, True, False, False]
    assert [len(found.bucket) > 0 for found, _ in others] == [False, False, True, False]
    assert [len(found.bucket) > 0 for found, _ in own] == [False, False, False, True]
    buckets = [set(view.bucket) for view in (said[0][0], others[2][0], own[3][0])]
    assert not buckets[0] & buckets[1]
    assert not buckets[0] & buckets[2]
    assert not buckets[1] & buckets[2]


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


def test_each_text_has_length_one() -> None:
    found = pieces(["您放心", "保本"])
    value = values(found, np.ones(BUCKETS), 2)
    assert np.bincount(found.text, value * value) == pytest.approx([1, 1])


def test_one_by_one_or_together_makes_no_difference(tiny: Reader) -> None:
    talk = [Talk("保本"), Talk("您放心", "保本吗?"), Talk("𠮷保本", "", "您放心")]
    assert tiny.likelihoods("forbidden", talk) == pytest.approx([tiny.likelihood("forbidden", *t) for t in talk])


def test_what_was_stored_is_what_is_read(tiny: Reader) -> None:
    assert tiny.label == "tiny@3"
    assert tiny.families == ("forbidden", "rude")
    assert tiny.likelihood("forbidden", "保本") > 0.5 > tiny.likelihood("rude", "保本")


def test_the_net_is_asked_only_where_the_sum_is_not_sure() -> None:
    weights = bytearray(BUCKETS)
    for bucket in pieces(["您放心"]).bucket:
        weights[bucket] = 100
    layers = Layers(
        buckets=np.sort(pieces(["您放心"]).bucket[:1]).astype("<u4").tobytes(),
        cells=np.array([127, -127, 0, 64], np.int8).tobytes(),  # two values and two families
        steps=np.ones(4, "<f4").tobytes(),
        shift=np.zeros(2, "<f4").tobytes(),
        hidden=np.eye(2, dtype="<f4").tobytes(),
        hidden_bias=np.zeros(2, "<f4").tobytes(),
        out=np.array([[1, 0], [0, 0]], "<f4").tobytes(),
        out_bias=np.zeros(2, "<f4").tobytes(),
    )
    head = Head(Role.AGENT, bias=-10.0, scale=0.027)
    header = Header("tiny", 3, BUCKETS, {"forbidden": head, "rude": head}, share=0.5)
    tables = {"forbidden": bytes(weights), "rude": bytes(BUCKETS)}
    alone = unpacked(packed(header, RARITY, tables))
    helped = unpacked(packed(header, RARITY, tables, layers=layers))
    sure, unsure = Talk("保本"), Talk("您放心")
    assert helped.likelihoods("forbidden", [sure]) == alone.likelihoods("forbidden", [sure])
    assert helped.likelihoods("forbidden", [unsure])[0] > 0.99 > alone.likelihoods("forbidden", [unsure])[0]
    together = [unsure, sure, Talk(""), unsure]
    for family in helped.families:
        alone_each = [helped.likelihood(family, *t) for t in together]
        assert helped.likelihoods(family, together) == pytest.approx(alone_each)


def test_what_nobody_has_seen_in_training_makes_it_less_sure(tiny: Reader) -> None:
    assert tiny.likelihood("forbidden", "保本") > tiny.likelihood("forbidden", "保本戊己庚辛壬癸")


def test_the_nearest_example_is_one_of_the_family_in_its_own_words(tiny: Reader) -> None:
    nearest = tiny.nearest("forbidden", "这个真的保本")
    assert nearest == Example("這個保本！", "forbidden", "zh.t.principal")
    assert tiny.nearest("rude", "这个真的保本") is None or tiny.nearest("rude", "保本").family == "rude"  # type: ignore[union-attr]


def test_a_file_for_other_buckets_is_refused() -> None:
    header = Header("old", 1, 2, {})
    with pytest.raises(ValueError, match="buckets"):
        unpacked(packed(header, bytes(2), {}))


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
    assert all(reader().likelihood(f, plain(said)) < 0.5 for f in reader().families)


def test_the_shipped_reader_tells_a_demand_from_a_grievance() -> None:
    assert reader().likelihood("complaint", plain("你们必须赔我，不然我打12315")) > 0.6
    assert reader().likelihood("complaint", plain("霸王条款啊，一万多呢")) < 0.1


def test_the_shipped_reader_names_examples_of_every_family() -> None:
    for family in reader().families:
        nearest = reader().nearest(family, plain("你放心吧肯定不会亏"))
        assert nearest is not None
        assert nearest.family == family
