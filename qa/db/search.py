"""Lists of recordings by any combination of what they have, have to do with, and what was said in them.

A list is one walk along an index in the order wanted, or, where one of the conditions is rare, a look-up of the
few places that meet it. Which of the two is decided by counting, up to a bound, what each condition leaves: no
database can guess that from statistics, and the wrong way costs seconds with a million recordings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import InstrumentedAttribute, Session

from qa.core.people import Person, Reach
from qa.db.facets import Facets
from qa.db.models import RecordingFacetRow, RecordingRow
from qa.db.people import within_reach
from qa.db.words import Phrase, fts_query, phrases, ts_query

FEW: Final = 3000
"""A condition that leaves fewer places is looked up whole. Sorting as many takes some ten milliseconds."""


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
        self._server = session.get_bind().dialect.name == "postgresql"

    def page(self, query: SearchQuery) -> Sequence[RecordingRow]:
        """Up to `limit` recordings in the order wanted, none outside the reach of `query.who`."""
        facets = self._facet_ids(query)
        wanted = phrases(query.text)
        if facets is None or (query.text.strip() and not wanted):
            return []
        by_place = query.sort is Sort.CALLED
        hits_come_in_order = by_place and wanted and not self._server
        if hits_come_in_order and not facets:
            return self._walk_words(query, facets, wanted)
        rare = self._rarest(query, facets, wanted)
        if rare is not None:
            return self._rows(query, self._conditions(query, facets, wanted), RecordingRow.place.in_(rare))
        if hits_come_in_order:
            return self._walk_words(query, facets, wanted)
        if by_place and facets:
            return self._walk_facets(query, facets, wanted)
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
        self, query: SearchQuery, facets: Mapping[str, list[int]], wanted: Sequence[Phrase]
    ) -> sa.Select[Any] | None:
        """The places that meet the rarest condition, where those are few."""
        least, rarest = FEW, None
        for ids in facets.values():
            places = sa.select(RecordingFacetRow.place).where(
                RecordingFacetRow.facet_id.in_(ids), *_in_range(RecordingFacetRow.place, query.places)
            )
            count = self._count(places, least)
            if count < least:
                least, rarest = count, places
        if wanted:
            said = self._said(query, wanted)
            if self._server and self._estimate(said) >= FEW:
                return rarest
            if self._count(said, least) < least:
                rarest = said
        return rarest

    def _count(self, places: sa.Select[Any], most: int) -> int:
        counted = sa.select(sa.func.count()).select_from(places.limit(most).subquery())
        return self._session.execute(counted).scalar_one()

    def _estimate(self, places: sa.Select[Any]) -> float:
        """How many rows PostgreSQL expects: a GIN index cannot be counted up to a bound, only read whole."""
        compiled = places.compile(self._session.get_bind())
        explained = f"EXPLAIN (FORMAT JSON) {compiled}"
        plan = self._session.connection().exec_driver_sql(explained, compiled.params).scalar_one()
        return float(plan[0]["Plan"]["Plan Rows"])

    def _said(self, query: SearchQuery, wanted: Sequence[Phrase]) -> sa.Select[Any]:
        """Places of the recordings in which all phrases were said."""
        if not self._server:
            return sa.select(_WORDS.c.rowid).where(_fts_match(wanted, query.said_by))
        parts = [sa.select(_PARTS.c.place).where(_ts_match(phrase, query.said_by)) for phrase in wanted]
        return parts[0] if len(parts) == 1 else sa.select(sa.intersect(*parts).subquery().c.place)

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
        for ids in facets.values():
            held = sa.select(sa.literal(1)).where(
                RecordingFacetRow.facet_id.in_(ids), RecordingFacetRow.place == row.place
            )
            found.append(held.correlate(row).exists())
        if wanted and not self._server:
            said = sa.select(sa.literal(1)).where(_fts_match(wanted, query.said_by), _WORDS.c.rowid == row.place)
            found.append(said.correlate(row).exists())
        elif wanted:
            found += [
                sa.select(sa.literal(1))
                .where(_PARTS.c.place == row.place, _ts_match(phrase, query.said_by))
                .correlate(row)
                .exists()
                for phrase in wanted
            ]
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
        order = [one.desc() if query.descending else one for one in key]
        return self._session.scalars(wanted.order_by(*order).limit(query.limit)).all()

    def _walk_facets(
        self, query: SearchQuery, facets: Mapping[str, list[int]], wanted: Sequence[Phrase]
    ) -> Sequence[RecordingRow]:
        """Along the places of one facet; of several values each on its own, then merged."""
        name = min(facets, key=lambda one: len(facets[one]))
        others = {other: ids for other, ids in facets.items() if other != name}
        conditions = self._conditions(query, others, wanted)
        found: dict[int, RecordingRow] = {}
        for facet_id in facets[name]:
            held = RecordingFacetRow.place
            statement = (
                sa.select(RecordingRow)
                .join(RecordingFacetRow, held == RecordingRow.place)
                .where(RecordingFacetRow.facet_id == facet_id, *_in_range(held, query.places), *conditions)
                .with_hint(RecordingRow, "INDEXED BY ix_recording_place", "sqlite")
            )
            for row in self._session.scalars(_along(statement, held, query)):
                found[row.place] = row
        return _merged(found, query)

    def _walk_words(
        self, query: SearchQuery, facets: Mapping[str, list[int]], wanted: Sequence[Phrase]
    ) -> Sequence[RecordingRow]:
        """Along the hits of SQLite's text index, which come in the order of places."""
        statement = (
            sa.select(RecordingRow)
            .join(_WORDS, _WORDS.c.rowid == RecordingRow.place)
            .where(_fts_match(wanted, query.said_by), *self._conditions(query, facets, ()))
            .with_hint(RecordingRow, "INDEXED BY ix_recording_place", "sqlite")
        )
        return self._session.scalars(_along(statement, _WORDS.c.rowid, query)).all()


_WORDS: Final = sa.table("search_index", sa.column("rowid", sa.BigInteger))
_PARTS: Final = sa.table("search_index", sa.column("place", sa.BigInteger), sa.column("words"))


def _fts_match(wanted: Sequence[Phrase], said_by: str | None) -> sa.ColumnElement[bool]:
    return sa.literal_column("search_index", sa.Text).op("MATCH", is_comparison=True)(fts_query(wanted, said_by))


def _ts_match(phrase: Phrase, said_by: str | None) -> sa.ColumnElement[bool]:
    return _PARTS.c.words.op("@@", is_comparison=True)(sa.cast(ts_query(phrase, said_by), TSQUERY))


def _in_range(column: Any, wanted: Range) -> list[sa.ColumnElement[bool]]:
    found = []
    if wanted.low is not None:
        found.append(column >= wanted.low)
    if wanted.high is not None:
        found.append(column <= wanted.high)
    return found


def _along(statement: sa.Select[Any], column: Any, query: SearchQuery) -> sa.Select[Any]:
    if query.after is not None:
        statement = statement.where(column < query.after[1] if query.descending else column > query.after[1])
    return statement.order_by(column.desc() if query.descending else column).limit(query.limit)


def _merged(found: Mapping[int, RecordingRow], query: SearchQuery) -> list[RecordingRow]:
    places = sorted(found, reverse=query.descending)[: query.limit]
    return [found[place] for place in places]
