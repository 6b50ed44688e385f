"""Passwords: the rules (NIST SP 800-63B, 3.1.1) and the hash (argon2id, RFC 9106)."""

import threading
import unicodedata
from functools import cache
from pathlib import Path
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from qa.core.errors import BadOptionError
from qa.services.people.logins import normalise
from qa.services.people.secrets import new_secret
from qa.settings import PeopleSettings

LEAST: Final = 10
MOST: Final = 256
"""Long enough for any phrase; without a bound, hashing megabytes would be a way to keep the machine busy."""
_LEAST_DIFFERENT: Final = 4
_SERVICE: Final = "tingjian"


class Passwords:
    """Hashes and checks, a few at a time: each hash takes `argon2_memory_kib` of memory."""

    def __init__(self, options: PeopleSettings) -> None:
        self._hasher = PasswordHasher(
            time_cost=options.argon2_passes,
            memory_cost=options.argon2_memory_kib,
            parallelism=options.argon2_lanes,
        )
        self._few = threading.BoundedSemaphore(options.hashing_at_once)
        self._nobody = self._hasher.hash(new_secret())

    def hash(self, password: str) -> str:
        """argon2id with a random salt and its parameters in front."""
        with self._few:
            return self._hasher.hash(_canonical(password))

    def matches(self, kept: str | None, password: str) -> bool:
        """Whether `password` is the one behind `kept`. Without one the same work is done, and the answer is no."""
        with self._few:
            try:
                self._hasher.verify(kept or self._nobody, _canonical(password[: MOST + 1]))
            except (VerificationError, InvalidHashError):
                return False
        return kept is not None

    def outdated(self, kept: str) -> bool:
        """Whether the parameters have changed since; the next right password is then hashed again."""
        return self._hasher.check_needs_rehash(kept)


def check_password(password: str, login: str) -> None:
    """Raises `BadOptionError` for a password too short, too long, like the login, or among the first to be tried.

    No rules on kinds of characters and no expiry: they make passwords worse (NIST SP 800-63B, appendix A).
    """
    given = _canonical(password)
    if len(given) < LEAST:
        raise BadOptionError("people.password_short", least=LEAST)
    if len(given) > MOST:
        raise BadOptionError("people.password_long", most=MOST)
    plain = normalise(given)
    beside = plain.replace(login, "").strip("0123456789!@#$._-")
    if plain == login[::-1] or (login in plain and not beside):
        raise BadOptionError("people.password_like_login")
    if len(set(plain)) < _LEAST_DIFFERENT or plain in _common() or plain.strip("0123456789!") == _SERVICE:
        raise BadOptionError("people.password_common")


def _canonical(password: str) -> str:
    # The same characters typed on two systems must be the same bytes (NIST SP 800-63B, 3.1.1.2).
    return unicodedata.normalize("NFKC", password)


@cache
def _common() -> frozenset[str]:
    lines = Path(__file__).with_name("common_passwords.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))
