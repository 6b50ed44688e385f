"""The stage that hears accusations again: only when needed, once, carefully where the quick reading differs."""

from collections.abc import Callable, Sequence
from dataclasses import replace as with_fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pipeline_hearing_kit import BOOK, SecondEar, activity_of, call

from qa.core.behaviour import CallBehaviour
from qa.core.correction import CorrectedTurn
from qa.core.finding import Severity, Support
from qa.core.result import Result
from qa.core.speech import AudioInfo, ChannelTranscription, GuardReport, Transcription
from qa.core.transcript import Transcript
from qa.pipeline.adapters import Toolbox
from qa.pipeline.cache import FolderStageCache
from qa.pipeline.context import Phase, RecordingInput, RunContext
from qa.pipeline.hearing import HearAgain, Verify
from qa.pipeline.runner import Pipeline
from qa.pipeline.stage import Stage, StageHook
from qa.pipeline.stages import ApplyRules
from qa.rules.book import RuleBook
from qa.settings import Settings

GUILTY = call("坐席：您好这个稳赚不赔的", "客户：真的吗", "坐席：我们产品保本")
INNOCENT = call("坐席：您好请问有什么可以帮您", "客户：我想退货")


class Heard(Stage[Transcript]):
    """Stands for the speech stages: everything they leave behind."""

    name = "heard"
    version = "1"
    output = Transcript

    def __init__(self, tools: Toolbox, transcript: Transcript, sound: bool) -> None:
        super().__init__(tools)
        self.transcript, self.sound = transcript, sound

    def compute(self, batch: Sequence[RunContext], hook: StageHook) -> list[Transcript]:
        return [self.transcript for _ in batch]

    def accept(self, ctx: RunContext, out: Transcript) -> None:
        channels = tuple(ChannelTranscription(c, "zh", 1.0, (), GuardReport()) for c in (0, 1))
        ctx.transcript = out
        ctx.info = AudioInfo("wav", "pcm", 8000, 2, 2, out.duration, out.duration)
        ctx.activity = activity_of(out)
        ctx.transcription = Transcription(channels, "ear", "int8", "cpu")
        ctx.behaviour = CallBehaviour((), (), (), (), (), (), None, ())
        ctx.input_hashes |= dict.fromkeys(("decode", "activity", "transcribe"), out.turns[0].text)
        if self.sound:
            ctx.decoded = cast("Any", SimpleNamespace(channels=([0], [1])))


