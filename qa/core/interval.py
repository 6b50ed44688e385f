"""How sure a share is that was counted on some."""

from math import sqrt
from typing import Final

Z95: Final = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution."""


def wilson(count: int, of: int, z: float = Z95) -> tuple[float, float]:
    """The score interval of `count / of` (E. B. Wilson, JASA 22, 1927): sensible also near 0 and 1 and for few.

    (0, 1) where nothing was counted.
    """
    if of <= 0:
        return 0.0, 1.0
    share, z2 = count / of, z * z
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = z * sqrt(share * (1 - share) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    low = 0.0 if count == 0 else max(0.0, middle - half)
    return low, 1.0 if count == of else min(1.0, middle + half)
