"""Checksums and numbering plans.

Sources: GB 11643-1999 (identity numbers, MOD 11-2), ISO/IEC 7812-1 (Luhn and issuer ranges), China's numbering
plan (mobile 1[3-9] and eleven digits; area codes 10, 2x and three digits 3xx to 9xx), ITU-T E.164 (country codes
86, 852 and 886).
"""

import re
from typing import Final

_IDENTITY: Final = re.compile(r"[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dX]")
_LOOKS_LIKE_IDENTITY: Final = re.compile(r"[1-9]\d{4,6}(?:19|20)\d{2}(?:[01]\d)")
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ISSUERS: Final = re.compile(r"62|4|5[0-8]|2[2-7]|3[0-9]|6[0-9]|9[0-9]")
_MOBILE: Final = re.compile(r"(?:(?:00)?86)?(1[3-9]\d{9})|(?:(?:00)?852)[4-9]\d{7}|(?:00)?8869\d{8}|09\d{8}")
_LANDLINE: Final = re.compile(r"(?:(?:0086|86|0)(?:10|2\d|[3-9]\d{2}))[2-9]\d{6,7}")
_SERVICE: Final = re.compile(r"(?:400|800)\d{7}|9[56]\d{3,4}|1[02]\d{3}|10\d{3,6}|1[12]\d|106\d{5,}|1688|12306")


def valid_identity(number: str) -> bool:
    """Checksum and birth date of an 18-character identity number."""
    if not _IDENTITY.fullmatch(number):
        return False
    total = sum(int(d) * w for d, w in zip(number, _WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == number[17]


def looks_like_identity(number: str) -> bool:
    """A region and a year of birth in front, as an identity number that lost or won a digit still has."""
    return _LOOKS_LIKE_IDENTITY.match(number) is not None


def valid_luhn(number: str) -> bool:
    """The check digit of a card number."""
    if not number.isdigit():
        return False
    total = 0
    for i, d in enumerate(reversed(number)):
        n = int(d) * (2 if i % 2 else 1)
        total += n - 9 if n > 9 else n
    return total % 10 == 0


def valid_card(number: str) -> bool:
    """A length, an issuer range and a check digit that cards have."""
    return 15 <= len(number) <= 19 and _ISSUERS.match(number) is not None and valid_luhn(number)


def is_mobile(number: str) -> bool:
    """A mobile phone of the mainland, Hong Kong (with its country code) or Taiwan."""
    return _MOBILE.fullmatch(number) is not None


def is_landline(number: str) -> bool:
    """A landline of the mainland with its area code."""
    return _LANDLINE.fullmatch(number) is not None


def is_service_number(number: str) -> bool:
    """A number of an organisation that anybody may call: 400, 800, 95xxx, 12315, 110."""
    return _SERVICE.fullmatch(number) is not None
