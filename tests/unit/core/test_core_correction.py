"""A person's words take the place of the recogniser's, in time and in number of turns."""

from hypothesis import given
from hypothesis import strategies as st

from qa.core.correction import Correction, corrected, reworded
from qa.core.roles import Role
from qa.core.transcript import Transcript, Turn, Word

WORDS = (
    Word("我们", 0.0, 1.0, 0.9, 0.5),
    Word("报本，", 1.0, 2.0, 0.9, 0.5),
    Word("OK ", 2.0, 3.0, 0.9, 0.5),
    Word("吧", 3.0, 4.0, 0.9, 0.5),
)
CALL = Transcript(
    "zh", 9.0, (Turn(0, Role.AGENT, "ch0", 0, WORDS, 1.0), Turn(1, Role.CUSTOMER, "ch1", 1, WORDS[:1], 1.0))
)
TEXTS = st.text(st.sampled_from("保本吧 a1，。"), min_size=1, max_size=12)


def test_words_that_stay_keep_times_and_trust_and_new_ones_share_the_time_of_the_old() -> None:
    told = [(w.text, w.start, w.end, w.trust) for w in reworded(WORDS, "我们保本，OK 吧")]
    assert told == [
        ("我们", 0.0, 1.0, 0.5),
        ("保", 1.0, 1.333, 1.0),
        ("本，", 1.333, 2.0, 1.0),
        ("OK ", 2.0, 3.0, 0.5),
        ("吧", 3.0, 4.0, 0.5),
    ]


def test_a_correction_changes_its_turn_alone_and_says_what_stood_there() -> None:
    changed, done = corrected(CALL, [Correction(0, 0, "我们报本，OK 吧", "我们保本，OK 吧")])
    assert [t.text for t in changed.turns] == ["我们保本，OK 吧", "我们"]
    assert [(d.turn, d.start_ms, d.before) for d in done] == [(0, 0, "我们报本，OK 吧")]


def test_a_correction_of_words_that_are_no_longer_there_is_left_out() -> None:
    changed, done = corrected(CALL, [Correction(0, 0, "另一句", "保本"), Correction(1, 5, "我们", "咱们")])
    assert (changed, done) == (CALL, ())


@given(st.lists(TEXTS, min_size=1, max_size=6), TEXTS)
def test_the_new_words_are_the_new_text_in_order_of_time(texts: list[str], after: str) -> None:
    words = [Word(text, float(i), i + 1.0, 0.9, 0.5) for i, text in enumerate(texts)]
    made = reworded(words, after)
    assert "".join(w.text for w in made) == after
    times = [(w.start, w.end) for w in made]
    assert times == sorted(times)
    assert all(0.0 <= start <= end <= len(texts) for start, end in times)
