"""The streamed form, fed with bodies in pieces of every size."""

import asyncio
import errno
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect, Request

from qa.api.multipart import Form, receive_form
from qa.api.problems import RequestError
from qa.core.errors import InputError, StorageError, TooLargeError

BOUNDARY = "----aBoundary"


class MemorySink:
    """Counts what it is given; refuses over a cap or when told that the disk is full."""

    def __init__(self, cap: int = 10**9, full_after: int | None = None) -> None:
        self.data = bytearray()
        self.name = ""
        self.largest = 0
        self._cap, self._full_after = cap, full_after

    def open(self, name: str) -> "MemorySink":
        self.name = name
        return self

    def write(self, chunk: bytes) -> None:
        self.largest = max(self.largest, len(chunk))
        if len(self.data) + len(chunk) > self._cap:
            raise TooLargeError("ledger.too_many_bytes", limit=self._cap)
        if self._full_after is not None and len(self.data) + len(chunk) > self._full_after:
            raise StorageError("ledger.disk_full") from OSError(errno.ENOSPC, "")
        self.data += chunk


def part(disposition: str, data: bytes) -> bytes:
    return b"--%s\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (
        BOUNDARY.encode(),
        disposition.encode(),
        data,
    )


def body(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def read(chunks: Sequence[bytes], sink: MemorySink, *, content_type: str | None = None, ends: bool = True) -> Form:
    kind = content_type or f"multipart/form-data; boundary={BOUNDARY}"
    events = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    events.append(
        {"type": "http.request", "body": b"", "more_body": False} if ends else {"type": "http.disconnect"}
    )

    async def receive() -> dict[str, object]:
        return events.pop(0)

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", kind.encode())]}
    request = Request(scope, receive)  # type: ignore[arg-type]
    form, _ = asyncio.run(receive_form(request, sink.open, max_bytes=10**9, max_fields=5))
    return form


def test_the_file_goes_to_the_sink_and_fields_come_back() -> None:
    sink = MemorySink()
    form = read(
        [body(part('name="agent"', "坐席17".encode()), part('name="file"; filename="通话.wav"', b"sound"))], sink
    )
    assert (bytes(sink.data), sink.name, form.filename) == (b"sound", "通话.wav", "通话.wav")
    assert form.fields == {"agent": "坐席17"}


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=2000), st.integers(1, 97))
def test_however_the_body_is_cut_the_same_bytes_arrive(sound: bytes, size: int) -> None:
    whole = body(part('name="file"; filename="a.wav"', sound), part('name="team"', b"x"))
    sink = MemorySink()
    form = read([whole[i : i + size] for i in range(0, len(whole), size)], sink)
    assert bytes(sink.data) == sound
    assert form.fields == {"team": "x"}


def test_large_files_pass_in_bounded_pieces() -> None:
    sink = MemorySink()
    piece = b"x" * 65536
    start = part('name="file"; filename="a.wav"', b"")[:-2]
    read([start, *[piece] * 200, f"\r\n--{BOUNDARY}--\r\n".encode()], sink)
    assert len(sink.data) == 200 * 65536
    assert sink.largest <= 2**20 + 2 * 65536


def test_the_cap_stops_the_upload_while_it_is_being_sent() -> None:
    sink = MemorySink(cap=3 * 2**20)
    start = part('name="file"; filename="a.wav"', b"")[:-2]
    sent: list[bytes] = [start, *[b"x" * 65536] * 1000]
    with pytest.raises(TooLargeError):
        read(sent, sink)
    assert len(sink.data) <= 3 * 2**20


def test_a_full_disk_is_told_as_such() -> None:
    with pytest.raises(StorageError):
        read([body(part('name="file"; filename="a.wav"', b"x" * 100))], MemorySink(full_after=10))


@pytest.mark.parametrize(
    "given",
    [
        b"",
        b"no multipart at all",
        body(part('name="file"; filename="a.wav"', b"cut short"))[:-10],
        body(part('name="agent"', b"17")),
        body(part('name="file"; filename="a"', b"1"), part('name="file"; filename="b"', b"2")),
        body(*[part(f'name="f{i}"', b"") for i in range(9)]),
        body(part('name="long"', b"x" * 300_000)),
        body(part("no name at all", b"x")),
    ],
)
def test_a_form_that_does_not_fit_is_refused(given: bytes) -> None:
    with pytest.raises(InputError):
        read([given], MemorySink())


@pytest.mark.parametrize("kind", ["application/json", "multipart/mixed; boundary=x", "text/plain"])
def test_another_content_type_is_refused(kind: str) -> None:
    with pytest.raises(RequestError) as caught:
        read([b"{}"], MemorySink(), content_type=kind)
    assert caught.value.http_status == 415


@pytest.mark.parametrize("kind", ["multipart/form-data", f"multipart/form-data; boundary={'x' * 300}"])
def test_a_form_without_a_usable_boundary_is_refused(kind: str) -> None:
    with pytest.raises(InputError):
        read([b"x"], MemorySink(), content_type=kind)


def test_a_client_that_goes_away_leaves_no_upload() -> None:
    with pytest.raises(ClientDisconnect):
        read([part('name="file"; filename="a.wav"', b"half")], MemorySink(), ends=False)


def test_a_json_part_with_a_file_name_of_its_own_stays_a_field() -> None:
    form = read(
        [body(part('name="metadata"; filename="m.json"', b"{}"), part('name="file"; filename="a.wav"', b"s"))],
        MemorySink(),
    )
    assert form.fields == {"metadata": "{}"}
