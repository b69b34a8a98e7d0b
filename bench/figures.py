"""Percentiles and what is made of windows. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import median


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the smallest value that at least ``share`` of all do not exceed (nearest rank); None of none."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def middle(values: Iterable[float | None]) -> float | None:
    """Return the median of what there is."""
    known = [value for value in values if value is not None]
    return median(known) if known else None


def spread(values: Iterable[float | None]) -> float | None:
    """Return how far the values lie apart, as a share of their median; None of fewer than two."""
    known = [value for value in values if value is not None]
    return (max(known) - min(known)) / median(known) if len(known) > 1 and median(known) else None


def per_thousand(seconds: float, events: int) -> float | None:
    return seconds * 1000 / events if events else None


def differences(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    return {part: after[part] - before[part] for part in after}
