"""A multipart upload straight into the spool: the recording is never held in memory, nor spooled twice.

Starlette's own form parser writes files to temporary files of its own and knows no cap on them, so the parser
of python-multipart is driven here directly.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, Generic, Protocol, TypeVar

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from qa.api.problems import RequestError
from qa.core.errors import InputError, TingjianError, TooLargeError

MAX_FIELD_BYTES: Final = 256 * 1024
"""One form field; the largest is a metadata document of 64 attributes of 1,024 characters."""
_OVERHEAD: Final = 2**20
"""What field parts and part headers may add to the file itself, bytes."""
_BUFFER: Final = 2**20
"""Bytes gathered before a thread writes them: a hop per network chunk would cost more than the write."""
_DRAIN_BYTES: Final = 16 * 2**20
_DRAIN_SECONDS: Final = 2.0


S = TypeVar("S", bound="Sink")


class Sink(Protocol):
    """Where the bytes of the recording go."""

    def write(self, chunk: bytes) -> None:
        """Append; raises where that is too much or the disk is full."""
        ...


@dataclass(slots=True)
class Form:
    """What came besides the bytes."""

    filename: str = ""
    fields: dict[str, str] = field(default_factory=dict)


async def receive_form(
    request: Request, open_sink: Callable[[str], S], *, max_bytes: int, max_fields: int
) -> tuple[Form, S]:
    """Read a multipart body: the file part into what `open_sink(its name)` gives, other parts as text fields.

    Raises `RequestError` 415 for another content type, `TooLargeError` over `max_bytes`, `InputError` for a
    body that is malformed, cut short, or has no file, two files, or too many or too long fields; whatever the
    sink raises passes through.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data":
        given = kind.decode("latin-1")[:60] or "?"
        raise RequestError(415, "api.wrong_type", given=given, wanted="multipart/form-data")
    if not boundary or len(boundary) > 256:
        raise InputError("api.not_multipart")
    check_announced(request, max_bytes)
    receiver = _Receiver(open_sink, max_fields)
    try:
        parser = MultipartParser(boundary, receiver.callbacks())  # type: ignore[arg-type]
        async for chunk in request.stream():
            parser.write(chunk)
            if len(receiver.pending) >= _BUFFER:
                await run_in_threadpool(receiver.flush)
        parser.finalize()
    except FormParserError:
        raise InputError("api.not_multipart") from None
    if not receiver.complete:
        raise InputError("api.not_multipart")
    if receiver.sink is None:
        raise InputError("api.no_file")
    await run_in_threadpool(receiver.flush)
    return receiver.form, receiver.sink


def check_announced(request: Request, max_bytes: int) -> None:
    """Refuse a body whose Content-Length is already over the cap before reading any of it."""
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length) > max_bytes + _OVERHEAD:
        raise TooLargeError("api.too_large", most=max_bytes)


@asynccontextmanager
async def read_on_error(request: Request) -> AsyncIterator[None]:
    """After an error, read on for a moment before answering: a client still sending into a closed connection
    would see a broken pipe instead of the problem document."""
    try:
        yield
    except TingjianError:
        with suppress(TimeoutError, ClientDisconnect, HTTPException):
            async with asyncio.timeout(_DRAIN_SECONDS):
                await _drain(request)
        raise


async def _drain(request: Request) -> None:
    left, until = _DRAIN_BYTES, time.monotonic() + _DRAIN_SECONDS
    more = not getattr(request, "_stream_consumed", False)
    while more and left > 0 and time.monotonic() < until:
        event = await request.receive()
        left -= len(event.get("body", b""))
        more = event["type"] == "http.request" and event.get("more_body", False)


class _Receiver(Generic[S]):
    """Callbacks of the parser; file bytes gather in `pending` until they are flushed to the sink."""

    def __init__(self, open_sink: Callable[[str], S], max_fields: int) -> None:
        self.form = Form()
        self.pending = bytearray()
        self.sink: S | None = None
        self._open_sink = open_sink
        self.complete = False
        self._most = max_fields
        self._header = bytearray()
        self._value = bytearray()
        self._disposition = b""
        self._name = ""
        self._is_file = False
        self._text = bytearray()

    def flush(self) -> None:
        if self.sink is not None and self.pending:
            self.sink.write(bytes(self.pending))
            self.pending.clear()

    def callbacks(self) -> dict[str, object]:
        names = ("part_begin", "part_data", "part_end", "header_field", "header_value", "header_end")
        return {f"on_{name}": getattr(self, f"_{name}") for name in (*names, "headers_finished", "end")}

    def _part_begin(self) -> None:
        self._disposition = b""
        self._text.clear()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        # A JSON part may carry a file name of its own (curl's `-F metadata=@call.json` does); it stays a field.
        self._is_file = b"filename" in options and self._name != "metadata"
        if self._is_file:
            if self.sink is not None:
                raise InputError("api.second_file")
            self.form.filename = options[b"filename"].decode("utf-8", "replace")
            self.sink = self._open_sink(self.form.filename)
        elif len(self.form.fields) >= self._most:
            raise InputError("api.too_many_attributes", most=self._most, given=len(self.form.fields) + 1)

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self.pending += data[start:end]
            return
        if len(self._text) + end - start > MAX_FIELD_BYTES:
            raise InputError("api.field_too_long", field=self._name[:60], most=MAX_FIELD_BYTES)
        self._text += data[start:end]

    def _part_end(self) -> None:
        if not self._is_file:
            self.form.fields[self._name] = self._text.decode("utf-8", "replace")

    def _end(self) -> None:
        self.complete = True
