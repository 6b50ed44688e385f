"""The list of recordings as its address says it: `/recordings?q=保本&agent=a1&score=-60&sort=-score`.

Everything a list shows is in the address, so that it can be sent to a colleague, kept as a view and gone back to.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import QueryParams

from qa.core.finding import Severity
from qa.core.result import RunStatus
from qa.db.search import Sort
from qa.services.search import ListFilter

PATH: Final = "/recordings"
FACETS: Final = ("agent", "team", "family", "rule", "worst", "tone")
REVIEWS: Final = ("waiting", "claimed", "finalised")
SPEAKERS: Final = ("agent", "customer")
COLUMNS: Final = ("called", "agent", "team", "name", "duration", "flags", "score", "review", "status")
_FIELDS: Final = ("q", "said", *FACETS, "status", "review", "name", "from", "to", "score", "duration")
_OWN: Final = (*_FIELDS, "sort", "columns", "view")
_MOST_VALUES: Final = 40
_LONGEST: Final = 255
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 2200
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on, and the address without it."""

    name: str
    value: str
    without: str


def clean(params: QueryParams | str) -> Pairs:
    """The pairs of an address that mean something here, in their order, each once."""
    given = parse_qsl(params) if isinstance(params, str) else params.multi_items()
    kept = ((name, value.strip()[:_LONGEST]) for name, value in given if name in _OWN)
    return tuple(dict.fromkeys((name, value) for name, value in kept if value and value.isprintable()))[
        :_MOST_VALUES
    ]


def address(pairs: Iterable[tuple[str, str]], **changed: str | None) -> str:
    """The address of a list; `changed` replaces a name's values, None takes it away."""
    kept = [pair for pair in pairs if pair[0] not in changed]
    kept += [(name, value) for name, value in changed.items() if value is not None]
    return f"{PATH}?{urlencode(kept)}" if kept else PATH


def filter_of(pairs: Pairs) -> ListFilter:
    """What to list. A value that is none of the known ones is left out, as if it had not been given."""
    sort, descending = _sort(_last(pairs, "sort"))
    said = _last(pairs, "said")
    return ListFilter(
        text=_last(pairs, "q"),
        said_by=said if said in SPEAKERS else None,
        facets={name: values for name in FACETS if (values := _all(pairs, name))},
        statuses=tuple(RunStatus(value) for value in _all(pairs, "status") if value in set(RunStatus)),
        reviews=tuple(value for value in _all(pairs, "review") if value in REVIEWS),
        name_contains=_last(pairs, "name"),
        day_from=_day(_last(pairs, "from")),
        day_to=_day(_last(pairs, "to")),
        score=_range(_last(pairs, "score")),
        duration=_range(_last(pairs, "duration")),
        sort=sort,
        descending=descending,
    )


def chips_of(pairs: Pairs) -> list[Chip]:
    """The filters that are on, the search words aside."""
    on = (pair for pair in pairs if pair[0] in _FIELDS and pair[0] != "q")
    return [Chip(name, value, address(other for other in pairs if other != (name, value))) for name, value in on]


def columns_of(pairs: Pairs) -> Sequence[str]:
    """The columns to show."""
    chosen = _last(pairs, "columns").split(".")
    return [name for name in COLUMNS if name in chosen] or COLUMNS


def view_query(pairs: Pairs) -> str:
    """What a saved view keeps."""
    return urlencode([pair for pair in pairs if pair[0] != "view"])


def sort_links(pairs: Pairs, wanted: ListFilter) -> dict[str, tuple[str, str | None]]:
    """Column -> the address sorted by it, and how it is sorted now (as `aria-sort` has it)."""
    links = {}
    for sort, column in (
        (Sort.CALLED, "called"),
        (Sort.DURATION, "duration"),
        (Sort.WORST, "flags"),
        (Sort.SCORE, "score"),
    ):
        here = wanted.sort is sort
        # Low scores are what people look for first.
        first_down = sort is not Sort.SCORE
        down = not wanted.descending if here else first_down
        state = ("descending" if wanted.descending else "ascending") if here else None
        links[column] = (address(pairs, sort=f"{'-' if down else ''}{sort.value}"), state)
    return links


SEVERITIES: Final = tuple(severity.value for severity in Severity)
STATUSES: Final = tuple(status.value for status in RunStatus)


def _all(pairs: Pairs, name: str) -> tuple[str, ...]:
    return tuple(value for key, value in pairs if key == name)


def _last(pairs: Pairs, name: str) -> str:
    return next((value for key, value in reversed(pairs) if key == name), "")


def _sort(text: str) -> tuple[Sort, bool]:
    name = text.removeprefix("-")
    if name not in set(Sort):
        return Sort.CALLED, True
    return Sort(name), text.startswith("-")


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if _FIRST_YEAR <= day.year <= _LAST_YEAR else None


def _range(text: str) -> tuple[float | None, float | None]:
    """`60-80`, `-60` (up to), `80-` (from)."""
    low, dash, high = text.partition("-")
    return (_number(low), _number(high)) if dash else (_number(low), _number(low))


def _number(text: str) -> float | None:
    return float(text) if text.isdecimal() and len(text) <= 9 else None
