"""Tone from words and sound: what it says, when it keeps quiet, and that it never breaks."""

import math

import msgspec
import numpy as np
import pytest
from behaviour_kit import LONG_CALL, behaviour, recording, voice

from qa.core.base import encode
from qa.core.behaviour import Attitude, CallBehaviour
from qa.core.roles import Role
from qa.core.transcript import Transcript
from qa.rules.dialogue import transcript
from qa.speech.tone_model import MOST, centre_of, probability, tone_model
from qa.speech.tone_words import moods


def _moods(*turns: tuple[Role, str]) -> dict[int, dict[Attitude, float]]:
    call: Transcript = transcript(list(turns))
    return {i: dict(m.odds) for i, m in moods(call).items()}


@pytest.mark.parametrize(
    ("role", "text", "attitude"),
    [
        (Role.CUSTOMER, "你们就是骗子，烦不烦啊", Attitude.ANGRY),
        (Role.CUSTOMER, "你們就是騙子", Attitude.ANGRY),
        (Role.CUSTOMER, "你们到底管不管", Attitude.ANGRY),
        (Role.AGENT, "那跟我没关系，你找快递公司去", Attitude.COLD),
        (Role.AGENT, "你自己看物流去", Attitude.COLD),
        (Role.AGENT, "可能吧，大概吧", Attitude.PERFUNCTORY),
        (Role.AGENT, "非常抱歉给您带来不便，我马上帮您处理", Attitude.WARM),
        (Role.CUSTOMER, "太好了，非常感谢", Attitude.WARM),
    ],
)
def test_words_tell_an_attitude(role: Role, text: str, attitude: Attitude) -> None:
    odds = _moods((role, text))[0]
    assert max(odds, key=lambda a: odds[a]) is attitude
    assert odds[attitude] >= 1.0


@pytest.mark.parametrize(
    ("role", "text"),
    [
        (Role.CUSTOMER, "我没有生气，你别误会"),
        (Role.AGENT, "您放心，我们不是骗子"),
        (Role.AGENT, "您可以拨打投诉电话"),
        (Role.CUSTOMER, "好的，我知道了"),
        (Role.AGENT, "您的订单已经发货了"),
        (Role.SYSTEM, "你们就是骗子"),
    ],
)
def test_denied_or_neutral_words_are_not_angry(role: Role, text: str) -> None:
    assert Attitude.ANGRY not in _moods((role, text)).get(0, {})


def test_an_unrelated_word_does_not_make_an_agent_cold() -> None:
    assert Attitude.COLD not in _moods((Role.AGENT, "没关系，我帮您重新登记一下")).get(0, {})


def test_the_model_fits_the_features_and_is_calibrated_around_its_priors() -> None:
    model = tone_model()
    count = len(model.features)
    assert len(model.scale) == count
    assert all(len(h.weights) == count for h in (model.anger, model.boredom, model.joy, model.arousal))
    usual = probability(model.anger, np.zeros((1, count), np.float32))[0]
    assert 0.02 < usual < 0.5


def test_deviations_are_finite_and_bounded_whatever_is_measured() -> None:
    model = tone_model()
    wild = np.array([[np.nan] * len(model.features), [1e9] * len(model.features)], np.float32)
    away = model.deviations(wild, np.zeros(len(model.features), np.float32))
    assert np.isfinite(away).all()
    assert np.abs(away).max() <= MOST


def test_the_centre_is_the_median() -> None:
    assert centre_of(np.array([[1.0], [2.0], [90.0]], np.float32)).tolist() == [2.0]


def test_angry_words_make_an_angry_party_with_reasons_and_clips() -> None:
    call = behaviour(
        recording(
            [
                (1, 1.0, 4.0, "你们就是骗子，烦不烦啊！"),
                (0, 5.0, 8.0, "非常抱歉给您带来不便，我马上帮您处理"),
                (1, 9.0, 12.0, "我要投诉你们，找律师起诉你们"),
                (0, 13.0, 16.0, "好的，我帮您升级处理"),
                (1, 17.0, 20.0, "到底管不管，气死我了，没完没了"),
            ],
            22,
        )
    )
    customer, agent = call.parties
    assert customer.tone.attitudes[Attitude.ANGRY] > 0.4
    assert agent.tone.attitudes[Attitude.ANGRY] < 0.1
    assert any(p.attitude is Attitude.ANGRY and p.end > p.start for p in customer.tone.peaks)
    assert any(m.code == "behaviour.reason_words_angry" for t in call.tone for m in t.reasons)
    assert [(a.agent_turn, a.customer_turn) for a in call.after_answers] == [(1, 2), (3, 4)]


