"""A small HTTP client of the service, for the demo, for tests, and as an example of how to talk to it."""

import base64
import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final
from urllib.parse import urlsplit

import httpx
import msgspec
from pydantic import ValidationError

from qa.api.guard import is_loopback
from qa.api.meta import attributes_as_json
from qa.api.schemas import Problem, RecordingOut, RecordingPageOut, RunOut, UploadedOut
from qa.api.tus import format_metadata
from qa.core.errors import EnvironmentProblemError, TingjianError
from qa.core.result import Result
from qa.services.people.tokens import read_machine_token

_RECORDINGS: Final = "/api/v1/recordings"
_UPLOADS: Final = "/api/v1/uploads"
_TUS: Final = {"Tus-Resumable": "1.0.0"}
_OFFSET_TYPE: Final = "application/offset+octet-stream"

Sent = Callable[[int, int], None]
"""Told bytes sent and bytes in all."""


class RefusedError(TingjianError):
    """The service said no; `problem` is what it said."""

    def __init__(self, problem: Problem) -> None:
        super().__init__("api.refused", detail=problem.detail)
        self.problem = problem


class Client:
    """Talks to one service. Use as a context manager, or close it. Not shared between threads."""

    def __init__(
        self,
        base_url: str,
        *,
        token: str = "",
        home: Path | None = None,
        locale: str = "en",
        timeout: float = 30.0,
    ) -> None:
        """`token` is an API token; without one `TINGJIAN_TOKEN` is taken, and for a service on this machine the
        token of its `home` (by default `TINGJIAN_HOME` or `var`), which whoever owns the files may read."""
        headers = {"Accept-Language": locale}
        if token := token or os.environ.get("TINGJIAN_TOKEN", "") or _machine_token(base_url, home):
            headers["Authorization"] = f"Bearer {token}"
        self._http = httpx.Client(base_url=base_url, headers=headers, timeout=timeout, trust_env=False)

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give connections back."""
        self._http.close()

    def ready(self) -> bool:
        """Whether the service says it can take work; False also where nobody answers."""
        try:
            return self._http.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def upload(
        self, path: Path, attributes: Mapping[str, str] | None = None, *, on_sent: Sent | None = None
    ) -> UploadedOut:
        """Send a file in one request; `duplicate` says that its content was there already."""
        with path.open("rb") as file:
            source = _Counted(file, path.stat().st_size, on_sent)
            data = {"metadata": attributes_as_json(attributes or {})}
            response = self._send("POST", _RECORDINGS, data=data, files={"file": (path.name, source)})
        return UploadedOut.model_validate_json(response.content)

    def upload_resumable(
        self,
        path: Path,
        attributes: Mapping[str, str] | None = None,
        *,
        chunk_bytes: int = 4 * 2**20,
        on_sent: Sent | None = None,
    ) -> str:
        """Send a file by tus in chunks with checksums, picking up after broken connections; returns the id."""
        size = path.stat().st_size
        pairs = {"filename": path.name, "metadata": attributes_as_json(attributes or {})}
        headers = {**_TUS, "Upload-Length": str(size), "Upload-Metadata": format_metadata(pairs)}
        url = self._send("POST", _UPLOADS, headers=headers).headers["Location"]
        offset, failures = 0, 0
        with path.open("rb") as file:
            while True:
                file.seek(offset)
                try:
                    response = self._patch(url, offset, file.read(chunk_bytes))
                except httpx.TransportError as error:
                    failures += 1
                    if failures > 5:
                        raise EnvironmentProblemError("api.unreachable", url=str(self._http.base_url)) from error
                    time.sleep(0.2 * 2**failures)
                    response = self._send("HEAD", url, headers=_TUS)
                offset = int(response.headers["Upload-Offset"])
                if on_sent:
                    on_sent(offset, size)
                if recording_id := response.headers.get("Tingjian-Recording"):
                    return str(recording_id)

    def _patch(self, url: str, offset: int, chunk: bytes) -> httpx.Response:
        digest = base64.b64encode(hashlib.sha256(chunk).digest()).decode()
        headers = {
            **_TUS,
            "Content-Type": _OFFSET_TYPE,
            "Upload-Offset": str(offset),
            "Upload-Checksum": f"sha256 {digest}",
        }
        return self._raise_for_problem(self._http.patch(url, content=chunk, headers=headers))

    def recording(self, recording_id: str) -> RecordingOut:
        """One recording as of now."""
        return RecordingOut.model_validate_json(self._send("GET", f"{_RECORDINGS}/{recording_id}").content)

    def recordings(self, **params: str | int) -> RecordingPageOut:
        """One page of the list; parameters as in the API."""
        return RecordingPageOut.model_validate_json(self._send("GET", _RECORDINGS, params=params).content)

    def rescan(self, recording_id: str) -> RunOut:
        """Judge again by the present rules."""
        return RunOut.model_validate_json(self._send("POST", f"{_RECORDINGS}/{recording_id}/rescan").content)

    def retry(self, recording_id: str) -> RunOut:
        """Try a failed one again."""
        return RunOut.model_validate_json(self._send("POST", f"{_RECORDINGS}/{recording_id}/retry").content)

    def result_document(self, recording_id: str) -> dict[str, Any]:
        """The result as the service sends it: JSON types, with the `text` of every sentence."""
        document: dict[str, Any] = self._send("GET", f"{_RECORDINGS}/{recording_id}/result").json()
        return document

    def result(self, recording_id: str) -> Result:
        """The result as the record it was made from."""
        return msgspec.convert(_without_texts(self.result_document(recording_id)), Result)

    def wait(
        self,
        recording_id: str,
        *,
        on_progress: Callable[[RecordingOut], None] | None = None,
        within: float | None = None,
    ) -> RecordingOut:
        """Follow the events until the run is final; broken streams are taken up again where they broke.

        Raises `EnvironmentProblemError` where that takes longer than `within` seconds, or nobody answers.
        """
        deadline = None if within is None else time.monotonic() + within
        last_id, failures = "", 0
        while True:
            try:
                for event in self._events(recording_id, last_id, deadline):
                    last_id, failures = event.id, 0
                    state = RecordingOut.model_validate_json(event.data)
                    if on_progress:
                        on_progress(state)
                    if event.name == "end":
                        return state
            except httpx.TransportError:
                failures += 1
                if failures > 5:
                    raise EnvironmentProblemError("api.unreachable", url=str(self._http.base_url)) from None
                time.sleep(0.2 * 2**failures)
            state = self.recording(recording_id)
            if state.status.final:
                return state

    def _events(self, recording_id: str, last_id: str, deadline: float | None) -> Iterator["_Event"]:
        headers = {"Last-Event-ID": last_id} if last_id else {}
        url = f"{_RECORDINGS}/{recording_id}/events"
        with self._streaming(url, headers) as response:
            for event in parse_events(response.iter_lines()):
                if deadline is not None and time.monotonic() > deadline:
                    raise EnvironmentProblemError("api.not_in_time", id=recording_id)
                if event is not None:
                    yield event

    @contextmanager
    def _streaming(self, url: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        with self._http.stream("GET", url, headers=headers) as response:
            if response.is_error:
                response.read()
            yield self._raise_for_problem(response)

    def _send(self, method: str, url: str, **how: Any) -> httpx.Response:
        try:
            return self._raise_for_problem(self._http.request(method, url, **how))
        except httpx.TransportError as error:
            raise EnvironmentProblemError("api.unreachable", url=str(self._http.base_url)) from error

    def _raise_for_problem(self, response: httpx.Response) -> httpx.Response:
        if not response.is_error:
            return response
        try:
            raise RefusedError(Problem.model_validate_json(response.content))
        except ValidationError:
            # A HEAD has no body, and a proxy in between may speak for itself.
            code, status = "api.http_other", response.status_code
            raise EnvironmentProblemError(code, path=response.url.path, status=status) from None


def _machine_token(base_url: str, home: Path | None) -> str:
    if not is_loopback(urlsplit(base_url).hostname or ""):
        return ""
    return read_machine_token(home or Path(os.environ.get("TINGJIAN_HOME", "") or "var"))


def _without_texts(value: Any) -> Any:
    if isinstance(value, dict):
        left_out = {"text"} if value.keys() == {"code", "params", "text"} else set()
        return {key: _without_texts(item) for key, item in value.items() if key not in left_out}
    return [_without_texts(item) for item in value] if isinstance(value, list) else value


class _Event:
    """One server-sent event."""

    __slots__ = ("data", "id", "name")

    def __init__(self, name: str, data: str, event_id: str) -> None:
        self.name, self.data, self.id = name, data, event_id


def parse_events(lines: Iterator[str]) -> Iterator[_Event | None]:
    """Server-sent events from the lines of a stream; None for a comment, so that a caller can see the clock."""
    name, event_id, data = "message", "", []
    for line in lines:
        if line.startswith(":"):
            yield None
        elif line:
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "event":
                name = value
            elif field == "id":
                event_id = value
            elif field == "data":
                data.append(value)
        elif data:
            yield _Event(name, "\n".join(data), event_id)
            name, data = "message", []


class _Counted:
    """A file that tells how much of it was read; httpx streams whatever has `read` and can say its length."""

    def __init__(self, file: BinaryIO, size: int, on_sent: Sent | None) -> None:
        self._file, self._size, self._on_sent = file, size, on_sent

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        if self._on_sent:
            self._on_sent(self._file.tell(), self._size)
        return data

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self.read(2**18):
            yield chunk

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def fileno(self) -> int:
        return self._file.fileno()
