"""Character for character, for whole calls: an array is looked up in a tenth of the time of `str.translate`."""

from collections.abc import Mapping
from typing import Final

import numpy as np

_PLANE: Final = 0x10000
"""Characters of the basic plane: two bytes each."""
_SHORT: Final = 100
"""Characters below which `str.translate` is as fast."""


class Mapped:
    """A mapping of single characters of the basic plane to others of it; what it does not name stays."""

    def __init__(self, named: Mapping[int, int]) -> None:
        self._named = dict(named)
        self._table = np.arange(_PLANE, dtype="<u2")
        self._table[list(self._named)] = list(self._named.values())

    def __call__(self, text: str) -> str:
        """The text with every character replaced; of the same length."""
        if len(text) >= _SHORT:
            try:
                units = text.encode("utf-16-le")
            except UnicodeError:  # half of a character
                return text.translate(self._named)
            if len(units) == 2 * len(text):  # no rare character that takes two places
                mapped: bytes = self._table[np.frombuffer(units, "<u2")].tobytes()
                return mapped.decode("utf-16-le")
        return text.translate(self._named)
