"""What rules are told of a call beside its words: its day, the scorecard to fill, and whom `asks_model` asks."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pipeline_hearing_kit import call

from qa.core.behaviour import CallBehaviour
from qa.core.errors import BadPackError
from qa.core.finding import Check, Outcome
from qa.core.result import Analysis
from qa.pipeline.adapters import Toolbox
from qa.pipeline.context import RecordingInput, RunContext
from qa.pipeline.stages import ApplyRules
from qa.settings import RuleSettings, Settings

PACK = """
id: zh.t
version: 1
terms:
  - {id: old, patterns: [保本], family: forbidden, severity: critical, applies: {until: 2025-12-31}}
rules:
  - {id: gone, severity: critical, applies: {until: 2025-12-31}, forbid: {says: old}}
  - {id: pushed, severity: warning, forbid: {asks_model: {question: 坐席是否催促客户}}}
scorecards:
  - {id: first, sections: [{id: all, items: [{id: old, check: old, points: 10}]}]}
  - {id: second, sections: [{id: all, items: [{id: old, check: old, points: 20}]}]}
"""
SAID = call("坐席：这个保本的", "客户：好", "坐席：您今天必须定下来")
NEW_YEAR = datetime(2025, 12, 31, 16, 30, tzinfo=UTC)
"""Half past midnight in Shanghai."""


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    folder = tmp_path / "packs"
    (folder / "zh" / "t").mkdir(parents=True)
    (folder / "zh" / "t" / "all.yaml").write_text(PACK, encoding="utf-8")
    return folder


def analysed(packs: Path, called_at: datetime | None = None, **rules: object) -> Analysis:
    settings = RuleSettings.model_validate({"packs": ("zh/t",), "pack_dirs": (packs,), **rules})
    ctx = RunContext(RecordingInput(Path("a.wav"), "0" * 64, "a.wav", called_at=called_at), Path())
    ctx.transcript, ctx.behaviour = SAID, CallBehaviour((), (), (), (), (), (), None, ())
    [analysis] = ApplyRules(Toolbox(Settings(rules=settings))).compute([ctx], lambda *_: None)
    return analysis


def check(analysis: Analysis, name: str) -> Check:
    return next(c for c in analysis.checks if c.rule == name)


def test_a_rule_judges_the_calls_of_the_days_on_which_it_is_in_force(packs: Path) -> None:
    for in_force in (analysed(packs, NEW_YEAR.replace(hour=15)), analysed(packs)):
        assert {f.rule for f in in_force.findings} == {"zh.t.old", "zh.t.gone"}
    after = analysed(packs, NEW_YEAR)
    assert after.findings == ()
    gone = check(after, "zh.t.gone")
    assert (gone.outcome, gone.reason.code) == (Outcome.NOT_APPLICABLE, "rules.not_valid_on")
    assert gone.reason.params["date"] == "2026-01-01"


def test_another_day_is_another_judgement_in_the_cache(packs: Path) -> None:
    stage = ApplyRules(Toolbox(Settings(rules=RuleSettings(packs=("zh/t",), pack_dirs=(packs,)))))

    def key(day: int) -> str:
        moment = NEW_YEAR.replace(day=day)
        return stage.fingerprint(RunContext(RecordingInput(Path("a"), "0", "a", called_at=moment), Path()))

    assert key(30) != key(31)


def test_the_scorecard_of_the_settings_is_filled(packs: Path) -> None:
    for wanted, filled in (("", "zh.t.first"), ("zh.t.second", "zh.t.second")):
        card = analysed(packs, scorecard=wanted).scorecard
        assert card is not None
        assert card.card == filled
    with pytest.raises(BadPackError) as told:
        analysed(packs, scorecard="zh.t.third")
    assert told.value.message.params == {"name": "zh.t.third", "known": "zh.t.first, zh.t.second"}


@pytest.fixture
def model() -> Iterator[tuple[str, list[dict[str, object]], list[str]]]:
    """An endpoint that answers with a quote of its list, and what it was asked."""
    asked: list[dict[str, object]] = []
    quotes: list[str] = []

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            asked[-1]["key"] = self.headers["Authorization"]
            content = json.dumps({"yes": True, "confidence": 0.9, "quotes": quotes})
            body = json.dumps({"choices": [{"message": {"content": content}}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1", asked, quotes
    server.shutdown()
    server.server_close()


def test_a_model_is_asked_only_where_an_endpoint_is_set_and_must_quote_the_call(
    packs: Path, model: tuple[str, list[dict[str, object]], list[str]]
) -> None:
    url, asked, quotes = model
    assert check(analysed(packs), "zh.t.pushed").reason.code == "rules.model_off"
    assert asked == []
    given = {"model_url": url, "model_name": "m", "model_key": "secret"}
    quotes[:] = ["您今天必须定下来"]
    failed = check(analysed(packs, **given), "zh.t.pushed")
    assert failed.outcome is Outcome.FAILED
    assert failed.findings[0].evidence[0].quote == "您今天必须定下来"
    assert (asked[0]["model"], asked[0]["key"]) == ("m", "Bearer secret")
    assert "坐席是否催促客户" in json.dumps(asked[0], ensure_ascii=False)
    quotes[:] = ["明天就没有了"]
    assert check(analysed(packs, **given), "zh.t.pushed").reason.code == "rules.model_quote_missing"
    url_that_is_none = {"model_url": "file:///etc/passwd"}
    with pytest.raises(ValueError, match="model_url"):
        analysed(packs, **url_that_is_none)
