"""Lists of recordings by any combination of what they have, have to do with, and what was said in them.

A list is a walk along the places of its rarest condition, newest first, the other conditions looked at in batches
until the page is full. Which condition is the rarest is found by counting, up to a bound: no database can guess it
from statistics, and the wrong one costs seconds with a million recordings. Lists in another order than that of the
calls walk along that order, or look the places of a rare condition up and sort them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from qa.core.people import Person, Reach
from qa.db.facets import Facets
from qa.db.models import RecordingRow
from qa.db.people import within_reach
from qa.db.search_places import (
    AllPlaces,
    FacetPlaces,
    ListedPlaces,
    Source,
    Span,
    WordPlaces,
    among,
    has_facet,
    looked_up,
    on_server,
    was_said,
)
from qa.db.words import Phrase, phrases

FEW: Final = 3000
"""A condition that leaves fewer places is counted whole. Sorting as many takes some ten milliseconds."""
BATCH: Final = 4096
"""Most places looked at in one statement."""
WORD_CHECK: Final = 20
"""So many hits of words are read in the time it takes SQLite to see whether a given call is one."""
GLANCE: Final = 200
"""Words that none of so many calls holds are looked up, on PostgreSQL."""
SAMPLE: Final = 1000
"""Places looked at before it is reckoned how rare words are that were found."""
WALK: Final = 8000
"""Where more would have to be walked than this, words are looked up: reading and checking as many calls takes
about as long as reading the index does for words said in as few."""
MOST_LOOKED_UP: Final = 10_000
"""Words said in more calls are not looked up: checking them all would take longer than walking on."""

MOST_SORTED: Final = 30_000
"""Calls in which words were said that SQLite sorts; said in more, they are soon met along another order."""


class Sort(StrEnum):
    """What a list can be sorted by."""

    CALLED = "called"
    SCORE = "score"
    DURATION = "duration"
    WORST = "worst"


_COLUMNS: Final[dict[Sort, InstrumentedAttribute[Any]]] = {
    Sort.SCORE: RecordingRow.score,
    Sort.DURATION: RecordingRow.duration,
    Sort.WORST: RecordingRow.worst_rank,
}


@dataclass(frozen=True, slots=True)
class Range:
    """From `low` up to and including `high`; None is open."""

    low: float | None = None
    high: float | None = None

    def __bool__(self) -> bool:
        return self.low is not None or self.high is not None


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What to list; every given field must hold, of several values in one any."""

    who: Person
    text: str = ""
    said_by: str | None = None
    """`agent` or `customer`: whose words `text` is looked for in."""
    facets: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Facet name (agent, team, family, rule, worst, tone) -> values."""
    statuses: Sequence[str] = ()
    reviews: Sequence[str] = ()
    name_contains: str = ""
    places: Range = Range()
    """The dates of the calls, as places."""
    score: Range = Range()
    duration: Range = Range()
    sort: Sort = Sort.CALLED
    descending: bool = True
    after: tuple[float, int] | None = None
    """Value and place of the last line of the page before."""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Figures:
    """What a range of calls comes to."""

    calls: int
    critical: int
    failed: int
    under_way: int
    score: float | None


class Search:
    """Lists within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._server = on_server(session)

    def page(self, query: SearchQuery) -> Sequence[RecordingRow]:
        """Up to `limit` recordings in the order wanted, none outside the reach of `query.who`."""
        facets = self._facet_ids(query)
        wanted = phrases(query.text)
        if facets is None or (query.text.strip() and not wanted):
            return []
        if query.sort is not Sort.CALLED:
            return self._sorted(query, facets, wanted)
        span = _span(query)
        source = self._rarest(query, facets, wanted, span)
        if source is not None:
            return self._walk(query, facets, wanted, span, source)
        return self._rows(query, self._conditions(query, facets, wanted))

    def some(self, who: Person, recording_ids: Sequence[str]) -> Sequence[RecordingRow]:
        """Those of the recordings that are in the reach of `who`."""
        wanted = sa.select(RecordingRow).where(RecordingRow.id.in_(recording_ids), within_reach(who))
        return self._session.scalars(wanted).all()

    def figures(self, who: Person, places: Range) -> Figures:
        """Counts and the mean score of the calls in a range that are in the reach of `who`."""
        row = RecordingRow

        def of(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
            return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)

        found = self._session.execute(
            sa.select(
                sa.func.count(),
                of(row.worst_rank == 4),
                of(row.status == "failed"),
                of(row.status.in_(("queued", "running"))),
                sa.func.avg(row.score),
            ).where(within_reach(who), *_in_range(row.place, places))
        ).one()
        calls, critical, failed, under_way, score = found
        return Figures(int(calls), int(critical), int(failed), int(under_way), score)

    def _facet_ids(self, query: SearchQuery) -> dict[str, list[int]] | None:
        """Facet name -> ids; None where nothing can meet one of them. A narrow reach is a facet like others."""
        wanted: dict[str, Sequence[str]] = {name: values for name, values in query.facets.items() if values}
        if query.who.reach is Reach.TEAMS:
            chosen = wanted.get("team", query.who.teams)
            wanted["team"] = [team for team in chosen if team in query.who.teams]
        elif query.who.reach is Reach.OWN and query.who.agent:
            wanted["agent"] = [query.who.agent]
        facets = Facets(self._session)
        found = {name: facets.ids(query.who.tenant, name, values) for name, values in wanted.items()}
        return found if all(found.values()) else None

    def _rarest(
        self, query: SearchQuery, facets: Mapping[str, list[int]], wanted: Sequence[Phrase], span: Span
    ) -> Source | None:
        """Where the walk along places starts; None where no condition has places of its own."""
        sources: list[Source] = [self._facet_places(facets, name) for name in facets]
        if wanted and not self._server:
            sources.append(WordPlaces(self._session, wanted, query.said_by, list(facets.values())))
        sources += self._ranges(query)
        if not sources and wanted:
            return AllPlaces(self._session, query.who.tenant)
        if len(sources) < 2:
            return next(iter(sources), None)
        closed = span.closed(self._session)

        def work(source: Source) -> float:
            return source.estimate(closed, FEW) / (WORD_CHECK if source.said else 1)

        return min(sources, key=work)

    def _facet_places(self, facets: Mapping[str, list[int]], name: str) -> FacetPlaces:
        return FacetPlaces(self._session, facets[name], [ids for other, ids in facets.items() if other != name])

    def _ranges(self, query: SearchQuery) -> list[ListedPlaces]:
        """The places within the ranges and states asked for, of each condition that few meet."""
        row, found = RecordingRow, []
        conditions: list[list[sa.ColumnElement[bool]]] = [
            _in_range(row.score, query.score),
            _in_range(row.duration, query.duration),
            [row.status.in_(query.statuses)] if query.statuses else [],
            [row.review_status.in_(query.reviews)] if query.reviews else [],
        ]
        for condition in filter(None, conditions):
            places = sa.select(row.place).where(row.tenant == query.who.tenant, *condition).limit(FEW)
            within = self._session.scalars(places).all()
            if len(within) < FEW:
                found.append(ListedPlaces(within))
        return found

    def _walk(
        self,
        query: SearchQuery,
        facets: Mapping[str, list[int]],
        wanted: Sequence[Phrase],
        span: Span,
        source: Source,
    ) -> Sequence[RecordingRow]:
        """Along the places of one condition, the others looked at place by place, until the page is full."""
        found: list[RecordingRow] = []
        size, seen = query.limit, 0
        others = self._conditions(query, facets, () if source.said else wanted)
        look_up = self._server and bool(wanted)
        while batch := source.places(span, size):
            rows = self._rows(query, others, among(self._session, RecordingRow.place, batch))
            found += rows[: query.limit - len(found)]
            if len(found) == query.limit or len(batch) < size:
                break
            seen += len(batch)
            span, size = span.beyond(batch[-1]), min(size * 4, BATCH)
            if look_up and _rare(len(found), seen, query.limit):
                look_up = False
                said = looked_up(self._session, wanted, query.said_by, span, MOST_LOOKED_UP)
                if said is not None:
                    source, others = said, self._conditions(query, facets, ())
        return found

    def _sorted(
        self, query: SearchQuery, facets: Mapping[str, list[int]], wanted: Sequence[Phrase]
    ) -> Sequence[RecordingRow]:
        """In another order than that of places: the rarest condition looked up whole, or along that order."""
        whole = Span(_whole(query.places.low), _whole(query.places.high), descending=True)
        source = self._rarest(query, facets, wanted, whole)
        if source is None or source.estimate(whole, FEW) >= FEW:
            said = self._all_said(query, wanted, whole) if wanted else None
            if said is None:
                return self._rows(query, self._conditions(query, facets, wanted))
            source = said
        places = source.places(whole, MOST_SORTED)
        others = self._conditions(query, facets, () if source.said else wanted)
        return self._rows(query, others, among(self._session, RecordingRow.place, places)) if places else []

    def _all_said(self, query: SearchQuery, wanted: Sequence[Phrase], span: Span) -> ListedPlaces | None:
        """All places at which the words were said; None where they are too many to sort."""
        if self._server:
            return looked_up(self._session, wanted, query.said_by, span, FEW)
        hits = WordPlaces(self._session, wanted, query.said_by, ())
        if hits.estimate(span.closed(self._session), FEW) > MOST_SORTED:
            return None
        found = hits.places(span, MOST_SORTED + 1)
        return ListedPlaces(found, said=True) if len(found) <= MOST_SORTED else None

    def _conditions(
        self,
        query: SearchQuery,
        facets: Mapping[str, list[int]],
        wanted: Sequence[Phrase],
    ) -> list[sa.ColumnElement[bool]]:
        row = RecordingRow
        found = [within_reach(query.who), *_in_range(row.place, query.places)]
        if query.statuses:
            found.append(row.status.in_(query.statuses))
        if query.reviews:
            found.append(row.review_status.in_(query.reviews))
        if query.name_contains:
            found.append(row.name.icontains(query.name_contains, autoescape=True))
        found += [*_in_range(row.score, query.score), *_in_range(row.duration, query.duration)]
        found += [has_facet(ids, row.place) for ids in facets.values()]
        if wanted:
            found += was_said(self._session, wanted, query.said_by, row.place)
        return found

    def _rows(
        self,
        query: SearchQuery,
        conditions: Sequence[sa.ColumnElement[bool]],
        *more: sa.ColumnElement[bool],
    ) -> Sequence[RecordingRow]:
        """Read along the index of the order wanted, or, with `more`, the places it names."""
        column = _COLUMNS.get(query.sort, RecordingRow.place)
        key = [column] if column is RecordingRow.place else [column, RecordingRow.place]
        wanted = sa.select(RecordingRow).where(*conditions, *more)
        if query.sort is Sort.SCORE or query.sort is Sort.DURATION:
            wanted = wanted.where(column.is_not(None))
        if query.after is not None:
            value, place = query.after
            mark = [place] if len(key) == 1 else [value, place]
            left, right = sa.tuple_(*key), sa.tuple_(*mark)
            wanted = wanted.where(left < right if query.descending else left > right)
        if more:
            # Otherwise SQLite walks all recordings to save the sorting of a few.
            wanted = wanted.with_hint(RecordingRow, "INDEXED BY ix_recording_place", "sqlite")
        elif column is RecordingRow.place and (query.score or query.duration):
            # Not a rare range, but SQLite takes every range for one and would sort what lies in it.
            wanted = wanted.with_hint(RecordingRow, "INDEXED BY ix_recording_tenant_place", "sqlite")
        order = [one.desc() if query.descending else one for one in key]
        return self._session.scalars(wanted.order_by(*order).limit(query.limit)).all()


def _in_range(column: Any, wanted: Range) -> list[sa.ColumnElement[bool]]:
    found = []
    if wanted.low is not None:
        found.append(column >= wanted.low)
    if wanted.high is not None:
        found.append(column <= wanted.high)
    return found


def _rare(found: int, seen: int, wanted: int) -> bool:
    """Whether too many places would have to be walked; the index of words then has not much to read either."""
    if not found:
        return seen >= GLANCE
    return seen >= SAMPLE and (wanted - found) * seen > WALK * found


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def _span(query: SearchQuery) -> Span:
    span = Span(_whole(query.places.low), _whole(query.places.high), query.descending)
    return span.beyond(query.after[1] if query.after is not None else None)
