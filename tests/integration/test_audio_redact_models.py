"""A real call with personal data through the real models: what is hidden is not heard again, by the recogniser at
least, and hardly anything else is hidden."""

import hashlib
import json
from pathlib import Path

import pytest

from qa.audio.redact import redact
from qa.core.result import Result
from qa.pipeline.cache import NoStageCache
from qa.pipeline.context import RecordingInput
from qa.pipeline.runner import Pipeline
from qa.settings import Settings
from qa.text.calltext import CallText
from qa.text.masking import masked_spans
from qa.text.pii.digits import runs_in
from qa.text.stretches import stretches

CALL = Path(__file__).parents[1] / "golden" / "call06_pii"
KINDS = {"otp": "code"}
LEAST_RECALL = 0.95

pytestmark = [pytest.mark.models, pytest.mark.slow]


def transcribed(pipeline: Pipeline, path: Path) -> Result:
    given = RecordingInput(path, hashlib.sha256(path.read_bytes()).hexdigest(), path.name)
    (result,) = pipeline.run([given], NoStageCache())
    assert isinstance(result, Result)
    return result


@pytest.mark.parametrize("form", ["stereo_8k", "mono_8k"])
def test_what_is_hidden_is_not_heard_again(tmp_path: Path, form: str) -> None:
    path = CALL / f"call06_pii_{form}.flac"
    truth = json.loads((CALL / "call06_pii.json").read_text(encoding="utf-8"))["turns"]
    items = [(t, tag.removeprefix("pii:")) for t in truth for tag in t["tags"] if tag.startswith("pii:")]
    pipeline = Pipeline(Settings(home=tmp_path))
    transcript = transcribed(pipeline, path).transcript
    assert transcript is not None

    spans = masked_spans(transcript)
    found = [
        any(s.kind == KINDS.get(kind, kind) and s.start_s < t["end"] and t["start"] < s.end_s for s in spans)
        for t, kind in items
    ]
    assert sum(found) >= LEAST_RECALL * len(items)

    hidden = stretches(transcript)
    innocent = [t for t in truth if not any(tag.startswith("pii") for tag in t["tags"])]
    lost = sum(
        max(0.0, min(s.end, t["end"]) - max(s.start, t["start"]))
        for t in innocent
        for s in hidden
        if s.channel == t["channel"] or form.startswith("mono")
    )
    assert lost <= 0.01 * sum(t["end"] - t["start"] for t in innocent)

    redact(path, tmp_path / "masked.flac", hidden)
    again = transcribed(pipeline, tmp_path / "masked.flac").transcript
    assert again is not None
    assert masked_spans(again) == ()
    numbers = [run.digits for turn in CallText(again).turns for run in runs_in(turn.normal)]
    assert [digits for digits in numbers if len(digits) >= 3] == []
    assert "赵明辉" not in "".join(t.text for t in again.turns)
