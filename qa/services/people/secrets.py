"""Random secrets and the hashes they are stored as."""

import hashlib
import secrets
from typing import Final

TOKEN_MARK: Final = "tj_"  # noqa: S105 - what every API token begins with, so that scanners for leaks know it
SHOWN: Final = 10
"""Characters of an API token that stay visible, to tell tokens apart: 3 fixed, then 42 of 256 bits."""


def new_secret() -> str:
    """256 random bits, fit for URLs and cookies (OWASP ASVS 5.0, 7.2.3 asks for 128)."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """SHA-256 as hex. Plain hashing is enough: a random secret cannot be guessed, unlike a password."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
