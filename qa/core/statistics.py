"""The few statistics that are shown beside counts."""

from math import sqrt
from typing import Final

_Z95: Final = 1.959963984540054
"""Two-sided 95 % quantile of the normal distribution."""


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """95 % interval of a rate (E. B. Wilson, 1927, JASA 22:209), 0..1; `(0, 1)` where nothing was tried.

    Unlike the textbook interval it stays within 0..1 and means something for few trials and for rates of 0 or 1.
    """
    if trials <= 0:
        return 0.0, 1.0
    rate, z2 = hits / trials, _Z95**2
    middle = rate + z2 / (2 * trials)
    spread = _Z95 * sqrt(rate * (1 - rate) / trials + z2 / (4 * trials**2))
    scale = 1 + z2 / trials
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)
