"""Short syllables before detected speech."""

import numpy as np
import pytest
from behaviour_kit import voice
from numpy.typing import NDArray

from qa.audio.onsets import lost_onsets
from qa.core.transcript import Span


def _channel(*parts: tuple[float, float], gain: float = 1.0, noise: float = 1e-4) -> NDArray[np.int16]:
    sound = noise * np.random.default_rng(0).standard_normal(5 * 16000)
    for index, (start, end) in enumerate(parts):
        own = voice(end - start, 140.0, seed=index)
        sound[int(start * 16000) : int(start * 16000) + len(own)] += own
    return np.rint(gain * sound * 32767).astype(np.int16)


def test_a_short_syllable_before_speech_is_added() -> None:
    found = lost_onsets(_channel((1.6, 1.85), (2.1, 4.0)), [_channel()], [Span(2.1, 4.0)])
    assert found[0].start == pytest.approx(1.6, abs=0.1)
    assert found[-1].end == pytest.approx(1.85, abs=0.1)


@pytest.mark.parametrize("noise", [1e-4, 0.02])
def test_nothing_is_added_where_the_line_is_only_loud(noise: float) -> None:
    assert lost_onsets(_channel((2.1, 4.0), noise=noise), [_channel()], [Span(2.1, 4.0)]) == []


def test_what_is_louder_on_the_other_channel_is_not_added() -> None:
    quiet, loud = _channel((1.6, 1.85), (2.1, 4.0), gain=0.2), _channel((1.6, 1.85))
    assert lost_onsets(quiet, [loud], [Span(2.1, 4.0)]) == []


def test_silence_has_no_onsets() -> None:
    still = np.zeros(16000, np.int16)
    assert lost_onsets(still, [still], [Span(0.5, 0.9)]) == []
    assert lost_onsets(still, [], []) == []
