"""Lists of recordings, and the views people keep of them."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from math import isfinite
from typing import Final
from zoneinfo import ZoneInfo

from qa.core.base import Record
from qa.core.errors import BadOptionError, ConflictError, InputError, NotFoundError
from qa.core.finding import Severity
from qa.core.messages import Message
from qa.core.people import Person, Right
from qa.core.result import RunStatus
from qa.db.engine import Database
from qa.db.facets import Facets
from qa.db.ids import new_id
from qa.db.models import RecordingRow, RunRow, SavedViewRow
from qa.db.places import first_place
from qa.db.runs import Runs
from qa.db.saved_views import SavedViews
from qa.db.search import Range, Search, SearchQuery, Sort
from qa.db.words import Phrase, Said, SpokenWords, phrases
from qa.services.mapping import reason_view
from qa.text.normalise import fold

MAX_PAGE: Final = 200
MAX_VIEWS: Final = 30
LONGEST_QUERY: Final = 200
_AROUND: Final = 14
"""Characters shown on either side of a hit."""
_HITS: Final = 2
_BEYOND: Final = 2**63
"""What no database holds as a whole number."""
_WORST: Final = {severity.rank + 1: severity for severity in Severity}


class Hit(Record, frozen=True):
    """A place in a call where what was searched for was said, personal data masked."""

    turn: int
    role: str
    start: float
    before: str
    match: str
    after: str


class Line(Record, frozen=True):
    """One recording in a list."""

    id: str
    name: str
    called_at: datetime
    created_at: datetime
    agent: str | None
    team: str | None
    duration: float | None
    status: RunStatus
    stage: str | None
    """Stage under way or failed; None once done."""
    progress: float | None
    """Share of the stage that is done, 0..1; None where nothing is known."""
    reason: Message | None
    score: float | None
    findings: int
    worst: Severity | None
    review_status: str | None
    hits: tuple[Hit, ...] = ()


class ListPage(Record, frozen=True):
    """One page of a list."""

    lines: tuple[Line, ...]
    next_cursor: str | None


class Choice(Record, frozen=True):
    """A value that a list can be filtered by."""

    value: str
    label: dict[str, str] | None = None
    """By locale; None where the value is its own name."""


class Week(Record, frozen=True):
    """The last seven days in figures."""

    since: date
    calls: int
    critical: int
    """Calls with a critical finding."""
    failed: int
    under_way: int
    score: float | None
    """Mean of the calls that were scored."""
    score_before: float | None
    """The same of the seven days before."""


class SavedView(Record, frozen=True):
    """A list as somebody wants to find it again."""

    id: str
    name: str
    query: str
    shared: bool
    mine: bool


class ListFilter(Record, frozen=True):
    """What to list; every given field must hold, of several values in one any."""

    text: str = ""
    said_by: str | None = None
    facets: dict[str, tuple[str, ...]] = {}
    """agent, team, family, rule, worst, tone -> values."""
    statuses: tuple[RunStatus, ...] = ()
    reviews: tuple[str, ...] = ()
    name_contains: str = ""
    day_from: date | None = None
    day_to: date | None = None
    """The last day, included."""
    score: tuple[float | None, float | None] = (None, None)
    duration: tuple[float | None, float | None] = (None, None)
    """Seconds."""
    sort: Sort = Sort.CALLED
    descending: bool = True


class SearchService:
    """Looks recordings up. All methods raise `ForbiddenError` for whoever may not see recordings."""

    def __init__(self, database: Database, time_zone: str) -> None:
        self._database = database
        self._zone = ZoneInfo(time_zone)

    def page(self, who: Person, wanted: ListFilter, *, cursor: str | None = None, limit: int = 50) -> ListPage:
        """One page, within the reach of `who`. Raises `BadOptionError` for a cursor that is none of ours."""
        who.need(Right.SEE_RECORDINGS)
        size = min(max(limit, 1), MAX_PAGE)
        query = self._query(who, wanted, cursor, size + 1)
        with self._database.read() as session:
            rows = Search(session).page(query)
            shown, looked_for = rows[:size], phrases(wanted.text)
            said = SpokenWords(session).at([row.place for row in shown]) if looked_for else {}
            open_runs = [row.run_id for row in shown if row.status != RunStatus.DONE.value]
            runs = Runs(session).many(open_runs)
        lines = tuple(
            _line(row, runs.get(row.run_id), hits(said.get(row.place, ()), looked_for, wanted.said_by))
            for row in shown
        )
        return ListPage(lines, _cursor(shown[-1], wanted.sort) if len(rows) > size else None)

    def matching(self, who: Person, wanted: ListFilter, most: int) -> tuple[str, ...]:
        """Ids of all that a list holds, in its order, `most` of them at most; within the reach of `who`."""
        who.need(Right.SEE_RECORDINGS)
        with self._database.read() as session:
            return tuple(row.id for row in Search(session).page(self._query(who, wanted, None, most)))

    def seen(self, who: Person, recording_ids: Sequence[str]) -> tuple[str, ...]:
        """Those of the recordings that are in the reach of `who`."""
        who.need(Right.SEE_RECORDINGS)
        with self._database.read() as session:
            return tuple(row.id for row in Search(session).some(who, recording_ids))

    def lines(self, who: Person, recording_ids: Sequence[str]) -> tuple[Line, ...]:
        """Some recordings as lines of a list, as they are now; those out of reach are left out."""
        who.need(Right.SEE_RECORDINGS)
        with self._database.read() as session:
            rows = Search(session).some(who, recording_ids[:MAX_PAGE])
            runs = Runs(session).many([row.run_id for row in rows])
        return tuple(_line(row, runs.get(row.run_id), ()) for row in rows)

    def week(self, who: Person) -> Week:
        """What came in over the last seven days, within the reach of `who`."""
        who.need(Right.SEE_RECORDINGS)
        with self._database.read() as session:
            today = self._database.now(session).astimezone(self._zone).date()
            since, before = today - timedelta(days=6), today - timedelta(days=13)
            start = first_place(self._midnight(since))
            search = Search(session)
            now = search.figures(who, Range(start, None))
            then = search.figures(who, Range(first_place(self._midnight(before)), start - 1))
        return Week(
            since=since,
            calls=now.calls,
            critical=now.critical,
            failed=now.failed,
            under_way=now.under_way,
            score=now.score,
            score_before=then.score,
        )

    def is_empty(self, who: Person) -> bool:
        """Whether there is no recording at all that `who` could see."""
        return not self.page(who, ListFilter(), limit=1).lines

    def choices(self, who: Person, names: Sequence[str]) -> dict[str, list[Choice]]:
        """Facet name -> the values that recordings in the reach of `who` have."""
        who.need(Right.SEE_RECORDINGS)
        with self._database.read() as session:
            facets = Facets(session)
            return {name: [Choice(*one) for one in facets.choices(who, name)] for name in names}

    def views(self, who: Person) -> tuple[SavedView, ...]:
        """Their own views and those shared with them, oldest first."""
        who.need(Right.SEE_RECORDINGS)
        with self._database.read() as session:
            rows = SavedViews(session).of(who.tenant, who.login)
        return tuple(_view(row, who) for row in rows)

    def save_view(self, who: Person, name: str, query: str, *, shared: bool = False) -> SavedView:
        """Keep a view. Raises `InputError` for a name or a query that is empty or too long."""
        who.need(Right.SEE_RECORDINGS)
        name = " ".join(name.split())
        if not name or len(name) > 64 or len(query) > 4000:
            raise InputError("web_recordings.bad_view_name")
        if shared:
            who.need(Right.MANAGE_QUEUE)
        with self._database.write() as session:
            views = SavedViews(session)
            if len(views.of(who.tenant, who.login)) >= MAX_VIEWS:
                raise ConflictError("web_recordings.too_many_views", limit=MAX_VIEWS)
            row = SavedViewRow(
                id=new_id(),
                tenant=who.tenant,
                owner=who.login,
                name=name,
                query=query,
                shared=shared,
                created_at=self._database.now(session),
            )
            views.add(row)
            return _view(row, who)

    def delete_view(self, who: Person, view_id: str) -> None:
        """Forget a view of one's own. Raises `NotFoundError`."""
        who.need(Right.SEE_RECORDINGS)
        with self._database.write() as session:
            if not SavedViews(session).delete(view_id, who.tenant, who.login):
                raise NotFoundError("web_recordings.no_view")

    def _query(self, who: Person, wanted: ListFilter, cursor: str | None, limit: int) -> SearchQuery:
        low = first_place(self._midnight(wanted.day_from)) if wanted.day_from else None
        last = wanted.day_to + timedelta(days=1) if wanted.day_to else None
        high = first_place(self._midnight(last)) - 1 if last else None
        return SearchQuery(
            who=who,
            text=wanted.text[:LONGEST_QUERY],
            said_by=wanted.said_by,
            facets=wanted.facets,
            statuses=[status.value for status in wanted.statuses],
            reviews=wanted.reviews,
            name_contains=wanted.name_contains[:LONGEST_QUERY],
            places=Range(low, high),
            score=Range(*wanted.score),
            duration=Range(*wanted.duration),
            sort=wanted.sort,
            descending=wanted.descending,
            after=_parsed_cursor(cursor, wanted.sort) if cursor else None,
            limit=limit,
        )

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self._zone)


