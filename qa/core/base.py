"""The base of every plain record that travels between stages or rests in a stage cache."""

from typing import TypeVar

import msgspec

T = TypeVar("T")

LEVEL = 1
"""Of zlib, for records that are kept: a third of the time of its own choice, for a quarter more room."""


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=False):
    """An immutable value with value equality, encoded as a JSON object by `encode`.

    Times are seconds from the start of the recording, as floats, unless a field says otherwise.
    """


def encode(value: object) -> bytes:
    """Encode a record, or a container of records, as UTF-8 JSON with keys in field order."""
    return msgspec.json.encode(value)


def decode(data: bytes | str, as_type: type[T]) -> T:
    """Decode JSON into `as_type`; raises `msgspec.ValidationError` naming the field that does not fit."""
    return msgspec.json.decode(data, type=as_type)
