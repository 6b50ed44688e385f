"""What is told from a text alone."""

import pytest

from qa.speech.textguards import foreign_script, loop_words, phantoms_in


def removed(ranges: list[range]) -> set[int]:
    return {i for r in ranges for i in r}


@pytest.mark.parametrize(
    ("words", "language"),
    [
        (["请不", "吝", "点", "赞", " 订阅", "转发"], "zh"),
        (["請不吝", "點贊", "訂閱"], "zh"),
        (["字幕", "由", "Amara", ".org", "社群", "提供"], "zh"),
        ([" Thanks", " for", " watching!"], "en"),
        ([" Untertitel", " der", " Amara", ".org"], "de"),
    ],
)
def test_subtitle_credits_are_phantoms(words: list[str], language: str) -> None:
    assert removed(phantoms_in(words, language, unsure=False))


@pytest.mark.parametrize(
    "words", [["谢谢", "，", "再见"], ["感谢您的来电"], ["请问还有其他可以帮您的吗？"], ["我要订阅短信通知"]]
)
def test_what_people_say_in_calls_is_no_phantom(words: list[str]) -> None:
    assert not removed(phantoms_in(words, "zh", unsure=True))


def test_only_the_words_of_the_phantom_are_taken() -> None:
    assert removed(phantoms_in(["您好", "。", "谢谢", "观看", "再见"], "zh", unsure=False)) == {2, 3}


def test_something_sayable_is_a_phantom_only_when_it_stands_alone_and_unsure() -> None:
    assert removed(phantoms_in(["谢谢", "大家"], "zh", unsure=True)) == {0, 1}
    assert not removed(phantoms_in(["谢谢", "大家"], "zh", unsure=False))
    assert not removed(phantoms_in(["好", "谢谢", "大家"], "zh", unsure=True))


def test_a_repeated_sentence_is_a_loop_and_its_first_time_is_kept() -> None:
    words = ["我", "要", "退款"] * 5
    assert removed(loop_words(words)) == set(range(3, 15))


@pytest.mark.parametrize(
    "text", ["对对对对", "好的好的好的", "八八八八八八八八", "一三八一三八一三八", "哈哈哈哈哈哈"]
)
def test_what_people_really_repeat_is_no_loop(text: str) -> None:
    assert not removed(loop_words(list(text)))


@pytest.mark.parametrize(
    ("text", "language", "foreign"),
    [
        ("理财产品", "zh", False),
        ("理財產品", "zh", False),
        ("APP", "zh", False),
        ("3.2%", "zh", False),
        ("ありがとう", "zh", True),
        ("Спасибо", "zh", True),
        ("감사", "zh", True),
        ("你好", "en", True),
        ("über", "de", False),
        ("anything Ω", "xx", False),
    ],
)
def test_letters_the_language_is_not_written_in_are_seen(text: str, language: str, foreign: bool) -> None:
    assert foreign_script(text, language) is foreign
