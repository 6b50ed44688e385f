from collections import Counter
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from speech_dialogue_maker import transcription_of

from qa.core.roles import Role
from qa.core.speech import Activity, AudioInfo, Diarization, SpeakerSegment, VoicePoint
from qa.core.transcript import Transcript, Word
from qa.speech.roles import RoleOptions
from qa.speech.turns import build_transcript


def word(text: str, start: float, seconds: float = 0.3) -> Word:
    return Word(text, start, start + seconds, 0.9, 0.9)


def line(text: str, start: float) -> list[Word]:
    return [word(c, start + 0.3 * i) for i, c in enumerate(text)]


def build(
    streams: Sequence[list[Word]], diarization: Diarization | None = None, language: str = "zh"
) -> Transcript:
    end = max((w.end for s in streams for w in s), default=0.0)
    info = AudioInfo("wav", "pcm", 8000, len(streams), len(streams), end + 1, None)
    transcription = transcription_of(list(streams), language)
    return build_transcript(info, transcription, Activity(()), diarization, RoleOptions(), None)[0]


def two_channels(left: list[Word], right: list[Word]) -> Transcript:
    return build([left, right])


def test_turns_of_two_channels_alternate_by_time() -> None:
    turns = two_channels(line("您好请讲", 0.0) + line("好的", 4.0), line("我想退款", 2.0)).turns
    assert [(t.role, t.text) for t in turns] == [
        (Role.AGENT, "您好请讲"),
        (Role.CUSTOMER, "我想退款"),
        (Role.AGENT, "好的"),
    ]


def test_a_back_channel_inside_a_sentence_is_a_turn_of_its_own_and_does_not_split_the_other() -> None:
    left = line("我们的产品是", 0.0) + line("中低风险的。", 2.2)
    turns = two_channels(left, [word("嗯", 1.9)]).turns
    assert [t.text for t in turns] == ["我们的产品是中低风险的。", "嗯"]


def test_an_answer_between_two_sentences_splits_the_turn() -> None:
    left = line("请稍等。", 0.0) + line("查到了", 2.0)
    turns = two_channels(left, [word("好", 1.4)]).turns
    assert [t.text for t in turns] == ["请稍等。", "好", "查到了"]


def test_a_long_pause_ends_a_turn_although_nobody_else_speaks() -> None:
    turns = two_channels(line("请稍等", 0.0) + line("让您久等了", 12.0), []).turns
    assert [t.text for t in turns] == ["请稍等", "让您久等了"]


def test_a_short_pause_does_not_end_a_turn() -> None:
    turns = two_channels(line("请您", 0.0) + line("稍等", 1.8), []).turns
    assert [t.text for t in turns] == ["请您稍等"]


def test_talking_at_the_same_time_marks_both_turns_as_overlapped() -> None:
    turns = two_channels(line("拔掉电源等一分钟", 0.0), line("我拔过了", 1.5)).turns
    assert [t.overlapped for t in turns] == [True, True]


def test_voices_that_overlap_mark_the_turn_on_a_shared_channel() -> None:
    words = line("您好请问有什么可以帮您？", 0.0) + line("我要退款", 4.5)
    diarization = Diarization(
        0,
        (SpeakerSegment("S0", 0.0, 3.6), SpeakerSegment("S1", 4.5, 5.7), SpeakerSegment("S0", 5.0, 5.6)),
        ("S0", "S1"),
        "test",
        0.5,
        (VoicePoint(0.0, 3.6, (1.0, 0.0)), VoicePoint(4.5, 5.7, (0.0, 1.0))),
    )
    turns = build([words], diarization).turns
    assert [t.overlapped for t in turns] == [False, True]


def test_a_recording_without_words_has_no_turns() -> None:
    assert build([[]]).turns == ()
    assert build([[], []]).turns == ()


def test_damage_and_unknown_language_are_carried_into_the_transcript() -> None:
    transcript = build([line("bonjour", 0.0)], language="fr")
    assert transcript.language == "fr"
    assert not transcript.roles_certain


streams = st.lists(
    st.tuples(
        st.floats(0.01, 3.0), st.floats(0.0, 0.8), st.sampled_from(["您", "我的", "好。", "吗？", " ok", "，"])
    ),
    max_size=40,
)


def words_from(drawn: list[tuple[float, float, str]]) -> list[Word]:
    words, at = [], 0.0
    for gap, seconds, text in drawn:
        at += gap
        words.append(Word(text, at, at + seconds, 0.9, 0.9))
        at += seconds
    return words


def check(transcript: Transcript, given_words: list[list[Word]]) -> None:
    turns = transcript.turns
    got = Counter((t.channel, w.text, w.start, w.end) for t in turns for w in t.words)
    assert got == Counter((c, w.text, w.start, w.end) for c, ws in enumerate(given_words) for w in ws)
    assert [t.index for t in turns] == list(range(len(turns)))
    assert [t.start for t in turns] == sorted(t.start for t in turns)
    for turn in turns:
        starts = [w.start for w in turn.words]
        assert starts == sorted(starts)
        offsets = turn.offsets()
        assert offsets[-1] == len(turn.text)
        for i, w in enumerate(turn.words):
            assert turn.text[offsets[i] : offsets[i + 1]] == w.text
            assert turn.words_at(offsets[i], offsets[i + 1]) == (w,)
        assert 0.0 <= turn.role_confidence <= 1.0


@given(streams, streams)
def test_every_word_of_two_channels_lands_in_exactly_one_turn(
    left: list[tuple[float, float, str]], right: list[tuple[float, float, str]]
) -> None:
    drawn = [words_from(left), words_from(right)]
    check(build(drawn), drawn)


@given(streams, st.lists(st.tuples(st.floats(0.1, 4.0), st.floats(0.3, 3.0), st.sampled_from("AB")), max_size=20))
def test_every_word_of_a_shared_channel_lands_in_exactly_one_turn(
    drawn: list[tuple[float, float, str]], spoken: list[tuple[float, float, str]]
) -> None:
    points, segments, at = [], [], 0.0
    for gap, seconds, who in spoken:
        at += gap
        points.append(VoicePoint(at, at + seconds, (1.0, 0.0) if who == "A" else (0.0, 1.0)))
        segments.append(SpeakerSegment(who, at, at + seconds))
        at += seconds
    speakers = tuple(dict.fromkeys(s.speaker for s in segments))
    diarization = Diarization(0, tuple(segments), speakers, "test", 0.5, tuple(points))
    words = words_from(drawn)
    check(build([words], diarization), [words])
    without_points = Diarization(0, tuple(segments), speakers, "test", 0.5)
    check(build([words], without_points), [words])
