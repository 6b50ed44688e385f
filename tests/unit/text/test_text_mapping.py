"""Looking characters up in an array gives what `str.translate` gives, whatever the text holds."""

from hypothesis import given
from hypothesis import strategies as st

from qa.text.mapping import Mapped

NAMED = {ord("您"): ord("你"), ord("，"): ord(","), 0x3000: 0x20, ord("一"): ord("1")}
MAPPED = Mapped(NAMED)


@given(st.text(st.characters(exclude_categories=()), max_size=12), st.sampled_from([1, 40]))
def test_it_is_translate(text: str, times: int) -> None:
    assert MAPPED(text * times) == (text * times).translate(NAMED)


def test_rare_characters_and_halves_of_them_stay() -> None:
    for odd in ("𠮷", "😀", "\ud842", "\udfb7\ud842"):
        text = f"您{odd}，" * 50
        assert MAPPED(text) == f"你{odd}," * 50
