"""Two readings of one sound, side by side."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.text.agreement import Alignment, same_words


def agreement(first: str, second: str) -> float:
    return Alignment(first, second).piece(0, len(first)).agreement


def test_the_same_syllables_agree_whatever_characters_and_punctuation_they_are_written_in() -> None:
    assert agreement("闭着眼睛买都包赚", "避着眼睛, 買都包转。") == 1.0


def test_one_sound_heard_wrong_costs_half_a_syllable_and_another_word_all_of_it() -> None:
    assert agreement("我挂了", "无挂的") == pytest.approx(2 / 3, abs=1e-3)
    assert agreement("保本", "基金") <= 0.25


def test_what_was_not_heard_again_agrees_in_nothing() -> None:
    found = Alignment("您好保本保息谢谢", "您好谢谢").piece(2, 6)
    assert (found.agreement, found.start, found.end) == (0.0, 2, 2)


def test_a_stretch_is_found_among_other_words() -> None:
    second = "这个呢,绝对收益我给您保证"
    found = Alignment("这个绝对收益,我跟您保证", second).piece(2, 6)
    assert second[found.start : found.end] == "绝对收益"
    assert found.agreement == 1.0


def test_a_word_put_into_the_middle_lowers_the_agreement() -> None:
    assert agreement("会亏", "会不亏") == pytest.approx(2 / 3, abs=1e-3)


def test_texts_that_differ_in_punctuation_alone_are_the_same() -> None:
    assert same_words("您好，我是8号。", "你好 我是八号")
    assert not same_words("保本", "不保本")


@given(st.text("保本不会亏包赚，。a1", max_size=20), st.text("保本不会亏包赚，。a1", max_size=20))
def test_alignments_keep_order_and_bounds(first: str, second: str) -> None:
    both = Alignment(first, second)
    origins = [o for at in range(len(second)) if (o := both.origin(at)) is not None]
    assert origins == sorted(set(origins))
    assert all(0 <= o < len(first) for o in origins)
    bounds = [both.boundary(at) for at in range(len(first) + 1)]
    assert bounds == sorted(bounds)
    for start in range(len(first)):
        piece = both.piece(start, len(first))
        assert 0 <= piece.start <= piece.end <= len(second)
        assert 0 <= piece.agreement <= 1