def hits(said: Sequence[Said], looked_for: Sequence[Phrase], said_by: str | None) -> tuple[Hit, ...]:
    """The first places in a call where a phrase was said, at most one a turn."""
    found: list[Hit] = []
    for one in said:
        if said_by is not None and one.role != said_by:
            continue
        folded = fold(one.text)
        for phrase in looked_for:
            at = folded.find(phrase.folded)
            if at < 0:
                continue
            end = at + len(phrase.folded)
            before, after = one.text[max(0, at - _AROUND) : at], one.text[end : end + _AROUND]
            more = ("…" if at > _AROUND else "", "…" if end + _AROUND < len(one.text) else "")
            found.append(Hit(one.turn, one.role, one.start, more[0] + before, one.text[at:end], after + more[1]))
            break
        if len(found) == _HITS:
            break
    return tuple(found)


def _line(row: RecordingRow, run: RunRow | None, found: tuple[Hit, ...]) -> Line:
    return Line(
        id=row.id,
        name=row.name,
        called_at=row.called_at,
        created_at=row.created_at,
        agent=row.agent,
        team=row.team,
        duration=row.duration,
        status=RunStatus(row.status),
        stage=run.stage if run else None,
        progress=min(1.0, run.done / run.total) if run and run.total else None,
        reason=reason_view(run.reason) if run else None,
        score=row.score,
        findings=row.findings,
        worst=_WORST.get(row.worst_rank),
        review_status=row.review_status,
        hits=found,
    )


def _view(row: SavedViewRow, who: Person) -> SavedView:
    return SavedView(row.id, row.name, row.query, row.shared, row.owner == who.login)


def _cursor(row: RecordingRow, sort: Sort) -> str:
    values = {
        Sort.CALLED: row.place,
        Sort.SCORE: row.score,
        Sort.DURATION: row.duration,
        Sort.WORST: row.worst_rank,
    }
    return f"{values[sort]!r}~{row.place}"


def _parsed_cursor(cursor: str, sort: Sort) -> tuple[float, int]:
    value, _, place = cursor.partition("~")
    try:
        mark = int(value) if sort in (Sort.CALLED, Sort.WORST) else float(value)
        last = int(place)
    except ValueError:
        raise BadOptionError("ledger.bad_cursor") from None
    if not (isfinite(mark) and abs(mark) < _BEYOND and 0 <= last < _BEYOND):
        raise BadOptionError("ledger.bad_cursor")
    return mark, last