class Tools(Toolbox):
    """The tools with a made-up recogniser and rules."""

    def __init__(self, settings: Settings, ear: SecondEar, book: RuleBook) -> None:
        super().__init__(settings)
        self.transcriber = ear  # type: ignore[misc]
        self.rulebook = book  # type: ignore[misc]


Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Take a call through rules, second hearing and verification, with one cache for all runs of a test."""

    def go(
        transcript: Transcript,
        ear: SecondEar,
        book: RuleBook = BOOK,
        *,
        sound: bool = True,
        enabled: bool = True,
        by_hand: tuple[CorrectedTurn, ...] = (),
    ) -> Result:
        settings = Settings(home=tmp_path, verification={"enabled": enabled})  # type: ignore[arg-type]
        tools = Tools(settings, ear, book)
        stages: list[Stage[Any]] = [
            Heard(tools, transcript, sound),
            ApplyRules(tools),
            HearAgain(tools),
            Verify(tools),
        ]
        if by_hand:
            stages.insert(1, Corrected(tools, by_hand))
        source = RecordingInput(tmp_path / "gone.wav", transcript.turns[0].text, "call.wav")
        (result,) = Pipeline(settings, stages).run([source], FolderStageCache(tmp_path / "cache"))
        assert isinstance(result, Result), result
        return result

    return go


class Corrected(Stage[Transcript]):
    """Says that a person has corrected some turns."""

    name = "by_hand"
    version = "1"
    phase = Phase.TEXT
    output = Transcript

    def __init__(self, tools: Toolbox, turns: tuple[CorrectedTurn, ...]) -> None:
        super().__init__(tools)
        self.turns = turns

    def compute(self, batch: Sequence[RunContext], hook: StageHook) -> list[Transcript]:
        return [c.transcript for c in batch if c.transcript]

    def accept(self, ctx: RunContext, out: Transcript) -> None:
        ctx.corrected = self.turns


def supports(result: Result) -> dict[str, tuple[Support | None, Severity]]:
    assert result.analysis is not None
    return {f.rule: (f.support, f.severity) for f in result.analysis.findings if f.support}


def test_a_call_without_an_accusation_is_not_heard_again(run: Run) -> None:
    ear = SecondEar(INNOCENT)
    result = run(INNOCENT, ear)
    assert ear.asked == []
    assert [t.stage for t in result.timings] == ["heard", "rules"]


def test_all_accusations_of_a_channel_are_heard_in_one_go_and_only_once(run: Run) -> None:
    ear = SecondEar(GUILTY)
    first = run(GUILTY, ear)
    assert ear.asked == [(False, 1)]
    confirmed = (Support.CONFIRMED, Severity.CRITICAL)
    assert supports(first) == {"zh.t.sure-win": confirmed, "zh.t.promise": confirmed}
    again = run(GUILTY, ear)
    assert ear.asked == [(False, 1)]
    assert again.analysis == first.analysis


def test_changed_rules_that_accuse_of_the_same_words_decode_nothing(run: Run) -> None:
    ear = SecondEar(GUILTY, quick={0: "您好这个要看市场情况"})
    run(GUILTY, ear)
    asked = list(ear.asked)
    result = run(GUILTY, ear, with_fields(BOOK, fingerprint="changed"))
    assert ear.asked == asked
    assert supports(result)["zh.t.sure-win"] == (Support.UNSUPPORTED, Severity.WARNING)


def test_only_what_the_quick_reading_did_not_bear_out_is_read_carefully(run: Run) -> None:
    ear = SecondEar(GUILTY, quick={0: "您好这个要看市场情况"}, careful={0: "您好这个稳赚不赔的"})
    result = run(GUILTY, ear)
    assert ear.asked == [(False, 1), (True, 1)]
    assert supports(result)["zh.t.sure-win"] == (Support.CONFIRMED, Severity.CRITICAL)


def test_a_word_heard_before_the_quote_asks_for_the_careful_reading_too(run: Run) -> None:
    ear = SecondEar(GUILTY, quick={2: "我们可不保证说保本"})
    run(GUILTY, ear)
    assert (True, 1) in ear.asked


def test_an_invented_accusation_neither_vetoes_nor_disappears(run: Run) -> None:
    ear = SecondEar(GUILTY, quick={0: "您好这个要看市场情况", 2: "我们产品很好"})
    result = run(GUILTY, ear)
    assert result.analysis is not None
    assert result.analysis.scorecard is not None
    assert result.analysis.scorecard.vetoed_by is None
    doubted = (Support.UNSUPPORTED, Severity.WARNING)
    assert supports(result) == {"zh.t.sure-win": doubted, "zh.t.promise": doubted}


def test_text_that_outlives_its_sound_is_unverified_and_does_not_fail(run: Run) -> None:
    ear = SecondEar(GUILTY)
    result = run(GUILTY, ear, sound=False)
    assert ear.asked == []
    assert supports(result)["zh.t.sure-win"] == (Support.UNVERIFIED, Severity.CRITICAL)


def test_verification_can_be_turned_off(run: Run) -> None:
    ear = SecondEar(GUILTY)
    result = run(GUILTY, ear, enabled=False)
    assert ear.asked == []
    assert supports(result)["zh.t.sure-win"] == (Support.UNVERIFIED, Severity.CRITICAL)


def test_words_that_a_person_has_written_are_not_heard_again(run: Run) -> None:
    ear = SecondEar(GUILTY)
    result = run(GUILTY, ear, by_hand=(CorrectedTurn(0, 0, "x"), CorrectedTurn(2, 0, "x")))
    assert ear.asked == []
    assert supports(result) == {}