def test_a_short_turn_has_less_confidence_than_a_long_one() -> None:
    call = behaviour(recording(LONG_CALL, 40))
    by_turn = {t.turn: t for t in call.tone}
    assert by_turn[0].attitudes[Attitude.ANGRY].confidence > by_turn[3].attitudes[Attitude.ANGRY].confidence


def _assert_sane(call: CallBehaviour) -> None:
    def walk(value: object) -> None:
        if isinstance(value, float):
            assert math.isfinite(value)
        elif isinstance(value, dict):
            for v in value.values():
                walk(v)
        elif isinstance(value, list | tuple):
            for v in value:
                walk(v)

    walk(msgspec.to_builtins(call))
    assert msgspec.json.decode(encode(call), type=CallBehaviour) == call


def _never_flagged(call: CallBehaviour) -> None:
    _assert_sane(call)
    for turn in call.tone:
        for attitude in (Attitude.ANGRY, Attitude.COLD, Attitude.PERFUNCTORY):
            score = turn.attitudes[attitude]
            assert score.score < 0.5 or score.confidence < 0.6, (turn, attitude)


_TIME = np.arange(40 * 16000) / 16000
_RNG = np.random.default_rng(3)
_SPOKEN = np.concatenate([voice(20.0, 130.0, 1), voice(20.0, 130.0, 2)])
_SOUNDS = {
    "one silent channel": (_SPOKEN, np.zeros(len(_TIME))),
    "both silent": (np.zeros(len(_TIME)), np.zeros(len(_TIME))),
    "clipped": (np.clip(_SPOKEN * 100, -1, 1), np.clip(_SPOKEN * 100, -1, 1)),
    "a constant tone": (0.3 * np.sin(2 * np.pi * 450 * _TIME), 0.3 * np.sin(2 * np.pi * 450 * _TIME)),
    "music": tuple(
        0.1 * sum(np.sin(2 * np.pi * f * 2 ** (np.floor(_TIME * s) % 7 / 12) * _TIME) for f in (262, 330, 392))
        for s in (2, 3)
    ),
    "a whisper": (0.02 * _RNG.standard_normal(len(_TIME)), 0.02 * _RNG.standard_normal(len(_TIME))),
    "a constant": (np.full(len(_TIME), 0.5), np.full(len(_TIME), -1.0)),
    "a child": (voice(40.0, 420.0, 4), voice(40.0, 130.0, 5)),
}


@pytest.mark.parametrize("name", _SOUNDS)
def test_bad_sound_gives_sensible_values_and_no_flag(name: str) -> None:
    sound = np.clip(np.rint(np.stack(_SOUNDS[name]) * 32767), -32768, 32767).astype(np.int16)
    _never_flagged(behaviour(recording(LONG_CALL, 40, sound=sound)))


def test_one_word_per_speaker_is_too_little_to_judge() -> None:
    call = behaviour(recording([(0, 1.0, 1.4, "喂"), (1, 2.0, 2.4, "喂")], 5))
    _never_flagged(call)
    assert all(p.speech_rate.value is None and p.speech_rate.missing for p in call.parties)
    assert all(t.arousal is None for t in call.tone)
    assert {n.code for n in call.notes} == {"behaviour.voice_unknown"}


def test_two_agents_are_both_measured() -> None:
    call = behaviour(recording(LONG_CALL, 40, roles=(Role.AGENT, Role.AGENT)))
    _never_flagged(call)
    assert [p.role for p in call.parties] == [Role.AGENT, Role.AGENT]


def test_nobody_speaks() -> None:
    call = behaviour(recording([], 10))
    _assert_sane(call)
    assert call.parties == ()
    assert call.ending is None
