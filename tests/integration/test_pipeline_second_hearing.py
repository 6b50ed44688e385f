"""The second hearing with the real recogniser: what was said stays, what nobody said accuses nobody."""

import hashlib
from pathlib import Path

import pytest
from msgspec.structs import replace

from qa.core.base import decode, encode
from qa.core.finding import Finding, Outcome, Severity, Support
from qa.core.result import Result
from qa.core.speech import Transcription
from qa.core.transcript import Word
from qa.pipeline.cache import FolderStageCache
from qa.pipeline.context import RecordingInput
from qa.pipeline.runner import Pipeline
from qa.settings import Settings

SAMPLES = Path(__file__).parents[2] / "samples"
DREAMT = "这个产品保本保息，稳赚不赔。"
KEPT = ("decode", "activity", "transcribe")

pytestmark = [pytest.mark.models, pytest.mark.slow]


def analyse(home: Path, call: str) -> Result:
    path = next((SAMPLES / call).glob("*_stereo_8k.flac"))
    given = RecordingInput(path, hashlib.sha256(path.read_bytes()).hexdigest(), path.name)
    (result,) = Pipeline(Settings(home=home)).run([given], FolderStageCache(home / "stages"))
    assert isinstance(result, Result), result
    return result


def supported(result: Result) -> dict[str, Finding]:
    assert result.analysis is not None
    return {f.rule: f for f in result.analysis.findings if f.support}


def dream(home: Path, before: str) -> float:
    """Make the recogniser have written an offence where the agent says something else, and forget what followed.

    Returns the moment from which on it was dreamt.
    """
    for path in (home / "stages").rglob("*.json"):
        if not path.name.startswith(KEPT):
            path.unlink()
    (path,) = (home / "stages").rglob("transcribe-*.json")
    heard = decode(path.read_bytes(), Transcription)
    agent = heard.channels[0]
    at = "".join(w.text for w in agent.words).index(before)
    lengths = 0
    first = 0
    while lengths < at:
        lengths += len(agent.words[first].text)
        first += 1
    last = first
    while last < len(agent.words) and agent.words[last].start - agent.words[first].start < 3.0:
        last += 1
    start, end = agent.words[first].start, agent.words[last - 1].end
    step = (end - start) / len(DREAMT)
    dreamt = tuple(
        Word(c, round(start + i * step, 3), round(start + (i + 1) * step, 3), 0.95, 0.95)
        for i, c in enumerate(DREAMT)
    )
    words = (*agent.words[:first], *dreamt, *agent.words[last:])
    path.write_bytes(encode(replace(heard, channels=(replace(agent, words=words), *heard.channels[1:]))))
    return start


def test_every_offence_that_was_said_is_borne_out_and_costs_nothing_the_second_time(tmp_path: Path) -> None:
    first = analyse(tmp_path, "call02_forbidden_promise")
    found = supported(first)
    assert len(found) >= 8
    assert {f.support for f in found.values()} <= {Support.CONFIRMED, Support.SIMILAR}
    assert all(f.severity is Severity.CRITICAL for f in found.values())
    assert all(e.agreement is not None and e.second for f in found.values() for e in f.evidence)
    assert first.analysis is not None
    assert first.analysis.scorecard is not None
    assert first.analysis.scorecard.vetoed_by is not None
    again = analyse(tmp_path, "call02_forbidden_promise")
    assert again.analysis == first.analysis
    assert [t.stage for t in again.timings if not t.cached] == ["verify"]


def test_an_offence_that_nobody_said_is_no_accusation(tmp_path: Path) -> None:
    honest = analyse(tmp_path, "call01_compliant_sale")
    assert supported(honest) == {}
    assert honest.analysis is not None
    assert honest.analysis.scorecard is not None
    turn = next(t for t in honest.transcript.turns if t.channel == 0 and t.index > 0 and t.end - t.start > 5)  # type: ignore[union-attr]
    dream(tmp_path, turn.text[:6])
    result = analyse(tmp_path, "call01_compliant_sale")
    doubted = supported(result)
    assert "forbidden" in {f.family for f in doubted.values()}
    for finding in doubted.values():
        assert (finding.support, finding.severity) == (Support.UNSUPPORTED, Severity.WARNING)
        assert finding.confidence < 0.75
        assert finding.reason.code.startswith("verify.")
    analysis = result.analysis
    assert analysis is not None
    assert analysis.scorecard is not None
    assert analysis.scorecard.vetoed_by is None
    outcomes = {c.outcome for c in analysis.checks if any(f.rule in doubted for f in c.findings)}
    assert outcomes == {Outcome.UNKNOWN}
