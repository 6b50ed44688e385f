"""Byte ranges (RFC 9110, section 14) over a file that is already open.

Written for a `BinaryIO` rather than a path, so that it serves whatever the storage keeps; several ranges in one
request are answered with the whole file, which the RFC allows and every player copes with.
"""

import re
from collections.abc import AsyncIterator, Mapping
from typing import BinaryIO, Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response, StreamingResponse

from qa.api.problems import RequestError

_CHUNK: Final = 256 * 1024
_ONE_RANGE = re.compile(r"^bytes=(\d{0,18})-(\d{0,18})$", re.ASCII)


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """First and last byte wanted, inclusive; None for the whole file.

    A header that is no single byte range is ignored, as the RFC demands of unknown units and allows for lists.
    Raises `RequestError` 416 for a range outside the file.
    """
    match = _ONE_RANGE.match((header or "").replace(" ", ""))
    if match is None or match.group(1) == match.group(2) == "":
        return None
    first, last = match.groups()
    if not first:
        start, end = max(0, size - int(last)), size - 1
        if int(last) == 0:
            start = size
    else:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
        if last and int(last) < start:
            return None
    if start >= size:
        raise RequestError(416, "api.bad_range", headers={"Content-Range": f"bytes */{size}"}, size=size)
    return start, end


def file_response(
    opened: BinaryIO,
    size: int,
    request: Headers,
    *,
    method: str,
    etag: str,
    media_type: str,
    headers: Mapping[str, str],
) -> Response:
    """Answer GET or HEAD for `opened` (which is closed afterwards): 200, 206, 304 or 416.

    `etag` is the strong validator without quotes; content never changes under it, so caches may keep it.
    """
    quoted = f'"{etag}"'
    common = {"ETag": quoted, "Accept-Ranges": "bytes", "Cache-Control": "private, no-cache", **headers}
    known = [tag.strip().removeprefix("W/") for tag in request.get("if-none-match", "").split(",")]
    if quoted in known or "*" in known:
        opened.close()
        return Response(status_code=304, headers=common)
    try:
        # If-Range with a validator we do not know means: the part you hold is stale, take the whole.
        fresh = request.get("if-range", quoted) == quoted
        wanted = parse_range(request.get("range"), size) if fresh else None
    except RequestError:
        opened.close()
        raise
    start, end = wanted or (0, size - 1)
    common["Content-Length"] = str(end - start + 1)
    if wanted:
        common["Content-Range"] = f"bytes {start}-{end}/{size}"
    status = 206 if wanted else 200
    if method == "HEAD":
        opened.close()
        return Response(status_code=status, headers=common, media_type=media_type)
    return StreamingResponse(_read(opened, start, end - start + 1), status, headers=common, media_type=media_type)


async def _read(opened: BinaryIO, start: int, length: int) -> AsyncIterator[bytes]:
    try:
        await run_in_threadpool(opened.seek, start)
        while length > 0:
            chunk = await run_in_threadpool(opened.read, min(_CHUNK, length))
            if not chunk:
                return
            length -= len(chunk)
            yield chunk
    finally:
        opened.close()
