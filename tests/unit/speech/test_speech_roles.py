import pytest
from speech_dialogue_maker import Line, diarization_of, scripts, transcription_of, words_of

from qa.core.errors import BadOptionError
from qa.core.result import RoleDecision
from qa.core.roles import Role
from qa.core.speech import Activity, AudioInfo, Diarization
from qa.core.transcript import Transcript, Word
from qa.i18n import LOCALES, render
from qa.speech.dialogue_cues import score
from qa.speech.roles import RoleOptions, parse_role_map
from qa.speech.turns import build_transcript

SCRIPTS = dict(scripts())


def build(
    streams: list[list[Word]],
    diarization: Diarization | None = None,
    manual: dict[str, Role] | None = None,
    options: RoleOptions | None = None,
    language: str = "zh",
) -> tuple[Transcript, RoleDecision]:
    end = max((w.end for s in streams for w in s), default=0.0)
    info = AudioInfo("wav", "pcm", 8000, len(streams), len(streams), end + 1, None)
    transcription = transcription_of(streams, language)
    return build_transcript(info, transcription, Activity(()), diarization, options or RoleOptions(), manual)


def on_two_channels(lines: list[Line]) -> list[list[Word]]:
    spoken = words_of(lines)
    return [[w for r, ws in spoken if r is role for w in ws] for role in (Role.AGENT, Role.CUSTOMER)]


def right_share(transcript: Transcript, lines: list[Line], pause: float = 0.45) -> float:
    truth = {(w.start, w.text): role for role, ws in words_of(lines, pause) for w in ws}
    right = sum(truth[(w.start, w.text)] is t.role for t in transcript.turns for w in t.words)
    return right / len(truth)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_two_channel_call_takes_its_roles_from_the_map_and_is_sure_of_them(name: str) -> None:
    transcript, decision = build(on_two_channels(SCRIPTS[name]))
    assert right_share(transcript, SCRIPTS[name]) == 1.0
    assert decision.method == "channel_map"
    assert transcript.roles_certain
    assert not decision.swap_suspected


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_swapped_map_is_suspected_with_reasons_and_nobody_is_accused(name: str) -> None:
    options = RoleOptions(role_map="left=customer,right=agent")
    transcript, decision = build(on_two_channels(SCRIPTS[name]), options=options)
    assert decision.swap_suspected
    assert transcript.roles_swapped_suspected
    assert not transcript.roles_certain
    for locale in LOCALES:
        assert all("{" not in render(r, locale) for r in decision.reasons)
    assert decision.reasons[0].code == "speech.roles_swap_suspected"


def test_roles_set_by_a_person_end_the_suspicion() -> None:
    lines = SCRIPTS["power cut"]
    manual = {"ch0": Role.AGENT, "ch1": Role.CUSTOMER}
    transcript, decision = build(
        on_two_channels(lines), manual=manual, options=RoleOptions(role_map="left=customer,right=agent")
    )
    assert decision.method == "manual"
    assert transcript.roles_certain
    assert right_share(transcript, lines) == 1.0


@pytest.mark.parametrize("gap", [0.12, 0.25, 0.5])
@pytest.mark.parametrize("name", SCRIPTS)
def test_on_one_channel_voice_and_words_find_the_roles(name: str, gap: float) -> None:
    lines = SCRIPTS[name]
    spoken = words_of(lines)
    words = [w for _, ws in spoken for w in ws]
    transcript, decision = build([words], diarization_of(spoken, gap))
    assert right_share(transcript, lines) > 0.9
    assert decision.method == "voice+content"
    assert decision.roles == {
        "S0": Role.AGENT if lines[0][0] is Role.AGENT else Role.CUSTOMER,
        "S1": Role.CUSTOMER if lines[0][0] is Role.AGENT else Role.AGENT,
    }


@pytest.mark.parametrize("name", SCRIPTS)
def test_without_greeting_and_closing_the_roles_are_still_found(name: str) -> None:
    lines = SCRIPTS[name][2:-2]
    spoken = words_of(lines)
    transcript, _ = build([[w for _, ws in spoken for w in ws]], diarization_of(spoken, 0.4))
    if transcript.roles_certain:
        assert right_share(transcript, lines) > 0.9
    else:
        assert all(t.role_confidence < RoleOptions().certain for t in transcript.turns)


