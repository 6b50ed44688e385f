"""Readings that sound alike."""

import math

import pytest

from qa.speech.recogniser import is_traditional
from qa.speech.rescore import best_reading, word_score


def test_of_two_readings_that_sound_alike_the_one_made_of_words_wins() -> None:
    assert best_reading(["身份合时通过", "身份核实通过"], [-3.0, -3.1], 0.3) == 1
    assert best_reading(["工号六零三八", "公号六零三八"], [-3.1, -3.0], 0.3) == 0


def test_where_the_sound_is_clear_it_decides() -> None:
    assert best_reading(["身份合时通过", "身份核实通过"], [-3.0, -9.0], 0.3) == 0


def test_without_weight_only_the_sound_counts() -> None:
    assert best_reading(["身份合时通过", "身份核实通过"], [-3.0, -3.1], 0.0) == 0


def test_saying_less_is_no_advantage() -> None:
    whole = "过往业绩不代表未来表现，投资需谨慎"
    assert word_score(whole) > word_score(whole[:8]) - 5


def test_traditional_characters_are_weighed_as_simplified_ones() -> None:
    assert word_score("身份核實") == word_score("身份核实")


@pytest.mark.parametrize("text", ["", "OK 3.2%", "，。", "hello"])
def test_what_is_not_chinese_counts_nothing(text: str) -> None:
    assert word_score(text) == 0.0


def test_a_character_nobody_lists_is_no_error() -> None:
    assert math.isfinite(word_score("㐀𠀀鿿"))


@pytest.mark.parametrize(
    ("text", "traditional"), [("錄音", True), ("录音", False), ("著名", False), ("乾隆", False), ("A", False)]
)
def test_only_what_simplified_chinese_does_not_write_is_traditional(text: str, traditional: bool) -> None:
    assert is_traditional(text) is traditional
