"""Where somebody speaks. The detectors' weights are inside their wheels, so these run the real ones."""

import json
from pathlib import Path

import av
import numpy as np
import pytest
from speech_signals import NAMES, nobody_speaks

from qa.core.speech import EventKind
from qa.core.transcript import Span
from qa.speech.activity import ActivityOptions, OmniActivityDetector
from qa.speech.base import SAMPLE_RATE, no_hook

SAMPLE = Path(__file__).parents[3] / "samples" / "call02_forbidden_promise"


@pytest.fixture(scope="module")
def detector() -> OmniActivityDetector:
    return OmniActivityDetector()


def stereo_sample() -> list[np.ndarray]:
    with av.open(str(next(SAMPLE.glob("*stereo*.flac")))) as container:
        resampler = av.AudioResampler(format="s16p", layout="stereo", rate=SAMPLE_RATE)
        parts = [f.to_ndarray() for frame in container.decode(audio=0) for f in resampler.resample(frame)]
    return list(np.concatenate(parts, axis=1))


@pytest.mark.parametrize("name", NAMES)
def test_nobody_is_heard_where_nobody_speaks(name: str, detector: OmniActivityDetector) -> None:
    assert detector.detect([nobody_speaks(name)], no_hook).channels[0].speech == ()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ring-back 450 Hz", EventKind.TONE),
        ("ring-back 440+480 Hz", EventKind.TONE),
        ("busy tone", EventKind.TONE),
        ("DTMF", EventKind.TONE),
        ("hold music, plucked", EventKind.MUSIC),
        ("hold music, organ", EventKind.MUSIC),
    ],
)
def test_tones_and_music_are_told_apart(name: str, kind: EventKind, detector: OmniActivityDetector) -> None:
    events = detector.detect([nobody_speaks(name)], no_hook).channels[0].events
    assert {e.kind for e in events} == {kind}


def test_every_ring_is_found_where_it_rings(detector: OmniActivityDetector) -> None:
    events = detector.detect([nobody_speaks("ring-back 450 Hz")], no_hook).channels[0].events
    assert [round(e.start) for e in events] == list(range(0, 60, 5))
    assert all(e.end - e.start == pytest.approx(1.0, abs=0.15) for e in events)


def test_spans_of_a_call_are_where_the_turns_are(detector: OmniActivityDetector) -> None:
    turns = json.loads(next(SAMPLE.glob("*.json")).read_text())["turns"]
    activity = detector.detect(stereo_sample(), no_hook)
    for index, channel in enumerate(activity.channels):
        mine = [Span(t["start"], t["end"]) for t in turns if t["channel"] == index]
        for turn in mine:
            covered = sum(turn.overlap(s) for s in channel.speech)
            assert covered >= turn.duration - 0.3
        edges = [s.start for s in channel.speech]
        assert all(min(abs(t.start - e) for e in edges) <= 0.15 for t in mine)
        outside = channel.speech_seconds - sum(t.overlap(s) for t in mine for s in channel.speech)
        assert outside <= 0.1 * 2 * len(mine)


def test_quiet_speech_is_found_where_loud_speech_is(detector: OmniActivityDetector) -> None:
    loud = stereo_sample()[0]
    quiet = (loud * 10 ** (-30 / 20)).astype(np.int16)
    heard = detector.detect([loud, quiet], no_hook).channels
    assert heard[1].speech_seconds == pytest.approx(heard[0].speech_seconds, rel=0.1)


def test_speech_over_noise_is_found(detector: OmniActivityDetector) -> None:
    clean = stereo_sample()[0].astype(np.float64)
    level = np.sqrt((clean[np.abs(clean) > 200] ** 2).mean()) * 10 ** (-10 / 20)
    noisy = (clean + np.random.default_rng(1).normal(0, level, len(clean))).clip(-32768, 32767).astype(np.int16)
    heard = detector.detect([clean.astype(np.int16), noisy], no_hook).channels
    assert heard[1].speech_seconds == pytest.approx(heard[0].speech_seconds, rel=0.15)


def test_speech_is_found_alike_however_long_the_blocks_are(detector: OmniActivityDetector) -> None:
    sound = stereo_sample()[0]
    small = OmniActivityDetector(ActivityOptions(block_seconds=10.0))
    whole, blocked = (d.detect([sound], no_hook).channels[0] for d in (detector, small))
    shared = sum(a.overlap(b) for a in whole.speech for b in blocked.speech)
    assert shared >= 0.97 * max(whole.speech_seconds, blocked.speech_seconds)


@pytest.mark.parametrize("samples", [0, 1, 100, 1600, 16000])
def test_very_short_sound_is_no_error(samples: int, detector: OmniActivityDetector) -> None:
    assert detector.detect([np.zeros(samples, np.int16)], no_hook).channels[0].speech == ()


def test_progress_reaches_the_end(detector: OmniActivityDetector) -> None:
    seen: list[tuple[float, float]] = []
    detector.detect([np.zeros(SAMPLE_RATE, np.int16)] * 2, lambda _stage, done, total: seen.append((done, total)))
    assert seen[-1] == (2.0, 2.0)
