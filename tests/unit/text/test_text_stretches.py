from qa.core.roles import Role
from qa.core.transcript import Transcript, Turn, Word
from qa.text.stretches import Stretch, StretchOptions, stretches

OPTIONS = StretchOptions(margin=0.3, reach=0.6, low_trust=0.35)


def call(*words: tuple[str, float, float, float], channel: int = 1) -> Transcript:
    spoken = tuple(Word(text, start, end, trust, trust) for text, start, end, trust in words)
    return Transcript("zh", 60.0, (Turn(0, Role.CUSTOMER, f"ch{channel}", channel, spoken, 1.0),))


def test_a_stretch_goes_from_pause_to_pause() -> None:
    found = stretches(
        call(
            ("您好", 1.0, 2.0, 0.9), ("号码", 4.6, 5.0, 0.9), ("13812345678", 5.0, 8.0, 0.9),
            ("对吧", 8.05, 8.4, 0.9), ("谢谢", 9.0, 9.5, 0.9),
        ),
        OPTIONS,
    )  # fmt: skip
    assert found == (Stretch(1, 4.54, 8.46),)


def test_without_a_pause_nearby_the_margin_is_kept() -> None:
    found = stretches(
        call(
            ("我的手机号码是这个", 1.0, 5.0, 0.9),
            ("13812345678", 5.0, 8.0, 0.9),
            ("你打这个就行", 8.0, 11.0, 0.9),
        ),
        OPTIONS,
    )
    assert found == (Stretch(1, 4.7, 8.3),)


def test_words_at_uncertain_times_hide_the_whole_turn() -> None:
    found = stretches(call(("手机号是", 1.0, 2.0, 0.9), ("13812345678", 5.0, 8.0, 0.1)), OPTIONS)
    assert found == (Stretch(1, 0.7, 8.3),)


def test_stretches_that_meet_are_one_and_kinds_can_be_chosen() -> None:
    transcript = call(("我叫赵明辉", 1.0, 2.0, 0.9), (",验证码是", 2.0, 3.0, 0.9), ("482916", 3.0, 4.0, 0.9))
    assert stretches(transcript, OPTIONS) == (Stretch(1, 0.7, 4.3),) or len(stretches(transcript, OPTIONS)) == 2
    assert stretches(transcript, OPTIONS, ("code",)) == (Stretch(1, 2.7, 4.3),)
    assert stretches(transcript, OPTIONS, ("cvv",)) == ()
