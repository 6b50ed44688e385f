"""Behaviour and tone of real recordings through the whole pipeline."""

import hashlib
from pathlib import Path

import pytest

from qa.core.finding import Outcome
from qa.core.result import Result
from qa.pipeline.cache import NoStageCache
from qa.pipeline.context import RecordingInput
from qa.pipeline.runner import Pipeline
from qa.settings import Settings

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.mark.models
@pytest.mark.slow
def test_a_calm_call_is_measured_and_gets_no_tone_finding(tmp_path: Path) -> None:
    path = SAMPLES / "call01_compliant_sale" / "call01_compliant_sale_stereo_8k.flac"
    given = RecordingInput(path, hashlib.sha256(path.read_bytes()).hexdigest(), path.name)
    (result,) = Pipeline(Settings(home=tmp_path)).run([given], NoStageCache())
    assert isinstance(result, Result)
    measured = result.behaviour
    assert measured is not None
    assert [s for s in measured.silences if s.end - s.start >= 3] == []
    assert {t.turn for t in measured.turns} == {t.index for t in result.transcript.turns}
    assert [c.rule for c in result.analysis.checks if c.family == "tone" and c.findings] == []
    checks = {c.rule.rsplit(".", 1)[-1]: c.outcome for c in result.analysis.checks}
    assert checks["long-silence"] is Outcome.PASSED
    assert checks["agent-interrupts"] is Outcome.PASSED
