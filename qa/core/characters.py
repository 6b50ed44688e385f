"""Text that holds characters and nothing else, for what comes from outside."""

import re
from collections.abc import Mapping
from typing import Any, Final

REPLACEMENT: Final = "\ufffd"
_HALF: Final = re.compile("[\ud800-\udfff]")


def whole(value: Any) -> Any:
    """`value`, a text or what JSON makes of several, with U+FFFD for every half of a surrogate pair.

    JSON and names of files can bring such halves, and no UTF-8 can carry them: what cuts words, writes or stores
    text fails on one. One takes the place of one, so that offsets stay.
    """
    if isinstance(value, str):
        return value if value.isascii() else _HALF.sub(REPLACEMENT, value)
    if isinstance(value, Mapping):
        return {whole(key): whole(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [whole(one) for one in value]
    return value
