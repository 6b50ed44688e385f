"""What people hide finds its words again in another transcript of the call, or stays hidden by its time."""

from msgspec.structs import replace

from qa.core.hiding import (
    Hiding,
    HidingAct,
    HidingStanding,
    digest_of,
    placed,
    reworded_with,
    signs_in,
    standing,
)
from qa.core.roles import Role
from qa.core.transcript import HiddenMark, Transcript, Turn, Word


def call(*texts: str, shift: float = 0.0, channel: int = 0) -> Transcript:
    """Turns of ten seconds, a character a quarter of a second."""
    turns = tuple(
        Turn(
            i,
            Role.CUSTOMER,
            f"ch{channel}",
            channel,
            tuple(
                Word(c, shift + 10 * i + k / 4, shift + 10 * i + (k + 1) / 4, 0.9, 0.9) for k, c in enumerate(text)
            ),
            1.0,
        )
        for i, text in enumerate(texts)
    )
    return Transcript("zh", 10.0 * len(texts), turns)


def amendment(
    transcript: Transcript,
    turn: int,
    words: str,
    act: HidingAct = HidingAct.HIDE,
    number: int = 1,
    undoes: int | None = None,
) -> Hiding:
    said = transcript.turns[turn]
    start = said.text.index(words)
    times = said.words_at(start, start + len(words))
    return Hiding(
        number,
        act,
        "name",
        said.channel,
        times[0].start,
        times[-1].end,
        signs_in(words),
        digest_of(words, "salt"),
        undoes,
    )


FIRST = call("嗯", "这个是找马冬梅的，马冬梅")
HIDING = amendment(FIRST, 1, "马冬梅")


def places(transcript: Transcript, *amendments: Hiding) -> list[tuple[int | None, int, int, bool]]:
    return [(m.turn, m.start, m.end, m.same) for m in placed(transcript, amendments, "salt").marks]


def test_the_words_are_where_they_were_selected_and_not_where_they_are_repeated() -> None:
    assert places(FIRST, HIDING) == [(1, 4, 7, True)]


def test_other_punctuation_blanks_and_turns_move_it_along() -> None:
    assert places(call("嗯", "这个，是找：马 冬梅的", shift=0.8), HIDING) == [(1, 6, 10, True)]
    longer = replace(FIRST, turns=(FIRST.turns[1],))
    assert places(longer, HIDING) == [(0, 4, 7, True)]


def test_where_other_words_stand_what_was_said_then_stays_hidden() -> None:
    marks = places(call("嗯", "这个是找马东没的"), HIDING)
    assert marks == [(1, 4, 7, False)]


def test_where_nothing_is_written_the_sound_is_still_remembered() -> None:
    [mark] = placed(call("嗯"), [HIDING], "salt").marks
    assert (mark.turn, mark.start_s, mark.end_s) == (None, 11.0, 11.75)


def test_another_channel_or_another_call_is_no_match() -> None:
    assert places(call("嗯", "这个是找马冬梅的", channel=1), HIDING) == [(None, 0, 0, False)]
    assert digest_of("马冬梅", "salt") != digest_of("马冬梅", "another call")


def test_a_lift_falls_away_with_its_words_and_a_hiding_is_taken_back_by_number() -> None:
    lift = amendment(FIRST, 1, "马冬梅", HidingAct.LIFT)
    assert places(FIRST, lift) == [(1, 4, 7, True)]
    assert places(call("嗯", "这个是找马东没的"), lift) == []
    undo = amendment(FIRST, 1, "马冬梅", HidingAct.LIFT, number=2, undoes=1)
    assert places(FIRST, HIDING, undo) == []
    stands = standing(placed(FIRST, [HIDING, undo], "salt"), [HIDING, undo])
    assert stands == {1: HidingStanding.UNDONE, 2: HidingStanding.IN_FORCE}


def test_what_became_of_each_is_told() -> None:
    other = call("嗯", "这个是找马东没的")
    assert standing(placed(other, [HIDING], "salt"), [HIDING]) == {1: HidingStanding.WORDS_CHANGED}
    lift = amendment(FIRST, 1, "马冬梅", HidingAct.LIFT)
    assert standing(placed(other, [lift], "salt"), [lift]) == {1: HidingStanding.LAPSED}


def test_marks_follow_words_that_are_put_right() -> None:
    marked = placed(FIRST, [HIDING], "salt")

    def after(text: str) -> list[tuple[int, int]]:
        turns = [FIRST.turns[0], call("嗯", text).turns[1]]
        return [(m.start, m.end) for m in reworded_with(marked, turns).marks]

    assert after("喂，这个是找马冬梅的，马冬梅") == [(6, 9)]
    assert after("这个是找李小龙的，马冬梅") == [(4, 7)]
    assert after("这个是找马东梅的，马冬梅") == [(4, 7)]
    assert after("这个是找的，马冬梅") in ([(4, 4)], [])


def test_a_mark_says_no_words() -> None:
    assert not any("马" in str(getattr(HIDING, name)) for name in HIDING.__struct_fields__)
    assert set(HiddenMark.__struct_fields__).isdisjoint({"text", "words", "digest"})
