"""Byte ranges by RFC 9110."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from qa.api.problems import RequestError
from qa.api.ranges import file_response, parse_range


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", (0, 0)),
        ("bytes=0-", (0, 99)),
        ("bytes=10-19", (10, 19)),
        ("bytes=90-1000", (90, 99)),
        ("bytes=-1", (99, 99)),
        ("bytes=-1000", (0, 99)),
        (None, None),
        ("", None),
        ("bytes=-", None),
        ("bytes=5-4", None),
        ("bytes=0-1,5-6", None),
        ("items=0-1", None),
        ("bytes=a-b", None),
        ("bytes=٣-٤", None),
    ],
)
def test_a_range_is_read_as_the_rfc_says(header: str | None, expected: tuple[int, int] | None) -> None:
    assert parse_range(header, 100) == expected


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_outside_the_file_is_refused_with_its_size(header: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_range(header, 100)
    assert caught.value.http_status == 416
    assert caught.value.headers == {"Content-Range": "bytes */100"}


@given(st.text(max_size=40), st.integers(0, 10**6))
def test_no_header_breaks_the_parser_and_every_range_lies_in_the_file(header: str, size: int) -> None:
    try:
        found = parse_range(header, size)
    except RequestError:
        return
    assert found is None or 0 <= found[0] <= found[1] < size


def test_a_refused_range_closes_the_file() -> None:
    opened = io.BytesIO(b"x" * 10)
    with pytest.raises(RequestError):
        file_response(
            opened, 10, Headers({"range": "bytes=10-"}), method="GET", etag="a", media_type="audio/wav", headers={}
        )
    assert opened.closed
