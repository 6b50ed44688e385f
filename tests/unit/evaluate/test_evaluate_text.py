import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.core.roles import Role
from qa.core.transcript import Transcript, Turn, Word
from qa.evaluate.cer import call_errors, compare, edit_distance
from qa.evaluate.normalise import normalise
from qa.evaluate.truth import TruthTurn


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("您好，请问 有什么！", "您好请问有什么"),
        ("紋賺不賠", "纹赚不赔"),
        ("ＡＰＰ 和 app", "app和app"),
        ("15%", "百分之十五"),
        ("百分之十五", "百分之十五"),
        ("4.5%", "百分之四点五"),
        ("50万", "五十万"),
        ("1.5万", "一点五万"),
        ("100,000元", "十万元"),
        ("2026年", "二零二六年"),
        ("9:30", "九点三十"),
        ("9:00", "九点"),
        ("两点", "二点"),
        ("幺三八", "一三八"),
        ("13800138000", "一三八零零一三八零零零"),
        ("007", "零零七"),
        ("1005", "一千零五"),
        ("10", "十"),
        ("110", "一百一十"),
        ("1000000000", "十亿"),
        ("1,000,000,000,010,000", "一千万亿零一万"),
        ("", ""),
    ],
)
def test_a_text_is_compared_in_this_form(written: str, compared: str) -> None:
    assert normalise(written) == compared


def test_a_plain_number_is_read_as_the_other_text_says_it() -> None:
    assert normalise("尾号1234", "尾号一二三四") == "尾号一二三四"
    assert normalise("1234", "一千二百三十四") == "一千二百三十四"
    assert normalise("95588", "九五五八八") == "九五五八八"


@given(st.integers(0, 10**12))
def test_the_value_of_a_number_is_spoken_without_a_stray_zero(number: int) -> None:
    spoken = normalise(f"{number:,}")
    assert not spoken.endswith("零") or number == 0 or len(str(number)) > 4
    assert "零零" not in normalise(str(number * 10**4)) or len(str(number * 10**4)) > 16


@given(st.text("一二三四ab", max_size=12), st.text("一二三四ab", max_size=12))
def test_edit_distance_is_symmetric_and_zero_only_for_equal_texts(a: str, b: str) -> None:
    assert edit_distance(a, b) == edit_distance(b, a)
    assert (edit_distance(a, b) == 0) == (a == b)
    assert abs(len(a) - len(b)) <= edit_distance(a, b) <= max(len(a), len(b))


def test_errors_are_counted_per_reference_character() -> None:
    errors = compare("这个产品保本", "这个产品不保本")
    assert (errors.errors, errors.characters) == (1, 6)
    assert compare("", "多余").rate is None


def turn(index: int, channel: int, *words: tuple[str, float, float]) -> Turn:
    role = Role.AGENT if channel == 0 else Role.CUSTOMER
    spoken = tuple(Word(t, s, e, 0.9, 0.9) for t, s, e in words)
    return Turn(index, role, f"ch{channel}", channel, spoken, 1.0)


TRUTH = (
    TruthTurn(Role.AGENT, 0.0, 4.0, "我先跟您说", channel=0),
    TruthTurn(Role.CUSTOMER, 2.0, 3.0, "不用了", channel=1),
)


def test_talk_at_the_same_time_costs_nothing_on_two_channels() -> None:
    heard = Transcript("zh", 4.0, (turn(0, 0, ("我先", 0, 2), ("跟您说", 2.5, 4)), turn(1, 1, ("不用了", 2, 3))))
    assert call_errors(TRUTH, heard, by_channel=True).errors == 0


def test_talk_at_the_same_time_costs_nothing_on_one_channel_either_way() -> None:
    by_turn = Transcript("zh", 4.0, (turn(0, 0, ("我先", 0, 2), ("跟您说", 2.5, 4)), turn(1, 1, ("不用了", 2, 3))))
    assert call_errors(TRUTH, by_turn, by_channel=False).errors == 0
    crossed = Transcript("zh", 4.0, (turn(0, 0, ("我先", 0, 1), ("不用了", 3.5, 4)), turn(1, 1, ("跟您说", 1, 3))))
    assert call_errors(TRUTH, crossed, by_channel=False).errors == 0


def test_words_on_the_wrong_channel_are_errors_twice() -> None:
    heard = Transcript("zh", 4.0, (turn(0, 0, ("我先跟您说", 0, 2), ("不用了", 2, 3)),))
    assert call_errors(TRUTH, heard, by_channel=True).errors == 6


def test_a_call_without_a_transcript_lost_every_character() -> None:
    assert call_errors(TRUTH, None, by_channel=True).rate == 1.0
