"""The parts of tus 1.0.0 that are not routes: headers in, headers out.

Protocol: https://tus.io/protocols/resumable-upload (core, creation, creation-with-upload, expiration, checksum,
termination). What is received lies with `qa.services.uploads`, so an upload outlives this process.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from email.utils import format_datetime
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.api.problems import RequestError
from qa.services.views import UploadView

PREFIX: Final = "/api/v1/uploads"
VERSION: Final = "1.0.0"
EXTENSIONS: Final = "creation,creation-with-upload,expiration,checksum,termination"
ALGORITHMS: Final = ("sha256", "sha1")
OFFSET_TYPE: Final = "application/offset+octet-stream"
_MAX_METADATA: Final = 16 * 1024
_OVERRIDES: Final = ("PATCH", "DELETE", "HEAD")
_NOT_ATTRIBUTES: Final = ("filename", "name", "filetype", "type")


class TusProtocol:
    """ASGI layer that puts `Tus-Resumable` on every answer under `PREFIX`, errors included, and honours
    `X-HTTP-Method-Override` there, for clients whose proxies let no PATCH through."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        path = scope.get("path", "")
        if scope["type"] != "http" or not (path == PREFIX or path.startswith(f"{PREFIX}/")):
            await self._app(scope, receive, send)
            return
        wanted = Headers(scope=scope).get("x-http-method-override", "").upper()
        if scope["method"] == "POST" and wanted in _OVERRIDES:
            scope["method"] = wanted

        async def sending(event: Message) -> None:
            if event["type"] == "http.response.start":
                MutableHeaders(scope=event)["Tus-Resumable"] = VERSION
            await send(event)

        await self._app(scope, receive, sending)


def require_version(headers: Headers) -> None:
    """Raises `RequestError` 412 unless the client speaks this version."""
    if headers.get("tus-resumable") != VERSION:
        raise RequestError(412, "api.upload_version", headers={"Tus-Version": VERSION})


def whole_number(headers: Headers, name: str) -> int:
    """A header that must be a whole number of bytes. Raises `RequestError` 400."""
    text = headers.get(name, "")
    # 2**53 is where JSON numbers, and with them half of the world's clients, stop being exact.
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and int(text) <= 2**53):
        raise RequestError(400, "api.upload_bad_header", header=name)
    return int(text)


def parse_metadata(header: str) -> dict[str, str]:
    """`Upload-Metadata`: comma-separated pairs of a key and a base64 value. Raises `RequestError` 400."""
    found: dict[str, str] = {}
    refused = RequestError(400, "api.upload_bad_header", header="Upload-Metadata")
    if len(header) > _MAX_METADATA:
        raise refused
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _, value = pair.partition(" ")
        if key in found or not key.isascii():
            raise refused
        try:
            found[key] = base64.b64decode(value.strip(), validate=True).decode("utf-8")
        except (binascii.Error, ValueError):
            raise refused from None
    return found


def format_metadata(values: Mapping[str, str]) -> str:
    """`Upload-Metadata` from plain text values."""
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


def split_metadata(metadata: dict[str, str]) -> tuple[str, dict[str, str]]:
    """File name and form-like fields out of the metadata, by the names common clients use."""
    name = metadata.get("filename") or metadata.get("name") or ""
    return name, {key: value for key, value in metadata.items() if key not in _NOT_ATTRIBUTES}


class Checksum:
    """The `Upload-Checksum` of one chunk, checked while its bytes come in."""

    def __init__(self, header: str) -> None:
        """Raises `RequestError` 400 for an unknown algorithm or a value that is not base64."""
        algorithm, _, value = header.strip().partition(" ")
        if algorithm not in ALGORITHMS:
            raise RequestError(400, "api.upload_bad_header", header="Upload-Checksum")
        try:
            self._expected = base64.b64decode(value.strip(), validate=True)
        except (binascii.Error, ValueError):
            raise RequestError(400, "api.upload_bad_header", header="Upload-Checksum") from None
        # SHA-1 is the one algorithm the protocol demands; it guards against accidents here, not attackers.
        self._hash = hashlib.new(algorithm, usedforsecurity=False)

    def update(self, chunk: bytes) -> None:
        """Take in more of the chunk."""
        self._hash.update(chunk)

    def verify(self) -> None:
        """Raises `RequestError` 460 where the bytes are not the ones announced."""
        if not hmac.compare_digest(self._hash.digest(), self._expected):
            raise RequestError(460, "api.upload_checksum")


def upload_headers(upload: UploadView) -> dict[str, str]:
    """Where an upload stands."""
    headers = {"Upload-Offset": str(upload.offset), "Cache-Control": "no-store"}
    if upload.recording_id is None:
        headers["Upload-Expires"] = format_datetime(upload.expires_at, usegmt=True)
    else:
        headers["Tingjian-Recording"] = upload.recording_id
    return headers
