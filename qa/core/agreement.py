"""How far people agree who judged the same things."""

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import TypeVar

V = TypeVar("V", bound=Hashable)


def krippendorff(units: Sequence[Sequence[V]], scale: Sequence[V] | None = None) -> float | None:
    """Krippendorff's alpha: 1 is full agreement, 0 what chance would give, below 0 systematic disagreement.

    `units`: for each thing that was judged the values it got, from any number of people (those with fewer than
    two say nothing). `scale`: the values in order, for ordinal judgements; without it values only differ or not.
    None where nothing was judged twice, or where all values are the same: agreement without variation cannot be
    told from having no choice. Formula: K. Krippendorff, Computing Krippendorff's Alpha-Reliability (2011),
    coincidence matrix, with its nominal and ordinal difference functions.
    """
    weights: dict[tuple[V, V], float] = {}
    for unit in units:
        if len(unit) < 2:
            continue
        counts = Counter(unit)
        for one, many in counts.items():
            for other, others in counts.items():
                pairs = many * (others - (one == other))
                weights[one, other] = weights.get((one, other), 0.0) + pairs / (len(unit) - 1)
    totals: dict[V, float] = {}
    for (one, _), weight in weights.items():
        totals[one] = totals.get(one, 0.0) + weight
    count = sum(totals.values())
    if count < 2 or len(totals) < 2:
        return None
    distance = _distances(totals, scale)
    observed = sum(weight * distance[pair] for pair, weight in weights.items())
    expected = sum(
        totals[one] * totals[other] * distance[one, other] for one in totals for other in totals if one != other
    )
    return 1 - (count - 1) * observed / expected if expected else None


def _distances(totals: dict[V, float], scale: Sequence[V] | None) -> dict[tuple[V, V], float]:
    if scale is None:
        return {(one, other): float(one != other) for one in totals for other in totals}
    rank = {value: place for place, value in enumerate(scale)}
    found: dict[tuple[V, V], float] = {}
    for one in totals:
        for other in totals:
            low, high = sorted((rank[one], rank[other]))
            between = sum(totals.get(value, 0.0) for value in scale[low : high + 1])
            found[one, other] = (between - (totals[one] + totals[other]) / 2) ** 2 if one != other else 0.0
    return found


def majority(values: Sequence[V]) -> V | None:
    """What more than half said; None without one."""
    if not values:
        return None
    value, count = Counter(values).most_common(1)[0]
    return value if 2 * count > len(values) else None
