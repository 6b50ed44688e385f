"""What tus clients put into headers, well-formed or not."""

import base64
import hashlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from qa.api.problems import RequestError
from qa.api.tus import Checksum, parse_metadata, split_metadata, whole_number


def encoded(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def test_metadata_comes_as_pairs_of_key_and_base64() -> None:
    header = f"filename {encoded('通话.wav')}, agent {encoded('17')},is_confidential,"
    assert parse_metadata(header) == {"filename": "通话.wav", "agent": "17", "is_confidential": ""}


@pytest.mark.parametrize(
    "header",
    [
        "filename ???",
        "filename Zm9v,filename Zm9v",
        f"ключ {encoded('x')}",
        "filename " + base64.b64encode(b"\xff\xfe").decode(),
        "a " + "A" * 20000,
    ],
)
def test_metadata_that_is_not_well_formed_is_refused(header: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_metadata(header)
    assert caught.value.http_status == 400


@given(st.text(max_size=200))
def test_no_metadata_header_raises_anything_else(header: str) -> None:
    with suppress(RequestError):
        parse_metadata(header)


def test_names_that_common_clients_use_are_no_attributes() -> None:
    name, fields = split_metadata({"name": "a.wav", "type": "audio/wav", "agent": "17"})
    assert (name, fields) == ("a.wav", {"agent": "17"})


@pytest.mark.parametrize("text", ["", "-1", "1.5", "1e3", "²", "9" * 17, str(2**53 + 1), " 1"])
def test_an_offset_is_a_whole_number(text: str) -> None:
    with pytest.raises(RequestError):
        whole_number(Headers({"Upload-Offset": text}), "Upload-Offset")


@pytest.mark.parametrize("algorithm", ["sha256", "sha1"])
def test_a_checksum_matches_its_bytes_and_no_others(algorithm: str) -> None:
    digest = base64.b64encode(hashlib.new(algorithm, b"hello world").digest()).decode()
    right = Checksum(f"{algorithm} {digest}")
    for chunk in (b"hello ", b"world"):
        right.update(chunk)
    right.verify()
    wrong = Checksum(f"{algorithm} {digest}")
    wrong.update(b"hello w0rld")
    with pytest.raises(RequestError) as caught:
        wrong.verify()
    assert caught.value.http_status == 460


@pytest.mark.parametrize("header", ["md5 AAAA", "sha256", "sha256 ???", ""])
def test_an_unknown_checksum_is_refused(header: str) -> None:
    with pytest.raises(RequestError) as caught:
        Checksum(header).verify()
    assert caught.value.http_status in (400, 460)