def test_when_every_turn_is_in_one_voice_the_words_decide() -> None:
    lines = SCRIPTS["power cut"]
    spoken = words_of(lines)
    transcript, _ = build([[w for _, ws in spoken for w in ws]], diarization_of(spoken, 0.0))
    assert right_share(transcript, lines) > 0.8


def test_a_call_that_tells_nothing_about_its_speakers_says_so() -> None:
    lines = [(Role.AGENT, "今天天气很冷。"), (Role.CUSTOMER, "风也大。"), (Role.AGENT, "下雪了。")]
    spoken = words_of(lines)
    transcript, decision = build([[w for _, ws in spoken for w in ws]], diarization_of(spoken, 0.5))
    assert not transcript.roles_certain
    assert decision.confidence < RoleOptions().certain
    assert "speech.roles_uncertain" in {r.code for r in decision.reasons}


def test_the_uncertain_call_is_settled_by_a_person() -> None:
    lines = [(Role.CUSTOMER, "今天天气很冷。"), (Role.AGENT, "风也大。"), (Role.CUSTOMER, "下雪了。")]
    spoken = words_of(lines)
    words = [w for _, ws in spoken for w in ws]
    manual = {"S0": Role.CUSTOMER, "S1": Role.AGENT}
    transcript, _ = build([words], diarization_of(spoken, 0.5), manual)
    assert transcript.roles_certain
    assert right_share(transcript, lines) == 1.0


@pytest.mark.parametrize("channels", [1, 2])
def test_an_announcement_is_nobodys_speech(channels: int) -> None:
    lines = [(Role.AGENT, "查询业务请按一，投诉建议请按二，人工服务请按零。")] + SCRIPTS["power cut"]
    spoken = words_of(lines)
    words = [w for _, ws in spoken for w in ws]
    streams = [words] if channels == 1 else on_two_channels(lines)
    transcript, _ = build(streams, diarization_of(spoken, 0.4) if channels == 1 else None)
    assert transcript.turns[0].role is Role.SYSTEM
    assert "请按零" in transcript.turns[0].text
    assert transcript.turns[1].role is Role.AGENT


def test_an_english_call_is_told_apart_by_an_english_table() -> None:
    lines = [
        (Role.AGENT, "Thank you for calling Blue Insurance, this is Dana, how can I help you?"),
        (Role.CUSTOMER, "Hi, I was in an accident and I need to file a claim."),
        (Role.AGENT, "I'm sorry to hear that. Can I have your policy number please?"),
        (Role.CUSTOMER, "My policy number is four four one."),
        (Role.AGENT, "Thank you for that. Is there anything else I can do for you?"),
        (Role.CUSTOMER, "No, thank you."),
    ]
    spoken = words_of(lines)
    transcript, _ = build([[w for _, ws in spoken for w in ws]], diarization_of(spoken, 0.3), language="en")
    assert transcript.roles_certain
    assert right_share(transcript, lines) > 0.95


def test_a_cue_that_was_misheard_still_counts_by_its_sound() -> None:
    exact, misheard = score("工号是六零三八", "zh"), score("功耗是六零三八", "zh")
    assert exact.points > misheard.points > 0


@pytest.mark.parametrize(
    ("text", "part"),
    [("left=boss", "left=boss"), ("middle=agent", "middle=agent"), ("left=agent,ch0=agent", "ch0")],
)
def test_a_role_map_that_cannot_be_read_names_its_wrong_part(text: str, part: str) -> None:
    with pytest.raises(BadOptionError) as caught:
        parse_role_map(text)
    assert part in caught.value.message.params["part"]


def test_a_channel_without_a_role_is_unknown_and_the_decision_says_so() -> None:
    _, decision = build(on_two_channels(SCRIPTS["power cut"]), options=RoleOptions(role_map="left=agent"))
    assert decision.roles == {"ch0": "agent", "ch1": "unknown"}
    assert "speech.roles_unmapped" in {r.code for r in decision.reasons}
