"""The list of recordings as its address says it."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.core.result import RunStatus
from qa.db.search import Sort
from qa.web.listing import COLUMNS, address, chips_of, clean, columns_of, filter_of, sort_links, view_query

NAMES = st.sampled_from(["q", "agent", "score", "from", "sort", "status", "columns", "view", "evil", "duration"])


@given(st.lists(st.tuples(NAMES, st.text(max_size=20)), max_size=12))
def test_any_address_is_a_list_and_says_itself_again(given_pairs: list[tuple[str, str]]) -> None:
    pairs = clean(address(given_pairs).partition("?")[2])
    filter_of(pairs)
    chips_of(pairs)
    assert clean(address(pairs).partition("?")[2]) == pairs
    assert clean(view_query(pairs)) == tuple(pair for pair in pairs if pair[0] != "view")


def test_filters_are_read() -> None:
    pairs = clean(
        "q=保本&agent=a1&agent=a2&score=-60&duration=60-300&from=2026-03-01&status=failed&status=nonsense&sort=score"
    )
    wanted = filter_of(pairs)
    assert wanted.text == "保本"
    assert wanted.facets == {"agent": ("a1", "a2")}
    assert wanted.score == (None, 60.0)
    assert wanted.duration == (60.0, 300.0)
    assert str(wanted.day_from) == "2026-03-01"
    assert wanted.statuses == (RunStatus.FAILED,)
    assert (wanted.sort, wanted.descending) == (Sort.SCORE, False)


def test_a_chip_takes_away_one_value_only() -> None:
    pairs = clean("agent=a1&agent=a2&q=x")
    first = chips_of(pairs)[0]
    assert parse_qsl(urlsplit(first.without).query) == [("agent", "a2"), ("q", "x")]


@pytest.mark.parametrize("columns", ["", "nothing", "score.evil"])
def test_columns_are_known_ones_in_their_order(columns: str) -> None:
    shown = columns_of(clean(f"columns={columns}"))
    assert set(shown) <= set(COLUMNS)
    assert shown


def test_sorting_turns_round_at_the_second_click() -> None:
    pairs = clean("sort=-score")
    link, state = sort_links(pairs, filter_of(pairs))["score"]
    assert state == "descending"
    assert link == "/recordings?sort=score"
