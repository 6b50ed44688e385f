"""Time stamps of an authority (RFC 3161): proof by a third party that a signature existed at some moment."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx
from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from qa.core.errors import BadOptionError, DependencyError, InputError

_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"
_MAX_REPLY = 2**20


def request_stamp(url: str, data: bytes, seconds: float = 20.0) -> bytes:
    """Ask the authority at `url` to stamp the SHA-256 of `data`; returns its response (DER).

    Raises `DependencyError` where it does not answer, refuses, or stamps something else.
    """
    request = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).build()
    try:
        with httpx.Client(timeout=seconds) as client:
            answer = client.post(url, content=request.as_bytes(), headers={"Content-Type": _QUERY})
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DependencyError("evidence.stamp_unreachable", url=url, reason=type(error).__name__) from error
    if answer.status_code != 200 or len(answer.content) > _MAX_REPLY:
        raise DependencyError("evidence.stamp_refused", url=url, reason=f"HTTP {answer.status_code}")
    try:
        response = _decoded(answer.content)
        granted = PKIStatus(response.status) in (PKIStatus.GRANTED, PKIStatus.GRANTED_WITH_MODS)
        fits = granted and response.tst_info.nonce == request.nonce
        fits = fits and response.tst_info.message_imprint.message == hashlib.sha256(data).digest()
    except ValueError:
        granted = fits = False
    if not fits:
        raise DependencyError("evidence.stamp_refused", url=url, reason="another request" if granted else "status")
    return answer.content


def check_stamp(stamp: bytes, data: bytes, authority: Path) -> datetime:
    """When the authority whose certificates are in the PEM file `authority` says that `data` existed.

    Works offline. Raises `InputError` where the stamp is not of this authority or not of this data, and
    `BadOptionError` where the file holds no certificates.
    """
    try:
        certificates = x509.load_pem_x509_certificates(authority.read_bytes())
    except (OSError, ValueError):
        raise BadOptionError("evidence.bad_authority", file=authority) from None
    if not any(one.issuer == one.subject for one in certificates):
        raise BadOptionError("evidence.bad_authority", file=authority)
    builder = VerifierBuilder()
    for one in certificates:
        root = one.issuer == one.subject
        builder = builder.add_root_certificate(one) if root else builder.add_intermediate_certificate(one)
    try:
        response = _decoded(stamp)
        builder.build().verify_message(response, data)
        return response.tst_info.gen_time
    except VerificationError as error:
        raise InputError("evidence.stamp_not_theirs", file=authority, reason=error) from None
    except ValueError:
        raise InputError("evidence.stamp_unreadable") from None


def _decoded(stamp: bytes) -> TimeStampResponse:
    """Read a response, also one whose certificates stand in another order than DER demands.

    Authorities that run on OpenSSL send them so. They are under no signature, and putting them into their order
    changes no length.
    """
    try:
        return decode_timestamp_response(stamp)
    except ValueError:
        return decode_timestamp_response(_in_order(stamp))


def _in_order(stamp: bytes) -> bytes:
    """The same bytes with the certificates sorted; as they are where they are not found."""
    # The response, its token, the content of that, the signed data, and of these the fourth part.
    start, end = 0, len(stamp)
    for step in (0, 1, 1, 0, 3):
        inner = list(_elements(stamp, start, end))
        if len(inner) <= step:
            return stamp
        _, start, end = inner[step]
    certificates = sorted(stamp[first:last] for first, _, last in _elements(stamp, start, end))
    return stamp[:start] + b"".join(certificates) + stamp[end:]


def _elements(der: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Where each element of a DER value begins, where its content does, and where both end.

    Raises `ValueError` where the bytes are not DER.
    """
    while start < end:
        length_at = start + 1
        if length_at >= end:
            raise ValueError("cut")
        content, length = length_at + 1, der[length_at]
        if length & 0x80:
            content += length & 0x7F
            length = int.from_bytes(der[length_at + 1 : content], "big")
        if content + length > end:
            raise ValueError("cut")
        yield start, content, content + length
        start = content + length
