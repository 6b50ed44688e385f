"""What lists and search are made of follows recordings, results and what is said of them later."""

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from ledger_fakes import FakePipeline, wav_bytes

from qa.core.calltime import call_time, with_hour
from qa.core.people import SYSTEM
from qa.core.result import Result
from qa.core.roles import Role
from qa.core.transcript import Transcript, Turn, Word
from qa.pipeline.context import RecordingInput
from qa.services import IntakeMeta, Services
from qa.services.search import Line, ListFilter
from qa.services.work import Worker

ZONE = ZoneInfo("Asia/Shanghai")
ARRIVED = datetime(2026, 3, 1, tzinfo=UTC)
MakeWorker = Callable[..., Worker]


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, ARRIVED),
        ({"called_at": "2026-02-03 09:30"}, datetime(2026, 2, 3, 1, 30, tzinfo=UTC)),
        ({"called_at": "2026-02-03T09:30:00+00:00"}, datetime(2026, 2, 3, 9, 30, tzinfo=UTC)),
        ({"call_time": "20260203"}, datetime(2026, 2, 2, 16, 0, tzinfo=UTC)),
        ({"called_at": "yesterday", "start_time": "2026-02-03"}, datetime(2026, 2, 2, 16, 0, tzinfo=UTC)),
        ({"called_at": "0001-01-01"}, ARRIVED),
        ({"called_at": "9999-12-31T23:59:59-12:00"}, ARRIVED),
    ],
)
def test_the_time_of_a_call_is_what_its_attributes_say(attributes: dict[str, str], expected: datetime) -> None:
    assert (call_time(attributes, ZONE) or ARRIVED) == expected


@pytest.mark.parametrize(
    ("attributes", "hour"),
    [
        ({"called_at": "2026-02-03 21:45"}, "21.7500"),
        ({"called_at": "2026-02-03T23:30:00+00:00"}, "7.5000"),
        ({"called_at": "2026-02-03"}, None),
        ({"called_at": "2026-02-03 00:00:00"}, None),
        ({"called_at": "2026-02-03 21:45", "hour": "9"}, "9"),
        ({}, None),
    ],
)
def test_rules_know_the_time_of_day_where_it_was_written_down(
    attributes: dict[str, str], hour: str | None
) -> None:
    assert with_hour(attributes, "Asia/Shanghai").get("hour") == hour


class SpeakingPipeline(FakePipeline):
    """The fake pipeline, with words."""

    said = "我的手机号是13812345678，这款产品稳赚不赔"

    def result(self, source: RecordingInput) -> Result:
        words = (Word(self.said, 0.0, 4.0, 0.9, 0.9),)
        transcript = Transcript("zh", 6.0, (Turn(0, Role.AGENT, "ch0", 0, words, 1.0),))
        return msgspec.structs.replace(super().result(source), transcript=transcript)


def lines(services: Services, wanted: ListFilter) -> tuple[Line, ...]:
    return services.search.page(SYSTEM, wanted).lines


def accept(services: Services, **attributes: str) -> str:
    return services.intake.accept_stream([wav_bytes(1)], IntakeMeta("a.wav", attributes)).recording.id


def test_a_new_recording_is_listed_by_what_came_with_it(services: Services) -> None:
    recording = accept(services, agent="李静", team="east", called_at="2026-02-03 09:30")
    (line,) = lines(services, ListFilter(facets={"agent": ("李静",), "team": ("east",)}))
    assert (line.id, line.agent, line.team) == (recording, "李静", "east")
    assert line.called_at == datetime(2026, 2, 3, 1, 30, tzinfo=UTC)


def test_attributes_that_come_later_move_it(services: Services, make_worker: MakeWorker) -> None:
    recording = accept(services)
    make_worker(SpeakingPipeline()).work(*services.intake._doorbell.rings[-1])  # type: ignore[attr-defined]
    services.intake.add_attributes(recording, {"agent": "周涛", "called_at": "2025-12-31 08:00"})
    (line,) = lines(services, ListFilter(text="稳赚", facets={"agent": ("周涛",), "worst": ("critical",)}))
    assert line.called_at == datetime(2025, 12, 31, tzinfo=UTC)


def test_a_result_brings_score_flags_and_masked_words(services: Services, make_worker: MakeWorker) -> None:
    accept(services)
    make_worker(SpeakingPipeline()).work(*services.intake._doorbell.rings[-1])  # type: ignore[attr-defined]
    (line,) = lines(services, ListFilter(facets={"rule": ("zh.finance.guaranteed",)}, text="穩賺不賠"))
    assert (line.score, line.findings, line.worst) == (80.0, 1, "critical")
    assert line.hits[0].match == "稳赚不赔"
    assert "12345" not in line.hits[0].before
    assert lines(services, ListFilter(text="13812345678")) == ()
    (rule,) = services.search.choices(SYSTEM, ["rule"])["rule"]
    assert rule.label == {"zh-Hans": "保证收益", "en": "Guaranteed return"}
