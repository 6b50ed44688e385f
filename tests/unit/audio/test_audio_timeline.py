"""Placing pieces in time, and resampling without moving anything."""

import numpy as np
import pytest

from qa.audio.packets import Piece
from qa.audio.resample import Resampler
from qa.audio.timeline import Timeline, TooLongError
from qa.core.transcript import Span


class Kept:
    """A timeline whose output is kept."""

    def __init__(self, declared: float | None = None, max_seconds: float = 3600.0, channels: int = 1) -> None:
        self.blocks: list[np.ndarray] = []
        self.line = Timeline(channels, declared, max_seconds, self.blocks.append)

    def add(self, at: float | None, seconds: float = 0.1, value: float = 0.5, rate: int = 16000) -> None:
        channels = 1
        self.line.add(Piece(np.full((channels, round(seconds * rate)), value, np.float32), rate, at))

    def finish(self) -> np.ndarray:
        self.line.finish()
        return np.concatenate(self.blocks, axis=1)


def test_a_hole_after_a_loss_is_filled_to_the_sample_and_marked() -> None:
    kept = Kept()
    kept.add(0.0)
    kept.line.add(Piece(None))
    kept.add(0.35)
    sound = kept.finish()
    assert sound.shape == (1, 7200)
    assert not sound[0, 1600:5600].any()
    assert kept.line.damaged == [Span(0.1, 0.35)]


def test_a_short_hole_without_an_error_is_a_pause_and_a_long_one_is_damage() -> None:
    kept = Kept()
    kept.add(0.0)
    kept.add(0.4)
    kept.add(2.0)
    assert kept.finish().shape[1] == round(2.1 * 16000)
    assert [(round(s.start, 3), round(s.end, 3)) for s in kept.line.damaged] == [(0.5, 2.0)]


def test_jitter_of_a_network_recorder_moves_nothing() -> None:
    kept = Kept()
    rng = np.random.default_rng(0)
    for k in range(100):
        kept.add(0.02 * k + float(rng.uniform(-0.03, 0.03)), 0.02)
    assert kept.finish().shape[1] == 32000
    assert not kept.line.damaged


def test_a_clock_that_jumps_far_is_a_new_clock() -> None:
    kept = Kept(declared=10.0)
    kept.add(0.0)
    kept.add(5000.0)
    kept.add(5000.1)
    kept.add(3.0)
    kept.add(3.1)
    assert kept.finish().shape[1] == 8000
    assert kept.line.notes == {"time_stamps_jump"}


def test_a_loss_at_the_very_end_is_filled() -> None:
    kept = Kept(declared=1.0)
    kept.add(0.0, 0.5)
    kept.line.add(Piece(None, until=1.0))
    assert kept.finish().shape[1] == 16000
    assert kept.line.damaged == [Span(0.5, 1.0)]


def test_a_rate_that_changes_midway_keeps_times() -> None:
    kept = Kept()
    kept.add(0.0, 1.0, rate=8000)
    kept.add(1.0, 1.0, rate=48000)
    kept.add(2.0, 1.0, rate=16000)
    assert kept.finish().shape[1] == 48000
    assert kept.line.notes == {"rate_changes"}


def test_the_cap_is_enforced_while_filling_a_hole() -> None:
    kept = Kept(max_seconds=60.0)
    kept.add(0.0)
    with pytest.raises(TooLongError):
        kept.add(200.0)
    assert sum(b.shape[1] for b in kept.blocks) <= 61 * 16000


@pytest.mark.parametrize("rate", [6000, 7999, 8000, 11025, 12000, 22050, 24000, 32000, 44100, 48000, 96000])
def test_resampling_in_any_blocks_equals_the_true_signal(rate: int) -> None:
    t = np.arange(rate * 2) / rate
    sound = np.stack([np.sin(2 * np.pi * 440 * t), np.cos(2 * np.pi * 1700 * t)]).astype(np.float32)
    resampler, out, rng, at = Resampler(rate, 2), [], np.random.default_rng(0), 0
    while at < len(t):
        step = int(rng.integers(1, rate))
        out.append(resampler.push(sound[:, at : at + step]))
        at += step
    out.append(resampler.flush())
    result = np.concatenate(out, axis=1)
    assert result.shape == (2, 32000)
    new = np.arange(32000) / 16000
    middle = slice(400, -400)
    assert np.allclose(result[0, middle], np.sin(2 * np.pi * 440 * new)[middle], atol=1e-3)
    assert np.allclose(result[1, middle], np.cos(2 * np.pi * 1700 * new)[middle], atol=1e-3)


def test_resampling_folds_nothing_back() -> None:
    t = np.arange(96000) / 48000
    resampler = Resampler(48000, 1)
    sound = np.sin(2 * np.pi * 12000 * t)[None].astype(np.float32)
    out = np.concatenate([resampler.push(sound), resampler.flush()], axis=1)
    assert np.abs(out[0, 400:-400]).max() < 1e-3
