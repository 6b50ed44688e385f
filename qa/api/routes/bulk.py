"""Many recordings at once: have them reviewed, exported, judged again."""

from collections import Counter
from datetime import UTC, date, datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from qa.api.context import ContextDep, LocaleDep
from qa.api.dependencies import Who, require
from qa.api.records import answer, shows
from qa.core.base import Record
from qa.core.finding import Severity
from qa.core.people import Right
from qa.core.result import RunStatus
from qa.core.review import ReviewStatus
from qa.services.bulk import Chosen, Count, Ordered, Queued
from qa.services.export import Format, Wanted
from qa.services.review import Asked
from qa.services.search import ListFilter

router = APIRouter(prefix="/api/v1/bulk", tags=["recordings"])

_LINE: Final = r"^[^\x00-\x1f]+$"
_TEXT: Final = r"^[^\x00]*$"
RecordingId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Values = Annotated[list[Annotated[str, Field(max_length=255, pattern=_LINE)]], Field(max_length=40)]
Bound = Annotated[float | None, Field(ge=0, le=1e9, allow_inf_nan=False)]
Day = Annotated[date | None, Field(ge=date(1970, 1, 1), le=date(2200, 12, 31))]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FilterIn(_In):
    """The filters of the list of recordings; every given one must hold, of several values in one any."""

    text: Annotated[str, Field(max_length=200, pattern=_TEXT, description="Words that were said.")] = ""
    said_by: Literal["agent", "customer"] | None = None
    agent: Values = []
    team: Values = []
    family: Values = []
    rule: Values = []
    tone: Values = []
    worst: Annotated[list[Severity], Field(max_length=10, description="The severest flag.")] = []
    status: Annotated[list[RunStatus], Field(max_length=10)] = []
    review: Annotated[list[ReviewStatus], Field(max_length=10)] = []
    name: Annotated[str, Field(max_length=200, pattern=_TEXT, description="Part of the file name.")] = ""
    day_from: Day = None
    day_to: Annotated[Day, Field(description="The last day, included.")] = None
    score_from: Bound = None
    score_to: Bound = None
    seconds_from: Bound = None
    seconds_to: Bound = None

    def filter(self) -> ListFilter:
        """As services take it."""
        facets = {
            "agent": self.agent,
            "team": self.team,
            "family": self.family,
            "rule": self.rule,
            "tone": self.tone,
            "worst": [one.value for one in self.worst],
        }
        return ListFilter(
            text=self.text,
            said_by=self.said_by,
            facets={name: tuple(values) for name, values in facets.items() if values},
            statuses=tuple(self.status),
            reviews=tuple(one.value for one in self.review),
            name_contains=self.name,
            day_from=self.day_from,
            day_to=self.day_to,
            score=(self.score_from, self.score_to),
            duration=(self.seconds_from, self.seconds_to),
        )


class ChosenIn(_In):
    """Which recordings: their ids, or all that a filter leaves; `bulk.most` of them at most."""

    recordings: Annotated[list[RecordingId], Field(max_length=10_000)] = []
    matching: FilterIn | None = None

    def chosen(self) -> Chosen:
        """As services take it."""
        return Chosen(tuple(self.recordings), self.matching.filter() if self.matching else None)


class AskIn(ChosenIn):
    """Who is to review them, and why."""

    to: Annotated[
        str | None,
        Field(min_length=1, max_length=128, pattern=_LINE, description="Login; none: the team's queue."),
    ] = None
    reason: Annotated[str, Field(min_length=1, max_length=2000, pattern=_TEXT, description="Kept as a comment.")]


class ExportChosenIn(ChosenIn):
    """What the export holds of each."""

    formats: Annotated[list[Format], Field(max_length=5, description="JSONL is in it anyway.")] = [
        Format.CSV,
        Format.XLSX,
    ]
    clips: bool = False
    transcripts: bool = False


class AskedAll(Record, frozen=True):
    """What became of each call, and how many of each."""

    counts: dict[str, int]
    """`asked`, `already`, `held`, `finalised`, `not_analysed`, `not_theirs`, `unknown` -> calls."""
    items: tuple[Asked, ...]


@router.post(
    "/count",
    summary="How many recordings a filter leaves",
    response_class=Response,
    responses=shows(Count),
    dependencies=[require(Right.SEE_RECORDINGS)],
)
def count(given: FilterIn, who: Who, context: ContextDep) -> Response:
    """Counted up to `bulk.most`."""
    return answer(context.services.bulk.count(who, given.filter()))


@router.post(
    "/review",
    summary="Have recordings reviewed",
    response_class=Response,
    responses=shows(AskedAll, 404),
    dependencies=[require(Right.MANAGE_QUEUE)],
)
def ask(given: AskIn, who: Who, context: ContextDep) -> Response:
    """By one person or by their teams' queues. What somebody holds or has finalised stays, and is told."""
    told = context.services.bulk.ask(who, given.chosen(), given.to, given.reason)
    return answer(AskedAll(dict(Counter(one.outcome.value for one in told)), told))


@router.post(
    "/export",
    status_code=202,
    summary="Export recordings",
    response_class=Response,
    responses=shows(Ordered, status=202),
    dependencies=[require(Right.EXPORT)],
)
def export(given: ExportChosenIn, who: Who, context: ContextDep, locale: LocaleDep) -> Response:
    """An evidence pack of exactly these, written in the background: follow it under `/api/v1/exports`."""
    now = datetime.now(UTC)  # the period is that of the calls
    wanted = Wanted(
        start=now,
        end=now,
        formats=tuple(given.formats),
        clips=given.clips,
        transcripts=given.transcripts,
        locale=locale,
    )
    return answer(context.services.bulk.export(who, given.chosen(), wanted), 202)


@router.post(
    "/retry",
    status_code=202,
    summary="Try failed recordings again",
    response_class=Response,
    responses=shows(Queued, status=202),
    dependencies=[require(Right.RETRY)],
)
def retry(given: ChosenIn, who: Who, context: ContextDep) -> Response:
    """Each goes on at the stage that failed."""
    return answer(context.services.bulk.retry(who, given.chosen()), 202)


@router.post(
    "/rescan",
    status_code=202,
    summary="Judge recordings again by the present rules",
    response_class=Response,
    responses=shows(Queued, status=202),
    dependencies=[require(Right.RETRY)],
)
def rescan(given: ChosenIn, who: Who, context: ContextDep) -> Response:
    """Earlier results are kept."""
    return answer(context.services.bulk.rescan(who, given.chosen()), 202)
