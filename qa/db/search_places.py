"""Where a list starts: the places that meet one of its conditions, in the order of the list.

Every statement here reads one index from a mark on and stops after so many places, so that no planner has a choice
to make: what one makes of conditions it cannot count (a phrase, two facets that go together) costs seconds with a
million recordings.
"""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, Final, Protocol

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from qa.db.models import RecordingFacetRow, RecordingRow
from qa.db.words import Phrase, fts_query, ts_query

_WORDS: Final = sa.table("search_index", sa.column("rowid", sa.BigInteger))
_PARTS: Final = sa.table("search_index", sa.column("place", sa.BigInteger), sa.column("words"))


@dataclass(frozen=True, slots=True)
class Span:
    """Which places a list may hold, and which way it runs."""

    low: int | None
    high: int | None
    """Both included; None is open."""
    descending: bool

    def beyond(self, mark: int | None) -> "Span":
        """What follows after `mark`."""
        if mark is None:
            return self
        if self.descending:
            return Span(self.low, mark - 1 if self.high is None else min(self.high, mark - 1), True)
        return Span(mark + 1 if self.low is None else max(self.low, mark + 1), self.high, False)

    def closed(self, session: Session) -> "Span":
        """The same without the parts in which there is nothing."""
        row = RecordingRow.place
        low, high = (session.scalar(sa.select(one)) for one in (sa.func.min(row), sa.func.max(row)))
        if low is None or high is None:
            return self
        return Span(
            low if self.low is None else max(self.low, low),
            high if self.high is None else min(self.high, high),
            self.descending,
        )

    def holds(self, place: Any) -> list[sa.ColumnElement[bool]]:
        """As conditions on a column."""
        found = []
        if self.low is not None:
            found.append(place >= self.low)
        if self.high is not None:
            found.append(place <= self.high)
        return found

    def first(self, statement: sa.Select[Any], place: Any, most: int) -> sa.Select[Any]:
        """The first `most` of the places that a statement selects."""
        order = place.desc() if self.descending else place
        return statement.where(*self.holds(place)).order_by(order).limit(most)


class Source(Protocol):
    """Places that meet one condition."""

    @property
    def said(self) -> bool:
        """Whether that condition is the words."""

    def estimate(self, span: Span, bound: int, /) -> float:
        """How many there are in `span`: exact where below `bound`, else from the first so many."""

    def places(self, span: Span, most: int, /) -> Sequence[int]:
        """The first `most` in the order of `span`."""


class AllPlaces:
    """Every recording of a tenant."""

    said = False

    def __init__(self, session: Session, tenant: str) -> None:
        self._session, self._tenant = session, tenant

    def estimate(self, _span: Span, _bound: int, /) -> float:
        """More than any other."""
        return inf

    def places(self, span: Span, most: int, /) -> Sequence[int]:
        """The first `most`."""
        every = sa.select(RecordingRow.place).where(RecordingRow.tenant == self._tenant)
        return self._session.scalars(span.first(every, RecordingRow.place, most)).all()


class ListedPlaces:
    """Places that were all read already."""

    def __init__(self, places: Sequence[int], *, said: bool = False) -> None:
        self.said = said
        self._places = sorted(set(places))

    def estimate(self, _span: Span, _bound: int, /) -> float:
        """As many as there are."""
        return len(self._places)

    def places(self, span: Span, most: int, /) -> Sequence[int]:
        """The first `most`."""
        low = 0 if span.low is None else bisect_left(self._places, span.low)
        high = len(self._places) if span.high is None else bisect_right(self._places, span.high)
        if span.descending:
            return self._places[max(low, high - most) : high][::-1]
        return self._places[low : min(high, low + most)]


class FacetPlaces:
    """Places that have one of the values of a facet, and one of each of `others`."""

    said = False

    def __init__(self, session: Session, ids: Sequence[int], others: Sequence[Sequence[int]]) -> None:
        self._session, self._ids, self._others = session, ids, others

    def estimate(self, span: Span, bound: int, /) -> float:
        """Each value on its own, `others` left aside."""
        held = RecordingFacetRow.place
        each = [sa.select(held).where(RecordingFacetRow.facet_id == one) for one in self._ids]
        return sum(_estimate(self._session, one, held, span, bound) for one in each)

    def places(self, span: Span, most: int, /) -> Sequence[int]:
        """The first `most`: of several values each on its own, then merged."""
        held = RecordingFacetRow.place
        both = [has_facet(ids, held) for ids in self._others]
        found: set[int] = set()
        for one in self._ids:
            having = sa.select(held).where(RecordingFacetRow.facet_id == one, *both)
            found.update(self._session.scalars(span.first(having, held, most)))
        return sorted(found, reverse=span.descending)[:most]


