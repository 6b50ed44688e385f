"""Packs that change while a worker runs: taken up between two calls where they can be used, told where not."""

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pipeline_hearing_kit import call
from typing_extensions import override

from qa.core.behaviour import CallBehaviour
from qa.core.errors import BadPackError
from qa.core.result import Result, StageTiming
from qa.core.transcript import Transcript
from qa.pipeline import runner
from qa.pipeline.adapters import Toolbox
from qa.pipeline.cache import FolderStageCache
from qa.pipeline.context import Phase, RecordingInput, RunContext
from qa.pipeline.runner import Pipeline
from qa.pipeline.stage import Stage, StageHook
from qa.pipeline.stages import ApplyRules
from qa.settings import RuleSettings, Settings

PACK = """
id: zh.t
version: {version}
terms:
  - {{id: said, patterns: [{pattern}], family: forbidden, severity: warning, homophone: "off"}}
scorecards:
  - {{id: card, sections: [{{id: all, items: [{{id: said, check: said}}]}}]}}
"""
SAID = call("坐席：这个保本的，收益很好", "客户：好")


class Heard(Stage[Transcript]):
    """Stands in for the speech stages and counts how often it had to work."""

    name = "heard"
    version = "1"
    output = Transcript
    times = 0

    @override
    def fingerprint(self, ctx: RunContext) -> str:
        return ""

    @override
    def compute(self, batch: Sequence[RunContext], hook: StageHook) -> list[Transcript]:
        type(self).times += 1
        return [SAID for _ in batch]

    @override
    def accept(self, ctx: RunContext, out: Transcript) -> None:
        ctx.transcript = out
        ctx.behaviour = CallBehaviour((), (), (), (), (), (), None, ())


class House:
    """A worker's pipeline over a folder of packs that somebody edits."""

    def __init__(self, folder: Path, **rules: object) -> None:
        self.folder = folder
        self.file = folder / "packs" / "zh" / "t" / "all.yaml"
        self.file.parent.mkdir(parents=True)
        self.write(1, "保本")
        options = {"packs": ("zh/t",), "pack_dirs": (folder / "packs",), **rules}
        self.settings = Settings(home=folder, rules=RuleSettings.model_validate(options))
        self.pipeline = Pipeline(self.settings)

    def write(self, version: int, pattern: str) -> None:
        self.file.write_text(PACK.format(version=version, pattern=pattern), encoding="utf-8")

    def judge(self) -> tuple[dict[str, int], tuple[StageTiming, ...], list[str]]:
        source = RecordingInput(self.folder / "gone.wav", "0" * 64, "call.wav")
        (result,) = self.pipeline.run([source], FolderStageCache(self.folder / "cache"), phase=Phase.TEXT)
        assert isinstance(result, Result), result
        assert result.analysis is not None
        quotes = [f.evidence[0].quote for f in result.analysis.findings]
        return dict(result.analysis.packs), result.timings, quotes


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    def road(tools: Toolbox) -> tuple[Stage[Any], ...]:
        return Heard(tools), ApplyRules(tools)

    Heard.times = 0
    monkeypatch.setattr(runner, "all_stages", road)
    return House(tmp_path)


def test_a_changed_pack_judges_the_next_call_and_nothing_is_heard_again(house: House) -> None:
    assert house.judge()[::2] == ({"zh.t": 1}, ["保本"])
    house.write(2, "收益")
    packs, timings, quotes = house.judge()
    assert (packs, quotes) == ({"zh.t": 2}, ["收益"])
    assert [t.stage for t in timings if not t.cached] == ["rules"]
    assert Heard.times == 1


def test_packs_that_did_not_change_are_not_read_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.judge()
    monkeypatch.setattr("qa.pipeline.packs.load_packs", lambda *_: pytest.fail("read again"))
    assert house.judge()[0] == {"zh.t": 1}


BROKEN = {
    "syntax": "terms: [",
    "unknown key": "id: zh.t\nversion: 2\ntermz: []\n",
    "future": "id: zh.t\nversion: 2\nschema_version: 99\n",
    "duplicate": "id: zh.t\nterms: [{id: a, patterns: [保本]}, {id: a, patterns: [收益]}]\n",
    "regex": "id: zh.t\nrules: [{id: r, severity: notice, forbid: {matches: '(a{1000}){1000}'}}]\n",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_pack_leaves_the_one_before_in_force_and_is_told_once(
    house: House, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    house.judge()
    house.file.write_text(text, encoding="utf-8")
    with caplog.at_level(logging.WARNING, "qa.pipeline.packs"):
        for _ in range(3):
            assert house.judge()[::2] == ({"zh.t": 1}, ["保本"])
    (told,) = caplog.messages
    assert "zh/t/all.yaml" in told
    house.write(3, "收益")
    assert house.judge()[0] == {"zh.t": 3}


def test_a_pack_that_is_taken_away_goes_on_until_it_is_back(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.judge()
    shutil.rmtree(house.file.parent)
    for _ in range(2):
        assert house.judge()[0] == {"zh.t": 1}
    assert len(caplog.messages) == 1
    house.file.parent.mkdir()
    house.write(2, "收益")
    assert house.judge()[0] == {"zh.t": 2}


def test_who_never_loaded_any_says_what_is_wrong_until_it_is_right(house: House) -> None:
    house.file.write_text(BROKEN["syntax"], encoding="utf-8")
    tools = Toolbox(house.settings)
    for _ in range(2):
        tools.refresh()
        with pytest.raises(BadPackError):
            _ = tools.rulebook
    house.write(2, "收益")
    tools.refresh()
    assert tools.rulebook.versions == {"zh.t": 2}


def test_a_change_that_loses_the_scorecard_of_the_settings_is_not_taken_up(house: House) -> None:
    options = house.settings.rules.model_copy(update={"scorecard": "zh.t.card"})
    tools = Toolbox(house.settings.model_copy(update={"rules": options}))
    assert tools.rulebook.versions == {"zh.t": 1}
    house.file.write_text("id: zh.t\nversion: 2\n", encoding="utf-8")
    tools.refresh()
    assert tools.rulebook.versions == {"zh.t": 1}
