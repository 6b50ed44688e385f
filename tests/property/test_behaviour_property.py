"""What must not matter to how a call is measured: gain, an offset, the sample rate it came in, the channel."""

import numpy as np
import pytest
from behaviour_kit import LONG_CALL, behaviour, recording
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.signal import resample_poly

from qa.core.behaviour import Attitude, CallBehaviour
from qa.core.roles import Role

_PLAIN = recording(LONG_CALL, 40)
_SAMPLES = np.stack(_PLAIN.channels)
_BEHAVIOUR = behaviour(_PLAIN)


def _measured(sound: NDArray[np.float64]) -> CallBehaviour:
    ints = np.clip(np.rint(sound), -32768, 32767).astype(np.int16)
    return behaviour(recording(LONG_CALL, 40, sound=ints))


def _same(a: CallBehaviour, b: CallBehaviour, loudness: float | None = 0.0, tolerance: float = 0.15) -> None:
    assert a.silences == b.silences
    assert a.cut_ins == b.cut_ins
    assert a.ending == b.ending
    for x, y in zip(a.parties, b.parties, strict=True):
        assert x.talk_seconds == y.talk_seconds
        assert x.speech_rate == y.speech_rate
        assert x.pitch.value == pytest.approx(y.pitch.value, rel=0.03)
        if loudness is not None:
            assert y.loudness.value - x.loudness.value == pytest.approx(loudness, abs=0.3)
    for s, t in zip(a.turns, b.turns, strict=True):
        if s.loudness.value is not None and t.loudness.value is not None:
            assert s.loudness.value == pytest.approx(t.loudness.value, abs=0.5)
    for s, t in zip(a.tone, b.tone, strict=True):
        for attitude in Attitude:
            assert s.attitudes[attitude].score == pytest.approx(t.attitudes[attitude].score, abs=tolerance)


@settings(max_examples=8, deadline=None)
@given(st.floats(-12, 12))
def test_gain_changes_nothing_but_the_level(decibels: float) -> None:
    _same(_BEHAVIOUR, _measured(_SAMPLES * 10 ** (decibels / 20)), loudness=decibels)


@settings(max_examples=6, deadline=None)
@given(st.integers(-8000, 8000))
def test_an_offset_changes_nothing(offset: int) -> None:
    _same(_BEHAVIOUR, _measured(_SAMPLES + float(offset)))


def test_a_detour_over_eight_kilohertz_changes_nothing() -> None:
    narrow = resample_poly(resample_poly(_SAMPLES.astype(float), 1, 2, axis=1), 2, 1, axis=1)
    _same(_BEHAVIOUR, _measured(narrow), loudness=None)


def test_swapped_channels_swap_the_parties() -> None:
    swapped = [(1 - c, a, b, text) for c, a, b, text in LONG_CALL]
    other = behaviour(recording(swapped, 40, sound=_SAMPLES[::-1].copy(), roles=(Role.CUSTOMER, Role.AGENT)))
    assert other.silences == _BEHAVIOUR.silences
    for a, b in zip(_BEHAVIOUR.parties, other.parties, strict=True):
        assert a.role is b.role
        assert a.channel == 1 - b.channel
        assert (a.talk_seconds, a.speech_rate, a.pitch, a.loudness, a.tone) == (
            b.talk_seconds, b.speech_rate, b.pitch, b.loudness, b.tone
        )  # fmt: skip