class WordPlaces:
    """Places at which all phrases were said, by SQLite's text index: its hits come in the order of places."""

    said = True

    def __init__(
        self, session: Session, wanted: Sequence[Phrase], said_by: str | None, others: Sequence[Sequence[int]]
    ) -> None:
        self._session, self._others = session, others
        self._match = _fts_match(wanted, said_by)

    def estimate(self, span: Span, bound: int, /) -> float:
        """`others` left aside."""
        hits = sa.select(_WORDS.c.rowid).where(self._match)
        return _estimate(self._session, hits, _WORDS.c.rowid, span, bound)

    def places(self, span: Span, most: int, /) -> Sequence[int]:
        """The first `most`."""
        both = [has_facet(ids, _WORDS.c.rowid) for ids in self._others]
        hits = sa.select(_WORDS.c.rowid).where(self._match, *both)
        return self._session.scalars(span.first(hits, _WORDS.c.rowid, most)).all()


def looked_up(
    session: Session, wanted: Sequence[Phrase], said_by: str | None, span: Span, most: int
) -> ListedPlaces | None:
    """The same by PostgreSQL's, which can only be read whole; None where there are more than `most`."""
    parts = [
        sa.select(_PARTS.c.place).where(_ts_match(phrase, said_by), *span.holds(_PARTS.c.place))
        for phrase in wanted
    ]
    # A call is kept in parts, and the phrases may be said in different ones.
    hits = parts[0] if len(parts) == 1 else sa.select(sa.intersect(*parts).subquery().c.place)
    found = session.scalars(hits.limit(most + 1)).all()
    return ListedPlaces(found, said=True) if len(found) <= most else None


def has_facet(ids: Sequence[int], place: Any) -> sa.ColumnElement[bool]:
    """That the recording at a place has one of the values."""
    other = aliased(RecordingFacetRow)
    return (
        sa.select(sa.literal(1))
        .where(other.facet_id.in_(ids), other.place == place)
        .correlate_except(other)
        .exists()
    )


def was_said(
    session: Session, wanted: Sequence[Phrase], said_by: str | None, place: Any
) -> list[sa.ColumnElement[bool]]:
    """That all phrases were said at a place, looked at place by place."""
    if not on_server(session):
        said = sa.select(sa.literal(1)).where(_fts_match(wanted, said_by), _WORDS.c.rowid == place)
        return [said.correlate_except(_WORDS).exists()]
    return [
        # Without the offset PostgreSQL would read all places the phrase was said at: it takes phrases for rare.
        sa.select(sa.literal(1))
        .where(_PARTS.c.place == place, _ts_match(phrase, said_by))
        .offset(0)
        .correlate_except(_PARTS)
        .exists()
        for phrase in wanted
    ]


def among(session: Session, place: InstrumentedAttribute[int], places: Sequence[int]) -> sa.ColumnElement[bool]:
    """That a place is one of `places`."""
    if not on_server(session):
        each = sa.func.json_each(json.dumps(list(places))).table_valued("value")
        return place.in_(sa.select(each.c.value))
    return place == sa.any_(sa.literal(list(places), sa.ARRAY(sa.BigInteger)))


def on_server(session: Session) -> bool:
    """Whether this is PostgreSQL."""
    return session.get_bind().dialect.name == "postgresql"


def _estimate(session: Session, statement: sa.Select[Any], place: Any, span: Span, bound: int) -> float:
    found = span.first(statement, place, bound).subquery().c[place.key]
    count, low, high = session.execute(sa.select(sa.func.count(), sa.func.min(found), sa.func.max(found))).one()
    if count < bound:
        return float(count)
    ends = (span.low if span.low is not None else low, span.high if span.high is not None else high)
    return max(float(bound), float(count * (ends[1] - ends[0] + 1) / (high - low + 1)))


def _fts_match(wanted: Sequence[Phrase], said_by: str | None) -> sa.ColumnElement[bool]:
    return sa.literal_column("search_index", sa.Text).op("MATCH", is_comparison=True)(fts_query(wanted, said_by))


def _ts_match(phrase: Phrase, said_by: str | None) -> sa.ColumnElement[bool]:
    return _PARTS.c.words.op("@@", is_comparison=True)(sa.cast(ts_query(phrase, said_by), TSQUERY))
